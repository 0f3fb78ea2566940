"""A file becomes a book. What strangers made is opened in a process of its own, within bounds."""

from registry.intake.reading.reader import read, told_again

__all__ = ["read", "told_again"]
