"""A countersign that counts: it ends when it is decided, and is counted again when somebody joins, leaves, changes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog
from engine.model import Instance, Task
from engine.operations import modification
from engine.operations.modification import BackTo
from engine.usertasks import members, tasks
from engine.usertasks.assigning import Addressee
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import AlreadyDone
from ledger.facts import Fact
from tests.engine.conftest import BOSS, HAN, LI, World, person
from tests.engine.drawings import drawing, end, flow, flows, gateway, loop, start, task
from tests.reliability.invariants import violations

pytestmark = pytest.mark.usefixtures("cold")
FOURTH, FIFTH = person(15, "周四"), person(16, "吴五")


def vote(rule: str = "all", sequential: bool = False, **more: str) -> bytes:
    """People `who` vote at A; B when it passed, C when not."""
    said = {"vote": rule, "voteResult": "result", "voteWeight": "=one.weight", "voteVeto": "=one.veto", **more}
    rounds = loop("=who", "one", sequential=sequential)
    asked = task("A", rounds, groups="", assignee="=one.person_id", gives={}, **said)
    return drawing(start(), asked, gateway("exclusive", "G", default="no"), task("B"), task("C"), end(), end("E2"),
                   flows("S A G", "B E", "C E2"), flow("G", "B", "=result.passed"), flow("G", "C", id="no"))


def people(*actors: Any, weights: tuple[int, ...] = (), veto: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    return [{"person_id": one.id, "weight": weights[place] if weights else 1, "veto": place in veto}
            for place, one in enumerate(actors)]


def say(world: World, it: int, who: Any, verdict: str) -> None:
    number = mine(world, it, who)
    with unit(world.engine) as session:
        tasks.complete(session, number, who, {"verdict": verdict})


def mine(world: World, it: int, who: Any) -> int:
    return next(one.id for one in world.open(it) if one.element_id == "A" and one.assignee_id == who.id)


def voters(world: World, it: int) -> list[int | None]:
    return sorted(one.assignee_id or 0 for one in world.open(it) if one.element_id == "A")


def ended(world: World, it: int) -> list[str | None]:
    with reading(world.engine) as session:
        return list(session.scalars(select(Task.ended_how).where(
            Task.instance_id == it, Task.state == "cancelled").order_by(Task.id)))


def sound(world: World) -> None:
    with reading(world.engine) as session:
        assert violations(session) == []


def test_all_must_agree_and_the_first_no_ends_it_for_the_others(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI, BOSS))
    say(world, it, HAN, "agree")
    assert world.names(it) == ["A", "A"]
    say(world, it, LI, "disagree")
    assert world.names(it) == ["C"] and ended(world, it) == ["vote_over"]
    sound(world)


def test_one_agreement_is_enough_and_whoever_comes_later_reads_why(world: World) -> None:
    it = world.run(vote("any"), who=people(HAN, LI))
    late = mine(world, it, LI)
    say(world, it, HAN, "agree")
    assert world.names(it) == ["B"]
    with unit(world.engine) as session, pytest.raises(tasks.Over) as told:
        tasks.complete(session, late, LI, {"verdict": "agree"})
    assert told.value.fate.how == "vote_over"


def test_weights_decide_by_percent_and_the_result_is_a_variable(world: World) -> None:
    it = world.run(vote("percent", votePercent="60"), who=people(HAN, LI, BOSS, weights=(3, 1, 1)))
    say(world, it, LI, "abstain")
    say(world, it, HAN, "pass")
    result = world.variables(it)["result"]
    assert world.names(it) == ["B"]
    assert (result["passed"], result["yes"], result["abstain"], result["weight_yes"], result["weight_all"]) == (
        True, 1, 1, 3, 5)


def test_a_veto_alone_ends_it_and_a_yes_waits_for_whoever_has_one(world: World) -> None:
    it = world.run(vote("any"), who=people(HAN, LI, veto=(1,)))
    say(world, it, HAN, "agree")
    assert world.names(it) == ["A"]
    say(world, it, LI, "disagree")
    assert world.names(it) == ["C"] and world.variables(it)["result"]["vetoed"] is True


def test_one_after_the_other_it_ends_early_too(world: World) -> None:
    it = world.run(vote("any", sequential=True), who=people(HAN, LI, BOSS))
    say(world, it, HAN, "disagree")
    assert voters(world, it) == [LI.id]
    say(world, it, LI, "agree")
    assert world.names(it) == ["B"]


def test_a_vote_that_waits_for_all_is_not_over_before(world: World) -> None:
    it = world.run(vote("any", voteEarly="false"), who=people(HAN, LI))
    say(world, it, HAN, "agree")
    assert world.names(it) == ["A"]
    say(world, it, LI, "disagree")
    assert world.names(it) == ["B"]


def test_when_somebody_leaves_it_is_counted_again(world: World) -> None:
    it = world.run(vote("percent", votePercent="60"), who=people(HAN, LI, BOSS))
    say(world, it, HAN, "agree")
    say(world, it, LI, "disagree")
    with unit(world.engine) as session:
        members.join(session, mine(world, it, BOSS), Addressee(FOURTH.id, FOURTH.name), by=SYSTEM, reason="再请一位")
    say(world, it, FOURTH, "agree")  # two of four agree, one of them is still to speak
    assert world.names(it) == ["A"]
    with unit(world.engine) as session:
        members.leave(session, mine(world, it, BOSS), by=SYSTEM, reason="离职")
    assert world.names(it) == ["B"] and world.variables(it)["result"]["left"] == 1
    sound(world)


def test_whoever_leaves_and_thereby_decides_it_reads_that_they_left(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI))
    say(world, it, HAN, "agree")
    with unit(world.engine) as session:
        members.leave(session, mine(world, it, LI), by=SYSTEM, reason="回避")
    assert world.names(it) == ["B"] and ended(world, it) == ["vote_left"]


def test_the_last_member_cannot_leave_but_can_be_replaced(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI, weights=(1, 4)))
    with unit(world.engine) as session:
        members.leave(session, mine(world, it, HAN), by=SYSTEM, reason="回避")
    with unit(world.engine) as session, pytest.raises(members.LastMember):
        members.leave(session, mine(world, it, LI), by=SYSTEM, reason="回避")
    with unit(world.engine) as session:
        members.replace(session, mine(world, it, LI), Addressee(FIFTH.id, FIFTH.name), by=SYSTEM, reason="换人")
    assert voters(world, it) == [FIFTH.id]
    say(world, it, FIFTH, "agree")
    assert world.names(it) == ["B"] and world.variables(it)["result"]["weight_all"] == 4
    sound(world)


def test_somebody_who_votes_already_is_not_asked_twice(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI))
    with unit(world.engine) as session, pytest.raises(members.MemberAlready):
        members.join(session, mine(world, it, HAN), Addressee(LI.id, LI.name), by=SYSTEM, reason="")
    assert voters(world, it) == [HAN.id, LI.id]


def test_who_votes_is_told_with_what_they_said(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI, weights=(2, 1)))
    say(world, it, HAN, "agree")
    with reading(world.engine) as session:
        instance = session.get_one(Instance, it)
        assert members.running(session, instance) == ["A"]
        found = members.members(session, instance, "A")
    assert [(one["person_id"], one["weight"], one["said"]) for one in found] == [(HAN.id, 2, "yes"), (LI.id, 1, None)]


def test_a_vote_that_is_over_has_no_members_to_change(world: World) -> None:
    it = world.run(vote("any"), who=people(HAN, LI))
    number = mine(world, it, HAN)
    say(world, it, HAN, "agree")
    with unit(world.engine) as session, pytest.raises(AlreadyDone):
        members.leave(session, number, by=SYSTEM, reason="")


def test_a_vote_that_is_taken_back_is_empty_again(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI, BOSS))
    number = mine(world, it, HAN)
    say(world, it, HAN, "agree")
    with unit(world.engine) as session:
        modification.apply(session, it, [BackTo(number)], by=SYSTEM, reason="重新表态")
    assert voters(world, it) == [HAN.id, LI.id, BOSS.id]
    for one in (LI, BOSS):
        say(world, it, one, "agree")
    assert world.names(it) == ["A"]  # the vote that was taken back is not counted
    say(world, it, HAN, "agree")
    assert world.names(it) == ["B"]


def test_the_end_of_a_vote_is_a_fact_with_its_numbers(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI))
    say(world, it, HAN, "disagree")
    with reading(world.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "vote.closed")).one().after or {}
    assert (told["verdict"], told["yes"], told["no"]) == ("vote_failed", 0, 1)


@pytest.mark.parametrize(("said", "words"), [
    ({"vote": "most"}, "没有会签规则"), ({"vote": "percent", "voteResult": "r"}, "没有写会签比例"),
    ({"vote": "all"}, "会签结果没有写到变量里"), ({"voteResult": "r"}, "没有写 licet:vote"),
    ({"vote": "all", "voteResult": "r", "voteWeight": "=1 +"}, "表达式有误"),
    ({"vote": "percent", "votePercent": "120", "voteResult": "r"}, "须大于 0"),
])
def test_the_lint_refuses_a_vote_that_cannot_be_counted(said: dict[str, str], words: str) -> None:
    bad = drawing(start(), task("A", loop("=who", "one"), groups="", assignee="=one", gives={}, **said), end(),
                  flows("S A E"))
    assert any(words in found.zh for found in catalog.check({"d.bpmn": bad}))


def test_a_vote_of_one_is_refused() -> None:
    bad = drawing(start(), task("A", vote="all", voteResult="r"), end(), flows("S A E"))
    assert any("不是会签" in found.zh for found in catalog.check({"d.bpmn": bad}))


def test_when_nobody_weighs_anything_it_halts_and_says_so(world: World) -> None:
    it = world.run(vote(), who=people(HAN, weights=(0,)))
    assert "权重合计为零" in world.incidents(it)[0][1]
