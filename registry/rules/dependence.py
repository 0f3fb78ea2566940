"""What lapses, loses its ground or is blocked when a certificate goes or a person leaves: shown before the act.

Certificates follow along the catalogue's own links (`requires`: E02 -> E03 -> J03, P06 -> P04; `employer`: tied to
the employer) and along dependence.toml. What projects and companies would newly lack comes from asking the rules
twice: with what is there, and without what would go.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from ledger import clock
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType, Requirement, Stated
from registry.certificates.models import Certificate
from registry.certificates.standing import standing
from registry.people.machines import Installation
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.tenure import Assignment, Employment
from registry.people.units import Unit
from registry.people.works import Works
from registry.rules.lacking import Hypothesis, under
from registry.rules.lines import Line

FILE = Path(__file__).with_name("dependence.toml")
EFFECTS: dict[str, str] = {"ground": "失去前提", "lapses": "失效", "review": "须复核", "change": "须变更或注销"}
MOST_CERTIFICATES, MOST_PLACES = 200, 40
"""How many are shown before the act; what is applied with it is not cut."""
ALL = 100_000
Effect = Literal["ground", "lapses", "review", "change"]


class Follows(Stated, frozen=True, kw_only=True):
    """What happens to the certificates of a company's people when the company loses one of type `of`."""

    of: str
    types: tuple[str, ...]
    effect: Effect


@dataclass(frozen=True)
class Consequence:
    """A certificate that would suffer: how, why (words of the catalogue), and after how many steps."""

    certificate: Certificate
    effect: Effect
    text: str
    source: str
    verified: bool
    because: str
    step: int


@dataclass
class Consequences:
    """All that follows; `before` says of each place what it lacked already (a line may be there because it got worse).

    `cut`: there is more than is listed; `whole`: nothing may be left out, however much it is."""

    on: dt.date
    certificates: list[Consequence] = field(default_factory=list)
    lines: list[tuple[Unit, Line]] = field(default_factory=list)
    before: set[tuple[int, str, str]] = field(default_factory=set)
    cut: bool = False
    whole: bool = False

    @property
    def most_certificates(self) -> int:
        """How many certificates may be listed."""
        return ALL if self.whole else MOST_CERTIFICATES

    @property
    def most_places(self) -> int:
        """How many projects and companies may be asked."""
        return ALL if self.whole else MOST_PLACES


@cache
def follows() -> tuple[Follows, ...]:
    """The links of dependence.toml."""
    return tuple(msgspec.convert(tomllib.loads(FILE.read_text("utf-8"))["follows"], list[Follows]))


def may_suffer(code: str) -> set[str]:
    """The types whose certificates may lose their ground, lapse or need a review when one of a type goes, over however
    many steps."""
    reached, waiting = set[str](), [code]
    while waiting:
        lost = waiting.pop()
        following = {kind.code for kind in types().values() for need in kind.requires if lost in need.types}
        following |= {each for link in follows() if link.of == lost for each in link.types}
        waiting += following - reached
        reached |= following
    return reached


def when_gone(
    session: Session, certificate: Certificate, *, on: dt.date | None = None, known: dt.datetime | None = None,
    whole: bool = False,
) -> Consequences:
    """What follows when a certificate can no longer be relied on from a day (today) on; the same before and after."""
    found = Consequences(on or clock.today(), whole=whole)
    known = known or clock.now()
    gone, waiting = {certificate.id}, [(certificate, 1)]
    while waiting:
        lost, step = waiting.pop(0)
        for each in _followers(session, lost, gone, found, known, step):
            if len(found.certificates) >= found.most_certificates:
                found.cut = True
                break
            gone.add(each.certificate.id)
            found.certificates.append(each)
            if each.effect == "ground":
                waiting.append((each.certificate, step + 1))
    _ask(session, found, known, places_of(session, certificate, found.on, known),
         Hypothesis(kept=frozenset({certificate.id})), Hypothesis(gone=frozenset({certificate.id})))
    return found


def when_left(
    session: Session, person: Person, *, on: dt.date | None = None, known: dt.datetime | None = None,
    whole: bool = False,
) -> Consequences:
    """What follows when a person leaves the company: registrations tied to it, and the posts that stand empty.

    Once the last day is set, ask for that day: contracts and posts still hold on it.
    """
    found = Consequences(on or clock.today(), whole=whole)
    known = known or clock.now()
    for certificate in _usable(session, Certificate.holder_person_id == person.id, tuple(types()), found, known):
        kind = certificate.type
        if kind.employer in ("tied", "takeover"):
            change = kind.change
            found.certificates.append(Consequence(
                certificate, "change", change.text if change else "", change.source if change else kind.source,
                bool(change and change.verified), "", 1))
    posts = select(Assignment.unit_id).where(Assignment.person_id == person.id, Assignment.holding(found.on, known))
    firms = select(Employment.company_id).where(
        Employment.person_id == person.id, Employment.kind == "contract", Employment.holding(found.on, known))
    places = {*session.scalars(posts), *session.scalars(firms)}
    _ask(session, found, known, places, Hypothesis(), Hypothesis(left=frozenset({person.id})))
    return found


def _followers(
    session: Session, lost: Certificate, gone: set[int], found: Consequences, known: dt.datetime, step: int
) -> Iterator[Consequence]:
    on = found.on
    for kind in types().values():
        for need in kind.requires:
            if lost.type_code not in need.types or _other(session, lost, need.types, gone, found, known):
                continue
            for each in _usable(session, _whose(lost, kind, need), (kind.code,), found, known):
                if each.id not in gone:
                    yield Consequence(each, "ground", need.text or need.when, need.source, need.verified, lost.code,
                                      step)
    for link in follows():
        if link.of == lost.type_code and lost.holder_unit_id and not _other(
                session, lost, (link.of,), gone, found, known):
            staff = select(Employment.person_id).where(
                Employment.company_id == lost.holder_unit_id, Employment.kind == "contract",
                Employment.holding(on, known))
            for each in _usable(session, Certificate.holder_person_id.in_(staff), link.types, found, known):
                if each.id not in gone:
                    yield Consequence(each, link.effect, link.text, link.source, link.verified, lost.code, step)


def _whose(lost: Certificate, kind: CertificateType, need: Requirement) -> ColumnElement[bool]:
    """The certificates of a type that rest on the one that is lost: its holder's, or those of the company's sites."""
    if need.of in ("contractor", "employer") and lost.holder_unit_id:
        low, high = subtree(lost.unit_path)
        return (Certificate.unit_path >= low) & (Certificate.unit_path < high)
    return same_holder(lost)


def same_holder(lost: Certificate) -> ColumnElement[bool]:
    """The certificates of the same person, unit or machine."""
    column = (Certificate.holder_person_id if lost.holder_person_id else Certificate.holder_unit_id
              if lost.holder_unit_id else Certificate.holder_machine_id)
    return column == (lost.holder_person_id or lost.holder_unit_id or lost.holder_machine_id)


def _other(
    session: Session, lost: Certificate, codes: tuple[str, ...], gone: set[int], found: Consequences,
    known: dt.datetime,
) -> bool:
    """Whether the holder still has another certificate of these types."""
    return any(each.id not in gone for each in _usable(session, same_holder(lost), codes, found, known))


def _usable(
    session: Session, whose: ColumnElement[bool], codes: tuple[str, ...], found: Consequences, known: dt.datetime
) -> list[Certificate]:
    """Those that may be relied on: all, or more than may be listed, however many that ran out come before them."""
    query = select(Certificate).where(whose, Certificate.type_code.in_(codes)).order_by(Certificate.id).limit(
        found.most_certificates + 1).options(selectinload(Certificate.versions))
    usable: list[Certificate] = []
    last = 0
    while len(usable) <= found.most_certificates:
        rows = session.scalars(query.where(Certificate.id > last)).all()
        usable += [row for row in rows if standing(row.versions, on=found.on, known=known).standing.usable]
        if len(rows) <= found.most_certificates:
            break
        last = rows[-1].id
    return usable


def places_of(
    session: Session, certificate: Certificate, on: dt.date | None = None, known: dt.datetime | None = None
) -> set[int]:
    """The projects and companies (ids) whose rules look at this certificate."""
    on, known = on or clock.today(), known or clock.now()
    if person := certificate.holder_person_id:
        posts = select(Assignment.unit_id).where(Assignment.person_id == person, Assignment.holding(on, known))
        firms = select(Employment.company_id).where(
            Employment.person_id == person, Employment.kind == "contract", Employment.holding(on, known))
        return {*session.scalars(posts), *session.scalars(firms)}
    if machine := certificate.holder_machine_id:
        return {*session.scalars(select(Installation.unit_id).where(
            Installation.machine_id == machine, Installation.holding(on, known)))}
    low, high = subtree(certificate.unit_path)
    below = select(Unit.id).where(Unit.path >= low, Unit.path < high, Unit.kind == "project")
    put_up = select(Installation.unit_id).where(
        Installation.company_id == certificate.holder_unit_id, Installation.holding(on, known))
    return {certificate.unit_id, *session.scalars(below), *session.scalars(put_up)}


def _ask(
    session: Session, found: Consequences, known: dt.datetime, places: set[int], with_it: Hypothesis,
    without: Hypothesis,
) -> None:
    """The lines that are there without it and not with it. Of projects only those whose works go on: nothing is asked
    of the others."""
    going_on = select(Works.unit_id).where(
        Works.holding(found.on, known), or_(Works.accepted_on.is_(None), Works.accepted_on > found.on))
    units = session.scalars(
        select(Unit).where(Unit.id.in_(places), or_(
            Unit.kind.in_(("company", "group")), and_(Unit.kind == "project", Unit.id.in_(going_on))))
        .order_by(Unit.path).limit(found.most_places + 1)).all()
    found.cut = found.cut or len(units) > found.most_places
    for unit in units[:found.most_places]:
        before, after = under(session, unit, (with_it, without), on=found.on, known=known)
        found.before |= {(unit.id, line.decision, line.lack) for line in before.lines}
        there = {_same(line) for line in before.lines}
        found.lines += [(unit, line) for line in after.lines if _same(line) not in there]


def _same(line: Line) -> tuple[object, ...]:
    return line.decision, line.lack, line.about, line.post, tuple(sorted(line.params.items()))

