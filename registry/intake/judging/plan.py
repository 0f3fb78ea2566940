"""What is the same for all rows of a table: which columns say what, what it is read against, what was read before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from copy import copy

from registry.certificates.kinds import CertificateType
from registry.intake.book import Value
from registry.intake.judged import Judged
from registry.intake.judging.cells import nothing, plain, shown
from registry.intake.judging.days import Day, read_day
from registry.intake.judging.defects import Defect
from registry.intake.judging.names import Name, read_name
from registry.intake.judging.units import Units
from registry.intake.known import Known, UnitKnown
from registry.intake.mapping import Mapping
from registry.intake.meaning.types import TypeWords
from registry.intake.records import Record, Table

KEPT = "原表："
"""Before the heading of a column that is kept as it is: its key among a certificate's fields."""
HINTS = ("category", "item", "trade", "speciality", "level")
"""What tells types apart beside their name, and lies in a type's fields."""
_UNKEPT = frozenset(("keep", "ignore", "sequence", "remark", "code"))
FEW, MOST = 3, 50_000
ENDS = ("valid_until", "term", "inspect_on")
_FIELDS_OF_ENDS = frozenset((*ENDS, "review_on"))


class Against:
    """What all tables of a book are read against, made ready once: names of types and of units."""

    def __init__(self, known: Known) -> None:
        self.known, self.words, self.units = known, TypeWords(known), Units(known)


class Plan:
    """A table made ready for judging."""

    def __init__(self, table: Table, mapping: Mapping, against: Against) -> None:
        self.table, self.mapping = table, mapping
        self.known = known = against.known
        self.words, self.units = against.words, against.units
        self.today, self.order = known.today, mapping.days
        self.places: dict[str, tuple[int, ...]] = {}
        for place, column in enumerate(mapping.columns[:len(table.columns)]):
            self.places[column.field] = (*self.places.get(column.field, ()), place)
        self.single = {field: places[0] for field, places in self.places.items() if len(places) == 1}
        self.kept = [(place, self.key(place)) for place in self.places.get("keep", ())]
        self.others = [(place, self.key(place), column.field) for place, column in enumerate(mapping.columns)
                       if place < len(table.columns) and column.field not in _UNKEPT]
        self.hints = [field for field in HINTS if field in self.places]
        self.sure = {column.field: column.sure for column in mapping.columns if column.sure < 0.75}
        self.own: UnitKnown | None = known.units.get(known.unit_id)
        self.company = known.units.get(self.own.company_id) if self.own and self.own.company_id else self.own
        self.holder = known.units.get(mapping.holder_unit) if mapping.holder_unit is not None else None
        self._days: dict[tuple[Value, bool], Day] = {}
        self._texts: dict[Value, str] = {}
        self._names: dict[str, Name] = {}
        self.memo: dict[object, object] = {}
        self.open_blank = self._blank_share() < 0.3

    def without(self, field: str) -> Plan:
        """The same table as if it did not have the columns of a field."""
        key = ("without", field)
        if key not in self.memo:
            other = self.memo[key] = copy(self)
            other.places = {name: places for name, places in self.places.items() if name != field}
            other.single = {name: place for name, place in self.single.items() if name != field}
        found = self.memo[key]
        assert isinstance(found, Plan)
        return found

    def key(self, place: int) -> str:
        """Under which name a kept column lies among the fields; the same heading again is numbered."""
        heading = plain(self.table.columns[place].heading)[:60]
        before = [each.heading for each in self.table.columns[:place]].count(self.table.columns[place].heading)
        return f"{KEPT}{heading or place + 1}{f' {before + 1}' if before else ''}"

    def _blank_share(self) -> float:
        """How many rows say nothing about an end, of those of a table that could; a few rows say nothing of a habit."""
        places = [place for field in ENDS for place in self.places.get(field, ())]
        if not places or len(self.table.records) < FEW:
            return 0.0 if places else 1.0
        blank = sum(all(place >= len(record.values) or record.values[place] in (None, "") for place in places)
                    for record in self.table.records)
        return blank / len(self.table.records)

    def text(self, value: Value) -> str:
        """Words of a cell, plain; "" where they say that there is nothing."""
        if value is None:
            return ""
        found = self._texts.get(value)
        if found is None:
            if len(self._texts) > MOST:
                self._texts.clear()
            found = plain(shown(value))
            found = self._texts[value] = "" if nothing(found) else found
        return found

    def day(self, value: Value, end: bool) -> Day:
        """A cell as a day."""
        key = (value, end)
        found = self._days.get(key)
        if found is None:
            if len(self._days) > MOST:
                self._days.clear()
            found = self._days[key] = read_day(value, end=end, order=self.order)
        return found

    def name(self, text: str) -> Name:
        """A cell as a person's name."""
        found = self._names.get(text)
        if found is None:
            if len(self._names) > MOST:
                self._names.clear()
            found = self._names[text] = read_name(text)
        return found


class Row:
    """A record on its way to a Judged: its cells by field, and the defects found."""

    __slots__ = ("judged", "kind", "named", "plan", "record", "values", "wide")

    def __init__(self, plan: Plan, record: Record, judged: Judged) -> None:
        self.plan, self.record, self.judged = plan, record, judged
        self.values: Sequence[Value] = record.values
        self.wide = len(record.values)
        self.kind: CertificateType | None = None
        self.named = ""
        """What the row calls its type, where that says more than the type."""

    def cell(self, field: str) -> tuple[int, Value]:
        """The first filled column of a field, and what stands there; its first column with None where all are blank,
        (-1, None) without one."""
        only = self.plan.single.get(field)
        if only is not None:
            value = self.values[only] if only < self.wide else None
            return only, None if value == "" else value
        places = self.plan.places.get(field)
        if places is None:
            return -1, None
        for place in places:
            if place < self.wide:
                value = self.values[place]
                if value is not None and value != "":
                    return place, value
        return places[0], None

    def text(self, field: str) -> str:
        """The words of a field, plain, "" for nothing; noted where they came from."""
        place, value = self.cell(field)
        if value is None:
            return ""
        text = self.plan.text(value)
        if text:
            self.judged.came[field] = place
        return text

    def day(self, field: str, *, end: bool = False, stops: bool = False) -> tuple[int, Day | None]:
        """The day of a field, its defects noted; `stops`: one that cannot be read keeps the row back."""
        place, value = self.cell(field)
        if value is None:
            return place, None
        day = self.plan.day(value, end)
        if day.on is None and day.blank:
            return place, None
        self.judged.came[field] = place
        for defect in day.defects:
            if day.odd and stops and defect.kind == "wrong_date":
                defect = defect._replace(weight="stop")
            self.note(defect, place, field)
        return place, day

    def begin(self, field: str) -> dt.date | None:
        """The day with which something begins."""
        _, day = self.day(field)
        return None if day is None else day.begins or day.on

    def note(self, defect: Defect, place: int | None, field: str = "") -> None:
        """Put a defect down at its place."""
        if place is not None and place < 0:
            place = None
        raw = shown(self.values[place])[:400] if place is not None and place < self.wide else ""
        self.judged.findings.append(defect.at(place, raw))
        if field and defect.sure < 1:
            self.judged.sure[field] = min(defect.sure, self.judged.sure.get(field, 1.0))
