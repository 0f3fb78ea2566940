"""Every commit has a failpoint before and after it, and a run of the whole site passes every failpoint there is."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from engine import catalog, instances
from engine.figures import counting, standing
from engine.messaging import deliveries, messages
from engine.operations import interventions, migration, repair, undelivered
from engine.operations.moves import BackTo
from engine.releases import coming, deciding
from engine.returns import giving_back, reopening, taking_back
from engine.time import pausing, starting, timers
from engine.usertasks import assigning, correcting, members, tasks
from ledger import failpoints, outbox
from ledger.actor import SYSTEM, Actor, Grant
from ledger.clock import SHANGHAI, Fixed
from ledger.db import reading, unit
from registry.alerts import climbing, deadlines, planning
from registry.alerts.letters import lines, sending
from registry.certificates import lifecycle
from registry.people.units import figured
from tests.engine import test_releases
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, service, start, tag, task, timer
from tests.engine.hands import WANG, ZHAO, ask, delegate, drop, held, resolve, to, transfer
from tests.engine.test_votes import mine, people, vote
from tests.founding import Founder
from tests.registry.alerts.ways import Way, way_of
from tests.registry.intake.passing import import_everything
from tests.structure.source import calls, modules, name_of, tree
from tests.web.desk.at_work import Town
from tests.web.watched import Watched
from tests.workflows import drafting
from tests.workflows.test_studio_rehearsing import BEFORE, OWNER
from tests.workflows.test_studio_rehearsing import House as Rehearsing
from tests.workflows.walk import Walk
from web.i18n import spoken
from workflows import triggers
from workflows.cockpit import batches
from workflows.cockpit.finding import Sought
from workflows.requests import Request
from workflows.studio import scenarios

NAMES = {given[0].value: name_of(path) for path in modules() if "fp(" in path.read_text("utf-8")
         for _, called, call in calls(path) if called == "fp" and isinstance((given := call.args)[0], ast.Constant)}


def test_every_commit_stands_between_two_failpoints() -> None:
    """`fp("x.before_commit")`, the commit or the transaction that commits, `fp("x.after_commit")`, in one function."""
    lonely = []
    for path in modules():
        for function in ast.walk(tree(path)):
            if isinstance(function, ast.FunctionDef):
                source = ast.get_source_segment(path.read_text("utf-8"), function) or ""
                lonely += [f"{name_of(path)}: {function.name}" for words in [source.replace('"', "'")]
                           if ".commit()" in words and not _between(words)]
    assert lonely == []


def _between(words: str) -> bool:
    before, commit, after = (words.find(part) for part in (".before_commit')", ".commit()", ".after_commit')"))
    return 0 <= before < commit < after


def test_a_sweep_names_both_sides_of_its_transaction() -> None:
    """Transactions of the worker: each verb that opens `unit(...)` in a loop of its own names them too."""
    for before in ("outbox.before_commit", "engine.timer.before_commit", "certificate_timer.before_commit"):
        assert before in NAMES and before.replace("before", "after") in NAMES


@pytest.fixture
def town(engine: Engine, tmp_path: Path, clock: Fixed, founder: Founder) -> Iterator[Town]:
    clock.move_to(datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI))
    made = Town(engine, tmp_path, founder)
    yield made
    made.close()


def test_a_walk_through_the_site_passes_every_failpoint(town: Town, engine: Engine, tmp_path: Path,
                                                        clock: Fixed) -> None:
    passed = set[str]()
    with failpoints.watched(passed.add):
        applicant = town.visitor("applicant")
        told = {"type": "P02", "holder": f"person-{town.company.people['worker']}"}
        assert applicant.post("/requests", told).status_code == 303
        assert applicant.upload().status_code == 201
        task = town.open_task(1)
        assert applicant.post(f"/tasks/{task}/claim").status_code == 303
        assert applicant.put(f"/tasks/{task}/draft", {"answers": json.loads("{}")}).status_code == 204
        with unit(engine) as session:
            it = session.get_one(Request, 1).instance_id or 0
            instances.terminate(session, it, by=SYSTEM, reason="试")
        _walk(town, engine, tmp_path, clock)
        _operate(World(engine), clock)
        _hand_on(World(engine))
        _go_back(World(engine))
        _release(World(engine), clock)
        _import(town, engine, tmp_path)
        drafting.walk(engine, clock)
        _watch(town, engine)
        _rehearse(engine, clock)
        _warn(town, engine, clock)
    assert sorted(set(NAMES) - passed) == []


def _walk(town: Town, engine: Engine, folder: Path, clock: Fixed) -> None:
    walk = Walk(engine, town.company, folder, clock, "P02").submitted()
    for verb in (tasks.claim, tasks.release):
        with unit(engine) as session:
            verb(session, walk.task_id("A3_hr"), town.company.actor(session, "hr"))
    for who in ("hr", "safety"):
        walk.do(who, f"A3_{who}", "pass")
    walk.do("approver", "A4_approve", "approve")
    walk.do("custodian", "A5_file", "done")
    clock.advance(timedelta(days=9))  # nothing heard: the timer speaks
    assert timers.sweep(engine)
    walk.authority("granted")
    walk.do("custodian", "A10_register", "done")
    walk.do("hr", "A11_compare", "match")
    with unit(engine) as session:
        walk_files = dict(catalog.files_of(session, catalog.latest(session, "application").id))
    _deploy(engine, walk_files)
    outbox.deliver(engine, triggers.HANDLERS)
    clock.advance(timedelta(days=700))
    with reading(engine) as session:
        assert session.get_one(Request, walk.id).certificate_id
    assert deadlines.sweep(engine) and counting.sweep(engine, figured)
    standing.look(engine, figured)


def _import(town: Town, engine: Engine, folder: Path) -> None:
    with reading(engine) as session:
        by = town.company.actor(session, "custodian")
        place = next(grant.unit_id for grant in by.grants if grant.role == "custodian")
    import_everything(engine, folder / "imports", place, by)


def _rehearse(engine: Engine, clock: Fixed) -> None:
    """A draft is rehearsed, and one that ended kept as a scenario."""
    house = Rehearsing(engine, clock)
    ended = house.ended("yes")
    house.rehearsed(BEFORE)
    with unit(engine) as session:
        scenarios.keep(session, ended, scenarios.Wanted("x"), by=OWNER)


def _operate(world: World, clock: Fixed) -> None:
    """What operators do by hand, and what starts and is delivered by itself."""
    known: dict[str, Any] = {"book": lambda _step: 1 / 0}
    catalog.provide("P", steps={"book": lambda step: known["book"](step)})
    line = [start(), service("B", "book"), task("A"), end(), flows("S B A E")]
    it = world.run(drawing(*line))
    for _ in range(4):  # its tries, then an incident
        clock.advance(timedelta(hours=2))
        timers.sweep(world.engine)
    with unit(world.engine) as session:
        known["book"] = lambda _step: None
        repair.retry(session, repair.troubles(session, it)[0].id, by=HAN, reason="修好了")
    to = world.deploy(drawing(*line[:-1], task("A2"), flows("S B A A2 E")))
    with unit(world.engine) as session:
        instances.suspend(session, it, by=HAN, reason="x")
        instances.resume(session, it, by=HAN, reason="x")
    with unit(world.engine) as session:
        moved = migration.migrate(session, it, to, by=HAN, reason="x").id
    with unit(world.engine) as session:
        migration.undo(session, moved, by=HAN, reason="x")
    other = world.run(drawing(start(), task("A"), task("B"), end(), flows("S A B E"), id="Q"), process_id="Q")
    done = world.do(other, "A")
    with unit(world.engine) as session:
        interventions.modify(session, other, [BackTo(done)], by=HAN, reason="x")
        interventions.undo(session, 1, by=HAN, reason="x")
        messages.publish(session, "nobody", None, {}, by=HAN)
    deliveries.sweep(world.engine)
    daily = tag("startEvent", "S", timer("timeCycle", "R2/P1D"))
    world.deploy(drawing(daily, task("A"), end(), flows("S A E"), id="R"))
    clock.advance(timedelta(days=2))
    starting.sweep(world.engine)


def _hand_on(world: World) -> None:
    """Into other hands, signed, corrected, paused, and voted on by others."""
    it = world.run(drawing(start(), task("A", sla="5"), end(), flows("S A E"), id="H"), process_id="H")
    number = held(world, it, HAN)
    transfer(world, number, LI, HAN)
    delegate(world, number, WANG, LI)
    resolve(world, number, WANG)
    delegate(world, number, WANG, LI)
    with unit(world.engine) as session:
        assigning.recall(session, number, by=LI)
        assigning.reassign(session, number, to(HAN), by=BOSS, reason="x")
    drop(world, ask(world, number, "before", HAN, LI)[0], HAN)
    with unit(world.engine) as session:
        asked = correcting.ask(session, number, to(ZHAO), by=HAN, form_key="x", count=1)
        correcting.drop(session, asked.id, by=HAN)
    with unit(world.engine) as session:
        pausing.pause(session, number, by=BOSS, reason="x")
    it = world.run(vote().replace(b'id="P"', b'id="V"'), process_id="V", who=people(HAN, LI))
    with unit(world.engine) as session:
        members.replace(session, mine(world, it, LI), to(ZHAO), by=BOSS, reason="x")


def _go_back(world: World) -> None:
    """Given back, taken back, withdrawn, and opened again."""
    it = world.run(drawing(start(), task("A"), task("B"), end(), flows("S A B E"), id="W"), process_id="W")
    first = world.do(it, "A")
    number = held(world, it, LI)
    with unit(world.engine) as session:
        giving_back.give_back(session, number, first, by=LI, reason="x", straight=True, version=None)
    again = world.do(it, "A")
    with unit(world.engine) as session:
        taking_back.take_back(session, again, by=HAN)
    asked = world.do(it, "A")
    with unit(world.engine) as session:
        taking_back.withdraw(session, it, asked, by=HAN, reason="x")
    world.do(it, "A")
    last = world.do(it, "B")
    with unit(world.engine) as session:
        reopening.reopen(session, it, last, by=BOSS, reason="x")


def _watch(town: Town, engine: Engine) -> None:
    """Many instances at once, by the worker for long work; a message that nobody takes is dropped."""
    watched = Watched(engine, town.company)
    watched.start()
    with unit(engine) as session:
        by = town.company.actor(session, "owner")
        meant = batches.chosen(session, by, Sought(process="watched"))
        batches.ask(session, by, "suspend", meant, reason="x")
        kept = messages.publish(session, "nobody.hears", None, {}, by=by).id
    watched.work()
    with unit(engine) as session:
        undelivered.drop(session, kept, by=HAN, reason="x")


def _warn(town: Town, engine: Engine, clock: Fixed) -> None:
    """A licence comes to its end with nobody looking, and a letter tells a room of it."""
    town.visitor("custodian").get("/")
    with way_of("wecom_robot") as way:
        _ending(town, engine, clock, way)
        while planning.sweep(engine):
            pass
        clock.advance(timedelta(days=1))
        assert planning.sweep(engine)
        clock.advance(timedelta(days=20))
        assert climbing.sweep(engine) and sending.sweep(engine, way.http, spoken, "")


def _ending(town: Town, engine: Engine, clock: Fixed, way: Way) -> None:
    with unit(engine) as session:
        company = town.company.unit(session, "company")
        begun, over = clock().date() - timedelta(days=1064), clock().date() + timedelta(days=31)
        number = "（浙）JZ安许证字〔2024〕000999"
        lifecycle.grant(session, "E03", company, number=number, issuer="某省住建厅", by=SYSTEM, issued_on=begun,
                        valid_from=begun, valid_until=over)
        admin = Actor(1, "管理员", company.group_id, (Grant("administrator", company.group_id, "/"),))
        group = town.company.unit(session, "group")
        line = lines.set_up(session, way.name, group, asdict(way.settings), title="x", by=admin, local=True)
        sending.try_out(session, line, by=SYSTEM)


def _release(world: World, clock: Fixed) -> None:
    """One asks, another decides, a day begins, it is taken back; another is withdrawn."""
    day = clock().astimezone(SHANGHAI).date() + timedelta(days=1)
    number = test_releases.release(world, test_releases.version(1, id="R"), on=day)
    clock.advance(timedelta(days=1))
    assert coming.sweep(world.engine)
    clock.advance(timedelta(hours=1))
    later = test_releases.release(world, test_releases.version(2, id="R"), on=day + timedelta(days=1))
    with unit(world.engine) as session:
        deciding.withdraw(session, later, by=HAN, reason="x")
    now = test_releases.release(world, test_releases.version(3, id="R"), on=day)
    test_releases.back(world, now)
    assert number < now


def _deploy(engine: Engine, files: dict[str, Any]) -> None:
    files["application.bpmn"] += b"<!-- 2 -->"
    with unit(engine) as session:
        catalog.deploy(session, files, by=SYSTEM)
