"""Countersigns counted again: from the tasks of the members and the rule as it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import run
from engine.dialect.rounds import MultiInstance
from engine.model import Instance, Task
from engine.usertasks import members
from tests.reliability.duties import Countersign
from tests.reliability.truths import Told


@dataclass(frozen=True)
class Ballot:
    weight: int
    veto: bool
    said: str | None


def passes(rule: Countersign, ballots: Sequence[Ballot], silent: str) -> bool:
    """Whether it has passed, were every silent member to say the same."""
    here = [(one, one.said or silent) for one in ballots if one.said != "left"]
    yes = [one for one, said in here if said == "yes"]
    if any(one.veto and said == "no" for one, said in here):
        return False
    if rule.rule == "all":
        return bool(here) and len(yes) == len(here)
    if rule.rule == "any":
        return bool(yes)
    whole = sum(one.weight for one, _ in here)
    return whole > 0 and 100 * sum(one.weight for one in yes) >= rule.percent * whole


def said_by(told: Told, row: Task) -> str | None:
    """What the task of a member says: only what was answered and was not undone."""
    if row.state == "completed" and row.id not in told.undone:
        verdict = told.answers[row.id].get("verdict")
        return {"agree": "yes", "abstain": "abstain"}.get(verdict, "no")
    return "left" if row.ended_how == "vote_left" else None


def votes_are_counted_as_cast(told: Told) -> Iterator[str]:
    """A countersign that runs knows of each member what their task says, and is over as soon as it is decided."""
    instance = told.session.get_one(Instance, told.scene.it)
    if instance.state != "active":
        return
    for token in run.read_only(told.session, instance).tokens():
        if not isinstance(token.task_spec, MultiInstance) or "votes" not in token.internal_data:
            continue
        element = token.task_spec.bpmn_id
        rows = {row.round: row for row in told.rows
                if row.element_id == element and row.role == "drawn" and row.token > token.thread_id}
        known = [one["said"] for one in members.members(told.session, instance, element)]
        hands = Counter(row.completed_by for row in rows.values()
                        if row.state == "completed" and row.id not in told.undone)
        if hands and max(hands.values()) > 1:
            yield f"somebody voted twice in the countersign {element}: {dict(hands)}"
        told_ = [said_by(told, rows[index]) if index in rows else None for index in range(len(known))]
        if known != told_:
            yield f"the countersign {element} counts {known}, the tasks of its members say {told_}"
        rule = told.scene.sheet.votes[element]
        ballots = [Ballot(int(vote[0]), vote[1], said) for vote, said in zip(
            token.internal_data["votes"], told_, strict=True)]
        if rule.early and passes(rule, ballots, "yes") == passes(rule, ballots, "no"):
            yield f"the countersign {element} is decided by {ballots} and goes on"


def results_are_what_was_said(told: Told) -> Iterator[str]:
    """Each countersign that has just ended ended as its ballots say, and the way went on accordingly."""
    closed = [(fact, after) for fact, after in told.of("vote.closed") if fact.id > told.scene.closed]
    for element in {after["element"] for _, after in closed}:
        last, after = [(fact, after) for fact, after in closed if after["element"] == element][-1]
        told.scene.closed = max(told.scene.closed, last.id)
        rule = told.scene.sheet.votes[element]
        rows = _last_round(told, element, after)
        ballots = [_ballot(told, rule, row) for row in rows.values()]
        if rule.sequential:  # whoever was not asked yet when it was decided
            ballots += [Ballot(one["weight"], one["veto"], None) for one in rule.members[len(rows):]]
        heads = Counter(one.said for one in ballots if one.said)
        if {key: after[key] for key in ("yes", "no", "abstain", "left")} != {
                key: heads[key] for key in ("yes", "no", "abstain", "left")}:
            yield f"the countersign {element} ended with {after}, its tasks say {dict(heads)}"
        passed, silent = after["verdict"] == "vote_passed", "no" if after["verdict"] == "vote_passed" else "yes"
        begun_all = not any(one.said is None for one in ballots) or rule.early
        if passes(rule, ballots, silent) != passed or not begun_all:
            yield f"the countersign {element} ({rule}) ended {after['verdict']}, its ballots are {ballots}"
        sides = [row for row in told.rows if row.element_id in (rule.passed, rule.failed) and row.role == "drawn"]
        if sides and sides[-1].element_id != (rule.passed if passed else rule.failed):
            yield f"after {element} {after['verdict']} the way went to {sides[-1].element_id}"


def _last_round(told: Told, element: str, after: Mapping[str, Any]) -> dict[int | None, Task]:
    """The newest task of each member of the last countersign of this element."""
    rows = [row for row in told.rows if row.element_id == element and row.role == "drawn"]
    firsts = told.scene.last_body(told.session, element)
    return {row.round: row for row in rows if row.token > firsts}


def _ballot(told: Told, rule: Countersign, row: Task) -> Ballot:
    """The weight and veto of a member stand with the item that their task was made from."""
    one = (row.inputs or {})["one"]
    return Ballot(int(one["weight"]), bool(one["veto"]), said_by(told, row))


COUNTED = (votes_are_counted_as_cast, results_are_what_was_said)
