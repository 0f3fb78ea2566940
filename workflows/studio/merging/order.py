"""In which order the parts of two versions stand once they are together. Reordering is never a conflict."""

from __future__ import annotations

from collections.abc import Sequence


def together(base: Sequence[str], theirs: Sequence[str], mine: Sequence[str], present: set[str]) -> list[str]:
    """The keys of `present`: in the order of whoever moved something (theirs where both did); what only the other has
    comes after what stood before it there."""
    known = set(base)
    moved = [key for key in theirs if key in known] != [key for key in base if key in set(theirs)]
    first, second = (theirs, mine) if moved else (mine, theirs)
    found = [key for key in first if key in present]
    placed = set(found)
    for other in (second, base):
        found = _among(found, placed, [key for key in other if key in present])
    return found


def _among(found: list[str], placed: set[str], others: Sequence[str]) -> list[str]:
    """Put in what is not there yet, each after its neighbour before it."""
    after: dict[str, list[str]] = {}
    before = ""
    for key in others:
        if key not in placed:
            after.setdefault(before, []).append(key)
        else:
            before = key
    placed.update(key for keys in after.values() for key in keys)
    return [*after.get("", ()), *(one for key in found for one in (key, *after.get(key, ())))]
