"""One verb on many instances: each done once or told why not, whatever is killed; and taken back."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ledger import jobs
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from ledger.errors import BadAnswer, Conflict
from ledger.facts import Fact
from ledger.failpoints import watched as watching
from ledger.jobs import Job
from registry.access.grants import RoleGrant, grant_role, revoke
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.web.watched import RENAMED, SECOND, Watched
from workflows.cockpit import batch_preview, batches, finding
from workflows.cockpit.finding import Sought

ALL = Sought(process="watched", state="all")
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not hang on the database."""


class Killed(BaseException):
    """As if the process had ended there."""


@pytest.fixture
def watched(engine: Engine, company: Company) -> Watched:
    return Watched(engine, company)


def owner(watched: Watched) -> Actor:
    with reading(watched.engine) as session:
        return watched.company.actor(session, "owner")


def local(watched: Watched) -> Actor:
    """A process owner of one company."""
    with unit(watched.engine) as session:
        person = person_of(session, watched.company.people["hr"])
        at = watched.company.unit(session, "company")
        grant_role(session, person, "process_owner", at, by=SYSTEM, from_on=dt.date(2020, 1, 1))
        return watched.company.actor(session, "hr")


def ask(watched: Watched, verb: str, *them: int, by: Actor | None = None, sought: Sought = ALL, **args: Any) -> int:
    """Have it done to these, or to all that are sought."""
    by = by or owner(watched)
    with unit(watched.engine) as session:
        meant = batches.chosen(session, by, sought, them)
        return batches.ask(session, by, verb, meant, reason="统一处理", args=args).id


def undo(watched: Watched, batch: int) -> int:
    with unit(watched.engine) as session:
        return batches.undo(session, owner(watched), batch, reason="弄错了").id


def rows(watched: Watched, batch: int) -> dict[int, str]:
    with reading(watched.engine) as session:
        return {row.instance_id: row.state for row, _ in batches.rows(session, SYSTEM, batch)}


def why(watched: Watched, batch: int) -> list[str]:
    with reading(watched.engine) as session:
        return [str(said.get("zh") or said.get("text")) for said, _ in batches.reasons(session, batch)]


def facts(watched: Watched, kind: str) -> Counter[int]:
    with reading(watched.engine) as session:
        return Counter(session.scalars(select(Fact.subject_id).where(Fact.kind == kind)))


def test_each_is_done_and_who_refuses_says_why(watched: Watched) -> None:
    one, two, held = watched.start(), watched.start("project"), watched.start()
    ask(watched, "suspend", held)
    watched.work()
    batch = ask(watched, "suspend")
    assert watched.work() == 1
    assert watched.states(one, two) == ["suspended", "suspended"]
    assert rows(watched, batch) == {one: "done", two: "done", held: "refused"}
    assert why(watched, batch) == ["该流程已结束或已挂起，不能再操作。"]


@ONE
def test_what_is_meant_is_fixed_when_it_is_asked_for_and_ends_at_ones_own_companies(watched: Watched) -> None:
    theirs, ours = watched.start("other"), watched.start()
    by = local(watched)
    batch = ask(watched, "terminate", theirs, ours, by=by)
    late = watched.start()
    watched.work()
    assert watched.states(theirs, ours, late) == ["active", "terminated", "active"]
    assert rows(watched, batch) == {ours: "done"}
    with pytest.raises(BadAnswer):
        ask(watched, "terminate", theirs, by=by)


@pytest.mark.parametrize("place", ["cockpit.batch.one", "cockpit.batch.refused", "ledger.jobs.told"])
def test_a_killed_batch_goes_on_and_does_nothing_twice(watched: Watched, place: str) -> None:
    them = [watched.start() for _ in range(4)]
    batch, passed = ask(watched, "suspend"), []

    def kill(name: str) -> None:
        passed.append(name)
        if name == place and passed.count(name) == (1 if place == "cockpit.batch.refused" else 2):
            raise Killed

    with watching(kill), pytest.raises(Killed):
        watched.work()
    watched.work()
    assert set(rows(watched, batch).values()) == {"done"}
    assert facts(watched, "instance.suspended") == Counter(them)


def test_a_batch_is_taken_back_but_for_what_somebody_has_touched_since(watched: Watched) -> None:
    one, two = watched.start(), watched.start()
    batch = ask(watched, "suspend", one, two)
    with pytest.raises(batches.StillRunning):
        undo(watched, batch)
    watched.work()
    ask(watched, "resume", two)
    watched.work()
    ask(watched, "suspend", two)
    watched.work()
    back = undo(watched, batch)
    watched.work()
    assert watched.states(one, two) == ["active", "suspended"]
    assert why(watched, back) == ["之后又有人动过它，没有撤销。"]
    with pytest.raises(batches.UndoneAlready):
        undo(watched, batch)


def test_many_that_were_ended_go_on_again(watched: Watched) -> None:
    them = [watched.start() for _ in range(3)]
    batch = ask(watched, "terminate", *them)
    watched.work()
    assert watched.states(*them) == ["terminated"] * 3
    undo(watched, batch)
    watched.work()
    assert watched.states(*them) == ["active"] * 3
    watched.answer(them[0], "ok")


def test_many_are_put_elsewhere_and_back_and_who_stands_elsewhere_is_told(watched: Watched) -> None:
    one, two, gone = (watched.start() for _ in range(3))
    watched.answer(gone, "ok")
    batch = ask(watched, "modify", one, two, gone, **{"from": "A", "start": "M"})
    with reading(watched.engine) as session:
        meant = batches.chosen(session, owner(watched), ALL, (one, two, gone))
        told = batch_preview.preview(session, "modify", meant, place="A", start="M")
    assert (told.total, told.fine, dict(told.refused)) == (3, 2, {("它不停在选定的环节", ""): 1})
    watched.work()
    assert why(watched, batch) == ["它不停在选定的环节。"]
    back = undo(watched, batch)
    watched.work()
    assert set(rows(watched, back).values()) == {"done"}
    for each in (one, two):
        watched.answer(each, "ok")


def test_many_are_moved_to_another_version_and_back(watched: Watched) -> None:
    one, two = watched.start(), watched.start()
    watched.answer(two, "ok")
    to = watched.deploy(RENAMED)
    with reading(watched.engine) as session:
        meant = finding.condition(session, owner(watched), ALL)
        told = batch_preview.preview(session, "migrate", meant, to=to)
        assert (told.total, told.fine, told.unmapped) == (2, 1, ("A",))
        assert batch_preview.preview(session, "migrate", meant, to=to, mapping={"A": "B"}).fine == 2
    batch = ask(watched, "migrate", to=to, mapping={"A": "B"})
    watched.work()
    assert {watched.row(it).definition_id for it in (one, two)} == {to}
    watched.answer(one, "no")
    undo(watched, batch)
    watched.work()
    assert [watched.row(it).definition_id for it in (one, two)] == [to, watched.first]


@ONE
def test_incidents_of_many_are_tried_again_and_what_has_none_says_so(watched: Watched) -> None:
    bad, good = watched.troubled(), watched.start()
    batch = ask(watched, "retry", bad, good)
    watched.work()
    assert rows(watched, batch) == {bad: "done", good: "refused"}
    assert facts(watched, "incident.opened") == Counter({bad: 2})
    dropped = ask(watched, "drop", sought=Sought(trouble="G", cause="网关"))
    watched.work()
    assert rows(watched, dropped) == {bad: "refused"}
    assert "请终止流程" in why(watched, dropped)[0]
    with reading(watched.engine) as session:
        told = batch_preview.preview(session, "retry", finding.condition(session, owner(watched), ALL))
        assert told.refused == Counter({("没有等待处理的异常", ""): 1})


@ONE
def test_a_verb_that_cannot_be_taken_back_is_not(watched: Watched) -> None:
    watched.troubled()
    batch = ask(watched, "drop")
    watched.work()
    with pytest.raises(Conflict):
        undo(watched, batch)


@ONE
def test_rights_are_looked_at_when_the_work_is_done(watched: Watched) -> None:
    it = watched.start()
    batch = ask(watched, "suspend", it, by=local(watched))
    with unit(watched.engine) as session:
        held = session.scalars(select(RoleGrant).where(RoleGrant.role == "process_owner",
                                                       RoleGrant.person_id == watched.company.people["hr"])).one()
        revoke(session, held, by=SYSTEM)
    watched.work()
    assert rows(watched, batch) == {it: "refused"}
    assert watched.states(it) == ["active"]


@ONE
def test_a_batch_that_is_stopped_leaves_the_rest_alone(watched: Watched) -> None:
    them = [watched.start() for _ in range(3)]
    batch = ask(watched, "suspend")
    with unit(watched.engine) as session:
        number = session.get_one(batches.InstanceBatch, batch).job_id or 0
        jobs.cancel(session, number, by=owner(watched))
    watched.work()
    assert watched.states(*them) == ["active"] * 3
    with reading(watched.engine) as session:
        assert session.get_one(Job, number).state == "cancelled"


@ONE
def test_a_preview_says_how_many_and_why_not(watched: Watched) -> None:
    it = watched.start()
    for _ in range(2):
        watched.start()
    ask(watched, "suspend", it)
    watched.work()
    watched.deploy(SECOND)
    watched.start()
    with reading(watched.engine) as session:
        meant = finding.condition(session, owner(watched), ALL)
        told = batch_preview.preview(session, "suspend", meant)
        assert (told.total, told.fine, dict(told.refused)) == (4, 3, {("已经挂起", ""): 1})
        assert batch_preview.preview(session, "resume", meant).fine == 1
        assert batch_preview.preview(session, "migrate", meant, to=watched.first).fine == 1
    assert json.dumps(ALL.plain())
