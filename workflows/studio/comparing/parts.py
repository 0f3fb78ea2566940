"""The parts of a file that two versions say differently, with each property before and after."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ledger.errors import Problem
from workflows.studio.outline import Outline, Record
from workflows.studio.outline.words import holder, name_of, title, value_of, what

FOLLOWS = frozenset({"incoming", "outgoing", "flowNodeRef"})
"""Parts that only repeat what flows and lanes say."""
UNTOLD = frozenset({"@id", "slot", "points", "/id", "/layout/row", "/layout/columns", "/schemaVersion", "/components"})
PLAIN = frozenset({"tag", "parent", "lane", "@name", "/label"})
"""What goes without saying of a part that is new or gone."""
EMPTY = frozenset({None, "", "[]"})
ORDERED = frozenset({"rule", "component"})
"""Kinds whose place among their neighbours people see."""
STATES = ("changed", "added", "removed", "moved")


@dataclass(frozen=True)
class Change:
    """One property: what it is, and its value in both versions (None: it is not there)."""

    what: Problem
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Part:
    """An element, rule or component: `state` is added, removed, changed or moved (only drawn or listed elsewhere)."""

    id: str
    kind: str
    title: Problem
    state: str
    changes: tuple[Change, ...] = ()


@dataclass
class _Found:
    changes: list[Change] = field(default_factory=list)
    moved: bool = False


def parts(old: Outline, new: Outline, forms: Mapping[str, str] = MappingProxyType({})) -> tuple[Part, ...]:
    """Every part that differs, in the order of the newer version, what is gone at the end. `forms`: titles by key."""
    found: dict[str, _Found] = {}
    for key in dict.fromkeys([*new.records, *old.records]):
        _compare(old, new, key, found, forms)
    for gateway, before, after in _looked_at(old, new):
        found.setdefault(gateway, _Found()).changes.append(Change(Problem("先看哪个条件"), before, after))
    for key in _reordered(old, new):
        found.setdefault(key, _Found()).moved = True
    places = {key: at for at, key in enumerate(dict.fromkeys([*new.records, *old.records]))}
    made = [_part(old, new, key, one) for key, one in found.items()]
    return tuple(sorted(made, key=lambda one: (STATES.index(one.state) == 3, places.get(f"#{one.id}", 0))))


def _part(old: Outline, new: Outline, key: str, one: _Found) -> Part:
    outline = new if key in new.records else old
    record = outline.records[key]
    state = "changed" if one.changes else "moved"
    if key not in old.records or key not in new.records:
        state = "added" if key in new.records else "removed"
    return Part(record.id, record.kind, title(outline, record), state, tuple(one.changes))


def _compare(old: Outline, new: Outline, key: str, found: dict[str, _Found], forms: Mapping[str, str]) -> None:
    before, after = old.records.get(key), new.records.get(key)
    if before is not None and after is not None and before.fields == after.fields:
        return
    record = after or before
    if record is None or record.kind in FOLLOWS:
        return
    outline = new if after else old
    if record.layout:
        if record.of in old.records and record.of in new.records and outline.records[record.of].id:
            found.setdefault(holder(outline, record.of).key, _Found()).moved = True
        return
    owner = holder(outline, key).key
    one = found.setdefault(owner, _Found())
    one.changes += _changes(old, new, before, after, forms)
    if not one.changes and not one.moved and owner in old.records and owner in new.records:
        del found[owner]


def _changes(old: Outline, new: Outline, before: Record | None, after: Record | None, forms: Mapping[str, str],
             ) -> Iterable[Change]:
    names = dict.fromkeys([*(after.fields if after else ()), *(before.fields if before else ())])
    for name in names:
        here, there = (record.fields.get(name) if record else None for record in (before, after))
        if here == there or name in UNTOLD or (None in (before, after) and name in PLAIN):
            continue
        record, outline = (after, new) if after else (before, old)
        if record is not None and (here or there) not in EMPTY:
            yield Change(what(outline, record, name), here and value_of(old, name, here, before, forms),
                         there and value_of(new, name, there, after, forms))


def _reordered(old: Outline, new: Outline) -> Iterable[str]:
    """The fewest rules and components that were moved among their neighbours."""
    for key, record in new.records.items():
        before = old.records.get(key)
        if before is None:
            continue
        places = {child: at for at, child in enumerate(before.children)}
        common = [child for child in record.children if child in places and new.records[child].kind in ORDERED]
        stay = longest_rising([places[child] for child in common])
        yield from (child for child in common if places[child] not in stay)


def _looked_at(old: Outline, new: Outline) -> Iterable[tuple[str, str, str]]:
    """The gateways that look at their conditions in another order now, with the names of the flows in both."""
    before, after = _conditions(old), _conditions(new)
    for gateway, flows in after.items():
        common = [flow for flow in flows if flow in before.get(gateway, ())]
        earlier = [flow for flow in before.get(gateway, ()) if flow in common]
        if earlier != common:
            yield gateway, _names(old, earlier), _names(new, common)


def _conditions(outline: Outline) -> dict[str, list[str]]:
    """The flows out of each exclusive gateway that carry a condition, in the order of the file."""
    found: dict[str, list[str]] = {}
    for holder_ in outline.records.values():
        for key in holder_.children:
            flow = outline.records[key]
            gateway = outline.records.get(f"#{flow.fields.get('@sourceRef', '')}")
            if flow.kind != "sequenceFlow" or gateway is None or gateway.kind != "exclusiveGateway":
                continue
            said = any(outline.records[each].kind == "conditionExpression" for each in flow.children)
            if said and gateway.fields.get("@default") != flow.id:
                found.setdefault(gateway.key, []).append(key)
    return found


def _names(outline: Outline, flows: list[str]) -> str:
    return " → ".join(name_of(outline, outline.records[key]) or outline.records[key].id for key in flows)


def longest_rising(numbers: list[int]) -> set[int]:
    """The longest rising subsequence: what need not be moved."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at:at + 1] = [number]
    found, number_ = set(), ends[-1] if ends else None
    while number_ is not None:
        found.add(number_)
        number_ = before[number_]
    return found
