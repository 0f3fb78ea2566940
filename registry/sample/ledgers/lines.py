"""A line of a ledger before it is written: what it says column by column, and what was planted in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger import clock
from ledger.workdays import months_before
from registry.certificates import codes
from registry.certificates.catalogue import type_of
from registry.certificates.numbers import normal
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample.holdings import Planned, built_on, issuer_of
from registry.sample.organisation import Sample
from registry.sample.quotas import SUPPORT
from registry.sample.terms import ENDLESS
from registry.sample.wishes import TRADES

Value = str | int | float | dt.date | None
Former = Mapping[int, tuple[str, ...]]
"""The former names of companies by id."""
FOREVER = "长期"
NOTED = {codes.SUSPENDED: "暂扣", codes.CANCELLED: "注销", codes.REVOKED: "吊销"}
CLASSES = {"P03": "A类", "P04": "B类", "P05": "C类", "P06": "一级", "P07": "二级"}
TRADE_NAMES = {code: name for name, code in TRADES.items()}


@dataclass(frozen=True)
class Nothing:
    """Said where a defect makes no sense: a None would be an empty cell."""


NO = Nothing()


@dataclass(slots=True)
class Plant:
    """One planted defect: its kind, the role of its cell ("" for the whole line), what is true, and the line that
    gives it away where it takes two."""

    kind: str
    role: str
    truth: Value
    twin: Line | None = None
    twin_role: str = ""


@dataclass(slots=True, eq=False)
class Line:
    """One line. `values` by role, `roles` those that its sheet has a column for; `rule` is that of its number.

    `codes` are the types of its certificates (a machine's line speaks of two), `company` whom it belongs to. `cells`
    names the cell (row and column, from 1) of each role once it is written.
    """

    codes: tuple[str, ...]
    rule: str
    holder: Person | Unit | Machine
    company: Unit
    values: dict[str, Value]
    region: int = 0
    unknown: bool = False
    roles: frozenset[str] = frozenset()
    colours: bool = True
    left: str = ""
    hard: bool = False
    touched: set[str] = field(default_factory=set)
    plants: list[Plant] = field(default_factory=list)
    truth: dict[str, Value] = field(default_factory=dict)
    file: str = ""
    sheet: str = ""
    row: int = 0
    cells: dict[str, tuple[int, int]] = field(default_factory=dict)

    def put(self, kind: str, role: str, written: Value, twin: Line | None = None, twin_role: str = "") -> None:
        """Plant a defect in a cell."""
        self.plants.append(Plant(kind, role, self.values[role], twin, twin_role))
        self.values[role] = written
        self.touched.add(role)


def line_of(made: Sample, planned: Planned, company: Unit) -> Line:
    """What a clean ledger says of a certificate."""
    wish, drafts = planned
    kind, first, last = type_of(wish.code), drafts[0], drafts[-1]
    issued = first.term.issued_on or clock.today()
    rule, term, fields = kind.number.rule, last.term, wish.fields
    number = normal(rule, made.numbers.certificate(rule, wish.code, issued, built_on(wish), kind=wish.kind))
    endless = kind.validity.kind in ENDLESS
    values: dict[str, Value] = {
        "number": number, "type": kind.name, "first": issued, "issue": term.issued_on, "issuer": issuer_of(wish.code),
        "end": term.valid_until or (FOREVER if term.kind == codes.LONG and not endless else None),
        "company": company.name,
        "remark": _remark(NOTED.get(last.state, ""), last.note), "state": NOTED.get(last.state),
        "group": CLASSES.get(wish.code) or fields.get("position") or SUPPORT.get(wish.kind),
        "speciality": _speciality(fields), "level": fields.get("level"), "trade": fields.get("trade"),
        "category": fields.get("category"), "item": fields.get("item"),
    }
    if wish.code == "P02":
        values["trade"] = TRADE_NAMES[wish.kind]
    if wish.code in ("P16", "P17"):
        values["group"] = f"{wish.kind}类"
    if isinstance(wish.holder, Person):
        values |= {"name": wish.holder.name, "id": wish.holder.id_number, "phone": wish.holder.phone}
    elif isinstance(wish.holder, Machine):
        values |= {"name": wish.holder.name, "serial": wish.holder.serial, "model": wish.holder.model,
                   "made": wish.holder.made_on}
    if wish.code == "P01" and term.issued_on and kind.review and kind.review.months:
        values |= _reviews(made, months_before(term.issued_on, -kind.review.months))
    return Line((wish.code,), rule, wish.holder, company, values, unknown=term.kind == codes.UNKNOWN)


def _remark(word: str, note: str) -> str | None:
    """What became of it, in the words a ledger has for that."""
    if not word:
        return None
    return note if word in note else f"{word}：{note}"


def _speciality(fields: dict[str, object]) -> str | None:
    rows = fields.get("specialities")
    if isinstance(rows, list):
        return "、".join(str(row["speciality"]) for row in rows)
    return str(fields["speciality"]) if "speciality" in fields else None


def _reviews(made: Sample, due: dt.date) -> dict[str, Value]:
    """When the review is due, and when it was done where that day has passed."""
    done = due - dt.timedelta(days=made.random.randrange(60))
    return {"review": due, "reviewed": done if due <= clock.today() else None}
