"""Starting a request: which types somebody may apply for, for whom, and the first step of the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.actor import Actor
from ledger.errors import NotAllowed, NotFound
from ledger.facts import Fact
from registry.access.rules import Thing, can, visible
from registry.certificates.catalogue import in_force, in_force_of, type_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Holder as Holds
from registry.people.machines import Machine
from registry.people.persons import Person, person_of
from registry.people.units import Unit, unit_of
from workflows.beginning import begin, counter
from workflows.requests import Request

PROCESS = "application"
OFFERED = ("J03", "E03", "P02")
UNIT_KINDS = {"E": "company", "J": "project"}


@dataclass(frozen=True)
class Holder:
    """Somebody or something that a certificate may be applied for."""

    kind: str
    id: int
    name: str
    unit: str


@dataclass(frozen=True)
class Offer:
    """A type that an actor may apply for, with the holders they may choose (the first 50)."""

    type: CertificateType
    holders: list[Holder]


def offers(session: Session, actor: Actor) -> list[Offer]:
    """What this actor may apply for; a type that is closed, or without any holder in reach, is left out."""
    issued = in_force(clock.today())
    found = ((type_of(code), holders(session, actor, code)) for code in OFFERED if code in issued)
    return [Offer(kind, reach) for kind, reach in found if reach]


def holders(session: Session, actor: Actor, type_code: str, search: str = "", limit: int = 50) -> list[Holder]:
    """The people, companies or projects in the actor's reach for this type, by name."""
    family = type_of(type_code).family
    reach = _reach(actor, family, type_code)
    if family == "P":
        return [_person_holder(person) for person in _people(session, actor, search, limit, family, type_code)]
    query = select(Unit).where(Unit.kind == UNIT_KINDS[family], Unit.closed_on.is_(None))
    if search:
        columns = (Unit.name, Unit.code)
        query = query.where(or_(*(column.contains(search.strip(), autoescape=True) for column in columns)))
    units = query.where(or_(false(), *(Unit.path.startswith(path) for path in reach))).order_by(Unit.path).limit(limit)
    return [_unit_holder(unit) for unit in session.scalars(units)]


def _reach(actor: Actor, family: str, type_code: str) -> list[str]:
    places_held = {grant.path for grant in actor.grants}
    return sorted(path for path in places_held if can(actor, "request.start", Thing(path, family, type_code)))


def _people(
    session: Session, actor: Actor, search: str, limit: int, family: str, type_code: str
) -> Sequence[Person]:
    reach = _reach(actor, family, type_code)
    if not reach:
        return []
    query: Select[Any] = select(Person).where(
        or_(*(Person.unit_path.startswith(path) for path in reach)),
        or_(Person.left_on.is_(None), Person.left_on >= clock.today()),
    )
    if search:
        text = search.strip().lower()
        query = query.where(or_(Person.name.contains(text, autoescape=True),
                                Person.pinyin.startswith(text, autoescape=True),
                                Person.initials.startswith(text, autoescape=True)))
    return session.scalars(visible(query, actor, model=Person).order_by(Person.pinyin, Person.id).limit(limit)).all()


def _person_holder(person: Person) -> Holder:
    return Holder("person", person.id, person.name, f"{person.unit.name} · {person.post} {person.id_masked}".strip())


def _unit_holder(unit: Unit) -> Holder:
    return Holder("unit", unit.id, unit.name, unit.parent.name if unit.parent else "")


def holder_of(session: Session, kind: str, holder_id: int) -> Holds:
    """The person, unit or machine that a request is for, or NotFound."""
    if kind == "machine":
        if (machine := session.get(Machine, holder_id)) is None:
            raise NotFound
        return machine
    return person_of(session, holder_id) if kind == "person" else unit_of(session, holder_id)


def lock_holder(session: Session, request: Request) -> None:
    """Until this transaction ends nobody else judges whether something may be applied for, for the same holder."""
    kinds: dict[str, type[Holds]] = {"person": Person, "machine": Machine}
    kind = kinds.get(request.holder_kind, Unit)
    session.execute(select(kind.id).where(kind.id == request.holder_id).with_for_update(key_share=True))


def kind_for(holder: Holds, type_code: str) -> CertificateType:
    """The type as it stands today in the holder's province."""
    unit = holder if isinstance(holder, Unit) else holder.unit
    return in_force_of(type_code, clock.today(), unit.province)


def open_request(
    session: Session, actor: Actor, type_code: str, holder_kind: str, holder_id: int, *, once: str | None = None
) -> Request:
    """Start the process for a holder; the applicant's own open draft for the same is given back instead of a second.

    `once` names this wish (at most 40 characters): asked again by the same actor, what it opened is given back.
    """
    if type_code not in OFFERED or actor.id is None:
        raise NotFound
    holder = holder_of(session, holder_kind, holder_id)
    kind = kind_for(holder, type_code)
    unit = holder if isinstance(holder, Unit) else holder.unit
    if not _fits(kind, holder) or not can(actor, "request.start", Thing(unit.path, kind.family, type_code)):
        raise NotAllowed
    counter(session, unit.group_id)
    if (before := once and _opened(session, actor, once)) or (
            before := _draft(session, actor, type_code, holder_kind, holder_id)):
        return before
    return begin(
        session, PROCESS, holder, by=actor, kind=kind, title=f"{kind.name} · {holder.name}",
        key=_wish(actor, once) if once else None,
        variables={"supplement_due": None, "chases": 0, "contract_amount": None, "valid": False})


def _fits(kind: CertificateType, holder: Holds) -> bool:
    if isinstance(holder, Person):
        return kind.family == "P" and holder.employed(clock.today())
    if isinstance(holder, Machine):
        return kind.family == "Q"
    return UNIT_KINDS.get(kind.family) == holder.kind and holder.closed_on is None


def _draft(session: Session, actor: Actor, type_code: str, kind: str, holder_id: int) -> Request | None:
    return session.scalar(
        select(Request).join(Instance, Request.instance_id == Instance.id).where(
            Request.applicant_id == actor.id, Request.type_code == type_code, Request.holder_kind == kind,
            Request.holder_id == holder_id, Request.submitted_at.is_(None), Instance.ended_at.is_(None),
        ).order_by(Request.id).limit(1)
    )


def _opened(session: Session, actor: Actor, once: str) -> Request | None:
    fact = session.scalar(select(Fact).where(Fact.key == _wish(actor, once)))
    return session.get_one(Request, fact.subject_id) if fact else None


def _wish(actor: Actor, once: str) -> str:
    return f"request.opened:{actor.id}:{once}"
