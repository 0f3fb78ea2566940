"""T9: what was changed enters the register, each kind of change in its own way; the term stays as it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.actor import Actor
from ledger.workdays import ONE_DAY
from registry.certificates import lifecycle, specialities
from registry.certificates.catalogue import in_force_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate
from registry.people import identities, machines, works
from registry.people.joining import come_back
from registry.people.machines import Installation, Machine, install, take_down
from registry.people.persons import Person, move_person, person_of
from registry.people.spells import correct
from registry.people.tenure import Employment, employ
from registry.people.units import Unit, unit_of
from workflows.requests import Request, of_instance
from workflows.transfer.inward import part_of
from workflows.transfer.kinds import INWARD
from workflows.transfer.posts import hand_over, successor_of

COMPANY, CODE = ("company", "employer"), ("company_code", "employer_code")
LEADER = ("leader", "legal_representative")
Put = Callable[[Step, Request, Certificate], None]


def day(request: Request, key: str, default: dt.date | None = None) -> dt.date:
    """A date that was registered or asked for."""
    told = (request.grant or {}).get(key) or request.content.get(key)
    return dt.date.fromisoformat(told) if told else default or clock.today()


def change(step: Step, request: Request, certificate: Certificate, fields: Mapping[str, Any], note: str = "") -> None:
    """The next version, with what the custodian registered and the second person compared."""
    grant = request.grant or {}
    version = lifecycle.change(
        step.session, certificate, since=day(request, "changed_on"), by=step.actor, fields=fields, note=note,
        issuer=grant.get("issuer"), licence_mark=grant.get("licence_mark") or "", issued_on=day(request, "issued_on"),
        number=grant.get("number"), request_id=request.id)
    lifecycle.add_scans(step.session, version, grant.get("scans") or [], by=step.actor)


def known(kind: CertificateType, said: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """The fields of a type among those said, by whichever of the keys the type has."""
    keys = {field.key for field in kind.fields if not field.column}
    return {key: value for names, value in said.items() for key in names if key in keys and value is not None}


def employer(step: Step, request: Request, certificate: Certificate) -> None:
    """a: the person works for the other company from the new contract's first day on, and the paper says so."""
    person, goal = certificate.holder_person, unit_of(step.session, int(request.content["new_unit"]))
    assert person is not None
    fields = known(certificate.type, {COMPANY: goal.name, CODE: goal.uscc})
    _move(step.session, person, goal, left=day(request, "left_on"), joined=day(request, "joined_on"), by=step.actor)
    change(step, request, certificate, fields)


def _move(session: Session, person: Person, goal: Unit, *, left: dt.date, joined: dt.date, by: Actor) -> None:
    if person.company_id == goal.company_id:
        return  # another certificate of the same person was moved before this one
    if person.left_on is not None:  # the old company has set the last day: contract and posts there end with it
        come_back(session, person, unit=goal, on=max(joined, person.left_on + ONE_DAY), by=by)
        return
    rows = session.scalars(select(Employment).where(
        Employment.person_id == person.id, Employment.known_until.is_(None), Employment.to_on.is_(None),
        Employment.kind == "contract")).all()
    for row in rows:
        correct(session, row, to_on=max(left, row.from_on))
    employ(session, person, goal, "contract", from_on=joined, by=by)
    move_person(session, person, to=goal, by=by)


def one_of_a_chain(step: Step, request: Request, certificate: Certificate) -> None:
    """A step of b: the company's new particulars, as far as this type has them; E01 renames the company itself."""
    asked = step.session.get_one(Request, request.parent_id).content
    unit = certificate.holder_unit
    name = asked.get("new_name") if asked.get("change_name") else None
    legal = person_of(step.session, int(asked["new_legal"])) if asked.get("change_legal") else None
    if certificate.type_code == "E01" and unit is not None and name:
        identities.rename_unit(step.session, unit, name, by=step.actor)
    change(step, request, certificate, known(certificate.type, {
        COMPANY: name, LEADER: legal.name if legal else None,
        ("address",): asked.get("new_address"), ("capital",): asked.get("new_capital")}))
    request.details = {**request.details, "changed_on": day(request, "changed_on").isoformat()}


def manager(step: Step, request: Request, certificate: Certificate) -> None:
    """c: the post changes hands, and the permit's version notes it."""
    project, successor = unit_of(step.session, request.holder_id), successor_of(step.session, request)
    since = min(day(request, "from_on"), clock.today())
    hand_over(step.session, project, successor, since=since, by=step.actor)
    parties = certificate.latest.full_fields.get("parties")
    fields = {"parties": [_led(row, successor) for row in parties]} if parties else {}
    change(step, request, certificate, fields, note="项目负责人变更")


def _led(row: Mapping[str, Any], successor: Person) -> dict[str, Any]:
    """The contractor's row of the permit names the new manager; the others stay."""
    if row.get("role") not in ("contractor", "施工单位", "施工"):
        return dict(row)
    return {**row, "leader": successor.name, "leader_id": successor.id_number}


def equipment(step: Step, request: Request, certificate: Certificate) -> None:
    """e: the machine stands at, or belongs to, another unit; the new registration is a certificate of its own."""
    machine, grant = certificate.holder_machine, request.grant or {}
    assert machine is not None
    goal = unit_of(step.session, int(request.content.get("site") or request.content["owner"]))
    _relocate(step.session, machine, goal, by=step.actor)
    made = lifecycle.grant(
        step.session, certificate.type_code, machine, number=grant["number"], issuer=grant["issuer"], by=step.actor,
        issued_on=day(request, "issued_on"), valid_from=_or_none(grant, "valid_from"), undated=True,
        valid_until=_or_none(grant, "valid_until"), licence_mark=grant.get("licence_mark") or "",
        fields={**certificate.latest.full_fields}, scans=grant.get("scans") or [], request_id=request.id)
    request.details = {**request.details, "replaces": certificate.id}
    request.certificate_id = made.id


def _relocate(session: Session, machine: Machine, goal: Unit, *, by: Actor) -> None:
    """Taken down where it stood, and put up where it goes, if that is a site."""
    rows = session.scalars(select(Installation).where(
        Installation.machine_id == machine.id, Installation.holding(clock.today(), clock.now()))).all()
    for row in rows:
        take_down(session, row, on=max(clock.today() - ONE_DAY, row.from_on), by=by)
    machines.relocate(session, machine, to=goal, by=by)
    if goal.kind == "project" and rows and all(row.from_on < clock.today() for row in rows):
        install(session, machine, goal, from_on=clock.today(), by=by)


def _or_none(grant: Mapping[str, Any], key: str) -> dt.date | None:
    return dt.date.fromisoformat(grant[key]) if grant.get(key) else None


def personal(step: Step, request: Request, certificate: Certificate) -> None:
    """f: the person's new particulars; whoever searches for the old ID number still finds them."""
    person, asked = certificate.holder_person, request.content
    assert person is not None
    identities.identify(
        step.session, person, by=step.actor, name=asked.get("new_name") if asked.get("change_name") else None,
        id_number=asked.get("new_id_number") if asked.get("change_id_number") else None)
    change(step, request, certificate, known(certificate.type, {
        ("name",): person.name, ("id_number",): person.id_number}))


def addition(step: Step, request: Request, certificate: Certificate) -> None:
    """g: a further line with its own validity, on the certificate it is added to.

    A contractor's line counts for the rules (R01, R10, R11) as well: of a higher grade, it takes the place of the old.
    """
    asked = request.content
    if asked.get("work") and certificate.holder_unit is not None:
        works.regraded(
            step.session, certificate.holder_unit, work=asked["work"], contracting=asked["contracting"],
            grade=asked["grade"], from_on=day(request, "line_from"), to_on=_or_none(asked, "line_until"),
            reason=request.number, by=step.actor)
    change(step, request, certificate, {}, note=f"增项：{asked['speciality']}")
    specialities.add(
        step.session, certificate, asked["speciality"], valid_from=day(request, "line_from"),
        valid_until=_or_none(asked, "line_until"), by=step.actor, request_id=request.id)


def brought_in(step: Step, request: Request, certificate: Certificate) -> None:
    """h: the other province's certificate, with the number and mark it had here."""
    person = certificate.holder_person
    goal = unit_of(step.session, int(request.content["unit"]))
    assert person is not None
    if person.company_id != goal.company_id:
        _move(step.session, person, goal, left=clock.today(), joined=clock.today(), by=step.actor)
    fields = {**certificate.latest.full_fields, **known(certificate.type, {COMPANY: goal.name, CODE: goal.uscc})}
    request.details = {**request.details, "replaces": certificate.id}
    _bring(step, request, person, fields, old_number=certificate.full_number,
           old_mark=certificate.latest.licence_mark, item=certificate.item)


def arrived(step: Step, request: Request) -> None:
    """h from outside: the certificate enters the register with the number and mark it had in the other province."""
    person, asked = person_of(step.session, request.holder_id), request.content
    kind = in_force_of(request.type_code, clock.today(), person.unit.province)
    part = part_of(kind)
    company = step.session.get(Unit, person.company_id) if person.company_id else None
    fields = known(kind, {
        ("name",): person.name, ("id_number",): person.id_number, COMPANY: company and company.name,
        CODE: company and company.uscc, (part.key if part else "",): request.item or None})
    _bring(step, request, person, fields, old_number=asked["old_number"], old_mark=asked.get("old_mark") or "",
           item=request.item)


def _bring(step: Step, request: Request, person: Person, fields: Mapping[str, Any], **old: Any) -> None:
    grant = request.grant or {}
    request.certificate_id = lifecycle.bring_in(
        step.session, request.type_code, person, number=grant["number"], issuer=grant["issuer"], by=step.actor,
        issued_on=day(request, "issued_on"), valid_from=_or_none(grant, "valid_from"), fields=fields,
        valid_until=_or_none(grant, "valid_until"), licence_mark=grant.get("licence_mark") or "",
        scans=grant.get("scans") or [], request_id=request.id, **old).id


PUT: dict[str, Put] = {
    "a": employer, "step": one_of_a_chain, "c": manager, "e": equipment, "f": personal, "g": addition, "h": brought_in,
}


def apply_transfer(step: Step) -> None:
    """Enter the change by its kind."""
    request = of_instance(step.session, step.instance.id)
    if request.subtype == INWARD:
        arrived(step, request)
        return
    PUT[request.subtype](step, request, step.session.get_one(Certificate, request.certificate_id))


STEPS = {"apply_transfer": apply_transfer}
