"""Why somebody may or may not, and who may: the same verdict as `can`, for every role, place and action."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from registry.access.accounts import Account, actor_for, disable
from registry.access.grants import grant_role, revoke
from registry.access.reasons import everybody, explain, reach_of, who_may
from registry.access.roles import ACTIONS, EMPLOYEE, role_of, roles
from registry.access.rules import Thing, can, placed
from registry.people.persons import Person, leave
from tests.registry.organisation import DAY, Organisation


def signing_in(org: Organisation, person: Person) -> Person:
    org.session.add(Account(person=person, group_id=person.group_id, login=f"a{person.id}", password_hash="x"))
    org.session.flush()
    return person


def ends(org: Organisation, person: Person, action: str, thing: object) -> dict[str, str]:
    answer = explain(org.session, person, action, thing if isinstance(thing, Thing) else placed(thing))
    return {one.role: one.ends for one in answer.tried}


def test_the_reasons_agree_with_the_verdict_and_those_who_may_are_those_who_may(org: Organisation) -> None:
    everywhere = [org.group, org.company, org.other, org.safety, org.project, org.far]
    people = [signing_in(org, org.person(unit=unit)) for unit in everywhere * 2 if unit.kind != "group"]
    random = Random(7)
    for person in people:
        for _ in range(random.randrange(0, 4)):
            role = random.choice([key for key in roles() if key != EMPLOYEE])
            held = {grant.role for grant in actor_for(org.session, person).grants}
            if not role_of(role).excludes & held:
                grant_role(org.session, person, role, random.choice(everywhere), by=SYSTEM)
    things: list[Any] = [org.permit(), org.permit(org.far), org.licence(), *map(org.worker, people[:4]), *everywhere,
                         *people[:4], org.machine(org.far)]
    org.session.flush()
    actors = {person.id: actor_for(org.session, person) for person in people}
    allowed = 0
    for action in ACTIONS:
        for thing in things:
            place = placed(thing)
            may = {one for one, actor in actors.items() if can(actor, action, thing)}
            allowed += len(may)
            told = {person.id for person in people if explain(org.session, person, action, place).allowed}
            assert told == may, (action, thing)
            found = {person.id for person, _why in who_may(org.session, action, place)}
            if not everybody(action, place):
                assert found == may, (action, thing)
            assert found <= may, (action, thing)
            assert {one.id for one in people if not reach_of(actors[one.id], action)} & may == set()
    assert allowed > 500


def test_a_reason_says_where_each_right_ends(org: Organisation) -> None:
    person, permit = signing_in(org, org.person(unit=org.safety)), org.permit()
    for role, unit in (("hr", org.company), ("legal", org.other), ("steward", org.company)):
        grant_role(org.session, person, role, unit, by=SYSTEM)
    assert ends(org, person, "certificate.read", permit) == {
        "steward": "", "hr": "family", "legal": "elsewhere", EMPLOYEE: "others"}
    assert ends(org, person, "rule.edit", permit) == dict.fromkeys(("steward", "hr", "legal", EMPLOYEE), "action")


def test_what_is_over_or_yet_to_come_or_taken_away_is_named_so(org: Organisation) -> None:
    person, permit = signing_in(org, org.person(unit=org.safety)), org.permit()
    grant_role(org.session, person, "legal", org.company, by=SYSTEM, from_on=DAY - dt.timedelta(9),
               until_on=DAY - dt.timedelta(1))
    grant_role(org.session, person, "applicant", org.company, by=SYSTEM, from_on=DAY + dt.timedelta(1))
    revoke(org.session, grant_role(org.session, person, "custodian", org.company, by=SYSTEM), by=SYSTEM)
    assert ends(org, person, "certificate.read", permit) == {
        "legal": "ended", "applicant": "later", "custodian": "revoked", EMPLOYEE: "others"}
    assert not explain(org.session, person, "certificate.read", placed(permit)).allowed


@pytest.mark.parametrize("hindrance", ["left", "no_account", "shut"])
def test_whoever_cannot_sign_in_may_nothing_and_is_not_among_those_who_may(
    org: Organisation, clock: Fixed, hindrance: str) -> None:
    person, permit = org.person(unit=org.safety), org.permit()
    grant_role(org.session, person, "legal", org.company, by=SYSTEM)
    if hindrance != "no_account":
        signing_in(org, person)
    if hindrance == "shut":
        disable(org.session, org.session.query(Account).filter_by(person_id=person.id).one(), by=SYSTEM)
    if hindrance == "left":
        leave(org.session, person, on=DAY, by=SYSTEM)
        clock.advance(dt.timedelta(days=1))
    org.session.flush()
    answer = explain(org.session, person, "certificate.read", placed(permit))
    assert (answer.hindrance, answer.allowed) == (hindrance, False)
    assert who_may(org.session, "certificate.read", placed(permit)) == []
