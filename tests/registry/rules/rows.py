"""Every row of the tables that the rules look at, and how a certificate stands by its versions: for the oracle."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import Base

TABLES = ("unit", "person", "works", "assignment", "employment", "qualification", "installation", "machine",
          "certificate", "certificate_version", "speciality", "original", "loan")


class Rows:
    """All rows, read once; asked for a day (`on`) as known at an instant (`known`)."""

    on: dt.date
    known: dt.datetime

    def __init__(self, session: Session) -> None:
        self.rows: dict[str, list[Any]] = {}
        for name in TABLES:
            table = Base.metadata.tables[name]
            columns = [c for c in table.c if "sealed" not in c.name]
            self.rows[name] = [SimpleNamespace(**dict(row)) for row in session.execute(select(*columns)).mappings()]
        self.unit = {row.id: row for row in self.rows["unit"]}
        self.person = {row.id: row for row in self.rows["person"]}

    def believed(self, name: str) -> list[Any]:
        return [r for r in self.rows[name]
                if r.known_from <= self.known and not (r.known_until and r.known_until <= self.known)]

    def now(self, name: str) -> list[Any]:
        return [r for r in self.believed(name) if r.from_on <= self.on and not (r.to_on and r.to_on < self.on)]

    def site(self, unit: int) -> Any:
        found = [r for r in self.now("works") if r.unit_id == unit]
        return max(found, key=lambda r: r.id) if found else None

    def papers(self, kind: str, number: int, *types: str) -> list[tuple[Any, str, dict[str, Any]]]:
        """(certificate, how it stands, fields)"""
        out = []
        for row in self.rows["certificate"]:
            if row.type_code in types and getattr(row, f"holder_{kind}_id") == number:
                how, fields = self.stands(row.id)
                out.append((row, how, fields))
        return sorted(out, key=lambda each: each[0].id)

    def stands(self, certificate: int) -> tuple[str, dict[str, Any]]:
        learnt = [v for v in self.rows["certificate_version"]
                  if v.certificate_id == certificate and v.known_from <= self.known]
        holding = [v for v in learnt if v.holds_from <= self.on]
        if not holding:
            return "not there", {}
        v = sorted(holding, key=lambda v: v.no)[-1]
        if v.state in ("03", "04", "07"):
            return "ended", v.fields
        if v.state == "05":
            return "expired", v.fields
        if v.no == 1 and v.valid_from and v.valid_from > self.on:
            return "not there", v.fields
        ends = [d for d in (v.valid_until, v.review_on) if d]
        if ends and min(ends) < self.on:
            over = v.review_on == min(ends) and v.valid_until != v.review_on
            return ("review" if over else "expired"), v.fields
        if v.state == "02":
            return "suspended", v.fields
        if v.state != "01":
            return "ended", v.fields
        if not ends and v.term == "unknown":
            return "ended", v.fields
        return "usable", v.fields

    def good(self, kind: str, number: int | None, *types: str) -> list[tuple[Any, str, dict[str, Any]]]:
        return [each for each in self.papers(kind, number or 0, *types) if each[1] == "usable"]
