"""The cockpit: running processes as administrators and process owners find them, and what they do to one or to many."""
