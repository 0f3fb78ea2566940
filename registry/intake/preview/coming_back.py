"""Judged rows meet what people have decided about them before: cells are written again, findings stay settled."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping as Said
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from registry.intake.batch.cells import Edit
from registry.intake.batch.decided import Decided, Marks, Settled, Written, field_of, key_of, marks_of, opened
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging import Against, judge_records
from registry.intake.mapping import Mapping
from registry.intake.preview.returned import take_back
from registry.intake.records import Layout, Record

NOTHING = b"\x90"
"""No decision, packed."""


@dataclass
class Staged:
    """All rows of a file with the records they come from, and, by the row's place, what people have said of them."""

    rows: list[Judged]
    records: list[Record]
    marks: list[Marks]
    edits: dict[int, dict[int, Edit]] = field(default_factory=dict)
    settled: dict[int, list[tuple[Finding, Settled]]] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    _found: dict[int, list[Decided]] = field(default_factory=dict)

    def findings(self, place: int) -> list[tuple[Finding, Settled | None]]:
        """All that was found of a row, with what a person said of it."""
        return [*((each, None) for each in self.rows[place].findings), *self.settled.get(place, ())]

    def register_says(self, place: int, findings: Sequence[Finding]) -> None:
        """What matching has found of a row. What stops it there is asked whatever a person has said before."""
        open_, settled = _parted(self.rows[place], findings, self._found.get(place, []), but="stop")
        self.rows[place].findings.extend(open_)
        if settled:
            self.settled.setdefault(place, []).extend(settled)


def staged(layout: Layout, rows: Sequence[Judged], records: Sequence[Record]) -> Staged:
    """Rows as the file has them."""
    headings = [[column.heading for column in table.columns] for table in layout.tables]
    return Staged(list(rows), list(records), [marks_of(row, headings[row.table]) for row in rows])


def write_again(
    found: Staged, decided: Said[str, bytes], layout: Layout, mappings: Sequence[Mapping], against: Against
) -> Staged:
    """Cells that a person has corrected and that the file still has wrong are put right; their rows judged anew."""
    if not decided:
        return found
    candidates = _candidates(found.marks, decided)
    made = Staged([], [], [])
    for _, run in groupby(range(len(found.rows)), key=lambda place: id(found.records[place])):
        places = list(run)
        record, mapping = found.records[places[0]], mappings[found.rows[places[0]].table]
        edits = _edits(found, places, candidates, mapping)
        rows = [found.rows[place] for place in places]
        if edits:
            values = [*record.values, *[None] * (max(edits) + 1 - len(record.values))]
            for column, (_edit, text) in edits.items():
                values[column] = text or None
            record = replace(record, values=values)
            table = replace(layout.tables[rows[0].table], records=[record])
            rows = [judged for _, judged in judge_records(table, mapping, against.known, against)]
        for number, row in enumerate(rows):
            if edits:
                take_back(row, mapping)
                made.edits[len(made.rows)] = {column: edit for column, (edit, _text) in edits.items()}
            before = places[min(number, len(places) - 1)]
            if before in candidates:
                made._found[len(made.rows)] = candidates[before]
            made.rows.append(row)
            made.records.append(record)
            made.marks.append(found.marks[before])
    return made


def settle_again(found: Staged) -> None:
    """After comparing, before matching: what a person has settled is settled, whoever was left out stays out."""
    for place, decided in found._found.items():
        row = found.rows[place]
        row.findings, settled = _parted(row, row.findings, decided)
        if settled:
            found.settled[place] = settled
        out = next((each for each in decided if each.left_out), None)
        if out is not None:
            decided.remove(out)
            found.left_out.add(place)


def _candidates(marks: Sequence[Marks], decided: Said[str, bytes]) -> dict[int, list[Decided]]:
    """What may be said of each row. Lines that are alike share what was decided of such lines, and each use takes one
    away; by its certificate a row is known only where no other row speaks of the same."""
    certificates = Counter(own for _line, own in marks)
    shared: dict[bytes, list[Decided]] = {}
    found = {}
    for place, (line, own) in enumerate(marks):
        if (said := shared.get(line)) is None:
            said = shared[line] = opened(decided.get(key_of(line), NOTHING))
        if not said and own != line and certificates[own] == 1:
            of_own = opened(decided.get(key_of(own), NOTHING))
            said = of_own if len(of_own) == 1 else []
        if said:
            found[place] = said
    return found


def _edits(
    found: Staged, places: Sequence[int], candidates: dict[int, list[Decided]], mapping: Mapping
) -> dict[int, tuple[Edit, str]]:
    """By column: what was written into the line, by whoever did."""
    for place in places:
        for each in candidates.get(place, ()):
            cells = {column: (Edit(one.raw, one.by_id, one.by_name, one.at), one.text) for one in each.written
                     if (column := _column(one, found.rows[place], mapping)) is not None}
            if cells:
                candidates[place].remove(each)
                candidates[place] = [Decided(each.settled, [], each.left_out), *candidates[place]]
                return cells
    return {}


def _column(said: Written, row: Judged, mapping: Mapping) -> int | None:
    """Where the cell stands now that says what was put right before."""
    for column, raw in enumerate(row.raw[:len(mapping.columns)]):
        same = mapping.field(column) == said.field if said.field else column == said.place
        if same and raw[:2000] == said.raw:
            return column
    return None


def _parted(
    row: Judged, findings: Sequence[Finding], decided: list[Decided], but: str = ""
) -> tuple[list[Finding], list[tuple[Finding, Settled]]]:
    """Findings that are to be asked, and those that a person has settled; `but` a weight that is always asked."""
    open_, settled = [], []
    for finding in findings:
        said = None if finding.weight == but else _said(row, finding, decided)
        if said is None:
            open_.append(finding)
        else:
            settled.append((finding, said))
    return open_, settled


def _said(row: Judged, finding: Finding, decided: list[Decided]) -> Settled | None:
    if finding.weight == "tidied":
        return None
    about = (finding.kind, finding.weight, field_of(row, finding.column), finding.raw[:2000])
    for each in decided:
        for said in each.settled:
            if (said.kind, said.weight, said.field, said.raw) == about:
                each.settled = [other for other in each.settled if other is not said]
                return said
    return None


def settled_columns(said: Settled) -> dict[str, object]:
    """What a Flaw says of a finding that was settled before."""
    at = dt.datetime.fromisoformat(said.at) if said.at else None
    return {"state": said.state, "settled_at": at, "settled_by": said.by_id}
