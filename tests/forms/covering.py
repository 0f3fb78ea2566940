"""Forms that together have every kind of field there is: what takes a browser long is asked of these.

LICET_ALL_FORMS=1 asks it of every form of the library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from forms.schema import library, load


def features(component: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What there is to get wrong: each kind of field with its rules, conditions, sources of choices and checks."""
    for inner in component.get("components", ()):
        kind = str(inner.get("type"))
        yield (kind,)
        yield from ((kind, "rule", rule) for rule in inner.get("validate") or {})
        yield from ((kind, "has", part) for part in PARTS if inner.get(part))
        yield from ((kind, "property", name) for name in inner.get("properties") or {})
        yield from features(inner)


PARTS = ("conditional", "valuesKey", "multiple", "readonly")


@cache
def covering() -> tuple[str, ...]:
    """Keys of few forms with every feature: again and again the one that has the most of what is missing."""
    if os.environ.get("LICET_ALL_FORMS"):
        return tuple(library())
    found = {key: {*features(load(key).schema), *(("verdict", part) for verdict in load(key).schema["licet:verdicts"]
                                                  for part in verdict)} for key in library()}
    missing, chosen = set().union(*found.values()), list[str]()
    while missing:
        best = max(sorted(found), key=lambda key: len(found[key] & missing))
        chosen.append(best)
        missing -= found[best]
    return tuple(sorted(chosen))
