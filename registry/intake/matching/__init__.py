"""Rows against the register: whose they are, what is new, what changes, what must wait. Nothing is written."""
