"""Who begins to work here, and who comes back. The facts person.joined and person.returned carry the first day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from registry.people.persons import Person, create_person, move_person
from registry.people.tenure import employ
from registry.people.units import Unit


class StillHere(Conflict):
    """{name} 没有离职，不需要办理返聘。"""


def join(session: Session, *, unit: Unit, on: dt.date, by: Actor, contract: bool = True, **about: Any) -> Person:
    """Enter somebody who begins on a day; with `contract`, the labour contract with the unit's company from that day.

    `about` is what create_person takes. BadAnswer at the field: no name, a wrong or known ID number, no company.
    """
    company = _company(session, unit, contract)
    person = create_person(session, unit=unit, by=by, joined_on=on, **about)
    if company is not None:
        employ(session, person, company, "contract", from_on=on, by=by)
    _note(session, "person.joined", person, on, by)
    return person


def come_back(session: Session, person: Person, *, unit: Unit, on: dt.date, by: Actor, contract: bool = True) -> None:
    """Somebody who had left, or was to leave, works here from a day on, with a new contract. StillHere; BadAnswer:
    before the end. Whose last day is still to come has never been away: the first day stays.

    Certificates go along to the unit as with any move.
    """
    if person.left_on is None:
        raise StillHere(name=person.name)
    if on <= person.left_on:
        raise BadAnswer({"on": [Problem("返聘日期应晚于离职日期 {day}。", {"day": person.left_on})]})
    company = _company(session, unit, contract)
    away = person.left_on < clock.today()
    person.left_on, person.joined_on = None, on if away else person.joined_on
    move_person(session, person, to=unit, by=by)
    if company is not None:
        employ(session, person, company, "contract", from_on=on, by=by)
    _note(session, "person.returned", person, on, by)


def require_stays_out(person: Person, on: dt.date) -> None:
    """BadAnswer for a last day that cannot be: before the first, or further off than a year."""
    if person.joined_on and on < person.joined_on:
        raise BadAnswer({"on": [Problem("最后工作日不能早于入职日期 {day}。", {"day": person.joined_on})]})
    if on > clock.today() + dt.timedelta(days=366):
        raise BadAnswer({"on": [Problem("最后工作日不能晚于一年以后。")]})


def _company(session: Session, unit: Unit, contract: bool) -> Unit | None:
    if not contract:
        return None
    if unit.company_id is None:
        raise BadAnswer({"unit": [Problem("这个单位不属于任何公司，不能登记劳动合同，请选择公司或不登记合同。")]})
    return session.get_one(Unit, unit.company_id)


def _note(session: Session, kind: str, person: Person, on: dt.date, by: Actor) -> None:
    record(session, kind, ("person", person.id), by=by, group_id=person.group_id, about=[("unit", person.unit_id)],
           after={"unit": person.unit_id, "company": person.company_id, "on": on.isoformat()})
