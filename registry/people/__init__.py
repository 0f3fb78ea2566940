"""Units, persons, machines and their identifiers."""
