"""Finished instances played again: by their own drawing exactly as it was, by another as it would have been."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete

from engine import catalog, instances
from engine.dialect import BpmnError
from engine.messaging import messages
from engine.operations import repair
from engine.rehearsal import comparing, recording, written
from engine.rehearsal.comparing import Assumed
from engine.rehearsal.given import Given
from ledger.db import reading, unit
from ledger.workdays import calendar
from tests.engine import drawings as d
from tests.engine.conftest import HAN, World
from tests.engine.processes import process

HOURS = (0.01, 1, 5, 8.5, 20, 70)


def live(world: World, clock: Any, seed: int) -> int | None:
    """A random process of every construct, taken to its end by chance; None where it goes on for too long."""
    random = Random(seed)
    it = world.run(process(seed)[1], c=random.randint(0, 9))
    for _ in range(80):
        clock.advance(dt.timedelta(hours=random.choice(HOURS), seconds=1))
        world.sweep()
        clock.advance(dt.timedelta(seconds=1))
        if world.state(it) != "active":
            return it
        with reading(world.engine) as session:
            waited = messages.waiting(session, it)
        open_ = world.names(it)
        chosen = random.choice([*open_, *waited] or [""])
        if chosen in open_:
            world.do(it, chosen, c=random.randint(0, 9))
        elif chosen:
            world.send(it, chosen, value=random.randint(0, 9))
    return None


def compared(world: World, it: int, files: dict[str, bytes] | None = None, **more: Any) -> comparing.Compared:
    """The instance played by the drawing of these files, or by its own."""
    with reading(world.engine) as session:
        [record] = recording.records(session, [it])
        own = None if isinstance(record, recording.Untold) else catalog.plan(session, record.definition_id)
        new = own if files is None else catalog.assemble(catalog.unpack(files), "P")
        bench = comparing.Bench(new or own, lambda number: catalog.plan(session, number), calendar(session), **more)
        return comparing.compare(record, bench)


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_a_random_instance_played_by_its_own_drawing_is_what_it_was(world: World, clock: Any, first: int) -> None:
    most = 8 if world.engine.dialect.name == "sqlite" else 2
    found = [(seed, compared(world, it)) for seed in range(first, first + most)
             if (it := live(world, clock, seed)) is not None]
    assert found and [(seed, one.kind, one.why, one.was, one.now) for seed, one in found
                      if (one.kind, one.days) != ("same", 0)] == []


# by another drawing
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
YES = "=c = 1"
ENDS = d.end("E", outcome="granted") + d.end("N", outcome="refused")
TWO = d.drawing(d.start(), d.task("A"), d.gateway("exclusive", "G", "no"), d.task("B"), ENDS, d.flows("S A G", "B E"),
                d.flow("G", "B", YES), d.flow("G", "N", id="no"))


def ran(world: World, clock: Any, drawn: bytes, *steps: tuple[str, int], **variables: Any) -> int:
    """From Monday 2026-11-23 at 10, a working day before each step."""
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=dt.timezone(8 * HOUR)))
    it = world.run(drawn, **variables)
    for element, answer in steps:
        clock.advance(DAY)
        world.do(it, element, c=answer)
    return it


def by(world: World, it: int, drawn: bytes, **more: Any) -> comparing.Compared:
    return compared(world, it, {"d.bpmn": drawn}, **more)


def test_a_new_step_takes_the_time_assumed_and_what_follows_takes_its_own(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 1), ("B", 1))
    longer = d.drawing(d.start(), d.task("A"), d.gateway("exclusive", "G", "no"), d.task("X", gives={}), d.task("B"),
                       ENDS, d.flows("S A G", "X B E"), d.flow("G", "X", YES), d.flow("G", "N", id="no"))
    found = by(world, it, longer, assumptions={"X": Assumed(2.5)})
    assert (found.kind, found.days, found.added, found.assumed) == ("time", 2.5, ("X",), ("X",))


def test_another_condition_is_another_outcome_from_the_gateway_on(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 1), ("B", 1))
    found = by(world, it, TWO.replace(b"c = 1", b"c = 2"))
    assert (found.kind, found.at, found.outcome_was, found.outcome) == ("outcome", "G", "granted", "refused")


def test_a_branch_that_nobody_ever_took_is_assumed(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 0))
    found = by(world, it, TWO.replace(b"c = 1", b"c = 0"))
    assert (found.kind, found.assumed, found.now, found.was) == ("outcome", ("B",), ("B", "E"), ("N",))


def test_what_somebody_ended_is_ended_at_the_same_moment(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 1))
    with unit(world.engine) as session:
        instances.terminate(session, it, by=HAN, reason="x", outcome="withdrawn")
    assert (by(world, it, TWO).kind, by(world, it, TWO).outcome) == ("same", "withdrawn")


def test_a_circle_that_the_draft_makes_is_told(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 0))
    found = by(world, it, TWO.replace(b'sourceRef="G" targetRef="N"', b'sourceRef="G" targetRef="A"'))
    assert found.kind == "unknown" and found.why is not None and found.why.rule == "endless"


TIMED = d.drawing(d.start(), d.task("A"), d.boundary("T", "A", d.timer("timeDuration", "P3D")),
                  d.end("E", outcome="ok"), d.end("L", outcome="late"), d.flows("S A E", "T L"))


def test_a_shorter_time_limit_fires_before_the_answer_came(world: World, clock: Any) -> None:
    it = ran(world, clock, TIMED, ("A", 1))
    assert by(world, it, TIMED).kind == "same"
    found = by(world, it, TIMED.replace(b"P3D", b"PT5H"))
    assert (found.kind, found.outcome, found.days) == ("outcome", "late", -0.79)


def test_silence_decides_earlier_where_the_draft_says_so(world: World, clock: Any) -> None:
    it = ran(world, clock, TIMED.replace(b"P3D", b"P30D"), ("A", 1))
    silent = d.drawing(d.start(), d.task("A", sla="0", silence="agree", silenceAfter="0"), d.end("E", outcome="ok"),
                       d.flows("S A E"))
    assert by(world, it, silent).days == -0.42


def test_steps_give_what_they_gave_and_are_never_run_again(world: World, clock: Any) -> None:
    ran_how_often: list[int] = []

    def look(_step: Any) -> dict[str, Any]:
        ran_how_often.append(1)
        return {"gap": dt.date(2026, 12, 1), "c": 1}

    catalog.provide("P", steps={"look": look})
    drawn = d.drawing(d.start(), d.service("X", "look"), d.gateway("exclusive", "G", "no"), d.task("A"), d.end("E"),
                      d.end("N", outcome="refused"), d.flows("S X G", "A E"),
                      d.flow("G", "A", "=gap &gt; date(&quot;2026-11-30&quot;)"), d.flow("G", "N", id="no"))
    it = ran(world, clock, drawn, ("A", 1))
    found = by(world, it, drawn.replace(b"2026-11-30", b"2026-12-30"))
    assert (found.kind, found.outcome, len(ran_how_often)) == ("outcome", "refused", 1)


def test_a_step_that_failed_and_was_mended_is_as_late_as_it_was(world: World, clock: Any) -> None:
    known: dict[str, Any] = {"do": lambda _step: 1 / 0}
    catalog.provide("P", steps={"book": lambda step: known["do"](step)})
    drawn = d.drawing(d.start(), d.service("X", "book"), d.task("A"), d.end("E"), d.flows("S X A E"))
    it = ran(world, clock, drawn)
    for _ in range(4):
        clock.advance(HOUR)
        world.sweep()
    known["do"] = lambda _step: {"c": 5}
    clock.advance(HOUR)
    world.retry(it)
    clock.advance(HOUR)
    world.do(it, "A", c=1)
    found = compared(world, it)
    assert (found.kind, found.why, found.days) == ("same", None, 0)


def test_an_error_that_a_step_ended_with_is_caught_again(world: World, clock: Any) -> None:
    def refuse(_step: Any) -> None:
        raise BpmnError("full")

    catalog.provide("P", steps={"ask": refuse})
    drawn = d.drawing(d.start(), d.service("X", "ask"), d.boundary("F", "X", d.error("e")), d.task("A"), d.end("E"),
                      d.end("N", outcome="full"), d.flows("S X E", "F A N"), errors={"e": "full"})
    assert compared(world, ran(world, clock, drawn, ("A", 1))).outcome == "full"


def test_what_people_moved_by_hand_or_skipped_is_not_played(world: World, clock: Any) -> None:
    drawn = d.drawing(d.start(), d.task("A"), d.gateway("exclusive", "G"), d.task("B"), d.end("E"), d.end("N"),
                      d.flows("S A G", "B E"), d.flow("G", "B", "=c = 9", id="way"), d.flow("G", "N", "=c = 8"))
    it = ran(world, clock, drawn, ("A", 1))
    with unit(world.engine) as session:
        repair.skip(session, repair.troubles(session, it)[0].id, by=HAN, reason="x", along="way")
    world.do(it, "B")
    found = compared(world, it)
    assert found.kind == "unknown" and found.why is not None and found.why.rule == "incident"


def test_of_an_instance_older_than_the_records_nothing_is_told(world: World, clock: Any) -> None:
    it = ran(world, clock, TWO, ("A", 0))
    with unit(world.engine) as session:
        session.execute(delete(Given))
    found = compared(world, it)
    assert found.why is not None and (found.kind, found.why.rule) == ("unknown", "older")


def test_a_record_is_the_same_when_it_is_read_back(world: World, clock: Any) -> None:
    it = ran(world, clock, TIMED, ("A", 1), day=dt.date(2026, 12, 1))
    with reading(world.engine) as session:
        [record] = recording.records(session, [it])
    assert isinstance(record, recording.Record)
    record.started_by = None
    assert written.load(written.dump(record)) == record
