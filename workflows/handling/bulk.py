"""One verb on several tasks: a result for each, and none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from engine.model import DRAWN, Task
from engine.usertasks import tasks
from forms.check import check
from forms.schema import Form, Verdict, label_of
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, Refused
from workflows.applying.checks import checks_for
from workflows.handling import assigning, desk
from workflows.handling.desk import Desk

MOST = 20
PATIENCE = 2
"""So many tasks may meet a database that is busy (5 s each) before the others are not tried any more."""
YES = "a"
"""The key of the verdict that lets a request pass, in every form that has one."""


class NotInBulk(Conflict):
    """“{name}”要打开逐项填写，不能批量办理。"""


class Busy(Conflict):
    """数据库正忙，这一项没有办。请稍后再试。"""


class TooMany(Conflict):
    """一次最多办理 {most} 项。"""


@dataclass(frozen=True)
class Asked:
    """What is asked for beside the verb: an opinion for approvals; whom it goes to, and why."""

    opinion: str = ""
    to: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Done:
    """What became of one task; `labels` names the fields that a BadAnswer speaks of."""

    task: Task
    title: str
    name: str
    refused: Refused | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.refused is None


Do = Callable[[Session, Actor, Task, int | None, Asked], object]


def bulk(session: Session, actor: Actor, verb: str, items: Iterable[tuple[int, int | None]], *,
         asked: Asked | None = None) -> list[Done]:
    """Do it to each (task id, version the page knew), behind a savepoint of its own; the results in the order asked.

    `verb` is a key of VERBS. A task that is none of the actor's business refuses the whole (NotFound), more than 20
    are refused (TooMany); whatever else speaks against one task stands in its result.
    """
    wanted = dict(items)
    if len(wanted) > MOST:
        raise TooMany(most=MOST)
    found = [tasks.get(session, number, actor, reading=False) for number in wanted]
    done: dict[int, Done] = {}
    for task in sorted(found, key=lambda one: (one.instance_id, one.id)):  # one order of locks for everybody
        busy = sum(isinstance(one.refused, Busy) for one in done.values())
        refused = Busy() if busy >= PATIENCE else None
        done[task.id] = _one(session, actor, VERBS[verb], task, wanted[task.id], asked or Asked(), refused)
    return [done[number] for number in wanted]


def _one(session: Session, actor: Actor, do: Do, task: Task, version: int | None, asked: Asked,
         refused: Refused | None) -> Done:
    title, name = task.title, task.name
    try:
        if refused is None:
            with session.begin_nested():
                do(session, actor, task, version, asked)
    except Refused as error:
        refused = error
    except StaleDataError:
        refused = Conflict()
    except OperationalError:
        refused = Busy()
    labels = _labels(session, actor, task) if isinstance(refused, BadAnswer) else {}
    return Done(task, title, name, refused, labels)


def _labels(session: Session, actor: Actor, task: Task) -> dict[str, str]:
    fields = desk.open_task(session, actor, task.id).form.fields()
    return {str(one.get("key") or one.get("path")): label_of(one) for one in fields}


# the verbs
def _claim(session: Session, actor: Actor, task: Task, _version: int | None, _asked: Asked) -> object:
    return tasks.claim(session, task.id, actor)


def _release(session: Session, actor: Actor, task: Task, _version: int | None, _asked: Asked) -> object:
    return tasks.release(session, task.id, actor)


def _approve(session: Session, actor: Actor, task: Task, version: int | None, asked: Asked) -> object:
    tasks.take(session, task.id, actor, version=version)  # whoever is too late reads that first
    opened = desk.open_task(session, actor, task.id)
    verdict = yes(opened)
    if verdict is None:
        raise NotInBulk(name=task.name)
    answers: dict[str, Any] = {"verdict": verdict.value}
    if asked.opinion and any(one.get("key") == "opinion" for one in opened.form.fields()):
        answers["opinion"] = asked.opinion
    return desk.complete(session, actor, task.id, answers, version=version)


def _hand(session: Session, actor: Actor, task: Task, version: int | None, asked: Asked) -> object:
    return assigning.hand(session, actor, task, asked.to, reason=asked.reason, version=version)


VERBS: dict[str, Do] = {"claim": _claim, "approve": _approve, "release": _release, "hand": _hand}
"""What can be done to many; rooms add theirs."""


def yes(opened: Desk) -> Verdict | None:
    """The verdict that lets the request pass, where the form of the task has one; a task that another one waits for
    has one only where it is a signature."""
    if opened.task.role != DRAWN and opened.task.form_key != "sign":
        return None
    return next((one for one in opened.form.verdicts if one.value in _keyed(opened.form) and not one.confirm), None)


def _keyed(form: Form) -> set[str]:
    return {str(one["value"]) for one in form.schema.get("licet:verdicts", ()) if one.get("key") == YES}


def ready(session: Session, opened: Desk) -> Verdict | None:
    """The same, if the form needs nothing more for it: then one press is enough."""
    verdict = yes(opened) if opened.may_act else None
    if verdict is None:
        return None
    try:
        check(opened.form, {"verdict": verdict.value}, given=desk.given_for(session, opened.request, opened.task),
              checks=checks_for(session, opened.request))
    except BadAnswer:
        return None
    return verdict
