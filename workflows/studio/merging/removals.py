"""What one removed and the other still needs: found, asked, and carried out as was chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.studio.outline import Outline, Record

LEANS = ("@sourceRef", "@targetRef", "@attachedToRef")
"""What cannot stand without what it names: flows, boundary events."""
NOTHING = frozenset({"", "-"})


@dataclass
class Removal:
    """A part that one side took away with everything in it and on it; `touched` are the other side's parts that were
    changed or added there, or that newly name something of it."""

    root: str
    side: str
    keys: set[str] = field(default_factory=set)
    touched: list[str] = field(default_factory=list)


def removals(base: Outline, without: Outline, other: Outline, side: str) -> list[Removal]:
    """What `side` removed from the base, as wholes, with what the other side did to each."""
    gone = {key for key in base.records if key not in without.records}
    found: dict[str, Removal] = {}
    for key in gone:
        root = _root(base, gone, key)
        found.setdefault(root, Removal(root, side)).keys.add(key)
    of = {key: one for one in found.values() for key in one.keys}
    for key, record in other.records.items():
        for name in _needs(base, record):
            if (one := of.get(name)) is not None and key not in one.touched:
                one.touched.append(key)
    return [found[key] for key in base.records if key in found]


def _root(base: Outline, gone: set[str], key: str) -> str:
    """The outermost removed part that a removed one belongs to."""
    seen: set[str] = set()
    while key not in seen:
        seen.add(key)
        record = base.records[key]
        held = (record.of, record.parent, *(f"#{record.fields[name]}" for name in LEANS if name in record.fields))
        key = next((one for one in held if one in gone and one not in seen), key)
    return key


def _needs(base: Outline, record: Record) -> Iterator[str]:
    """The keys of the base's parts that a part of the other side touches: itself where it changed, what it lies in or
    belongs to where it is new, what it newly names."""
    if record.layout:
        return
    before = base.records.get(record.key)
    if before is None and not _empty_cell(record):
        yield from filter(None, (record.parent, record.of))
    elif before is not None and before.fields != record.fields:
        yield record.key
        yield record.parent
    for name, value in record.fields.items():
        if before is None or before.fields.get(name) != value:
            yield from (f"#{word}" for word in named(record, name, value))


def _empty_cell(record: Record) -> bool:
    return record.kind in ("inputEntry", "outputEntry", "annotationEntry") or (
        record.kind == "text" and record.fields.get("text", "").strip() in NOTHING)


def named(record: Record, name: str, value: str) -> list[str]:
    """The ids that a field of a part names; empty for a field that names none."""
    if name.endswith("Ref") or name in ("@default", "lane"):
        return [word.rpartition(":")[2] for word in value.split()]
    if name == "@href":
        return [value.removeprefix("#")]
    if name == "text" and (record.kind.endswith(("Ref", "Refs")) or record.kind in ("incoming", "outgoing")):
        return [value.strip()]
    if name == "@value" and record.fields.get("@name", "").startswith("licet:"):
        return [word.strip() for word in value.split(",")]
    return []


def dangling(records: dict[str, Record], gone: set[str]) -> set[str]:
    """What cannot stay where `gone` is gone: what lies in it, belongs to it, or leans on it; and so on."""
    hangs = defaultdict(list)
    for key, record in records.items():
        leans = (f"#{word}" for name in record.fields for word in named(record, name, record.fields[name])
                 if name in LEANS or record.kind in ("flowNodeRef", "incoming", "outgoing"))
        for on in filter(None, (record.parent, record.of, *leans)):
            hangs[on].append(key)
    found, waiting = set(), list(gone)
    while waiting:
        for key in hangs[waiting.pop()]:
            if key not in found and key not in gone:
                found.add(key)
                waiting.append(key)
    return found
