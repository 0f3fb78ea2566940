"""The sample group as its firms kept it before: spreadsheets of five kinds (facts 6.1) with their defects (facts 6),
and the answers."""

from __future__ import annotations

from pathlib import Path
from random import Random

from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample import Told, breaches, names
from registry.sample.group import Group
from registry.sample.ledgers import companies, defects, key, regional, vertical, writing
from registry.sample.ledgers.lines import Line, line_of
from registry.sample.organisation import Sample

FOLDER = "ledgers"


def write(
    group: Group, folder: Path, seed: int, told: Told = lambda what, done, of: None,
    regions: int = len(regional.REGIONS),
) -> int:
    """Write the ledgers below `folder` with key.csv, certificates.csv, breaches.csv and organisation.json; how many
    files. The same group and seed give the same."""
    made, random = group.made, Random(f"ledgers {seed}")
    lines = _lines(group)
    books = [*regional.books(made, [line for line in lines if line.codes[0][0] not in "EJ"], regions),
             *companies.books(made, lines, random)]
    for book in books:
        for page in book.pages:
            for line in page.lines():
                line.file, line.sheet = book.name, page.name
    former = defects.former_names([*made.companies, *made.subsidiaries], random, names.TOWNS)
    defects.plant([line for book in books for line in book.lines() if line.codes], random, former)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for number, book in enumerate(books, 1):
        (vertical if book.shape == companies.VERTICAL else writing).write(book, folder / FOLDER / book.name)
        told("files", number, len(books))
    key.write(folder, group, books, former, seed)
    with (folder / "breaches.csv").open("w", encoding="utf-8", newline="") as out:
        breaches.write(group.posts.breaches, out)
    return len(books)


def _lines(group: Group) -> list[Line]:
    """A line for each certificate; a truck crane's registration and inspection share one."""
    made = group.made
    place = {unit.id: number for number, unit in enumerate(made.companies)}
    companies_of = {unit.id: unit for unit in [made.group, *made.companies, *made.subsidiaries]}
    found: list[Line] = []
    registered: dict[int, Line] = {}
    for planned in group.planned:
        holder = planned[0].holder
        line = line_of(made, planned, companies_of[_company(made, holder)])
        line.region = place.get(line.company.id, 0) % len(regional.REGIONS)
        if isinstance(holder, Machine):
            line.values["place"] = holder.unit.name
        if planned[0].code == "Q02" and holder.id in registered:
            _inspected(registered[holder.id], line)
            continue
        if planned[0].code == "Q01":
            registered[holder.id] = line
        found.append(line)
    return found


def _company(made: Sample, holder: Person | Unit | Machine) -> int:
    if isinstance(holder, Unit):
        return holder.parent_id or holder.id if holder.kind == "project" else holder.id
    return (holder.company_id if isinstance(holder, Person) else holder.unit.parent_id) or made.group.id


def _inspected(line: Line, inspection: Line) -> None:
    """The inspection goes with the registration's line."""
    line.codes, line.unknown = (*line.codes, *inspection.codes), inspection.unknown
    line.values |= {"report": inspection.values["number"], "inspected": inspection.values["issue"],
                    "end": inspection.values["end"], "cycle": "24个月", "paper": "特种设备使用登记证",
                    "maker": "某重型机械厂", "used": line.values["issue"], "keeper": "设备管理员"}
