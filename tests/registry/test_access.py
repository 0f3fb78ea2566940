from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from argon2 import extract_parameters
from sqlalchemy import func, select

from ledger.actor import SYSTEM, Actor, Grant
from ledger.clock import Fixed
from ledger.errors import BadAnswer, NotAllowed
from ledger.facts import story
from registry.access import passwords, throttle
from registry.access.accounts import (
    Account,
    account_of,
    actor_for,
    actor_of,
    authenticate,
    create_account,
    disable,
    enable,
    set_password,
)
from registry.access.grants import RolesExclude, grant_role, holders, revoke
from registry.access.roles import ACTIONS, UnknownRole, roles
from registry.access.rules import Reason, Thing, can, placed, require, visible, why
from registry.access.throttle import SignInTry
from registry.certificates.models import Certificate
from registry.people.persons import Person, leave, move_person
from registry.people.units import Unit
from tests import hashing
from tests.registry.organisation import DAY, Organisation

SECRET = "right-battery-7"


@pytest.fixture
def account(org: Organisation) -> Account:
    return create_account(org.session, org.person(name="王芳"), login="Wang.Fang", password=SECRET, by=SYSTEM)


# --- who may what ----------------------------------------------------------------------------------------------------

WRITING = {action for action in ACTIONS if action.rsplit(".", 1)[1] in
           ("register", "start", "edit", "deploy", "repair", "unmask", "reassign", "reopen", "make")
           and action != "substitution.edit"}  # whoever is away themselves: everybody's


def test_the_auditor_writes_nothing_and_unmasks_nobody(org: Organisation) -> None:
    auditor = org.actor("auditor", at=org.group)
    assert not {action for action in WRITING if can(auditor, action)}
    assert can(auditor, "audit.read") and can(auditor, "certificate.read", org.worker())


def test_the_administrator_makes_accounts_but_reads_no_certificate_of_others(org: Organisation) -> None:
    admin = org.actor("administrator", at=org.group)
    assert can(admin, "account.edit") and not can(admin, "role.edit")
    assert not can(admin, "certificate.read", org.worker())


@pytest.mark.parametrize("role", ["administrator", "security_administrator", "auditor"])
def test_whoever_watches_over_the_system_moves_no_work_of_others(org: Organisation, role: str) -> None:
    watching = org.actor(role, at=org.group)
    assert not [action for action in ("task.reassign", "request.reopen", "handover.make", "substitution.edit")
                if can(watching, action, Thing(org.project.path, "P", "P06"))]


@pytest.mark.parametrize(("role", "reads"), [
    ("hr", {"P02"}), ("safety", {"P02", "E03"}), ("legal", {"J03", "E03"}), ("custodian", {"P02", "J03", "E03"}),
    ("approver", {"P02", "J03", "E03"}), ("guard", {"P02"}), ("administrator", set()), ("process_owner", set()),
])
def test_a_role_reads_its_own_families_of_certificates(org: Organisation, role: str, reads: set[str]) -> None:
    held = {"P02": org.worker(), "J03": org.permit(), "E03": org.licence()}
    actor = org.actor(role)
    assert {code for code, thing in held.items() if can(actor, "certificate.read", thing)} == reads
    seen = org.session.scalars(visible(select(Certificate), actor)).all()
    assert {row.type_code for row in seen} == reads


def test_a_project_manager_reads_the_own_project_only(org: Organisation) -> None:
    manager = org.actor("project_manager", at=org.project)
    assert can(manager, "certificate.read", org.permit())
    assert not can(manager, "certificate.read", org.permit(org.far))
    assert not can(manager, "certificate.read", org.licence())


def test_a_role_in_one_company_means_nothing_in_another(org: Organisation) -> None:
    hr = org.actor("hr")
    assert not can(hr, "certificate.read", org.worker(org.person(unit=org.far)))
    assert not can(hr, "person.unmask", org.person(unit=org.far))


def test_everybody_reads_the_own_certificates_and_no_others(org: Organisation) -> None:
    me = org.person()
    mine, other = org.worker(me), org.worker()
    actor = actor_for(org.session, me)
    assert can(actor, "certificate.read", mine) and not can(actor, "certificate.read", other)
    assert org.session.scalars(visible(select(Certificate), actor)).all() == [mine]
    assert org.session.scalars(visible(select(Person), actor)).all() == [me]


@pytest.mark.parametrize("role", sorted(set(roles()) - {"employee"}))
def test_whoever_holds_a_role_somewhere_sees_the_units_there(role: str) -> None:
    actor = Actor(1, "x", 1, (Grant(role, 2, "/1/2/"),))
    assert can(actor, "unit.read", Thing("/1/2/7/")) and not can(actor, "unit.read", Thing("/1/3/"))


def test_why_names_the_role_the_place_and_the_scope(org: Organisation) -> None:
    hr = org.actor("hr")
    assert why(hr, "certificate.read", org.worker()) == Reason("hr", org.company.id, "subtree")
    assert why(hr, "certificate.read", org.permit()) is None


def test_a_head_may_what_the_department_may(org: Organisation) -> None:
    assert {right.actions for right in roles()["hr"].rights} < {right.actions for right in roles()["hr_head"].rights}


def test_what_is_not_a_row_yet_is_asked_by_its_place(org: Organisation) -> None:
    safety = org.actor("safety")
    assert can(safety, "request.start", Thing(org.project.path, "P", "P02"))
    assert not can(safety, "request.start", Thing(org.project.path, "J", "J03"))
    assert not can(safety, "request.start", Thing(org.far.path, "P", "P02"))


def test_require_refuses_with_403_and_the_system_may_everything(org: Organisation) -> None:
    with pytest.raises(NotAllowed):
        require(org.actor("hr"), "process.deploy")
    require(SYSTEM, "process.deploy")


def test_nobody_without_grants_sees_anything(org: Organisation) -> None:
    org.worker()
    nobody = Actor(id=None, name="", group_id=org.group.id)
    assert not any(can(nobody, action) for action in ACTIONS)
    assert org.session.scalars(visible(select(Certificate), nobody)).all() == []


def test_a_query_without_a_visible_entity_is_refused_not_let_through(org: Organisation) -> None:
    with pytest.raises(TypeError):
        visible(select(Account), org.actor("custodian"))
    with pytest.raises(TypeError):
        visible(select(func.count()).select_from(Certificate), org.actor("custodian"))


def test_one_thing_and_a_whole_list_are_judged_alike_for_every_role_and_place(org: Organisation) -> None:
    everywhere = [org.group, org.company, org.other, org.safety, org.project, org.far]
    people = [org.person(unit=unit) for unit in everywhere if unit.kind != "group"]
    held = [org.permit(), org.permit(org.far), org.licence(), org.licence(org.other), *map(org.worker, people)]
    org.session.flush()
    random = Random(11)
    for _ in range(120):
        who = random.choice(people)
        grants = tuple(Grant(random.choice(list(roles())), unit.id, unit.path)
                       for unit in random.sample(everywhere, random.randrange(0, 4)))
        actor = Actor(who.id, who.name, org.group.id, grants)
        models: tuple[tuple[type[Any], list[Any]], ...] = (
            (Certificate, held), (Person, people), (Unit, everywhere))
        for model, rows in models:
            action = model.__visible__.action
            listed = {row.id for row in org.session.scalars(visible(select(model), actor))}
            assert listed & {row.id for row in rows} == {row.id for row in rows if can(actor, action, row)}, grants


def test_a_thing_is_placed_by_what_its_model_declares(org: Organisation) -> None:
    worker = org.person()
    assert placed(org.worker(worker)) == Thing(org.project.path, "P", "P02", worker.id)
    with pytest.raises(TypeError):
        placed(object())


# --- roles held ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("held", "wanted"), [
    ("administrator", "auditor"), ("auditor", "administrator"), ("security_administrator", "administrator"),
    ("auditor", "custodian"), ("approver", "administrator"),
])
def test_roles_that_watch_each_other_are_not_held_by_one_person(org: Organisation, held: str, wanted: str) -> None:
    person = org.person()
    grant_role(org.session, person, held, org.group, by=SYSTEM)
    with pytest.raises(RolesExclude, match=person.name):
        grant_role(org.session, person, wanted, org.company, by=SYSTEM)


def test_an_excluding_role_may_follow_after_the_other_has_ended(org: Organisation) -> None:
    person = org.person()
    first = grant_role(org.session, person, "auditor", org.group, by=SYSTEM, until_on=DAY)
    with pytest.raises(RolesExclude):
        grant_role(org.session, person, "custodian", org.company, by=SYSTEM)
    grant_role(org.session, person, "custodian", org.company, by=SYSTEM, from_on=DAY + dt.timedelta(days=1))
    revoke(org.session, first, by=SYSTEM)
    grant_role(org.session, person, "approver", org.company, by=SYSTEM)


def test_a_role_holds_from_its_first_to_its_last_day(org: Organisation, clock: Fixed) -> None:
    person = org.person()
    grant_role(org.session, person, "hr", org.company, by=SYSTEM, from_on=DAY + dt.timedelta(days=1),
               until_on=DAY + dt.timedelta(days=2))
    seen = []
    for _ in range(4):
        seen.append("hr" in actor_for(org.session, person).roles)
        clock.advance(dt.timedelta(days=1))
    assert seen == [False, True, True, False]


def test_a_revoked_role_is_gone_with_the_next_request_and_both_are_told(org: Organisation) -> None:
    person = org.person()
    grant = grant_role(org.session, person, "hr", org.company, by=SYSTEM)
    assert f"hr@{org.company.id}" in actor_for(org.session, person).groups
    revoke(org.session, grant, by=SYSTEM)
    assert actor_for(org.session, person).roles == {"employee"}
    org.session.flush()
    assert [f.kind for f in story(org.session, ("person", person.id))][-2:] == ["role.granted", "role.revoked"]


def test_the_holders_of_a_group_are_those_in_office_today(org: Organisation, clock: Fixed) -> None:
    stays, goes, other = org.person(), org.person(), org.person()
    for person in (stays, goes):
        grant_role(org.session, person, "hr", org.company, by=SYSTEM)
    grant_role(org.session, other, "hr", org.other, by=SYSTEM)
    leave(org.session, goes, on=DAY, by=SYSTEM)
    clock.advance(dt.timedelta(days=1))
    assert holders(org.session, [f"hr@{org.company.id}", f"hr@{org.project.id}"]) == [stays.id]
    assert holders(org.session, ["hr", "hr@", "hr@x", ""]) == []


def test_unknown_roles_and_reversed_dates_are_refused(org: Organisation) -> None:
    with pytest.raises(UnknownRole):
        grant_role(org.session, org.person(), "king", org.group, by=SYSTEM)
    with pytest.raises(BadAnswer):
        grant_role(org.session, org.person(), "hr", org.group, by=SYSTEM, until_on=DAY - dt.timedelta(days=1))


# --- signing in ------------------------------------------------------------------------------------------------------

def test_a_login_is_one_whatever_its_case_and_needs_its_password(org: Organisation, account: Account) -> None:
    assert authenticate(org.session, " wang.fang ", SECRET) is account
    assert authenticate(org.session, "wang.fang", SECRET + "x") is None
    assert SECRET not in account.password_hash and account.password_hash.startswith("$argon2id$")


@pytest.mark.asvs("11.4.2")
def test_a_hash_costs_what_owasp_asks_for() -> None:
    made = extract_parameters(hashing.HOUSE.hash(SECRET))
    assert made.memory_cost >= 19 * 1024 and made.time_cost >= 2 and made.parallelism == 1


def test_a_login_is_given_once_and_a_weak_password_is_refused(org: Organisation, account: Account) -> None:
    for login, password in (("WANG.FANG", SECRET), ("new", "short"), ("new", "aaaaaaaaaaaa"), ("  ", SECRET)):
        with pytest.raises(BadAnswer):
            create_account(org.session, org.person(), login=login, password=password, by=SYSTEM)


def test_after_five_wrong_passwords_each_further_one_doubles_the_wait(
    org: Organisation, account: Account, clock: Fixed
) -> None:
    waited = []
    for _ in range(throttle.FREE_TRIES + 3):
        assert authenticate(org.session, "wang.fang", "wrong-password") is None
        wait = throttle.waits(org.session, throttle.counted("wang.fang"))
        waited.append(int(wait.total_seconds()))
        clock.advance(wait)
    assert waited == [0, 0, 0, 0, 15, 30, 60, 120]


def test_a_waiting_account_refuses_the_right_password_and_counts_no_further(
    org: Organisation, account: Account, clock: Fixed
) -> None:
    by = throttle.counted("wang.fang")
    for _ in range(throttle.FREE_TRIES + 4):
        authenticate(org.session, "wang.fang", "wrong-password")
    assert org.session.get_one(SignInTry, by.own, populate_existing=True).failed == throttle.FREE_TRIES
    assert authenticate(org.session, "wang.fang", SECRET) is None
    clock.advance(dt.timedelta(seconds=15))
    assert authenticate(org.session, "wang.fang", SECRET) is account
    assert org.session.get(SignInTry, by.own, populate_existing=True) is None


def test_strangers_cannot_shut_an_account_for_longer_than_a_quarter_of_an_hour(
    org: Organisation, account: Account, clock: Fixed
) -> None:
    for _ in range(30):
        authenticate(org.session, "wang.fang", "wrong-password")
        clock.advance(dt.timedelta(minutes=15))
    assert authenticate(org.session, "wang.fang", SECRET) is account


def test_a_count_is_forgotten_a_day_after_its_last_failure(org: Organisation, account: Account, clock: Fixed) -> None:
    for _ in range(3):
        for _ in range(throttle.FREE_TRIES - 1):
            authenticate(org.session, "wang.fang", "wrong-password")
        assert throttle.waits(org.session, throttle.counted("wang.fang")) == dt.timedelta()
        clock.advance(dt.timedelta(days=1, seconds=1))


def test_the_counts_name_neither_a_login_nor_an_address(org: Organisation, account: Account) -> None:
    authenticate(org.session, "wang.fang", "wrong", throttle.counted("wang.fang", "192.0.2.7"))
    kept = repr([(row.key, row.failed) for row in org.session.scalars(select(SignInTry))])
    assert len(kept) > 130 and "wang" not in kept and "192" not in kept


def test_an_unknown_login_costs_as_much_work_as_a_known_one(org: Organisation, account: Account,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    fits = passwords.fits

    def counted(stored: str | None, password: str) -> bool:
        asked.append(stored is None)
        return fits(stored, password)

    monkeypatch.setattr(passwords, "fits", counted)
    authenticate(org.session, "nobody.here", "wrong-password")
    authenticate(org.session, "wang.fang", "wrong-password")
    assert asked == [True, False]
    assert authenticate(org.session, "nobody.here", "nobody's password, never accepted") is None


def test_a_disabled_account_and_one_whose_person_left_are_dead_at_once(
    org: Organisation, account: Account, clock: Fixed
) -> None:
    disable(org.session, account, by=SYSTEM)
    assert account_of(org.session, account.id) is None and authenticate(org.session, "wang.fang", SECRET) is None
    with pytest.raises(NotAllowed):
        actor_of(org.session, account)
    enable(org.session, account, by=SYSTEM)
    assert account_of(org.session, account.id) is account
    leave(org.session, account.person, on=DAY, by=SYSTEM)
    clock.advance(dt.timedelta(days=1))
    assert account_of(org.session, account.id) is None and account_of(org.session, 9999) is None


def test_a_new_password_ends_the_old_one(org: Organisation, account: Account, clock: Fixed) -> None:
    clock.advance(dt.timedelta(hours=1))
    set_password(org.session, account, "another-lamp-9", by=SYSTEM)
    assert account.password_changed_at == clock()
    assert authenticate(org.session, "wang.fang", SECRET) is None
    assert authenticate(org.session, "wang.fang", "another-lamp-9") is account


def test_an_actor_is_the_person_with_the_roles_at_their_places(org: Organisation, account: Account) -> None:
    grant_role(org.session, account.person, "safety", org.company, by=SYSTEM)
    actor = actor_of(org.session, account)
    assert (actor.id, actor.name, actor.group_id) == (account.person_id, "王芳", org.group.id)
    assert actor.groups == {f"safety@{org.company.id}", f"employee@{org.company.id}"}
    move_person(org.session, account.person, to=org.far, by=SYSTEM)
    assert f"employee@{org.other.id}" in actor_of(org.session, account).groups
