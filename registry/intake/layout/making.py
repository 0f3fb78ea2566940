"""A table while its rows come in: values put side by side, merged cells filled down, marks carried along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from registry.intake.book import Spot, Value
from registry.intake.layout.headings import Head
from registry.intake.layout.marks import Marks
from registry.intake.records import Column, Record, Table

_STYLE = 0.6
"""Where more of the rows are red than this, it is how the table looks, not what it says."""
_MOST = 0.6
"""So much of a row must be marked for the row to be marked, where its name is not."""


@dataclass
class Making:
    """A table growing. `places` are the sheet's columns of its columns, `here` those where they stand now (a heading
    that comes again may have moved; -1: not there any more)."""

    places: list[int]
    texts: list[str]
    rows: list[list[Value]]
    title: str = ""
    here: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    red: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.here = self.places

    @property
    def headings(self) -> list[str]:
        """What stands above its columns."""
        return [text for text in self.texts if text]

    @property
    def straight(self) -> bool:
        """A row of the sheet is a record's values as it is."""
        return self.here is self.places and self.places == list(range(len(self.places)))

    def move(self, side: list[int], head: Head) -> None:
        """The same heading again, perhaps at other places; columns without a heading are added where they are new."""
        named = iter([place for place in side if head.texts.get(place)])
        here = [next(named) if text else -1 for text in self.texts]
        for place in side:
            if head.texts.get(place) or place in here:
                continue
            spare = next((at for at, text in enumerate(self.texts) if not text and here[at] < 0), None)
            if spare is None:
                self.places, self.texts = [*self.places, place], [*self.texts, ""]
                here.append(place)
            else:
                here[spare] = place
        self.here = self.places if here == self.places else here

    def keep(self, at: int, values: list[Value], section: str) -> None:
        """A row with nothing special."""
        self.records.append(Record(at, values, None, section))

    def has(self, row: Sequence[Value], head: Head) -> bool:
        """Whether something of its own stands in its columns, where several tables share the rows."""
        shared = head.shared | head.sequences
        return any(0 <= place < len(row) and row[place] is not None and place not in shared for place in self.here)

    def take(self, at: int, marks: Marks, section: str, head: Head) -> None:
        """A row looked at closely."""
        row = self.rows[at]
        size = len(row)
        values = [row[place] if 0 <= place < size else None for place in self.here]
        own = [index for index, value in enumerate(values) if value is not None]
        spots: dict[int, Spot] = {}
        if self.here is not self.places:
            spots = {index: (at, place) for index, place in enumerate(self.here) if place >= 0}
        down = marks.down.get(at)
        if down:
            self._fill(values, spots, down)
        record = Record(at, values, spots or None, section)
        if at in marks.marked or (down and marks.marked):
            self._mark(record, own, marks, head)
        self.records.append(record)

    def _fill(self, values: list[Value], spots: dict[int, Spot], down: dict[int, Spot]) -> None:
        for index, place in enumerate(self.here):
            spot = down.get(place)
            if spot is None or values[index] is not None:
                continue
            source = self.rows[spot[0]]
            value = source[spot[1]] if spot[1] < len(source) else None
            if value is not None:
                values[index], spots[index] = value, spot

    def _mark(self, record: Record, own: list[int], marks: Marks, head: Head) -> None:
        at = record.row
        where = [(record.spots or {}).get(index, (at, place)) for index, place in enumerate(self.here)]
        record.hidden = at in marks.hidden
        record.pictures = marks.pictures.get(at, 0)
        if marks.rounded:
            record.rounded = _those(where, marks.rounded)
        if marks.uncalculated:
            record.uncalculated = _those(where, marks.uncalculated)
        if marks.links and (linked := _those(where, marks.links)):
            record.links = {index: marks.addresses[where[index]] for index in linked}
        named = [index for index, place in enumerate(self.here) if place in head.names]
        told = [index for index in own if self.here[index] not in head.sequences]
        record.left = bool(marks.struck) and _marked(_those(where, marks.struck), named, told)
        if marks.red and _marked(_those(where, marks.red), named, told):
            self.red.append(record)

    def whole(self, sheet: int, hidden: bool, name: str, context: dict[str, str]) -> Table | None:
        """The table, None without records: red rows as left ones, columns without heading and values dropped."""
        records = self.records
        if not records:
            return None
        if len(self.red) < max(2, _STYLE * len(records)):
            for record in self.red:
                record.left = True
        count = len(self.texts)
        for record in records:
            if len(record.values) < count:
                record.values = record.values + [None] * (count - len(record.values))
        empty = [index for index, text in enumerate(self.texts)
                 if not text and all(record.values[index] is None for record in records)]
        if empty:
            self._drop(empty)
        columns = [Column(place, text) for place, text in zip(self.places, self.texts, strict=True)]
        return Table(sheet, 0, name, "rows", columns, records, self.title, hidden, dict(context))

    def _drop(self, empty: list[int]) -> None:
        stay = [index for index in range(len(self.texts)) if index not in set(empty)]
        now = {index: at for at, index in enumerate(stay)}
        self.places = [self.places[index] for index in stay]
        self.texts = [self.texts[index] for index in stay]
        for record in self.records:
            record.values = [record.values[index] for index in stay]
            if record.spots:
                record.spots = {now[index]: spot for index, spot in record.spots.items() if index in now} or None
            record.rounded = frozenset(now[index] for index in record.rounded if index in now)
            record.uncalculated = frozenset(now[index] for index in record.uncalculated if index in now)
            if record.links:
                record.links = {now[index]: link for index, link in record.links.items() if index in now} or None


def _those(where: Sequence[Spot], marked: dict[int, list[int]]) -> frozenset[int]:
    """The places in a record whose cells are among the marked ones."""
    return frozenset(index for index, (row, column) in enumerate(where) if column in marked.get(row, ()))


def _marked(cells: frozenset[int], named: list[int], told: list[int]) -> bool:
    """Whether a mark is one of the whole row: on the name, or on most of what is told."""
    if any(index in cells for index in named):
        return True
    return bool(told) and sum(index in cells for index in told) >= max(_MOST * len(told), min(2, len(told)))
