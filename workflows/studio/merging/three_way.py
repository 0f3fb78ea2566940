"""Three versions of one file, part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.errors import Problem
from workflows.studio.merging.docking import dock
from workflows.studio.merging.order import together
from workflows.studio.merging.removals import Removal, dangling, removals
from workflows.studio.merging.tidying import tidy
from workflows.studio.outline import Outline, Record
from workflows.studio.outline.words import holder, name_of, title, value_of, what

MINE, THEIRS = "mine", "theirs"
MOST_TOLD = 6
UNTOLD = frozenset({"parent", "slot", "@id", "xml", "lane", "points"})
SILENT = frozenset({"/layout/row", "/layout/columns", "/schemaVersion", "/exporter/version", "@exporterVersion"})
"""Fields that say where something is drawn, or follow from others: the later one holds."""


@dataclass(frozen=True)
class Sides:
    """A file when both began, as the others have it now, and as I have it."""

    base: Outline
    theirs: Outline
    mine: Outline

    def of(self, side: str) -> Outline:
        """One of the two."""
        return self.mine if side == MINE else self.theirs

    def other(self, side: str) -> Outline:
        """The other of the two."""
        return self.theirs if side == MINE else self.mine


@dataclass(frozen=True)
class Clash:
    """One place that contradicts; see merging.Conflict."""

    key: str
    element: str
    where: Problem
    what: Problem
    mine: str | None
    theirs: str | None


Choose = Callable[[Clash], str | None]


@dataclass
class _Union:
    """The merged file in the making."""

    sides: Sides
    choose: Choose
    records: dict[str, Record] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)

    def ask(self, clash: Clash) -> str:
        """Which side holds; theirs until somebody has chosen."""
        chosen = self.choose(clash)
        if chosen is None:
            self.clashes.append(clash)
        return MINE if chosen == MINE else THEIRS


def bring_together(sides: Sides, choose: Choose) -> tuple[Outline, list[Clash]]:
    """The file with both sides' changes, and what was not chosen."""
    union = _Union(sides, choose)
    kept, gone = _removed(union)
    union.fixed = kept
    for key in dict.fromkeys([*sides.theirs.records, *sides.mine.records]):
        if key not in gone and (record := _one(union, key)) is not None:
            union.records[key] = record
    for key in dangling(union.records, gone):
        union.records.pop(key, None)
    _homes(union)
    _order(union)
    merged = Outline(union.records, _prefixes(sides),
                     sides.theirs.before if sides.mine.before == sides.base.before else sides.mine.before)
    tidy(merged, (sides.theirs, sides.mine, sides.base))
    dock(merged, (sides.mine, sides.theirs))
    return merged, union.clashes


def _prefixes(sides: Sides) -> dict[str, str]:
    """Theirs first: an address keeps its prefix, so that names inside of values go on meaning the same."""
    return {**sides.theirs.prefixes, **{at: one for at, one in sides.mine.prefixes.items()
                                        if at not in sides.theirs.prefixes}}


def _removed(union: _Union) -> tuple[dict[str, str], set[str]]:
    """Parts that stay although one side removed them (and whose version), and those that go."""
    kept: dict[str, str] = {}
    gone: set[str] = set()
    sides = union.sides
    for side, opposite in ((THEIRS, MINE), (MINE, THEIRS)):
        for one in removals(sides.base, sides.of(side), sides.other(side), side):
            if one.touched and union.ask(_removal_clash(sides, one)) == opposite:
                kept.update(dict.fromkeys(one.keys, opposite))
            else:
                gone |= one.keys
    return kept, gone


def _removal_clash(sides: Sides, one: Removal) -> Clash:
    """Removed here, changed there: what was changed is told."""
    record = sides.base.records[one.root]
    above = holder(sides.base, one.root)
    told = _told(sides, one)
    what_ = Problem("一方删除了它，另一方改了它") if above.key == one.root else Problem(
        "{what}：一方删除，另一方修改", {"what": what(sides.base, record, _main_field(record))})
    mine, theirs = (None, told) if one.side == MINE else (told, None)
    return Clash(f"gone {one.root}", above.id, title(sides.base, above), what_, mine, theirs)


def _main_field(record: Record) -> str:
    names = [name for name in record.fields if name not in ("tag", "parent", "slot", "@id", "@name")]
    return names[0] if names else "tag"


def _told(sides: Sides, one: Removal) -> str:
    """What the other side wrote there: the values that are new, a few of them."""
    other = sides.other(one.side)
    lines = []
    for key in one.touched:
        record, before = other.records[key], sides.base.records.get(key)
        if before is None:
            lines.append(name_of(other, record) or ("" if record.id else record.fields.get("@value", "")))
            continue
        lines += [value_of(other, name, value, record) for name, value in record.fields.items()
                  if name not in UNTOLD and before.fields.get(name) != value]
    return "\n".join(dict.fromkeys(filter(None, lines[:MOST_TOLD])))


def _one(union: _Union, key: str) -> Record | None:
    """A part as it will be; None where one side removed it and the other left it alone."""
    base, theirs, mine = (each.records.get(key) for each in (union.sides.base, union.sides.theirs, union.sides.mine))
    if key in union.fixed:
        return _copy(mine if union.fixed[key] == MINE else theirs)
    if theirs is None or mine is None:
        return None if base is not None else _copy(theirs or mine)
    if theirs.fields == mine.fields:
        return _copy(theirs)
    fields = {}
    for name in together(list(base.fields) if base else [], list(theirs.fields), list(mine.fields),
                         {*theirs.fields, *mine.fields}):
        value = _value(union, name, base, theirs, mine)
        if value is not None:
            fields[name] = value
    return Record(key, fields, theirs.of or mine.of, theirs.layout)


def _copy(record: Record | None) -> Record | None:
    return record and Record(record.key, dict(record.fields), record.of, record.layout)


def _value(union: _Union, name: str, base: Record | None, theirs: Record, mine: Record) -> str | None:
    before = base.fields.get(name) if base else None
    there, here = theirs.fields.get(name), mine.fields.get(name)
    if there == here or here == before:
        return there
    if there == before or theirs.layout or name in SILENT or name == "@id":
        return here
    return here if union.ask(_field_clash(union.sides, theirs.key, name, here, there)) == MINE else there


def _field_clash(sides: Sides, key: str, name: str, here: str | None, there: str | None) -> Clash:
    above = holder(sides.theirs, key)
    told = [None if value is None else value_of(outline, name, value, sides.theirs.records[key])
            for value, outline in ((here, sides.mine), (there, sides.theirs))]
    return Clash(f"field {key} {name}", above.id, title(sides.theirs, above),
                 what(sides.theirs, sides.theirs.records[key], name), told[0], told[1])


def _homes(union: _Union) -> None:
    """Every part lies in something that is there; two that were moved into each other lie where theirs has them."""
    for key, record in list(union.records.items()):
        seen = {key}
        while record.parent and record.parent in union.records:
            record = union.records[record.parent]
            if record.key in seen:
                moved = union.records[key]
                moved.fields["parent"] = union.sides.theirs.records.get(key, moved).parent
                break
            seen.add(record.key)


def _order(union: _Union) -> None:
    held: dict[str, list[str]] = {}
    for key, record in union.records.items():
        if record.parent:
            held.setdefault(record.parent, []).append(key)
    sides = union.sides
    for parent, keys in held.items():
        base, theirs, mine = (_children(each, parent) for each in (sides.base, sides.theirs, sides.mine))
        found = together(base, theirs, mine, set(keys))
        union.records[parent].children = list(dict.fromkeys([*found, *keys]))


def _children(outline: Outline, key: str) -> list[str]:
    record = outline.records.get(key)
    return record.children if record else []



