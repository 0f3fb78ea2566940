"""Accounts, roles, and the one answer to "who may what"."""
