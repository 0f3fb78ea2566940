"""Tokens that cannot go on: a step that fails is tried again with growing pauses, then a person has to decide.

The act itself stands: whoever completed the task before the failing step has completed it. A halted token keeps its
place; `internal_data["halt"]` says what it could not do (arrive, work, give, leave, stuck), "tries" how often it was
tried.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import causes
from engine.dialect.nodes import ARRIVING, GIVING, LEAVING, READY, STARTED, STUCK, Fault, Node, Token, restart
from engine.operations import incidents
from engine.time.deadlines import ADD_TIMER, timer
from feel import FeelError
from ledger.errors import Refused

if TYPE_CHECKING:
    from engine.run import Act

PAUSE = dt.timedelta(minutes=5)


class StepFailed(Exception):
    """A step raised what it should not have; its own writes are undone, and it is tried again."""

    def __init__(self, element_id: str, cause: Exception) -> None:
        self.element_id, self.cause = element_id, cause
        super().__init__(element_id)


@dataclass(frozen=True)
class Halt:
    """A token that stopped in this act."""

    token: Token
    error: Exception

    @property
    def again(self) -> bool:
        """Whether trying again may help without a person: only where a step failed, and while it has retries left."""
        words = self.token.task_spec.words
        return isinstance(self.error, StepFailed) and self.token.internal_data["tries"] < words.retries


def halt(token: Token, phase: str, error: Exception) -> Halt:
    """Stop a token where it is."""
    if phase != STUCK:
        token._set_state(STARTED)
    token.internal_data["halt"] = phase
    token.internal_data["tries"] = token.internal_data.get("tries", 0) + 1
    return Halt(token, error)


def resume(token: Token) -> None:
    """Let a halted token try again what it could not do."""
    phase = token.internal_data.pop("halt", None)
    if phase == ARRIVING:
        restart(token)
    elif phase == GIVING:
        token.task_spec.hand_on(token, token.internal_data.pop("given"))
    elif phase == LEAVING:
        token.complete()
    elif phase is not None and phase != STUCK:
        token._set_state(READY)


def write(act: Act) -> None:
    """The rows of what halted in this act: a timer that tries again, or an incident."""
    for each in act.halts:
        if "halt" not in each.token.internal_data:
            continue
        spec: Node = each.token.task_spec
        if each.again:
            tries = each.token.internal_data["tries"]
            due = act.now + PAUSE * 2 ** (tries - 1)
            row = timer(act, each.token, spec.bpmn_id, "retry", due, True)
            act.connection.execute(ADD_TIMER, [{**row, "last_error": brief(each.error)}])
        else:
            zh, en = told(each.error)
            incidents.open(act.session, act.instance, spec.bpmn_id, zh, cause_en=en, token=each.token.thread_id)


def told(error: Exception) -> tuple[str, str]:
    """What went wrong in plain words, Chinese and English; never a traceback, never data."""
    if isinstance(error, StepFailed):
        return told(error.cause)
    if isinstance(error, Fault):
        return error.zh, error.en
    if isinstance(error, FeelError):
        return f"表达式有误：{error.message_zh}", f"FEEL: {error.message_en}"
    if isinstance(error, Refused):
        return str(error), str(error)
    return causes.plain(error)


def brief(error: Exception) -> str:
    """The kind of an error and where it was raised, for a row that people look at: its message may be personal."""
    return causes.brief(error.cause if isinstance(error, StepFailed) else error)


__all__ = ["Halt", "StepFailed", "brief", "halt", "resume", "told", "write"]
