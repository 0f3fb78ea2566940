"""Running instances on a new version of their drawing: what is kept, what is refused and why, and the way back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engine import instances
from engine.messaging import messages
from engine.model import Instance, Subscription, Task, Timer, Visit
from engine.operations import migration
from engine.operations.moved import Migration
from engine.usertasks import tasks
from ledger.db import reading, unit
from ledger.facts import story
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    flow,
    flows,
    gateway,
    loop,
    message,
    script,
    start,
    tag,
    task,
    timer,
)


def plan(world: World, it: int, to: int, **mapping: str) -> migration.Verdict:
    with reading(world.engine) as session:
        return migration.plan(session, to, instance_ids=[it], mapping=mapping)[0]


def migrate(world: World, it: int, to: int, **mapping: str) -> int:
    with unit(world.engine) as session:
        return migration.migrate(session, it, to, by=BOSS, reason="新规施行", mapping=mapping).id


def undo(world: World, number: int) -> None:
    with unit(world.engine) as session:
        migration.undo(session, number, by=BOSS, reason="改错了")


def rules(verdict: migration.Verdict) -> set[str]:
    return {found.rule for found in verdict.findings}


def rows(world: World, kind: Any, it: int) -> list[dict[str, Any]]:
    with reading(world.engine) as session:
        found = session.execute(
            select(*kind.__table__.c).where(kind.instance_id == it).order_by(*kind.__table__.primary_key))
        return [dict(row) for row in found.mappings()]


def whole(world: World, it: int) -> dict[str, Any]:
    """Everything the database knows of an instance, but for its version."""
    with reading(world.engine) as session:
        instance = session.execute(select(*Instance.__table__.c).where(Instance.id == it)).mappings().one()
        state = {key: value for key, value in instance.items() if key != "version"}
    return {"instance": state} | {kind.__name__: rows(world, kind, it) for kind in (Task, Timer, Subscription, Visit)}


LINE = drawing(start(), task("A", sla="3"), end(), flows("S A E"))
LONGER = drawing(start(), task("A", sla="3"), task("B"), end(), flows("S A B E"))


def test_an_instance_goes_on_by_the_new_drawing_with_the_same_task(world: World) -> None:
    it = world.run(LINE, day=date(2027, 3, 15), fee=Decimal("12.30"))
    with unit(world.engine) as session:
        tasks.claim(session, world.open(it)[0].id, LI)
    before = world.open(it)[0]
    migrate(world, it, world.deploy(LONGER))
    after = world.open(it)[0]
    kept = ("id", "version", "assignee_id", "assignee_name", "created_at", "due_at", "offer")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    found = world.variables(it)
    assert (found["day"], str(found["fee"]), type(found["fee"])) == (date(2027, 3, 15), "12.30", Decimal)
    world.do(it, "A", by=LI, c=1)
    assert world.names(it) == ["B"]


def test_a_plan_writes_nothing(world: World) -> None:
    it = world.run(LINE)
    to, before = world.deploy(LONGER), whole(world, it)
    assert plan(world, it, to).kind == "fine"
    assert whole(world, it) == before


def test_the_deadline_and_an_attached_timer_keep_their_moments(world: World, clock: Any) -> None:
    def drawn(hours: int, after: str) -> bytes:
        return drawing(start(), task("A", sla="3"), boundary("late", "A", timer("timeDuration", f"PT{hours}H")),
                       task(after), end(), end("E2"), flows("S A E", f"late {after} E2"))

    it = world.run(drawn(5, "B"))
    before = [(row["id"], row["due_at"], row["occurrence"], row["state"]) for row in rows(world, Timer, it)]
    clock.advance(timedelta(hours=4))
    to = world.deploy(drawn(9, "C"))
    assert "timer" in rules(plan(world, it, to))
    migrate(world, it, to)
    assert [(row["id"], row["due_at"], row["occurrence"], row["state"]) for row in rows(world, Timer, it)] == before
    clock.advance(timedelta(hours=2))
    assert world.sweep() == 1
    assert world.names(it) == ["C"]


def test_an_element_in_progress_that_is_gone_needs_a_mapping(world: World) -> None:
    it = world.run(LINE)
    to = world.deploy(drawing(start(), task("A2"), end(), flows("S A2 E")))
    verdict = plan(world, it, to)
    assert (verdict.kind, verdict.unmapped) == ("map", ("A",))
    assert "任务A" in verdict.findings[0].text() and "任务A" in verdict.findings[0].text("en")
    with pytest.raises(migration.CannotMigrate, match="任务A"):
        migrate(world, it, to)
    migrate(world, it, to, A="A2")
    assert world.names(it) == ["A2"]
    world.do(it, "A2", c=1)
    assert world.state(it) == "completed"


def test_a_mapping_to_nothing_is_refused(world: World) -> None:
    it = world.run(LINE)
    with pytest.raises(migration.UnknownElement):
        plan(world, it, world.deploy(LONGER), A="Z")


def test_four_eyes_hold_across_a_renaming(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B"), end(), flows("S A B E")))
    world.do(it, "A", by=HAN, c=1)
    to = world.deploy(drawing(start(), task("A2"), task("B"), task("C", notBy="A2"), end(), flows("S A2 B C E")))
    migrate(world, it, to, A="A2")
    world.do(it, "B", by=LI, c=1)
    assert world.open(it)[0].barred == [HAN.id]
    with pytest.raises(tasks.FourEyes):
        world.do(it, "C", by=HAN, c=1)


def test_four_eyes_that_are_new_in_the_drawing_hold_for_the_open_task(world: World) -> None:
    def drawn(**found: str) -> bytes:
        return drawing(start(), task("A"), task("C", **found), end(), flows("S A C E"))

    it = world.run(drawn())
    world.do(it, "A", by=HAN, c=1)
    migrate(world, it, world.deploy(drawn(notBy="A")))
    with pytest.raises(tasks.FourEyes):
        world.do(it, "C", by=HAN, c=1)
    world.do(it, "C", by=LI, c=1)
    assert world.state(it) == "completed"


IN_SUB = tag("subProcess", "X", start("XS"), task("A"), end("XE"), flows("XS A XE"))


@pytest.mark.parametrize(("rule", "new"), [
    ("kind", drawing(start(), script("A", "x", "=1"), end(), flows("S A E"))),
    ("kind", drawing(start(), catch("A", message("m1")), end(), flows("S A E"), messages={"m1": "go"})),
    ("multi-instance", drawing(start(), task("A", loop("=[1, 2]", "n")), end(), flows("S A E"))),
    ("moved", drawing(start(), IN_SUB, end(), flows("S X E"))),
    ("moment", drawing(start(), task("A"), boundary("late", "A", timer("timeDate", "=nothing")), end(), end("E2"),
                       flows("S A E", "late E2"))),
])  # fmt: skip
def test_what_cannot_be_right_is_refused_with_the_name_of_the_element(world: World, rule: str, new: bytes) -> None:
    it = world.run(LINE)
    to = world.deploy(new)
    verdict = plan(world, it, to)
    assert (verdict.kind, rules(verdict)) == ("impossible", {rule})
    for language in ("zh", "en"):
        assert "任务A" in verdict.findings[0].text(language) or "late" in verdict.findings[0].text(language)
    before = whole(world, it)
    with pytest.raises(migration.CannotMigrate):
        migrate(world, it, to)
    assert whole(world, it) == before


def test_a_newly_attached_timer_is_armed_and_a_detached_one_disarmed(world: World, clock: Any) -> None:
    def drawn(event: str) -> bytes:
        return drawing(start(), task("A"), boundary(event, "A", timer("timeDuration", "PT1H")), task("B"), end(),
                       end("E2"), flows("S A E", f"{event} B E2"))

    it = world.run(drawn("old"))
    migrate(world, it, world.deploy(drawn("new")))
    assert {(row["element_id"], row["state"]) for row in rows(world, Timer, it)} == {
        ("old", "cancelled"), ("new", "waiting")}
    clock.advance(timedelta(hours=2))
    assert world.sweep() == 1
    assert world.names(it) == ["B"]


def test_a_timer_that_fired_beside_its_task_is_not_armed_again(world: World, clock: Any) -> None:
    def drawn(*more: str) -> bytes:
        return drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H"), interrupting=False),
                       task("B"), *more, end(), end("E2"), flows("S A E", "late B E2"))

    it = world.run(drawn())
    clock.advance(timedelta(hours=2))
    world.sweep()
    assert world.names(it) == ["A", "B"]
    migrate(world, it, world.deploy(drawn("<bpmn:textAnnotation id='note'/>")))
    clock.advance(timedelta(hours=2))
    assert (world.sweep(), world.names(it)) == (0, ["A", "B"])


def fork(*branches: str, ids: dict[str, str] | None = None) -> bytes:
    named = ids or {}
    return drawing(
        start(), gateway("parallel", "F"), *(task(each) for each in branches), gateway("parallel", "J"), task("Z"),
        end(), flows("S F", "J Z E"), *(flow("F", each) for each in branches),
        *(flow(each, "J", id=named.get(each, f"in{each}")) for each in branches))


def test_a_join_keeps_what_it_has_collected(world: World) -> None:
    it = world.run(fork("A", "B"))
    world.do(it, "A", c=1)
    to = world.deploy(fork("A", "B", ids={"A": "other"}))
    assert rules(plan(world, it, to)) == {"join-flow"}
    migrate(world, it, to, inA="other")
    world.do(it, "B", c=1)
    assert world.names(it) == ["Z"]


def test_a_join_with_a_new_branch_that_nobody_can_bring_is_refused(world: World) -> None:
    it = world.run(fork("A", "B"))
    to = world.deploy(fork("A", "B", "C"))
    verdict = plan(world, it, to)
    assert (verdict.kind, rules(verdict)) == ("impossible", {"starved"})
    world.do(it, "A", c=1)
    assert rules(plan(world, it, to)) == {"starved"}


def test_a_join_that_loses_its_open_branch_goes_on_at_once_when_told_so(world: World) -> None:
    it = world.run(fork("A", "B", "C"))
    for each in "ABC"[:2]:
        world.do(it, each, c=1)
    to = world.deploy(fork("A", "B"))
    assert plan(world, it, to).unmapped == ("C",)
    done = migrate(world, it, world.deploy(fork("A", "B", "D")), C="D", inC="inD")
    assert world.names(it) == ["D"]
    undo(world, done)
    assert world.names(it) == ["C"]


def test_a_join_that_has_all_its_branches_now_goes_on_at_once_and_for_good(world: World) -> None:
    def drawn(last: str) -> bytes:
        return drawing(
            start(), gateway("parallel", "F"), task("A"), task("B"), task("C"), gateway("parallel", "J"), task("Z"),
            end(), end("E2"), flows("S F C", "J Z E", f"C {last}"), flow("F", "A"), flow("F", "B"),
            flow("A", "J", id="a"), flow("B", "J", id="b"), *([] if last == "E2" else [flows("F X E2"), task("X")]))

    it = world.run(drawn("J"))
    world.do(it, "A", c=1)
    world.do(it, "B", c=1)
    world.do(it, "X", c=1)
    to = world.deploy(drawn("E2"))
    assert rules(plan(world, it, to)) == {"join-goes-on"}
    with unit(world.engine) as session:
        instances.suspend(session, it, by=BOSS, reason="x")
    assert plan(world, it, to).kind == "impossible"
    with unit(world.engine) as session:
        instances.resume(session, it, by=BOSS, reason="x")
    done = migrate(world, it, to)
    assert world.names(it) == ["C", "Z"]
    with pytest.raises(migration.CannotUndo):
        undo(world, done)


def test_a_suspended_instance_moves_and_stays_suspended(world: World) -> None:
    it = world.run(LINE)
    with unit(world.engine) as session:
        instances.suspend(session, it, by=BOSS, reason="x")
    migrate(world, it, world.deploy(LONGER))
    assert world.state(it) == "suspended"


def test_rounds_and_sub_processes_move_with_what_runs_inside(world: World) -> None:
    def drawn(sub: str, extra: str = "") -> bytes:
        inside = tag("subProcess", sub, start("XS"), task("A", loop("=[7, 8]", "n", "all", "=c")),
                     task("B"), end("XE"), flows("XS A B XE"))
        chain = f"S {sub} {extra} E" if extra else f"S {sub} E"
        return drawing(start(), inside, *([task(extra)] if extra else []), end(), flows(chain))

    it = world.run(drawn("X"))
    world.do(it, "A", c=1)
    migrate(world, it, world.deploy(drawn("Y", "L")), X="Y")
    assert world.names(it) == ["A"]
    world.do(it, "A", c=2)
    assert world.variables(it)["all"] == [1, 2]
    world.do(it, "B", c=3)
    assert world.names(it) == ["L"]


def test_a_live_multi_instance_may_not_change_its_order(world: World) -> None:
    def drawn(sequential: bool) -> bytes:
        return drawing(start(), task("A", loop("=[7, 8]", "n", sequential=sequential)), end(), flows("S A E"))

    it = world.run(drawn(True))
    assert rules(plan(world, it, world.deploy(drawn(False)))) == {"multi-instance-order"}


def test_a_renamed_message_is_waited_for_under_its_new_name(world: World) -> None:
    def drawn(name: str) -> bytes:
        return drawing(start(), catch("M", message("m1")), task("B"), end(), flows("S M B E"), messages={"m1": name})

    it = world.run(drawn("old"))
    done = migrate(world, it, world.deploy(drawn("new")))
    with reading(world.engine) as session:
        assert messages.waiting(session, it) == ["new"]
    undo(world, done)
    with reading(world.engine) as session:
        assert messages.waiting(session, it) == ["old"]
    world.send(it, "old")
    assert world.names(it) == ["B"]


def test_an_event_gateway_waits_for_what_the_new_drawing_shows(world: World, clock: Any) -> None:
    def drawn(*events: tuple[str, str]) -> bytes:
        return drawing(start(), tag("eventBasedGateway", "G"), *(catch(id, drawn) for id, drawn in events), task("B"),
                       end(), flows("S G", *(f"G {id} B" for id, _ in events), "B E"), messages={"m1": "yes"})

    yes, soon, later = ("m", message("m1")), ("t", timer("timeDuration", "PT1H")), ("u", timer("timeDuration", "PT3H"))
    it = world.run(drawn(yes, soon))
    migrate(world, it, world.deploy(drawn(yes, later)))
    waiting = {(row["element_id"], row["state"]) for row in rows(world, Timer, it)}
    assert waiting == {("t", "cancelled"), ("u", "waiting")}
    clock.advance(timedelta(hours=4))
    assert (world.sweep(), world.names(it)) == (1, ["B"])


def test_undo_restores_everything_exactly(world: World) -> None:
    def drawn(event: str, a: str) -> bytes:
        return drawing(start(), task(a, form="review" if a == "A" else "approve"),
                       boundary(event, a, timer("timeDuration", "PT1H")), task("B"), end(), end("E2"),
                       flows(f"S {a} E", f"{event} B E2"))

    it = world.run(drawn("old", "A"))
    before = whole(world, it)
    done = migrate(world, it, world.deploy(drawn("new", "A2")), A="A2")
    assert whole(world, it) != before
    undo(world, done)
    assert whole(world, it) == before
    world.do(it, "A", c=1)
    assert world.state(it) == "completed"


def test_undo_is_refused_once_something_has_happened(world: World) -> None:
    it = world.run(LINE)
    done = migrate(world, it, world.deploy(LONGER))
    world.do(it, "A", c=1)
    with pytest.raises(migration.CannotUndo):
        undo(world, done)
    assert world.names(it) == ["B"]


def test_an_undone_migration_is_not_undone_again(world: World) -> None:
    it = world.run(LINE)
    done = migrate(world, it, world.deploy(LONGER))
    undo(world, done)
    with pytest.raises(migration.CannotUndo):
        undo(world, done)


def test_a_migration_is_told_with_its_reason(world: World) -> None:
    it = world.run(LINE)
    to = world.deploy(LONGER)
    undo(world, migrate(world, it, to))
    with reading(world.engine) as session:
        told = {fact.kind: fact for fact in story(session, ("instance", it))}
        assert told["instance.migrated"].after["reason"] == "新规施行"
        assert (told["instance.migrated"].after["definition"], told["instance.migrated"].actor_name) == (to, BOSS.name)
        assert told["instance.migration_undone"].after["reason"] == "改错了"
        assert session.scalars(select(Migration.undone_by)).all() == [BOSS.name]


def test_a_plan_of_a_definition_goes_through_its_running_instances_in_pages(world: World) -> None:
    first = world.deploy(LINE)
    many = [world.start() for _ in range(3)]
    with unit(world.engine) as session:
        instances.terminate(session, many[1], by=BOSS, reason="x")
    to = world.deploy(LONGER)
    with reading(world.engine) as session:
        page = migration.plan(session, to, definition_id=first, limit=1)
        rest = migration.plan(session, to, definition_id=first, after=page[-1].instance_id)
    assert [verdict.instance_id for verdict in page + rest] == [many[0], many[2]]
    assert {verdict.kind for verdict in page + rest} == {"fine"}


def test_a_called_process_moves_along(world: World) -> None:
    call = tag("callActivity", "K", '<bpmn:extensionElements><zeebe:calledElement processId="Q"/>'
               "</bpmn:extensionElements>")

    def files(*tail: str) -> tuple[bytes, bytes]:
        called = drawing(start("QS"), task("QA"), *(task(each) for each in tail), end("QE"),
                         flows(" ".join(["QS", "QA", *tail, "QE"])), id="Q")
        return drawing(start(), call, end(), flows("S K E")), called

    it = world.run(*files())
    migrate(world, it, world.deploy(*files("QB")))
    world.do(it, "QA", c=1)
    assert world.names(it) == ["QB"]
