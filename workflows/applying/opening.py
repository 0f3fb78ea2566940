"""Starting an application: which types somebody may apply for, for whom, and the first step of the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
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
from registry.people.scope import subtree
from registry.people.units import Unit, unit_of
from workflows.applying.beginning import begin, counter
from workflows.requests import Request

PROCESS = "application"
UNIT_KINDS = {"enterprise": ("company", "group"), "project": ("project",)}
MOST_PREFILLED = 80  # characters of one answer that a link brings along


@dataclass(frozen=True)
class Holder:
    """Somebody or something that a certificate may be applied for."""

    kind: str
    id: int
    name: str
    unit: str


def offered() -> Mapping[str, CertificateType]:
    """Every type that can be applied for today, by code; one that no longer or does not yet exist is left out."""
    return in_force(clock.today())


def offers(session: Session, actor: Actor) -> list[CertificateType]:
    """What this actor may apply for, in the order of the catalogue; a type without any holder in reach is left out."""
    reached: dict[tuple[str, ...], bool] = {}
    found = []
    for code, kind in offered().items():
        reach = (kind.holder, *_reach(actor, kind))
        if len(reach) > 1 and reach not in reached:
            reached[reach] = bool(holders(session, actor, code, limit=1))
        if reached.get(reach):
            found.append(kind)
    return found


def holders(session: Session, actor: Actor, type_code: str, search: str = "", limit: int = 50) -> list[Holder]:
    """The people, companies, projects or machines in the actor's reach for this type, by name."""
    kind = type_of(type_code)
    reach = _reach(actor, kind)
    if not reach:
        return []
    if kind.holder == "person":
        return [_person_holder(person) for person in _people(session, actor, search, limit, reach)]
    if kind.holder == "equipment":
        return [_machine_holder(machine) for machine in _machines(session, actor, search, limit, reach)]
    query = select(Unit).where(Unit.kind.in_(UNIT_KINDS[kind.holder]), Unit.closed_on.is_(None),
                               _below(Unit.path, reach), _spelt(search, Unit.name, Unit.code))
    return [_unit_holder(unit) for unit in session.scalars(query.order_by(Unit.path).limit(limit))]


def _reach(actor: Actor, kind: CertificateType) -> list[str]:
    places_held = {grant.path for grant in actor.grants}
    return sorted(path for path in places_held if can(actor, "request.start", Thing(path, kind.family, kind.code)))


def _below(column: Any, reach: Sequence[str]) -> ColumnElement[bool]:
    spans = [subtree(path) for path in reach]
    return or_(false(), *((column >= low) & (column < high) for low, high in spans))


def _spelt(search: str, *columns: Any) -> ColumnElement[bool]:
    text = search.strip()
    return or_(*(column.contains(text, autoescape=True) for column in columns))


def _people(
    session: Session, actor: Actor, search: str, limit: int, reach: Sequence[str]
) -> Sequence[Person]:
    query: Select[Any] = select(Person).where(
        _below(Person.unit_path, reach), or_(Person.left_on.is_(None), Person.left_on >= clock.today()))
    if search:
        text = search.strip().lower()
        query = query.where(or_(Person.name.contains(text, autoescape=True),
                                Person.pinyin.startswith(text, autoescape=True),
                                Person.initials.startswith(text, autoescape=True)))
    return session.scalars(visible(query, actor, model=Person).order_by(Person.pinyin, Person.id).limit(limit)).all()


def _machines(
    session: Session, actor: Actor, search: str, limit: int, reach: Sequence[str]
) -> Sequence[Machine]:
    query: Select[Any] = select(Machine).where(
        _below(Machine.unit_path, reach), _spelt(search, Machine.name, Machine.serial, Machine.model))
    return session.scalars(visible(query, actor, model=Machine).order_by(Machine.name, Machine.id).limit(limit)).all()


def _person_holder(person: Person) -> Holder:
    return Holder("person", person.id, person.name, f"{person.unit.name} · {person.post} {person.id_masked}".strip())


def _machine_holder(machine: Machine) -> Holder:
    named = " ".join(filter(None, (machine.kind, machine.model, machine.serial)))
    return Holder("machine", machine.id, machine.name, f"{machine.unit.name} · {named}")


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
    return in_force_of(type_code, clock.today(), place_of(holder).province)


def place_of(holder: Holds) -> Unit:
    """The unit that a holder is, or belongs to."""
    return holder if isinstance(holder, Unit) else holder.unit


def may_start(actor: Actor, type_code: str) -> bool:
    """Whether the actor may apply for this type for anybody at all."""
    kind = offered().get(type_code)
    return kind is not None and actor.id is not None and bool(_reach(actor, kind))


def may_open(actor: Actor, type_code: str, holder: Holds) -> bool:
    """Whether the actor may apply for this type for this holder."""
    kind = offered().get(type_code)
    return kind is not None and actor.id is not None and fits(kind, holder) and can(
        actor, "request.start", Thing(place_of(holder).path, kind.family, type_code))


def open_request(
    session: Session, actor: Actor, type_code: str, holder_kind: str, holder_id: int, *, once: str | None = None,
    prefill: Mapping[str, str] | None = None,
) -> Request:
    """Start the process for a holder; the applicant's own open draft for the same is given back instead of a second.

    `once` names this wish (at most 40 characters): asked again by the same actor, what it opened is given back.
    `prefill` are coded answers (a trade, a kind of paper) that the form opens with.
    """
    if type_code not in offered() or actor.id is None:
        raise NotFound
    holder = holder_of(session, holder_kind, holder_id)
    if not may_open(actor, type_code, holder):
        raise NotAllowed
    counter(session, place_of(holder).group_id)
    asked = prefillable(kind_for(holder, type_code), prefill or {})
    if (before := once and _opened(session, actor, once)) or (
            before := _draft(session, actor, type_code, holder_kind, holder_id, asked)):
        return before
    return start(session, kind_for(holder, type_code), holder, by=actor, prefill=asked,
                 key=_wish(actor, once) if once else None)


def start(
    session: Session, kind: CertificateType, holder: Holds, *, by: Actor, prefill: Mapping[str, str] | None = None,
    key: str | None = None, applicant: Person | None = None, once_key: str | None = None,
) -> Request:
    """Begin an application, whoever asked for it; `applicant` is who fills it in, where that is not `by`."""
    return begin(
        session, PROCESS, holder, by=by, kind=kind, title=f"{kind.name} · {holder.name}", key=key, once_key=once_key,
        details={"prefill": dict(prefill)} if prefill else None, applicant=applicant,
        variables={"supplement_due": None, "chases": 0, "contract_amount": None, "valid": False})


def prefillable(kind: CertificateType, given: Mapping[str, str]) -> dict[str, str]:
    """Those of the given answers that are one of a coded field's values, or tell certificates of a type apart."""
    found: dict[str, str] = {}
    for field in kind.fields:
        value = given.get(field.key, "")
        known = {option.value for option in field.options}
        if value in known or (value and not known and field.key in kind.number.unique_by):
            found[field.key] = value[:MOST_PREFILLED]
    return found


def fits(kind: CertificateType, holder: Holds) -> bool:
    """Whether a type can be held by this holder: it is of the right kind, and still there."""
    if isinstance(holder, Person):
        return kind.holder == "person" and holder.employed(clock.today())
    if isinstance(holder, Machine):
        return kind.holder == "equipment" and holder.scrapped_on is None
    return holder.kind in UNIT_KINDS.get(kind.holder, ()) and holder.closed_on is None


def _draft(
    session: Session, actor: Actor, type_code: str, kind: str, holder_id: int, asked: Mapping[str, str]
) -> Request | None:
    """The actor's own draft for the same; one that was begun for another trade or kind is another one."""
    rows = session.scalars(
        select(Request).join(Instance, Request.instance_id == Instance.id).where(
            Request.applicant_id == actor.id, Request.type_code == type_code, Request.holder_kind == kind,
            Request.process_id == PROCESS, Request.holder_id == holder_id, Request.submitted_at.is_(None),
            Instance.ended_at.is_(None),
        ).order_by(Request.id))
    return next((row for row in rows if not asked or row.details.get("prefill", {}) == asked), None)


def _opened(session: Session, actor: Actor, once: str) -> Request | None:
    fact = session.scalar(select(Fact).where(Fact.key == _wish(actor, once)))
    return session.get_one(Request, fact.subject_id) if fact else None


def _wish(actor: Actor, once: str) -> str:
    return f"request.opened:{actor.id}:{once}"
