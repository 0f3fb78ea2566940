"""Permit state machines of municipalities, drawn in our dialect and run."""
