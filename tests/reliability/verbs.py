"""Deeds of people with tasks, done at random: handing on, signing, voting, and the hands of those who are away.

Rooms add their deeds to DEEDS; going back and clocks are in verbs_back.py. What must be true after each: truths.py.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import OPEN, Task
from engine.usertasks import assigning, members, signing, tasks
from engine.usertasks.hands import Addressee, TaskPlan
from ledger.actor import SYSTEM, Actor
from ledger.db import unit
from ledger.errors import Refused
from tests.engine.conftest import BOSS
from tests.engine.hands import to
from tests.reliability import verbs_asked
from tests.reliability.duties import PEOPLE
from tests.reliability.scene import Deed, Scene
from workflows.absence import passing

VERDICTS = ("agree", "agree", "agree", "disagree", "abstain")


def answers(scene: Scene, task: Task) -> dict[str, object]:
    """What somebody might answer; never twice the same, so that what rests on it can be told."""
    if task.role == "correction":
        return {"verdict": "answer", "x": scene.random.choice((1, 1, 2)), "nonce": scene.random.random()}
    if task.role != "drawn":
        return {"verdict": scene.random.choice(("agree", "agree", "disagree"))}
    return {"verdict": scene.random.choice(VERDICTS), "c": scene.random.choice(range(10)),
            "x": scene.random.choice((1, 1, 1, 2)), "nonce": scene.random.random()}


def _complete(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    return hand_in(session, task, by, answers(scene, task))


def hand_in(session: Session, task: Task, by: Actor, said: dict[str, object]) -> dict[str, int]:
    """Somebody answers a task; the facts that it leaves beside task.completed."""
    if task.owner_id is not None and task.assignee_id == by.id:
        assigning.resolve(session, task.id, by=by, answers=said)
        return {"task.delegation_ended": 1}
    before = task.assignee_id
    resumes = task.role == "correction" and verbs_asked.resumes(session, task)
    done = tasks.complete(session, task.id, by, said)
    if task.role == "correction":
        verbs_asked.all_are_asked(session, task.instance_id)
        return {"correction.answered": 1, "clock.resumed": int(resumes)}
    return {"task.claimed": 1} if done.hold == "after" and before != by.id else {}


def _claim(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    before = task.assignee_id
    tasks.claim(session, task.id, by)
    return None if before == by.id else {"task.claimed": 1}


def _release(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    tasks.release(session, task.id, by)
    return {"task.released": 1}


def _transfer(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    assigning.transfer(session, task.id, scene.other(by), by=by, reason="出差")
    return {"task.transferred": 1}


def _delegate(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    assigning.delegate(session, task.id, scene.other(by), by=by, question="请核对")
    return {"task.delegated": 1}


def _recall(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    assigning.recall(session, task.id, by=by)
    return {"task.delegation_ended": 1}


def _reassign(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    assigning.reassign(session, task.id, scene.other(by), by=BOSS, reason="离职")
    return {"task.reassigned": 1}


def _ask(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    random = scene.random
    others = [to(one) for one in random.sample([one for one in PEOPLE if one.id != by.id], random.randint(1, 2))]
    signing.ask(session, task.id, others, random.choice(("before", "after")), by=by, in_order=random.random() < 0.5)
    return {"task.sign_asked": len(others)}


def _drop(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    plans = list(session.scalars(select(TaskPlan.id).where(TaskPlan.task_id == task.id).order_by(TaskPlan.id)))
    if not plans:
        return None
    signing.drop(session, scene.random.choice(plans), by=by, reason="不等了")
    return {"task.sign_dropped": 1}


# who votes
def _member(session: Session, scene: Scene) -> int:
    """An open task of a countersign; 0 where none runs."""
    found = list(session.scalars(select(Task.id).where(
        Task.instance_id == scene.it, Task.state == OPEN, Task.role == "drawn",
        Task.element_id.in_(list(scene.sheet.votes))).order_by(Task.id)))
    return scene.random.choice(found) if found else 0


def _join(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    number = _member(session, scene)
    if not number:
        return None
    members.join(session, number, scene.other(by), by=BOSS, reason="也要听他的意见",
                 weight=scene.random.randint(1, 3), veto=scene.random.random() < 0.2)
    return {"vote.joined": 1}


def _leave(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    number = _member(session, scene)
    if not number:
        return None
    members.leave(session, number, by=BOSS, reason="离职")
    return {"vote.left": 1}


def _replace(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    number = _member(session, scene)
    if not number:
        return None
    members.replace(session, number, scene.other(by), by=BOSS, reason="离职")
    return {"vote.left": 1, "vote.joined": 1}


# who is away
def _away(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    """Somebody goes away, and somebody stands in for them."""
    here = [one for one in PEOPLE if one.id not in scene.away]
    if len(here) < 4:
        return None
    absent, substitute = scene.random.sample(here, 2)
    scene.away[absent.id or 0] = substitute.id or 0
    return {}


def _home(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    """Somebody is here again: what the substitute holds for them goes back (absence.ending does it so)."""
    if not scene.away:
        return None
    absent = scene.random.choice(sorted(scene.away))
    substitute = scene.away.pop(absent)
    name = next(one.name for one in PEOPLE if one.id == absent)
    held = session.scalars(select(Task.id).where(
        Task.instance_id == scene.it, Task.state == OPEN, Task.assignee_id == substitute, Task.for_id == absent))
    for number in held.all():
        found = passing.locked(session, number)
        if found is not None:
            passing.put(session, "task.returned_after_absence", *found, Addressee(absent, name), by=SYSTEM)
    return {}


DEEDS: dict[str, Deed] = {
    "claim": _claim, "release": _release, "complete": _complete, "transfer": _transfer, "delegate": _delegate,
    "recall": _recall, "reassign": _reassign, "ask": _ask, "drop": _drop, "join": _join, "leave": _leave,
    "replace": _replace, "away": _away, "home": _home, **verbs_asked.DEEDS,
}
OFTEN = {"complete": 12, "claim": 3, "delegate": 2, "away": 2}
"""What is done more often than the rest."""


def deed(scene: Scene) -> str | None:
    """Somebody does something; the deed's name, None when it was refused or there was nothing to do it with."""
    random, open_ = scene.random, scene.world.open(scene.it)
    names = [name for name in DEEDS for _ in range(OFTEN.get(name, 1))] if open_ else ["reopen"]
    name = random.choice(names)
    task = random.choice(open_) if open_ else None
    by = random.choice(PEOPLE).id or 0
    if task is not None and random.random() < 0.7:
        by = next((one.id or 0 for one in random.sample(PEOPLE, len(PEOPLE)) if _likely(scene, task, one)), by)
    if task is not None and task.owner_id is not None and random.random() < 0.5:
        name = "complete"  # a delegation comes to something
    try:
        with unit(scene.world.engine) as session:
            found = session.get_one(Task, task.id) if task is not None else Task()
            left = DEEDS[name](session, scene, found, scene.actor(by))
    except Refused:
        return None
    if left is None:
        return None
    scene.due += left  # type: ignore[arg-type]
    scene.done[name] += 1
    return name


def _likely(scene: Scene, task: Task, one: Actor) -> bool:
    """Holds it, or stands in for whom it is; where it is free, it is offered to their roles."""
    if task.assignee_id is None:
        return not one.groups.isdisjoint(task.offer)
    return one.id in (task.assignee_id, scene.away.get(task.assignee_id))


__all__ = ["DEEDS", "OFTEN", "answers", "deed", "hand_in"]
