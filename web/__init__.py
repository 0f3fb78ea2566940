"""What people see: Flask, its pages and its JSON. It parses, calls one verb of a lower room, and answers."""
