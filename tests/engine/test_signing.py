"""Signatures before and after a task, one after the other, nested, and no longer asked for: what each lets happen."""

from __future__ import annotations

import pytest

from engine import instances
from engine.model import TaskAnswer, TaskCandidate
from engine.usertasks import assigning, signing, tasks
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, NotAllowed, NotFound
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import boundary, drawing, end, flows, message, start, task
from tests.engine.hands import (
    ONE,
    TWO,
    WANG,
    ZHAO,
    ask,
    asked,
    complete,
    delegate,
    drop,
    held,
    plans,
    resolve,
    row,
    sign,
    transfer,
)
from tests.reliability.conftest import judge


def answered(world: World, number: int) -> object:
    with reading(world.engine) as session:
        found = session.get(TaskAnswer, number)
        return None if found is None else found.answers


def test_a_task_waits_for_the_signatures_before_it(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "before", HAN, LI, WANG)
    assert (asked(world, it), row(world, number).hold) == (["李雷", "王芳"], "before")
    with pytest.raises(tasks.Waiting, match="正在等 李雷、王芳"):
        complete(world, number, HAN)
    sign(world, it, LI)
    with pytest.raises(tasks.Waiting, match="正在等 王芳"):
        complete(world, number, HAN)
    sign(world, it, WANG, "disagree")
    complete(world, number, HAN, c=1)
    assert world.state(it) == "completed" and judge(world.engine) == []


def test_signers_in_order_sign_one_after_the_other(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "before", HAN, LI, WANG, ZHAO, in_order=True)
    for who in (LI, WANG, ZHAO):
        assert asked(world, it) == [who.name]
        sign(world, it, who)
    assert row(world, number).hold is None and judge(world.engine) == []


def test_what_is_signed_after_counts_when_the_last_one_agrees(world: World) -> None:
    it = world.run(TWO)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI, WANG)
    assert asked(world, it) == []
    complete(world, number, HAN, c=7)
    assert (row(world, number).state, answered(world, number), asked(world, it)) == ("open", None, ["李雷", "王芳"])
    with pytest.raises(tasks.Waiting):
        complete(world, number, HAN, c=8)
    sign(world, it, LI)
    assert world.names(it) == ["A", "A"]
    sign(world, it, WANG)
    done = row(world, number)
    assert (done.state, done.completed_by_name, answered(world, number)) == ("completed", "韩梅", {"c": 7})
    assert (world.names(it), world.variables(it)["c"]) == (["B"], 7)
    assert judge(world.engine) == []


def test_a_disagreement_gives_it_back_to_be_decided_anew(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI, WANG)
    complete(world, number, HAN, c=7)
    sign(world, it, LI)
    sign(world, it, WANG, "disagree", opinion="金额不对")
    assert (row(world, number).hold, asked(world, it)) == (None, [])
    complete(world, number, HAN, c=8)
    assert asked(world, it) == ["李雷", "王芳"]
    sign(world, it, WANG)
    sign(world, it, LI)
    assert (world.state(it), answered(world, number)) == ("completed", {"c": 8}) and judge(world.engine) == []


def test_one_disagreement_cancels_the_other_signatures(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI, WANG)
    complete(world, number, HAN, c=7)
    waiting = next(one.id for one in world.open(it) if one.assignee_id == LI.id)
    sign(world, it, WANG, "disagree")
    with pytest.raises(tasks.Over, match="王芳 .* 因减签而取消"):
        complete(world, waiting, LI, verdict="agree")
    assert judge(world.engine) == []


def test_whoever_signed_does_not_check(world: World) -> None:
    """Four eyes: a signature is a hand in it, before or after."""
    it = world.run(TWO)
    number = held(world, it, HAN)
    ask(world, number, "before", HAN, LI)
    ask(world, number, "after", HAN, WANG)
    sign(world, it, LI)
    complete(world, number, HAN)
    sign(world, it, WANG)
    assert world.open(it)[0].barred == [HAN.id, LI.id, WANG.id] and judge(world.engine) == []


def test_nobody_who_is_barred_is_asked(world: World) -> None:
    it = world.run(TWO)
    world.do(it, "A", by=LI)
    number = held(world, it, HAN)
    with pytest.raises(tasks.FourEyes):
        ask(world, number, "before", HAN, LI)


def test_a_signer_asks_others_in_turn(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI)
    complete(world, number, HAN, c=7)
    inner = next(one.id for one in world.open(it) if one.assignee_id == LI.id)
    ask(world, inner, "before", LI, WANG)
    ask(world, inner, "after", LI, ZHAO)
    with pytest.raises(tasks.Waiting):
        complete(world, inner, LI, verdict="agree")
    sign(world, it, WANG)
    complete(world, inner, LI, verdict="agree")
    assert world.state(it) == "active" and asked(world, it) == ["李雷", "赵敏"]
    sign(world, it, ZHAO)
    assert (world.state(it), answered(world, number)) == ("completed", {"c": 7}) and judge(world.engine) == []


def test_signatures_have_a_depth_and_a_number(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    for by, whom in ((HAN, LI), (LI, WANG), (WANG, ZHAO), (ZHAO, ANNA), (ANNA, BOSS)):
        ask(world, number, "before", by, whom)
        number = world.open(it)[-1].id
    with pytest.raises(signing.TooDeep):
        ask(world, number, "before", BOSS, HAN)
    with pytest.raises(signing.TooMany):
        ask(world, world.open(it)[0].id, "before", HAN, *[LI] * 26)


def test_a_signature_that_is_dropped_is_waited_for_no_more(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    first, second = ask(world, number, "before", HAN, LI, WANG, in_order=True)
    drop(world, first, HAN)
    assert asked(world, it) == ["王芳"]
    drop(world, second, HAN)
    assert row(world, number).hold is None
    with pytest.raises(signing.Dropped, match="王芳"):
        drop(world, second, HAN)
    complete(world, number, HAN)
    assert judge(world.engine) == []


def test_dropping_the_last_signature_after_a_task_completes_it(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    _, second = ask(world, number, "after", HAN, LI, WANG)
    complete(world, number, HAN, c=7)
    sign(world, it, LI)
    drop(world, second, HAN)
    assert (world.state(it), row(world, number).completed_by_name) == ("completed", "韩梅")
    assert judge(world.engine) == []


def test_only_who_asked_or_holds_it_drops_a_signature_and_only_before_it_is_given(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    plan, = ask(world, number, "before", HAN, LI)
    with pytest.raises(NotFound):
        drop(world, plan, ANNA)
    with pytest.raises(NotAllowed):
        drop(world, plan, ZHAO)
    sign(world, it, LI)
    with pytest.raises(AlreadyDone, match="李雷"):
        drop(world, plan, HAN)


def test_dropping_a_signer_drops_whom_they_asked(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    plan, = ask(world, number, "before", HAN, LI)
    inner = world.open(it)[-1].id
    ask(world, inner, "before", LI, WANG)
    drop(world, plan, HAN)
    assert (asked(world, it), row(world, inner).ended_how) == ([], "sign_dropped") and judge(world.engine) == []


def test_what_withdraws_a_task_withdraws_its_signatures(world: World) -> None:
    it = world.run(drawing(start(), task("A"), boundary("back", "A", message("M")), task("B"), end(), end("E2"),
                           flows("S A B E", "back E2"), messages={"M": "withdraw"}))
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI)
    complete(world, number, HAN, c=7)
    world.send(it, "withdraw")
    assert world.open(it) == [] and row(world, number).ended_how == "event"
    with reading(world.engine) as session:
        assert session.query(TaskCandidate).count() == 0
    assert judge(world.engine) == []


def test_the_end_of_the_process_is_the_end_of_its_signatures(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    plan, = ask(world, number, "before", HAN, LI)
    with unit(world.engine) as session:
        instances.terminate(session, it, by=BOSS, reason="不办了")
    with pytest.raises(tasks.Over, match="王总"):
        drop(world, plan, HAN)
    assert judge(world.engine) == []


def test_a_task_that_waits_stays_where_it_is(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI)
    complete(world, number, HAN, c=7)
    for verb in (transfer, delegate):
        with pytest.raises(tasks.Waiting, match="李雷"):
            verb(world, number, WANG, HAN)
    with pytest.raises(tasks.Waiting), unit(world.engine) as session:
        tasks.release(session, number, HAN)
    with pytest.raises(tasks.Waiting):
        ask(world, number, "before", HAN, WANG)


def test_a_delegate_asks_nobody_to_sign(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    delegate(world, number, LI, HAN)
    with pytest.raises(tasks.Delegated):
        ask(world, number, "before", LI, WANG)
    resolve(world, number, LI)
    ask(world, number, "before", HAN, WANG)
    assert asked(world, it) == ["王芳"]


def test_a_group_that_gets_the_task_back_hands_it_in_for_signatures(world: World) -> None:
    """Asked for, put back, and done by another one: the signers still sign after it."""
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI)
    with unit(world.engine) as session:
        tasks.release(session, number, HAN)
    complete(world, number, WANG, c=3)
    assert row(world, number).assignee_name == "王芳" and judge(world.engine) == []
    sign(world, it, LI)
    assert row(world, number).completed_by_name == "王芳" and judge(world.engine) == []


def test_what_the_drawing_assigned_is_handed_in_by_its_holder(world: World) -> None:
    it = world.run(drawing(start(), task("A", groups="", assignee="12"), end(), flows("S A E")))
    number = world.open(it)[0].id
    ask(world, number, "after", HAN, LI)
    complete(world, number, HAN, c=3)
    assert row(world, number).assignee_id == HAN.id and judge(world.engine) == []
    sign(world, it, LI)
    assert row(world, number).completed_by_name == HAN.name and judge(world.engine) == []


def test_a_page_from_before_the_signature_reads_who_signed(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "before", HAN, LI)
    version = row(world, number).version
    sign(world, it, LI)
    with pytest.raises(tasks.Moved, match="李雷 于 .* 签了意见"), unit(world.engine) as session:
        tasks.complete(session, number, HAN, {}, version=version)


def test_a_hand_over_moves_a_signature_too(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    ask(world, number, "before", HAN, LI)
    child = world.open(it)[-1].id
    with unit(world.engine) as session:
        assigning.reassign(session, child, assigning.Addressee(WANG.id or 0, WANG.name), by=BOSS, reason="离职")
    sign(world, it, WANG)
    assert row(world, number).hold is None and [one.person_name for one in plans(world, number)] == ["李雷"]
    assert judge(world.engine) == []


