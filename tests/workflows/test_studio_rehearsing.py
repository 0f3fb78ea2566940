"""The rehearsal of a draft as a job: what it counts, where it goes on, and the scenarios that it plays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from engine import catalog, instances
from engine.model import Task
from engine.usertasks import tasks
from ledger import jobs
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import reading, unit
from ledger.failpoints import FailpointHit, watched
from ledger.jobs import Job
from ledger.workdays import seed
from tests.engine import drawings as d
from workflows.studio import drafts, rehearsal_work, rehearsing, scenarios
from workflows.studio.rehearsing import Asked, Rehearsal, RehearsalCase

OWNER = Actor(12, "钱程", 1, (Grant("hr", 3, "/1/3/"),))
YES = "=c = &quot;yes&quot;"
BEFORE = d.drawing(d.start(), d.task("A"), d.gateway("exclusive", "G", "no"), d.end("E", outcome="granted"),
                   d.end("N", outcome="refused"), d.flows("S A G"), d.flow("G", "E", YES), d.flow("G", "N", id="no"))
REVIEWED = BEFORE.replace(
    b'<bpmn:endEvent id="E">', d.task("B", gives={}).encode() + b'<bpmn:endEvent id="E">').replace(
    b'sourceRef="G" targetRef="E"', b'sourceRef="G" targetRef="B"').replace(
    b"</bpmn:process>", d.flow("B", "E", id="fb").encode() + b"</bpmn:process>")
TURNED = BEFORE.replace(b"yes", b"no")
GONE = BEFORE.replace(b'"A"', b'"A2"')
DOING = {rehearsing.KIND: rehearsal_work.do}


class House:
    """A process with requests that ended and that run, and a draft of it; each word is one transaction."""

    def __init__(self, engine: Any, clock: Any) -> None:
        self.engine, self.clock = engine, clock
        with unit(engine) as session:
            seed(session)
            self.definition = catalog.deploy(session, {"p.bpmn": BEFORE}, by=SYSTEM).id

    def start(self) -> int:
        with unit(self.engine) as session:
            return instances.start(session, "P", by=OWNER, group_id=1, places=[3, 1], business_key="K", title="某人",
                                   variables={"note": "张三的电话 13800001111"}).id

    def ended(self, verdict: str) -> int:
        it = self.start()
        self.clock.advance(dt.timedelta(days=2))
        with unit(self.engine) as session:
            [task] = session.scalars(select(Task.id).where(Task.instance_id == it))
            tasks.complete(session, task, OWNER, {"c": verdict, "opinion": "同意，张三"})
        self.clock.advance(dt.timedelta(hours=1))
        return it

    def draft(self, body: bytes) -> int:
        with unit(self.engine) as session:
            return drafts.begin(session, name="P", files={"p.bpmn": body}, by=OWNER,
                                base=session.get_one(catalog.Definition, self.definition)).id

    def ask(self, draft_id: int, **more: Any) -> int:
        with unit(self.engine) as session:
            since = self.clock() - rehearsing.YEAR
            return rehearsing.ask(session, draft_id, Asked(since, **more), by=OWNER).id

    def work(self) -> int:
        return jobs.sweep(self.engine, DOING)

    def rehearsed(self, body: bytes, **more: Any) -> Rehearsal:
        number = self.ask(self.draft(body), **more)
        self.work()
        with reading(self.engine) as session:
            found = rehearsing.one(session, number)
            assert session.get_one(Job, found.job_id).state == jobs.DONE
            session.expunge(found)
        return found

    def cases(self, rehearsal_id: int) -> list[tuple[str, str, int]]:
        with reading(self.engine) as session:
            return list(map(tuple, session.execute(
                select(RehearsalCase.part, RehearsalCase.kind, RehearsalCase.instance_id)
                .where(RehearsalCase.rehearsal_id == rehearsal_id).order_by(RehearsalCase.id)).all()))


@pytest.fixture
def house(engine: Any, clock: Any) -> House:
    return House(engine, clock)


def test_a_draft_that_changes_nothing_fits_everybody_and_comes_out_the_same(house: House) -> None:
    house.ended("yes"), house.ended("no"), house.start()
    found = house.rehearsed(BEFORE)
    assert (found.counts["live"]["fine"], found.counts["done"]["same"]) == (1, 2)
    assert house.cases(found.id) == [] and rehearsing.clean(found)


def test_a_step_that_is_new_is_assumed_and_makes_ends_later(house: House) -> None:
    it = house.ended("yes")
    house.ended("no")
    found = house.rehearsed(REVIEWED, assumptions={"B": {"days": 3.0, "verdict": ""}})
    assert (found.counts["done"]["time"], found.counts["done"]["same"]) == (1, 1)
    assert found.counts["assumed"] == {"B": 1} and found.counts["added"] == {"B": 1}
    with reading(house.engine) as session:
        [case] = session.scalars(select(RehearsalCase))
        assert (case.instance_id, case.days) == (it, 3.0)


def test_a_condition_turned_round_is_another_outcome_after_the_gateway(house: House) -> None:
    it = house.ended("yes")
    found = house.rehearsed(TURNED)
    assert house.cases(found.id) == [("done", "outcome", it)]
    with reading(house.engine) as session:
        [group] = rehearsing.groups(session, rehearsing.one(session, found.id), "done")
        assert (group.gist, group.count) == ("G|granted|refused", 1)


def test_what_waits_at_a_step_that_is_gone_needs_a_mapping(house: House) -> None:
    it = house.start()
    found = house.rehearsed(GONE)
    assert house.cases(found.id) == [("live", "map", it)]


def test_a_rehearsal_that_is_killed_goes_on_and_counts_nobody_twice(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    its = [house.ended("yes") for _ in range(5)]
    monkeypatch.setitem(rehearsal_work.SLICE, "done", 2)
    number, passed = house.ask(house.draft(TURNED)), []

    def meet(name: str) -> None:
        passed.append(name)
        if passed.count("studio.rehearsal.before_commit") == 2:
            raise KeyboardInterrupt

    with watched(meet), pytest.raises(KeyboardInterrupt):
        house.work()
    assert len(house.cases(number)) == 2
    house.work()
    assert [it for _, _, it in house.cases(number)] == its
    with reading(house.engine) as session:
        assert rehearsing.one(session, number).counts["done"]["outcome"] == 5


@pytest.mark.parametrize(
    "point", ["studio.rehearsal.asked", "studio.rehearsal.finished", "studio.scenario.before_commit"])
def test_what_fails_before_its_commit_leaves_nothing(house: House, point: str) -> None:
    it, draft = house.ended("yes"), house.draft(BEFORE)

    def meet(name: str) -> None:
        if name == point:
            raise FailpointHit(name)

    with watched(meet):
        try:
            house.ask(draft)
            house.work()
            with unit(house.engine) as session:
                scenarios.keep(session, it, scenarios.Wanted("x"), by=OWNER)
        except FailpointHit:
            pass
    with reading(house.engine) as session:
        ended = session.scalar(select(func.count(Rehearsal.ended_at)))
        kept = session.scalar(select(func.count()).select_from(scenarios.Scenario))
        assert (ended, kept) == {"asked": (0, 0), "finished": (0, 1), "before_commit": (1, 0)}[point.rpartition(".")[2]]


def test_a_drawing_with_errors_is_not_rehearsed_and_neither_is_a_draft_twice_at_once(house: House) -> None:
    with pytest.raises(rehearsing.Unreadable):
        house.ask(house.draft(BEFORE.replace(b'sourceRef="S"', b'sourceRef="nowhere"')))
    draft = house.draft(BEFORE)
    house.ask(draft)
    with pytest.raises(rehearsing.UnderWay):
        house.ask(draft)


def test_only_requests_of_ones_own_group_are_rehearsed(house: House) -> None:
    house.ended("yes")
    stranger = Actor(99, "外人", 2)
    with unit(house.engine) as session:
        number = rehearsing.ask(session, drafts.begin(
            session, name="P", files={"p.bpmn": TURNED}, by=stranger, process_id="P").id,
            Asked(house.clock() - rehearsing.YEAR), by=stranger).id
    house.work()
    assert house.cases(number) == []


# scenarios
def kept(house: House, it: int, **more: Any) -> int:
    with unit(house.engine) as session:
        return scenarios.keep(session, it, scenarios.Wanted("批准的申请", **more), by=OWNER).id


def test_a_scenario_passes_while_its_path_and_outcome_stay_and_fails_with_the_difference(house: House) -> None:
    kept(house, house.ended("yes"))
    assert [one["passed"] for one in house.rehearsed(REVIEWED).scenarios] == [True]
    [failed] = house.rehearsed(TURNED).scenarios
    assert not failed["passed"] and (failed["outcome"], failed["expected"], failed["at"]) == ("refused", "granted", "G")


def test_a_scenario_that_ends_later_than_allowed_fails(house: House) -> None:
    kept(house, house.ended("yes"), most_days=2.0)
    [failed] = house.rehearsed(REVIEWED, assumptions={"B": {"days": 3.0, "verdict": ""}}).scenarios
    assert not failed["passed"] and "晚 3 个工作日" in failed["why"][0][0]


def test_a_scenario_keeps_nothing_that_somebody_wrote(house: House) -> None:
    number = kept(house, house.ended("yes"))
    with reading(house.engine) as session:
        body = session.scalars(select(scenarios.Scenario.body).where(scenarios.Scenario.id == number)).one()
    assert b"yes" in body and not any(word.encode() in body for word in ("张三", "13800001111", "某人"))


def test_a_version_that_is_not_in_force_yet_is_not_what_a_scenario_is_recorded_by(house: House) -> None:
    number = kept(house, house.ended("yes"))
    with unit(house.engine) as session:
        catalog.add(session, {"p.bpmn": TURNED}, by=SYSTEM)
    with unit(house.engine) as session:
        again = scenarios.record_again(session, number, by=OWNER)
        assert (again.expected["outcome"], again.definition_id) == ("granted", house.definition)


def test_a_scenario_recorded_again_expects_what_the_version_in_force_does(house: House) -> None:
    number = kept(house, house.ended("yes"))
    with unit(house.engine) as session:
        catalog.deploy(session, {"p.bpmn": TURNED}, by=SYSTEM)
    with unit(house.engine) as session:
        assert scenarios.record_again(session, number, by=OWNER).expected["outcome"] == "refused"
    assert [one["passed"] for one in house.rehearsed(TURNED).scenarios] == [True]


def test_a_scenario_that_is_deleted_is_played_no_more(house: House) -> None:
    number = kept(house, house.ended("yes"))
    with unit(house.engine) as session:
        scenarios.change(session, number, scenarios.Wanted("改名"), by=OWNER)
        scenarios.delete(session, number, by=OWNER)
    assert house.rehearsed(TURNED).scenarios == []
