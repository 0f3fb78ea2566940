"""Deeds of going back, and of the clock: return, take back, withdraw, call off, reopen; pause, resume, extend, wait."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.returns import giving_back, reopening, taking_back
from engine.returns.giving_back import Target
from engine.time import pausing
from ledger.actor import Actor
from tests.engine.conftest import ANNA, BOSS
from tests.reliability.scene import Scene
from tests.reliability.verbs import DEEDS, OFTEN


def _some(scene: Scene, found: list[Target]) -> Target | None:
    """One of the steps, mostly one that is not refused."""
    good = [each for each in found if each.refused is None]
    return scene.random.choice(good if good and scene.random.random() < 0.9 else found) if found else None


def _completed(session: Session, scene: Scene) -> list[Task]:
    return list(session.scalars(select(Task).where(
        Task.instance_id == scene.it, Task.state == "completed", Task.role == "drawn").order_by(Task.id)))


def _return(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    to = _some(scene, giving_back.targets(session, task.id, by))
    if to is None:
        return None
    giving_back.give_back(session, task.id, to.task_id, by=by, reason="材料不齐", straight=scene.random.random() < 0.7,
                          version=task.version, instance_version=to.preview.version if to.refused is None else None)
    return {"task.returned": 1}


def _take_back(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    done = [each for each in _completed(session, scene)[-3:] if each.completed_by is not None]
    if not done:
        return None
    mine = scene.random.choice(done)
    known = any(one.id == mine.completed_by for one in scene.people())
    taking_back.take_back(session, mine.id, by=scene.actor(mine.completed_by or 0) if known else by)
    return {"task.taken_back": 1}


def _withdraw(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    """The applicant has it again, at the first task (which is theirs in every drawing of the house)."""
    first = next((each for each in reversed(_completed(session, scene))
                  if each.element_id == "u1" and each.undone_at is None), None)
    if first is None:
        return None
    taking_back.withdraw(session, scene.it, first.id, by=ANNA, reason="写错了")
    return {}


def _call_off(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    if scene.random.random() < 0.5:
        return None
    taking_back.call_off(session, scene.it, by=ANNA, reason="不办了", outcome="called_off")
    return {"instance.terminated": 1}


def _reopen(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    to = _some(scene, reopening.targets(session, scene.it))
    if to is None:
        return None
    reopening.reopen(session, scene.it, to.task_id, by=BOSS, reason="主管部门要求补充核对")
    return {"instance.reopened": 1}


def _pause(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    pausing.pause(session, task.id, by=by, reason="等申请人补正")
    return {"clock.paused": 1}


def _resume(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    pausing.resume(session, task.id, by=by)
    return {"clock.resumed": 1}


def _extend(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    pausing.extend(session, task.id, scene.random.randint(1, 5), by=by, reason="需要现场核查")
    return {"clock.extended": 1}


def _wait(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    """Time goes by, from minutes to days; what is due then happens when the deed is over (see `settle`)."""
    hours = scene.random.choice((0, 0, 1, 5, 20, 50))
    scene.clock.advance(timedelta(hours=hours, minutes=scene.random.randint(1, 8)))
    return {}


DEEDS |= {"return": _return, "take back": _take_back, "withdraw": _withdraw, "call off": _call_off, "reopen": _reopen,
          "pause": _pause, "resume": _resume, "extend": _extend, "wait": _wait}
OFTEN |= {"return": 2, "take back": 2, "wait": 2}
__all__ = ["DEEDS"]
