"""The answers that go with generated ledgers: what was planted where, which certificates there are, and who is who."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from ledger import clock
from registry.people.units import Unit
from registry.sample.group import Group
from registry.sample.ledgers.lines import Former, Line, Plant, Value
from registry.sample.ledgers.pages import Book

KEY = ("file", "sheet", "row", "column", "defect", "truth", "written", "twin")
CERTIFICATES = ("file", "sheet", "row", "type", "number", "item", "name", "id_number", "company", "issued_on",
                "valid_until", "review_on")


def write(folder: Path, group: Group, books: Sequence[Book], former: Former, seed: int) -> None:
    """Write key.csv, certificates.csv and organisation.json."""
    lines = [line for book in books for line in book.lines() if line.codes]
    _table(folder / "key.csv", KEY, (_plant(line, plant) for line in lines for plant in line.plants))
    _table(folder / "certificates.csv", CERTIFICATES, (row for line in lines for row in _certificates(line)))
    with (folder / "organisation.json").open("w", encoding="utf-8") as out:
        json.dump(_organisation(group, books, former, seed), out, ensure_ascii=False, indent=1)


def _table(file: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(headings)
        lines.writerows(rows)


def said(value: Value) -> str:
    """A value as the key writes it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _cell(line: Line, role: str) -> tuple[str, str]:
    """Row and column of a role's cell; the line's first row and no column for the whole of it."""
    row, column = line.cells[role] if role else (line.row, 0)
    return str(row), get_column_letter(column) if column else ""


def _plant(line: Line, plant: Plant) -> tuple[str, ...]:
    row, column = _cell(line, plant.role)
    twin = ""
    if plant.twin is not None:
        other = _cell(plant.twin, plant.twin_role)
        twin = f"{plant.twin.sheet}!{other[1]}{other[0]}"
    return (line.file, line.sheet, row, column, plant.kind, said(plant.truth), said(line.values[plant.role]), twin)


def _certificates(line: Line) -> list[tuple[str, ...]]:
    truth = line.truth or line.values
    found: list[tuple[str, ...]] = []
    for code in line.codes:
        inspected = code == "Q02" and len(line.codes) > 1
        number = truth.get("report" if inspected else "number")
        ends = len(line.codes) == 1 or inspected
        item = f"{truth['category']} {truth['item']}" if code == "P01" else ""
        found.append((line.file, line.sheet, str(line.row), code, said(number), item, said(truth.get("name")),
                      said(truth.get("id")), line.company.code, said(truth.get("issue")),
                      said(truth.get("end")) if ends else "", said(truth.get("review"))))
    return found


def _organisation(group: Group, books: Sequence[Book], former: Former, seed: int) -> dict[str, Any]:
    made = group.made
    units = [made.group, *made.companies, *made.subsidiaries, *made.departments.values(), *made.projects]
    units = sorted(dict.fromkeys(units), key=lambda unit: unit.id)
    return {
        "seed": seed, "today": clock.today().isoformat(),
        "units": [_unit(unit, former) for unit in units],
        "posts": [{"unit": project.code, "post": "project_manager", "name": person.name, "id_number": person.id_number}
                  for project in group.sites.staffed for person in [group.posts.managers[project.id]]],
        "files": [{"file": book.name, "unit": book.unit, "rows": sum(1 for _ in book.lines()),
                   "certificates": sum(len(line.codes) for line in book.lines())} for book in books],
    }


def _unit(unit: Unit, former: Former) -> dict[str, Any]:
    found: dict[str, Any] = {
        "code": unit.code, "kind": unit.kind, "name": unit.name, "name_en": unit.name_en, "uscc": unit.uscc,
        "province": unit.province, "region": unit.region, "parent": unit.parent.code if unit.parent else None,
        "former": list(former.get(unit.id, ())),
    }
    if unit.project:
        built = unit.project
        found["project"] = {"work": built.work, "amount_wan": str(built.amount_wan), "address": built.address,
                            "started_on": said(built.started_on), "ends_on": said(built.ends_on)}
    return found
