"""Two versions of a decision table as one: its columns and rules, each cell before and after."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Problem
from workflows.studio.comparing.parts import longest_rising
from workflows.studio.merging.order import together
from workflows.studio.outline import Outline, Record
from workflows.studio.outline.cells import CELL, ENTRIES
from workflows.studio.outline.words import KINDS, holder, name_of, title


@dataclass(frozen=True)
class Column:
    """A column: `kind` is input, output or annotation; `state` added, removed or same."""

    key: str
    kind: str
    label: str
    state: str


@dataclass(frozen=True)
class Cell:
    """What a cell says in both versions; None where it is not there."""

    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        """Whether it was changed."""
        return (self.before or "").strip() != (self.after or "").strip()


@dataclass(frozen=True)
class Row:
    """A rule with its number in both versions; `state` is added, removed, changed, moved or same; `note` is what is
    said of it."""

    state: str
    before: int | None
    after: int | None
    cells: tuple[Cell, ...]
    note: Cell


@dataclass(frozen=True)
class Table:
    """A decision table that differs."""

    id: str
    title: Problem
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def tables(old: Outline, new: Outline) -> tuple[Table, ...]:
    """Every decision table that is in both versions and differs."""
    found = (_table(old, new, key) for key, record in new.records.items()
             if record.kind == "decisionTable" and key in old.records)
    return tuple(one for one in found if any(row.state != "same" for row in one.rows)
                 or any(column.state != "same" for column in one.columns))


def _table(old: Outline, new: Outline, key: str) -> Table:
    columns = _columns(old, new, key)
    before, after = (_rules(outline, key) for outline in (old, new))
    order = together(list(before), list(after), list(before), {*before, *after})
    common = [rule for rule in after if rule in before]
    moved = set() if common == [rule for rule in before if rule in after] else _moved(common, before)
    rows = tuple(_row(old, new, rule, columns, before.get(rule), after.get(rule), rule in moved) for rule in order)
    return Table(new.records[key].id, title(new, holder(new, key)), columns, rows)


def _moved(common: list[str], before: dict[str, int]) -> set[str]:
    stay = longest_rising([before[rule] for rule in common])
    return {rule for rule in common if before[rule] not in stay}


def _columns(old: Outline, new: Outline, key: str) -> tuple[Column, ...]:
    before, after = (_of_kind(outline, key) for outline in (old, new))
    order = together(list(before), list(after), list(before), {*before, *after})
    return tuple(_column(name, before.get(name), after.get(name)) for name in order)


def _column(name: str, before: tuple[Outline, Record] | None, after: tuple[Outline, Record] | None) -> Column:
    state = "added" if before is None else "removed" if after is None else "same"
    outline, record = after or before  # type: ignore[misc]
    return Column(name, record.kind, name_of(outline, record) or KINDS[record.kind], state)


def _of_kind(outline: Outline, key: str) -> dict[str, tuple[Outline, Record]]:
    """The columns of a table by the name that cells have them by."""
    counted = dict.fromkeys(ENTRIES, 0)
    found = {}
    for child in (outline.records[one] for one in outline.records[key].children):
        if child.kind in ENTRIES:
            counted[child.kind] += 1
            found[child.id or f"{child.kind}:{counted[child.kind]}"] = (outline, child)
    return found


def _rules(outline: Outline, key: str) -> dict[str, int]:
    """The rules of a table with their numbers."""
    children = (one for one in outline.records[key].children if outline.records[one].kind == "rule")
    return {rule: number for number, rule in enumerate(children, 1)}


def _row(old: Outline, new: Outline, rule: str, columns: tuple[Column, ...], before: int | None, after: int | None,
         moved: bool) -> Row:
    cells = tuple(Cell(_said(old, rule, column, before), _said(new, rule, column, after)) for column in columns)
    note = Cell(_noted(old, rule), _noted(new, rule))
    if before is None or after is None:
        state = "added" if before is None else "removed"
    else:
        state = "changed" if note.differs or any(cell.differs for cell in cells) else "moved" if moved else "same"
    return Row(state, before, after, cells, note)


def _noted(outline: Outline, rule: str) -> str | None:
    return next((one.fields.get("text", "") for one in outline.within(rule) if one.kind == "description"), None)


def _said(outline: Outline, rule: str, column: Column, number: int | None) -> str | None:
    key = f"{rule}/{CELL}{column.key}"
    if number is None or key not in outline.records:
        return None
    return next((one.fields.get("text", "") for one in outline.within(key) if one.kind == "text"), "").strip()
