"""Rules as rows: the nearest holds, no other group's; a change counts from tomorrow on; nothing comes in a flood."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from ledger import workdays
from ledger.actor import SYSTEM, Actor
from ledger.db import reading
from ledger.errors import BadAnswer, NotAllowed
from ledger.facts import Fact
from ledger.workdays import CalendarDay
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.alerts import ruling, silence, trial
from registry.alerts.book import book
from registry.alerts.model import AlertRule
from registry.alerts.notices import Notice
from registry.alerts.rules import Rule, Stage, rule_of
from registry.alerts.ruling import AlreadyRuled, ChangedMeanwhile
from registry.certificates.catalogue import type_of
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.people.persons import Person
from registry.people.units import Unit
from tests.registry.alerts.watching import ENDS, Watch, renewing

D = dt.date
LADDER = ((3650, ("holder", "owner")), (10, ("vice",)))


def ruled(*stages: Stage, **more: Any) -> Rule:
    given: dict[str, Any] = {"ladder": LADDER, "patience": 5, "climbs_within": 60, **more}
    return Rule(stages, **given)


def unit_named(session: Session, name: str) -> Unit:
    return session.scalars(select(Unit).where(Unit.name == name)).one()


def put(watch: Watch, at: str, code: str, rule: Rule, *, cause: str = "end", seen: int = 0, by: Actor = SYSTEM) -> int:
    def act(session: Session) -> int:
        return ruling.set_rule(session, unit_named(session, at), code, cause, rule, seen=seen, by=by).id
    return watch.act(act)


def before(days: int) -> D:
    return ENDS - dt.timedelta(days=days)


def test_the_nearest_unit_upward_rules_and_there_the_type_before_all_types(watch: Watch) -> None:
    watch.on(before(100))
    spots = [("华城建设集团", "", 1), ("华城建设集团", "P02", 2), ("华城第一建筑公司", "", 3),
             ("华城第一建筑公司", "P02", 4), ("滨江花园一期", "", 5), ("滨江花园一期", "P02", 6)]
    found = []
    for name, code, days in spots:
        put(watch, name, code, ruled(Stage(days)))
        with reading(watch.engine) as session:
            path = session.get_one(Certificate, watch.certificate).unit_path
            rule = book(session).rule("end", path, type_of("P02"))
            found.append((rule.stages, rule.since))
    assert found == [((Stage(days),), before(100)) for _, _, days in spots]


def test_what_is_set_elsewhere_or_for_another_type_or_cause_changes_nothing(watch: Watch) -> None:
    watch.on(before(100))
    for name, code, cause in (("华城市政公司", "", "end"), ("华城第一建筑公司", "E03", "end"),
                              ("滨江花园一期", "", "review")):
        put(watch, name, code, ruled(Stage(41)), cause=cause)
    with reading(watch.engine) as session:
        path = session.get_one(Certificate, watch.certificate).unit_path
        assert book(session).rule("end", path, type_of("P02")) == rule_of(type_of("P02"))
    assert "d41" not in watch.through(before(42), before(40)).stages()


def test_a_rule_says_when_and_whom_and_how_it_climbs(watch: Watch) -> None:
    watch.on(before(100))
    ladder = ((60, ("vice",)), (10, ("legal",)))
    put(watch, "华城第一建筑公司", "P02", ruled(Stage(41), Stage(8), ladder=ladder, patience=1))
    watch.through(before(60), before(7))
    assert watch.stages()[-2:] == ["d41", "d8"]
    assert watch.told("d41") == {"vice", "legal"} and watch.alert("d41").level == 1
    assert watch.told("d8") == {"vice", "legal"} and watch.alert("d8").level == 0


def test_a_rule_without_patience_never_climbs(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "", ruled(Stage(41), patience=0))
    watch.through(before(42), before(25))
    assert watch.told("d41") == {"holder", "custodian"} and watch.alert("d41").escalate_at is None


def test_a_change_brings_no_stage_that_is_past_however_often_we_look(watch: Watch) -> None:
    watch.on(before(100)).on(before(50))
    had = watch.stages()
    put(watch, "华城第一建筑公司", "", ruled(Stage(70), Stage(55), Stage(50), Stage(48)))
    watch.act(lambda session: follow_up(session, watch))
    watch.look().on(before(49))
    watch.act(lambda session: follow_up(session, watch))
    assert watch.look().stages() == had
    assert watch.on(before(48)).stages() == [*had, "d48"]


def follow_up(session: Session, watch: Watch) -> None:
    """Something else about the certificate becomes known."""
    from ledger.facts import record

    record(session, "certificate.looked_at", ("certificate", watch.certificate), by=SYSTEM)


def test_what_is_entered_after_a_change_gets_its_nearest_stage(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "", ruled(Stage(70), Stage(55)))
    watch.on(before(99))
    number = watch.act(lambda session: grant(
        session, "P02", session.get_one(Person, watch.people["holder"]), number="苏A012027000001", issuer="某省住建厅",
        issued_on=D(2025, 3, 1), valid_until=before(39), item="建筑架子工", by=SYSTEM).id)
    assert [alert.stage for alert in watch.look().alerts() if alert.certificate_id == number] == ["d70"]


def test_a_rule_that_is_removed_gives_way_to_what_was_shipped_from_tomorrow_on(watch: Watch) -> None:
    watch.on(before(100))
    number = put(watch, "华城第一建筑公司", "", ruled(Stage(41)))
    watch.on(before(60))
    def take_away(session: Session) -> None:
        ruling.remove(session, session.get_one(AlertRule, number), seen=1, by=SYSTEM)
    watch.act(take_away)
    watch.on(before(59)).on(before(30))
    assert [stage for stage in watch.stages() if stage in ("d41", "d60", "d30")] == ["d30"]
    put(watch, "华城第一建筑公司", "", ruled(Stage(29)))  # the row is used again
    assert watch.on(before(29)).stages()[-1] == "d29"


def test_days_that_were_not_planned_when_a_rule_changed_go_by_the_new_one(watch: Watch) -> None:
    watch.on(before(100))
    watch.now.advance(dt.timedelta(days=60))  # nobody planned for weeks
    put(watch, "华城第一建筑公司", "", ruled(Stage(101), Stage(70), Stage(40)))
    watch.look()
    assert [stage for stage in watch.stages() if stage not in ("d120",)] == ["d70", "d40"]


def test_every_change_is_a_fact_with_before_and_after(watch: Watch) -> None:
    number = put(watch, "华城第一建筑公司", "P02", ruled(Stage(41), Stage(5, "work")))
    put(watch, "华城第一建筑公司", "P02", ruled(Stage(42)), seen=1)
    put(watch, "华城第一建筑公司", "P02", ruled(Stage(42)), seen=2)  # nothing changed: no fact
    with reading(watch.engine) as session:
        told = ruling.history(session, session.get_one(AlertRule, number))
        assert [(fact.kind, (fact.before or {}).get("stages"), (fact.after or {})["stages"]) for fact in told] == [
            ("alert_rule.set", ["d41", "w5"], ["d42"]), ("alert_rule.set", None, ["d41", "w5"])]


def test_the_second_of_two_who_change_a_rule_is_told_who_was_faster(watch: Watch) -> None:
    put(watch, "华城第一建筑公司", "", ruled(Stage(41)))
    put(watch, "华城第一建筑公司", "", ruled(Stage(42)), seen=1)
    with pytest.raises(ChangedMeanwhile):
        put(watch, "华城第一建筑公司", "", ruled(Stage(43)), seen=1)
    with pytest.raises(AlreadyRuled):
        put(watch, "华城第一建筑公司", "", ruled(Stage(43)))


def test_who_may_edit_types_there_sets_rules_there_and_nobody_else(watch: Watch) -> None:
    def owner(session: Session) -> Actor:
        person = session.get_one(Person, watch.people["far"])
        grant_role(session, person, "process_owner", unit_named(session, "华城市政公司"), by=SYSTEM)
        return actor_for(session, person)
    by = watch.act(owner)
    mine = put(watch, "华城市政公司", "", ruled(Stage(41)), by=by)
    theirs = put(watch, "华城第一建筑公司", "", ruled(Stage(41)))
    with pytest.raises(NotAllowed):
        put(watch, "华城第一建筑公司", "P02", ruled(Stage(42)), by=by)
    with reading(watch.engine) as session:
        assert [row.id for row in ruling.listed(session, by)] == [mine] != [theirs]
        assert trial.found(session, by, "") == []


BAD: list[tuple[dict[str, Any], str]] = [
    ({"stages": ()}, "stages"), ({"stages": tuple(Stage(n) for n in range(31))}, "stages"),
    ({"stages": (Stage(3651),)}, "stages"), ({"stages": (Stage(-3651, "work"),)}, "stages"),
    ({"ladder": ()}, "ladder"), ({"ladder": ((30, ("boss",)),)}, "ladder"),
    ({"ladder": ((30, ("borrower",)),)}, "ladder"),
    ({"ladder": ((30, ("vice",)), (3, ("vice",)))}, "ladder"), ({"ladder": ((9999, ("vice",)),)}, "ladder"),
    ({"ladder": ((1, ("vice",)),)}, "ladder"),
    ({"patience": -1}, "patience"), ({"patience": 251}, "patience"), ({"climbs_within": 3651}, "climbs_within"),
]


@pytest.mark.parametrize(("wrong", "at"), BAD)
def test_nonsense_is_refused_where_it_stands(wrong: dict[str, Any], at: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        ruling.check(dataclasses.replace(ruled(Stage(30)), **wrong), "end")
    assert list(refused.value.problems) == [at]


# working days
def test_a_stage_in_working_days_comes_once_whatever_happens_to_the_calendar(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "", ruled(Stage(5, "work"), Stage(-2, "work")))
    watch.on(before(10))  # 2027-05-21, a Friday; five working days before Monday 05-31 is Monday 05-24
    def holidays(session: Session) -> None:
        session.add_all(CalendarDay(day=D(2027, 5, day), kind="off") for day in (24, 25))
        workdays.touch(session, 2027, confirmed=True, source="x")
    watch.act(holidays)  # then it was 05-20: late, not lost
    watch.through(before(9), before(0))
    alert = watch.alert("w5")
    assert (alert.due_on, alert.raised_at.date()) == (D(2027, 5, 20), D(2027, 5, 22))
    watch.through(before(-1), before(-3))
    assert watch.alert("w-2").due_on == D(2027, 6, 2) and len(watch.alerts()) == len({a.stage for a in watch.alerts()})


def test_what_a_calendar_moves_away_is_neither_early_nor_lost(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "", ruled(Stage(5, "work")))
    watch.on(before(10))
    def weekend_worked(session: Session) -> None:
        session.add_all(CalendarDay(day=D(2027, 5, day), kind="work") for day in (29, 30))
        workdays.touch(session, 2027, confirmed=True, source="x")
    watch.act(weekend_worked)  # now it is Wednesday 05-26
    assert "w5" not in [alert.stage for alert in watch.through(before(9), before(6)).alerts()]
    watch.on(before(5))
    assert watch.alert("w5").due_on == D(2027, 5, 26)


# planning
def test_rules_cost_no_statement_for_each_certificate(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "P02", ruled(Stage(41), Stage(7, "work")))
    watch.act(lambda session: [grant(
        session, "P02", session.get_one(Person, watch.people["holder"]), number=f"苏A01202700{n:04d}", by=SYSTEM,
        issuer="某省住建厅", issued_on=D(2025, 3, 1), valid_until=ENDS, item=f"工种{n}") for n in range(10)])
    watch.on(before(42))
    asked: list[str] = []
    event.listen(watch.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    watch.on(before(41))
    assert watch.stages().count("d41") == 11
    assert 0 < len([text for text in asked if "FROM alert_rule" in text]) <= 12  # one for a transaction


# causes
def test_a_review_before_the_end_is_a_cause_of_its_own(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "P01", ruled(Stage(20)), cause="review")

    def reviewed(session: Session) -> int:
        person = session.get_one(Person, watch.people["holder"])
        return grant(session, "P01", person, number=f"T{person.id_number}", issuer="某省应急厅", by=SYSTEM,
                     issued_on=D(2024, 5, 1), valid_from=D(2024, 5, 1), valid_until=D(2030, 4, 30),
                     review_on=before(30)).id
    number = watch.act(reviewed)
    watch.on(before(50))
    found = [alert for alert in watch.alerts() if alert.certificate_id == number and alert.stage == "d20"]
    assert [(alert.cause, alert.term) for alert in found] == [("review", before(30))]
    with reading(watch.engine) as session:
        texts = session.scalars(select(Notice.text).where(Notice.person_id == watch.people["holder"])).all()
    assert "{type}（{holder}）应于 {day} 前复审，还有 {left} 天。" in texts


def test_a_return_is_reminded_of_by_its_rule_and_falls_silent_when_it_is_back(watch: Watch) -> None:
    watch.on(D(2027, 3, 1))
    ladder = ((3650, ("borrower",)), (-1, ("owner",)))
    put(watch, "华城建设集团", "", ruled(Stage(30), Stage(1), Stage(-1), ladder=ladder), cause="loan")
    watch.handlers.append(("loan.", over))

    def lend(session: Session) -> int:
        held = session.get_one(Certificate, watch.certificate)
        keeper = unit_named(session, "安全管理部")
        paper = originals.enter(session, held, "original", place="柜", keeper=keeper, by=SYSTEM)
        return loans.hand_over(session, paper, borrower=session.get_one(Person, watch.people["hr"]), purpose="bid",
                               until=D(2027, 3, 10), by=SYSTEM).id
    number = watch.act(lend)
    returns = lambda: [(a.stage, a.silent_why) for a in watch.alerts() if a.cause == "loan"]  # noqa: E731
    watch.through(D(2027, 3, 1), D(2027, 3, 8))
    assert returns() == []
    watch.on(D(2027, 3, 9))
    assert returns() == [("d1", "")] and watch.told("d1") == {"hr"} and watch.alert("d1").matter_id == number
    renewing(D(2027, 3, 20))  # does not concern a loan
    watch.act(lambda session: follow_up(session, watch))
    watch.on(D(2027, 3, 11))
    assert returns() == [("d1", ""), ("d-1", "")] and watch.told("d-1") == {"hr", "custodian"}
    watch.act(lambda session: loans.take_back(session, session.get_one(loans.Loan, number), by=SYSTEM))
    assert {why for _, why in watch.look() and returns()} == {"returned"}
    with reading(watch.engine) as session:
        unread = select(Notice).where(Notice.person_id == watch.people["hr"], Notice.read_at.is_(None))
        assert [one.text for one in session.scalars(unread) if "原件" in one.text] == []


def over(session: Session, fact: Fact) -> None:
    """As workflows/alerting.py does."""
    silence.settle(session, session.get_one(loans.Loan, (fact.after or {})["loan"]).original.certificate)


# trying
def test_a_trial_tells_what_planning_then_does_and_writes_nothing(watch: Watch) -> None:
    watch.on(before(100))
    put(watch, "华城第一建筑公司", "P02", ruled(Stage(41), Stage(5, "work"), Stage(-2)))
    with reading(watch.engine) as session:
        case = trial.tried(session, SYSTEM, watch.certificate, "end")
        rule = book(session).rule("end", case.certificate.unit_path, type_of("P02"))
        steps = trial.rehearse(session, case, rule)
        assert not session.new and not session.dirty
        expected = {step.key: (step.on, {told.person.id for told in step.told}) for step in steps}
    watch.through(before(42), before(-3))
    happened = {alert.stage: (alert.due_on, {each.person_id for each in alert.told if not each.level})
                for alert in watch.alerts() if alert.stage in expected}
    assert happened == expected and len(expected) == 3


def test_a_trial_says_what_stays_silent_because_a_renewal_comes_in_time(watch: Watch) -> None:
    watch.on(before(100))
    renewing(before(3))
    with reading(watch.engine) as session:
        case = trial.tried(session, SYSTEM, watch.certificate, "end")
        assert {step.silent for step in trial.rehearse(session, case, rule_of(type_of("P02")))} == {True}


def test_an_impact_counts_what_the_next_days_bring(watch: Watch) -> None:
    watch.on(before(100))
    with reading(watch.engine) as session:
        company = unit_named(session, "华城第一建筑公司")
        spot = ("end", company.id, "P02")
        assert trial.impact(session, spot, company, ruled(Stage(99), Stage(70), Stage(69), Stage(100))) == (
            trial.Impact(1, 2, sum(70 <= days < 100 for days in type_of("P02").reminders)))
        assert trial.impact(session, ("end", company.id, "E03"), company, ruled(Stage(99))) == trial.Impact(0, 0, 0)
