"""Passwords of tests are hashed at the least cost: hundreds of browsers sign in, each at 30 ms of work on purpose."""

from __future__ import annotations

from argon2 import PasswordHasher

from registry.access import passwords

HOUSE = passwords._hasher
"""The house's own; tests/registry/test_access.py holds what it costs."""


def cheapen() -> None:
    """From now on in this process; a site in a process of its own hashes as the house does."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
