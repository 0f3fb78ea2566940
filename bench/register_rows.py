"""A register of any size, written straight into the tables: invented people with a few certificates each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

from sqlalchemy import Engine, insert, text

from ledger import clock
from ledger.db import unit
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.drafting import folded
from registry.certificates.models import Certificate, Version, new_token
from registry.certificates.windows import near_from
from registry.people.persons import Person
from registry.people.spelling import spell
from registry.people.units import Unit
from registry.sample.names import FEMALE, MALE, SURNAMES

COMPANIES, PROJECTS, EACH, CHUNK = 6, 300, 5, 4_000
FIRST = dt.date(2022, 1, 1)


def fill(engine: Engine, certificates: int, *, seed: int = 2026) -> None:
    """A group, its companies and projects, people with five certificates each; every fourth is renewed once."""
    random = Random(seed)
    kinds = [kind for kind in types().values() if kind.family == "P"]
    with unit(engine) as session:
        session.execute(insert(Unit), list(_units()))
        for start in range(0, certificates // EACH, CHUNK):
            people = [_person(random, start + n + 1) for n in range(min(CHUNK, certificates // EACH - start))]
            rows = [_certificate(random, person, kinds[(person["id"] + n) % len(kinds)], n)
                    for person in people for n in range(EACH)]
            session.execute(insert(Person), people)
            session.execute(insert(Certificate), rows)
            versions = [version for row in rows for version in _versions(row)]
            for version in versions:
                version.setdefault("note", "")
            session.execute(insert(Version), versions)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows_of:
        rows_of.execute(text("vacuum analyze" if engine.dialect.name == "postgresql" else "analyze"))


def _units() -> Iterator[dict[str, Any]]:
    yield _unit(1, None, "group", "/1/", "集团")
    for number in range(2, COMPANIES + 2):
        yield _unit(number, 1, "company", f"/1/{number}/", f"第{number}公司")
    for place in range(PROJECTS):
        company, number = 2 + place % COMPANIES, 100 + place
        yield _unit(number, company, "project", f"/1/{company}/{number}/", f"工程{number}")


def _unit(number: int, parent: int | None, kind: str, path: str, name: str) -> dict[str, Any]:
    return {"id": number, "group_id": 1, "parent_id": parent, "kind": kind, "path": path, "code": f"U{number}",
            "name": name}


def _person(random: Random, number: int) -> dict[str, Any]:
    name = random.choice(SURNAMES) + "".join(random.choices(MALE + FEMALE, k=random.choice((1, 2, 2))))
    pinyin, initials = spell(name)
    place = 100 + number % PROJECTS
    return {"id": number, "group_id": 1, "unit_id": place, "unit_path": f"/1/{2 + (place - 100) % COMPANIES}/{place}/",
            "name": name, "pinyin": pinyin, "initials": initials}


def _certificate(random: Random, person: dict[str, Any], kind: Any, turn: int) -> dict[str, Any]:
    number, place = person["id"] * EACH + turn, f"{random.randrange(10**6):06d}"
    begun = FIRST + dt.timedelta(days=random.randrange(1700))
    until = begun + dt.timedelta(days=3 * 365 + random.randrange(300)) if turn else None
    code, shown = f"LC-{kind.code}-{number:06d}", f"苏A{turn:02d}{begun.year}{place}{number:06d}"
    spelt = " ".join(map(folded, (shown, code, person["name"], person["pinyin"], person["initials"])))
    return {
        "id": number, "group_id": 1, "unit_id": person["unit_id"], "unit_path": person["unit_path"], "family": "P",
        "type_code": kind.code, "code": code, "check_token": new_token(), "number": shown, "number_key": shown,
        "item": "", "holder_person_id": person["id"], "holder_name": person["name"], "search": spelt,
        "version_no": 2 if number % 4 == 0 and until else 1, "term": codes.DATED if until else codes.LONG,
        "state": codes.CANCELLED if number % 50 == 1 else codes.VALID, "valid_from": begun, "valid_until": until,
        "ends_on": until, "due_from": near_from(kind, until), "revision": 1,
    }


def _versions(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chain behind a row: the first term, and the term that it shows."""
    known = clock.start_of_day(row["valid_from"])
    last = {"certificate_id": row["id"], "no": row["version_no"], "operation": "01", "state": row["state"],
            "term": row["term"], "valid_from": row["valid_from"], "valid_until": row["valid_until"],
            "holds_from": row["valid_from"], "known_from": known, "fields": {}}
    if row["version_no"] == 2:
        before = row["valid_from"] - dt.timedelta(days=3 * 365)
        yield {**last, "no": 1, "state": codes.VALID, "valid_from": before, "holds_from": before,
               "valid_until": row["valid_from"] - dt.timedelta(days=1), "known_from": clock.start_of_day(before)}
    yield last
