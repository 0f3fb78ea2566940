"""The planted bugs: each takes one promise out of the running product, and the harness must notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from tests.reliability.planted import unlocked


def no_lock() -> None:
    """Nobody locks the instance, and nobody looks at versions before writing."""
    from engine import rows, run
    from engine.model import Instance, Timer
    from engine.time import timers
    from engine.usertasks import tasks

    run.LOCK = unlocked(run.LOCK)
    run.SAVE = update(run.INSTANCE).where(run.INSTANCE.c.id == bindparam("of_id")).values(
        {name: bindparam(name) for name in run.KEPT})
    tasks.BOTH = unlocked(tasks.BOTH)
    tasks.changing = lambda names: update(rows.TASK).where(rows.TASK.c.id == bindparam("of_task")).values(
        {name: bindparam(name) for name in names})

    def claim(session: Session, timer_id: int) -> Instance | None:
        owner = select(Timer.instance_id).where(Timer.id == timer_id).scalar_subquery()
        return session.scalar(select(Instance).where(Instance.id == owner))

    timers._claim = claim


def outside() -> None:
    """What an answer means is committed before the process moves: two transactions where there must be one."""
    from workflows.handling import desk

    drop = desk.drop_draft

    def commit_first(session: Session, *more: Any) -> None:
        drop(session, *more)
        session.commit()

    desk.drop_draft = commit_first


def halves() -> None:
    """A ledger enters in two transactions: the certificates, then what says which rows they came from."""
    from registry.intake.entry import committing

    link = committing.write_links

    def commit_first(session: Session, *more: Any) -> None:
        session.commit()
        link(session, *more)

    committing.write_links = commit_first


PLANTS: dict[str, Callable[[], None]] = {"no-lock": no_lock, "outside": outside, "halves": halves}
