"""Sheets whose rows are records: one pass over the rows, a second look only at those that differ.

A row is looked at closely when few of its cells are filled, when one of them is a word of a heading or of a sum, or
when something is marked in it (marks); the others become records as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from registry.intake.book import Sheet, Value
from registry.intake.layout import lines
from registry.intake.layout.headings import Head, find, is_head, is_value, read, width
from registry.intake.layout.making import Making
from registry.intake.layout.marks import Marks
from registry.intake.layout.words import telling
from registry.intake.records import Skipped, Table, Why


@dataclass
class Rows:
    """A sheet on its way: the tables opened so far, what stands above them, the section we are in."""

    sheet: Sheet
    number: int
    marks: Marks
    more: frozenset[str]
    skipped: list[Skipped] = field(default_factory=list)
    made: list[Making] = field(default_factory=list)
    open: list[Making] = field(default_factory=list)
    head: Head = field(default_factory=lambda: Head(0, -1, {}))
    words: frozenset[str] = frozenset()
    context: dict[str, str] = field(default_factory=dict)
    title: str = ""
    section: str = ""
    fresh: bool = False
    """No record has come since the section's title."""

    def lay(self) -> list[Table]:
        """Every row into a record or into `skipped`."""
        rows = self.sheet.rows
        self.context["sheet"] = self.sheet.name
        head = find(self.sheet, self.marks, self.more)
        if head is None:
            self._unheaded()
        else:
            self._preface(head.top)
            self._open(head)
            self._walk(head.bottom + 1, len(rows))
        made = [each.whole(self.number, self.sheet.hidden, self.sheet.name, self.context) for each in self.made]
        return [table for table in made if table is not None]

    def skip(self, row: int, why: Why) -> None:
        """A row that is no record."""
        self.skipped.append(Skipped(self.number, row, why))

    def _walk(self, at: int, end: int) -> None:
        while at < end:
            at = self._plain(at, end)
            if at < end:
                at = self._look(at)

    def _plain(self, at: int, end: int) -> int:
        """Take rows as they are as long as nothing is special about them; the first that needs a second look."""
        making = self.open[0]
        if len(self.open) != 1 or not making.straight:
            return at
        rows, few, touched, section = self.sheet.rows, self.few, self.marks.touched, self.section
        width, free, keep = len(making.places), self.words.isdisjoint, making.keep
        pad: list[Value] = [None] * width
        while at < end:
            row = rows[at]
            size = len(row)
            if size - row.count(None) <= few or at in touched or size > width or not free(row):
                return at
            keep(at, row if size == width else row + pad[size:], section)
            self.fresh = False
            at += 1
        return at

    @property
    def few(self) -> int:
        """Rows with no more filled cells than this need a look."""
        width = max((len(making.headings) or len(making.places) for making in self.open), default=1)
        return max(1, min(4, int(width * 0.5)))

    def _look(self, at: int) -> int:
        """A closer look at one row; the next row to go on with."""
        row, head = self.sheet.rows[at], self.head
        cells = lines.filled(row)
        if not cells:
            self.skip(at, "blank")
            return at + 1
        if self._groups(at, cells):
            return self._again(at + 1, at)
        telling = not self.words.isdisjoint(row)
        if telling and len(cells) > 1:
            lasts = self._repeats(at, head)
            if lasts:
                self._heading(at, at + lasts - 1)
                return at + lasts
            if is_head(cells, self.more):
                return self._again(at)
        why = lines.kind(cells, head) if len(cells) <= self.few else None
        if why is None and telling and lines.is_sum(cells):
            why = "total"
        if why == "section":
            self.section, self.fresh = str(cells[0][1]).strip()[:80], True
        if why is None:
            self.fresh = False
            self._record(at)
        else:
            self.skip(at, why)
        return at + 1

    def _repeats(self, at: int, head: Head) -> int:
        """How many lines the same heading takes that comes again at the same place; 0 where it does not."""
        rows, height = self.sheet.rows, head.bottom - head.top + 1
        same = at + height <= len(rows) and all(rows[at + line] == rows[head.top + line] for line in range(height))
        return height if same else 0

    def _groups(self, at: int, cells: list[lines.Cell]) -> bool:
        """Whether the row names groups of the headings in the row below: texts merged over several columns."""
        if at + 1 >= len(self.sheet.rows) or not self.marks.wide(at) or any(is_value(value) for _, value in cells):
            return False
        return is_head(lines.filled(self.sheet.rows[at + 1]), self.more)

    def _again(self, at: int, top: int | None = None) -> int:
        """Another heading inside the sheet, with its groups from `top` on: a new table, or one of those before with its
        columns elsewhere. A section ends with it, unless its title stands right above."""
        if not self.fresh:
            self.section = ""
        head = read(self.sheet, self.marks, at, self.more)
        head.top = at if top is None else top
        self._open(head)
        return head.bottom + 1

    def _heading(self, top: int, bottom: int) -> None:
        for row in range(top, bottom + 1):
            self.skip(row, "heading")

    def _open(self, head: Head) -> None:
        """The tables that the rows below a heading go to."""
        self._heading(head.top, head.bottom)
        self.head, self.open = head, []
        self.words = telling(self.more) | {text for text in head.texts.values() if text}
        for side in head.sides:
            texts = [head.texts.get(place, "") for place in side]
            headings = [text for text in texts if text]
            making = next((each for each in self.made if each.headings == headings and each not in self.open), None)
            if making is None:
                making = Making(side, texts, self.sheet.rows, self.title)
                self.made.append(making)
            else:
                making.move(side, head)
            self.open.append(making)

    def _record(self, at: int) -> None:
        """The row into the tables of which it has something, the first where it has of none."""
        row, head = self.sheet.rows[at], self.head
        takers = [making for making in self.open if making.has(row, head)] if len(self.open) > 1 else self.open
        for making in takers or self.open[:1]:
            making.take(at, self.marks, self.section, head)

    def _preface(self, end: int) -> None:
        for at in range(end):
            cells = lines.filled(self.sheet.rows[at])
            self.skip(at, "title" if cells else "blank")
            self.context.update(lines.said_once(cells))
            text = cells[0][1] if len(cells) == 1 else None
            if not isinstance(text, str) or lines.said_once(cells):
                continue
            if not self.title:
                self.title = " ".join(text.split())[:120]
            elif lines.is_numbered(text):
                self.section = text.strip()[:80]

    def _unheaded(self) -> None:
        """No heading at all: columns without headings, or only text."""
        rows = self.sheet.rows
        counts = sorted(len(lines.filled(row)) for row in rows if row)
        if not counts or counts[int(len(counts) * 0.8)] < 2:
            for at, row in enumerate(rows):
                self.skip(at, "note" if lines.filled(row) else "blank")
            return
        self._open(Head(0, -1, {}, [list(range(width(self.sheet)))]))
        self._walk(0, len(rows))


def rows_of(sheet: Sheet, number: int, more: Iterable[str]) -> tuple[list[Table], list[Skipped]]:
    """A sheet of rows laid out: its tables with records, and its other rows."""
    laid = Rows(sheet, number, Marks(sheet), frozenset(more))
    return laid.lay(), laid.skipped
