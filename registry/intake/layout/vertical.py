"""Sheets with the fields in one column and their values in the next: a block for each certificate, one below the other
or one beside the other, and before them what holds for all (项目名称, 建设单位)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from registry.intake.book import Sheet, Spot, Value
from registry.intake.layout import lines
from registry.intake.layout.headings import is_head
from registry.intake.layout.lines import Cell
from registry.intake.layout.marks import Marks
from registry.intake.meaning.columns import is_heading, meanings
from registry.intake.meaning.folding import fold
from registry.intake.records import Column, Record, Skipped, Table, Why

_FIRST = 80
"""So many filled rows decide which shape a sheet has."""
_WIDEST = 12
_MOST = 5000
"""A vertical sheet has no more rows than this."""


Key = tuple[str, int]


@dataclass(slots=True)
class Pair:
    """A field and its value where they stand; `value` None where nothing does."""

    label: str
    spot: Spot
    value: Value
    more: bool = False
    """A further value of the same field, beside the first."""


@dataclass(slots=True)
class Block:
    """The pairs of one certificate, from its first row to its last."""

    section: str = ""
    pairs: list[Pair] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)

    @property
    def labels(self) -> set[str]:
        """The folded fields it has."""
        return {fold(pair.label) for pair in self.pairs}

    def keyed(self) -> Iterator[tuple[Key, Pair]]:
        """Its pairs with the column each belongs to: a field that comes again has a column of its own."""
        times: dict[str, int] = {}
        for pair in self.pairs:
            key = fold(pair.label)
            times[key] = times.get(key, 0) + 1
            yield (key, times[key]), pair


def is_vertical(sheet: Sheet, more: Iterable[str]) -> bool:
    """Whether the sheet's first column names fields: at least three, in most rows, and no row is a heading."""
    if len(sheet.rows) > _MOST:
        return False
    known = frozenset(more)
    begin = next((at for at, row in enumerate(sheet.rows[:_FIRST]) if lines.filled(row)), 0)
    some = [cells for row in sheet.rows[begin:begin + _FIRST] if (cells := lines.filled(row[:_WIDEST + 1]))]
    first = min((cells[0][0] for cells in some if len(cells) > 1), default=0)
    labels = sum(cells[0][0] == first and _is_label(cells[0][1], known) for cells in some)
    if labels < 3 or labels < 0.4 * len(some) or any(len(cells) > _WIDEST for cells in some):
        return False
    pairs = [cells for cells in some if cells[0][0] == first and _is_label(cells[0][1], known) and len(cells) > 1]
    if len(pairs) < 2:
        return False
    return not any(is_head(cells, known) and len(cells) > 2 and not _paired(cells, known) for cells in some)


def vertical_of(sheet: Sheet, number: int, more: Iterable[str]) -> tuple[list[Table], list[Skipped]]:
    """The sheet as one table of a record for each block, and its other rows."""
    laid = _Sheet(sheet, number, frozenset(more))
    table = laid.table()
    return ([table] if table is not None else []), laid.skipped


def _is_label(value: Value, more: frozenset[str]) -> bool:
    if not isinstance(value, str) or len(value) > 40:
        return False
    key = fold(value)
    return bool(key) and (key in more or is_heading(key) or value.strip()[-1:] in ":：")


def _paired(cells: Sequence[Cell], more: frozenset[str]) -> bool:
    """Fields and values in turn: 证书编号 X 发证机关 Y."""
    return all(_is_label(value, more) for _, value in cells[::2]) and not all(
        _is_label(value, more) for _, value in cells[1::2])


@dataclass
class _Sheet:
    sheet: Sheet
    number: int
    more: frozenset[str]
    skipped: list[Skipped] = field(default_factory=list)
    title: str = ""
    section: str = ""

    def table(self) -> Table | None:
        marks = Marks(self.sheet)
        lead, blocks = self._blocks()
        if not blocks and lead.pairs:
            lead, blocks = Block(), [lead]
        if not blocks:
            return None
        own: dict[Key, str] = {}
        for block in blocks:
            for key, pair in block.keyed():
                own.setdefault(key, pair.label)
        held = dict(lead.keyed())
        once = {key: pair.label for key, pair in held.items() if key not in own}
        again = [key for key in held if key in own]  # also said of each: a column of its own, behind the others
        columns = [*once.values(), *own.values(), *(held[key].label for key in again)]
        order = {key: at for at, key in enumerate((*once, *own))}
        leads = [(order[key], held[key]) for key in once]
        leads += [(len(order) + at, held[key]) for at, key in enumerate(again)]
        records = [self._record(block, leads, order, len(columns), marks) for block in blocks]
        place = blocks[0].pairs[0].spot[1] if blocks[0].pairs else 1
        context = {pair.label: _text(pair.value) for pair in lead.pairs if pair.value is not None}
        return Table(
            self.number, 0, self.sheet.name, "vertical", [Column(place, text) for text in columns], records,
            self.title, self.sheet.hidden, {"sheet": self.sheet.name, **self.context, **context},
        )

    def _blocks(self) -> tuple[Block, list[Block]]:
        self.context: dict[str, str] = {}
        groups: list[tuple[int, str, list[Pair]]] = []
        for at, row in enumerate(self.sheet.rows):
            pairs = self._row(at, lines.filled(row))
            if pairs:
                groups.append((at, self.section, pairs))
        if self._beside(groups):
            return self._by_column(groups)
        starter = _starter(groups)
        lead = Block()
        blocks: list[Block] = []
        for at, section, pairs in groups:
            for pair in pairs:
                key = fold(pair.label)
                if starter and not pair.more and (key == starter or (blocks and key in blocks[-1].labels)):
                    blocks.append(Block(section))
                block = blocks[-1] if blocks else lead
                block.pairs.append(pair)
                block.rows.add(at)
        return lead, blocks

    def _row(self, at: int, cells: list[Cell]) -> list[Pair]:
        """The pairs of a row; a row without any is skipped."""
        if not cells:
            self.skipped.append(Skipped(self.number, at, "blank"))
            return []
        if len(cells) == 1 and not _is_label(cells[0][1], self.more):
            return self._lone(at, *cells[0])
        pairs: list[Pair] = []
        index = 0
        while index < len(cells):
            place, value = cells[index]
            after = cells[index + 1] if index + 1 < len(cells) else None
            if index and not _is_label(value, self.more):  # a further value beside the first: a column of its own
                pairs.append(Pair(pairs[-1].label, (at, place), value, True))
                index += 1
            elif after is None or (_is_label(after[1], self.more) and after[0] > place + 1):
                pairs.append(Pair(_label(value), (at, place + 1), None))
                index += 1
            else:
                pairs.append(Pair(_label(value), (at, after[0]), after[1]))
                index += 2
        return pairs

    def _lone(self, at: int, place: int, value: Value) -> list[Pair]:
        """A text by itself: a field with its value in one cell, the title, the title of a section, a note."""
        text = " ".join(str(value).split())
        said = lines.said_once([(place, value)])
        if len(said) == 1 and is_heading(fold(next(iter(said)))):
            label, told = next(iter(said.items()))
            return [Pair(label, (at, place), told)]
        why: Why = "note" if self.title and (said or len(text) > 25) else "section" if self.title else "title"
        self.context.update(said)
        if why == "title":
            self.title = text[:120]
        elif why == "section":
            self.section = text[:80]
        self.skipped.append(Skipped(self.number, at, why))
        return []

    def _beside(self, groups: list[tuple[int, str, list[Pair]]]) -> bool:
        """Whether the certificates stand beside one another: most fields have several values."""
        several = sum(len(pairs) > 1 and len({fold(pair.label) for pair in pairs}) == 1 for _, _, pairs in groups)
        return several >= 2 and several >= 0.5 * len(groups)

    def _by_column(self, groups: list[tuple[int, str, list[Pair]]]) -> tuple[Block, list[Block]]:
        lead, blocks = Block(), list[Block]()
        columns: dict[int, Block] = {}
        for at, section, pairs in groups:
            for pair in pairs:
                block = columns.get(pair.spot[1])
                if len(pairs) == 1 and not columns:
                    block = lead
                elif block is None or fold(pair.label) in block.labels:
                    block = columns[pair.spot[1]] = Block(section)
                    blocks.append(block)
                block.pairs.append(pair)
                block.rows.add(at)
        return lead, blocks

    def _record(
        self, block: Block, leads: list[tuple[int, Pair]], order: dict[Key, int], width: int, marks: Marks
    ) -> Record:
        values: list[Value] = [None] * width
        spots: dict[int, Spot] = {}
        for index, pair in (*leads, *((order[key], pair) for key, pair in block.keyed())):
            values[index], spots[index] = pair.value, pair.spot
        row = min(block.rows)
        record = Record(row, values, spots, block.section)
        _mark(record, block.rows, marks, {at for (key, _), at in order.items() if _names(key)})
        return record


def _names(key: str) -> bool:
    """Whether a field says what or whose it is."""
    return any(field in ("name", "type", "number") for field, _ in meanings(key)[:1])


def _starter(groups: list[tuple[int, str, list[Pair]]]) -> str:
    """The field with which each block begins: the first that comes again, better one that names the certificate."""
    keys = [fold(pair.label) for _, _, pairs in groups for pair in pairs if not pair.more]
    again = list(dict.fromkeys(key for key in keys if keys.count(key) > 1))
    if not again:
        return next((key for key in keys if _names(key)), "")
    counts = {key: keys.count(key) for key in again}
    most = max(counts.values())
    first = again[0]
    if counts[first] == most:
        return first
    return next((key for key in again if counts[key] == most and _names(key)), first)


def _mark(record: Record, rows: set[int], marks: Marks, names: set[int]) -> None:
    """What is marked in the cells of a block."""
    spots = record.spots or {}

    def those(marked: dict[int, list[int]]) -> frozenset[int]:
        return frozenset(index for index, (row, place) in spots.items() if place in marked.get(row, ()))

    record.rounded, record.uncalculated = those(marks.rounded), those(marks.uncalculated)
    record.links = {index: marks.addresses[spots[index]] for index in those(marks.links)} or None
    record.pictures = sum(marks.pictures.get(row, 0) for row in rows)
    record.hidden = bool(rows) and rows <= marks.hidden
    told = [index for index, value in enumerate(record.values) if value is not None]
    for marked in (those(marks.struck), those(marks.red)):
        if marked & names or (told and len(marked) >= max(2, 0.6 * len(told))):
            record.left = True


def _label(value: Value) -> str:
    return " ".join(str(value).split()).rstrip(":： ")


def _text(value: Value) -> str:
    return str(value).strip()[:200]
