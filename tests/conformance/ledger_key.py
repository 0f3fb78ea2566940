"""The answers to generated ledgers, and how findings are held against them."""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.certificates.catalogue import types
from registry.intake.book import letter
from registry.intake.judged import Judged
from registry.intake.known import Known, UnitKnown
from registry.intake.records import Layout, Record, Table

ALIKE = {"check_digit": {"check_digit", "transposed"}, "transposed": {"check_digit", "transposed"}}
"""Which kinds found count for a planted one; the two cannot always be told apart."""
OF_ROW = frozenset({"left_mark", "hidden", "end_before_issue", "review_missing", "review_is_expiry", "blank_end"})
"""Found anywhere in the row: they lie between two cells, or in none."""
LARGE = 5_000
"""Rows of a file whose pace tells something."""
Cell = tuple[str, str]
"""Sheet and cell."""


@dataclass
class Planted:
    """One line of key.csv."""

    kind: str
    sheet: str
    row: int
    column: str
    twin: str
    found: bool = False
    exact: bool = False

    def cells(self) -> set[Cell]:
        """Where it may be found."""
        sheet, _, cell = self.twin.rpartition("!")
        return {(self.sheet, f"{self.column}{self.row}")} | ({(sheet, cell)} if self.twin else set())


@dataclass
class Score:
    """What was found, over all files."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    certificates: int = 0
    large: list[tuple[int, float, float]] = field(default_factory=list)
    """Rows, seconds and seconds of a core of each file that is large enough to tell the pace."""

    def pace(self, core: bool) -> int | None:
        """Rows a second in large files, by the clock or of a core; None without such a file."""
        if not self.large:
            return None
        rows, clock, cores = (sum(each) for each in zip(*self.large, strict=True))
        return round(rows / (cores if core else clock))

    @property
    def recall(self) -> float:
        return self.found.total() / max(1, self.planted.total())

    @property
    def alarm(self) -> float:
        return self.false.total() / max(1, self.findings.total())


class Answers:
    """The answers that lie beside the ledgers of a folder."""

    def __init__(self, folder: Path) -> None:
        self.organisation: dict[str, Any] = json.loads((folder / "organisation.json").read_text("utf-8"))
        self.today = dt.date.fromisoformat(self.organisation["today"])
        self.planted: dict[str, list[Planted]] = defaultdict(list)
        for row in _rows(folder / "key.csv"):
            self.planted[row["file"]].append(
                Planted(row["defect"], row["sheet"], int(row["row"]), row["column"], row["twin"]))
        self.certificates: dict[str, Counter[tuple[str, int, str]]] = defaultdict(Counter)
        for row in _rows(folder / "certificates.csv"):
            self.certificates[row["file"]][row["sheet"], int(row["row"]), row["type"]] += 1

    def units(self) -> dict[int, UnitKnown]:
        """The organisation as judging knows it."""
        ids = {unit["code"]: number for number, unit in enumerate(self.organisation["units"], 1)}
        found: dict[int, UnitKnown] = {}
        for unit in self.organisation["units"]:
            number, above = ids[unit["code"]], ids.get(unit["parent"] or "")
            company = number if unit["kind"] == "company" else found[above].company_id if above else None
            path = f"{found[above].path if above else '/'}{number}/"
            found[number] = UnitKnown(number, unit["kind"], unit["name"], company, path, unit["province"],
                                      unit["uscc"] or "", tuple(unit["former"]))
        return found

    def known(self, file: str) -> Known:
        """What a file is read against."""
        ids = {unit["code"]: number for number, unit in enumerate(self.organisation["units"], 1)}
        code = next(each["unit"] for each in self.organisation["files"] if each["file"] == file)
        return Known(self.today, types(), self.units(), ids[code])


def _rows(file: Path) -> Iterable[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


class Places:
    """Which cell of the file each value of a judged row stands in, and to which row of the key it belongs."""

    def __init__(self, layout: Layout, sheets: list[str]) -> None:
        self.tables, self.sheets = layout.tables, sheets
        self.records = {(table.number, record.row): record for table in layout.tables for record in table.records}

    def of(self, row: Judged, column: int | None) -> Cell:
        """The cell of a value, or sheet and row number for the whole row."""
        table = self.tables[row.table]
        sheet = self.sheets[table.sheet]
        if column is None:
            return sheet, str(row.row + 1)
        record = self.records[row.table, row.row]
        down, right = (record.spots or {}).get(column) or (record.row, table.columns[column].place)
        return sheet, f"{letter(right)}{down + 1}"

    def rows_of(self, table: Table, record: Record) -> set[int]:
        """The sheet's rows, from 1, that a record takes up."""
        if table.shape == "rows":
            return {record.row + 1}
        return {record.row + 1} | {down + 1 for down, _ in (record.spots or {}).values()}


def hold(score: Score, answers: Answers, file: str, layout: Layout, rows: list[Judged], sheets: list[str]) -> None:
    """Hold the findings of a file against its key, and its rows against its certificates."""
    places, planted = Places(layout, sheets), answers.planted[file]
    at_cell: dict[Cell, list[Planted]] = defaultdict(list)
    at_row: dict[tuple[str, int], list[Planted]] = defaultdict(list)
    starts = _starts(places)
    for one in planted:
        score.planted[one.kind] += 1
        if one.kind in OF_ROW:
            at_row[one.sheet, starts.get((one.sheet, one.row), one.row)].append(one)
        for cell in one.cells():
            at_cell[cell].append(one)
    for key in {(row.table, row.row, finding.kind, finding.column): (row, finding)
                for row in rows for finding in row.findings}.items():
        (_, (row, finding)) = key
        score.findings[finding.kind] += 1
        cell = places.of(row, finding.column)
        here = [one for one in at_cell.get(cell, []) if finding.kind in ALIKE.get(one.kind, {one.kind})]
        here += [one for one in at_row.get((cell[0], row.row + 1), []) if one.kind == finding.kind]
        open_ones = [one for one in here if not one.found] or here
        if open_ones:
            open_ones[0].found = True
            open_ones[0].exact |= open_ones[0].kind == finding.kind
        else:
            score.false[finding.kind] += 1
            score.alarms.append(f"{finding.kind} {file} {cell[0]}!{cell[1]} {finding.raw!r} -> {finding.proposed!r} "
                                f"{finding.text} {finding.params}")
    for one in planted:
        score.found[one.kind] += one.found
        score.exact[one.kind] += one.exact
        if not one.found:
            score.missed.append(f"{one.kind} {file} {one.sheet}!{one.column}{one.row}")
    _count(score, answers, file, layout, rows, sheets)


def _starts(places: Places) -> dict[tuple[str, int], int]:
    """The first row of the block that a row of a vertical sheet belongs to."""
    return {(places.sheets[table.sheet], row): record.row + 1
            for table in places.tables if table.shape == "vertical"
            for record in table.records for row in places.rows_of(table, record)}


def _count(
    score: Score, answers: Answers, file: str, layout: Layout, rows: list[Judged], sheets: list[str]
) -> None:
    """Nothing lost, nothing invented: rows against certificates."""
    starts = _starts(Places(layout, sheets))
    wanted: Counter[tuple[str, int, str]] = Counter()
    for (sheet, row, code), number in answers.certificates[file].items():
        wanted[sheet, starts.get((sheet, row), row), code] += number
    found = Counter((sheets[row.sheet], row.row + 1, row.type_code) for row in rows if row.loan is None)
    score.rows += len({(row.table, row.row) for row in rows})
    score.certificates += found.total()
    for (sheet, row, code), number in (wanted - found).items():
        score.lost[f"{file} {sheet}!{row} {code}"] += number
    for (sheet, row, code), number in (found - wanted).items():
        score.invented[f"{file} {sheet}!{row} {code}"] += number


class Watch:
    """Seconds since it was made, by the clock and of this process' cores and those of its children."""

    def __init__(self) -> None:
        self.begun, self.used = time.perf_counter(), used()

    def timed(self, score: Score, name: str, rows: int) -> float:
        """Note the pace of a large file (a small one takes as long as starting the process that reads it); the seconds
        by the clock."""
        seconds, cores = time.perf_counter() - self.begun, used() - self.used
        if rows > LARGE:
            score.large.append((rows, seconds, cores))
            sys.stderr.write(f"{name}: {rows} rows, {seconds:.1f} s, {cores:.1f} s of a core\n")
        return seconds


def used() -> float:
    """Seconds of a core so far."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)
