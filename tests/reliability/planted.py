"""The planted bugs: what the harness must catch. They live here only; nothing of the product knows of them."""

from __future__ import annotations

from typing import Any


def unlocked(query: Any) -> Any:
    """The same query without its FOR UPDATE."""
    found = query._generate()
    found._for_update_arg = None
    return found
