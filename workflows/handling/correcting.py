"""补正: whoever holds a task asks the applicant to correct single fields or documents, and keeps the task meanwhile.

The applicant answers at the fields; that is one more round of what is asked for. What the system had found out from
the answers before is found out again (rereading.py), and others who had approved on what has changed by it are asked
again (engine/returns/asking_again.py); where that cannot be any more, whoever asked is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, expressions
from engine.model import CORRECTION, DRAWN, OPEN, Instance, Task
from engine.returns import asking_again, finality
from engine.returns.backwards import Backwards
from engine.usertasks import correcting, tasks
from engine.usertasks.hands import Addressee
from engine.usertasks.participation import called
from forms import narrow
from forms.check import check
from forms.schema import Form
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from workflows import CATALOG, form_for
from workflows.applying.checks import checks_for
from workflows.handling import desk, eligible, rereading, reviewing
from workflows.handling.basis import JUDGING
from workflows.process import Act
from workflows.requests import Correction, Request, of_instance

LONGEST, MOST = 500, 30
"""Characters of a sentence, and how many may be asked at once."""


class NobodyToAsk(Conflict):
    """申请人 {name} 已离职或没有可用的账号，不能请他补正。请退回，或联系接手的人。"""


class HandedOn(Conflict):
    """已经执行“{element}”，申请内容不能再在这里补正。"""


@dataclass(frozen=True)
class Question:
    """A question as it stands: its task, and each field with its sentence and what was said to it."""

    task: Task
    rows: Sequence[Correction]


@dataclass(frozen=True)
class Stale:
    """Something approved before that rested on what is different now, by field keys."""

    task: Task
    keys: list[str]


# asking
def may_ask(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may ask for corrections of what this task judges, as it stands."""
    if task.assignee_id != actor.id or task.role != DRAWN or task.hold is not None or task.owner_id is not None:
        return False
    if task.form_key not in JUDGING:
        return False
    request = of_instance(session, task.instance_id)
    return request.applicant_id not in (None, actor.id) and origin(session, request) is not None


def origin(session: Session, request: Request) -> Task | None:
    """The task in which the request was filled in last; None where that cannot be answered anew."""
    if not request.contents:
        return None
    done = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "completed", Task.role == DRAWN,
    ).order_by(Task.id.desc()))
    found = next((task for task in done if form_for(request, task.form_key or "").key == (
        request.contents[-1].form_key)), None)
    return found if found is not None and CATALOG[request.process_id].again_in(found.form_key or "") else None


def askable(session: Session, request: Request) -> list[dict[str, str]]:
    """What may be asked for, {"value": key, "label"}, in the order of the form."""
    filled = origin(session, request)
    if filled is None:
        return []
    steering = _steering(session, request, filled)
    form = reviewing.content_form(request)
    found = narrow.shown(form, request.content, desk.given_for(session, request, filled))
    return [one for one in found if one["value"] not in steering]


def _steering(session: Session, request: Request, filled: Task) -> frozenset[str]:
    """The fields that the drawing reads when the form is handed in: they decide the way, which has been gone."""
    instance = session.get_one(Instance, request.instance_id)
    node = finality.node_of(catalog.plan(session, instance.definition_id), called(session, filled))
    sources = [pair.source for pair in node.words.gives if pair.source.startswith("=")] if node is not None else []
    return frozenset[str]().union(*map(expressions.names, sources))


def ask(session: Session, actor: Actor, task_id: int, wanted: Mapping[str, str], *, version: int | None) -> Task:
    """Ask for corrections, {field key: sentence}; the question. The task stays with the actor and waits.

    Raises BadAnswer at "fields" or at a key, HandedOn where the request has been handed on, NobodyToAsk, and what
    `engine.usertasks.correcting.ask` does.
    """
    host, _ = tasks.held(session, task_id, actor, version=version)
    tasks.undelegated(host)
    tasks.at_rest(session, host)
    request = of_instance(session, host.instance_id)
    said = _sentences(wanted, {one["value"] for one in askable(session, request)})
    to = _applicant(session, host, request, actor)
    filled = origin(session, request)
    if filled is None or not may_ask(session, host, actor):
        raise NotFound()
    _still_free(session, request, filled)
    child = correcting.ask(session, task_id, to, by=actor, form_key=filled.form_key or "", count=len(said),
                           version=version)
    request.corrections.extend(Correction(
        request_id=request.id, element_id=host.element_id, field=key, reason=text, by_name=actor.name, at=clock.now(),
        task_id=child.id) for key, text in said.items())
    session.flush()
    return child


def _sentences(wanted: Mapping[str, str], known: set[str]) -> dict[str, str]:
    said, wrong = {key: text.strip() for key, text in wanted.items()}, dict[str, list[Problem]]()
    if not said:
        wrong["fields"] = [Problem("请至少选择一栏或一份材料。")]
    elif len(said) > MOST or said.keys() - known:
        wrong["fields"] = [Problem("有的栏目不能请申请人在这里补正，请刷新页面后重新选择。")]
    for key, text in said.items():
        if key in known and not text:
            wrong[key] = [Problem("请用一句话写明要补正什么。")]
        elif key in known and len(text) > LONGEST:
            wrong[key] = [Problem("最多 {most} 个字。", {"most": LONGEST})]
    if wrong:
        raise BadAnswer(wrong)
    return said


def _applicant(session: Session, host: Task, request: Request, actor: Actor) -> Addressee:
    found = eligible.available(session, host.group_id, request.applicant_id or 0)
    if found is None or found.id == actor.id:
        raise NobodyToAsk(name=request.applicant_name)
    return found


def _still_free(session: Session, request: Request, filled: Task) -> None:
    """Raises HandedOn where something has been done since that cannot be done again: told to an authority, entered."""
    instance = session.get_one(Instance, request.instance_id)
    back = Backwards.of(session, instance.id)
    passed = [one for one in back.passed.values() if one.number > filled.token]
    wall = finality.barrier(catalog.plan(session, instance.definition_id), passed, back.tasks.values())
    if wall is not None:
        raise HandedOn(element=wall.bpmn_name or wall.bpmn_id)


def withdraw(session: Session, actor: Actor, question_id: int) -> Task:
    """The corrections are wanted no more; the task. Raises what `engine.usertasks.correcting.drop` does."""
    child = session.get(Task, question_id)
    if child is None or child.role != CORRECTION:
        raise NotFound()
    tasks.get(session, child.parent_id or 0, actor)
    host = correcting.drop(session, question_id, by=actor)
    for item in desk.asked_in(of_instance(session, host.instance_id), child):
        item.resolved_at = clock.now()
    session.flush()
    return host


# answering
def shape(session: Session, request: Request, task: Task, form: Form) -> Form:
    """The form of a question: only what it asks for is open. Once it is over it shows what it asked for."""
    if task.role != CORRECTION:
        return form
    keys = {item.field for item in desk.asked_in(request, task)}
    return narrow.only(form, keys, request.content, desk.given_for(session, request, task))


def answered(act: Act) -> None:
    """Keep what was answered as one more round, judged as a whole as if it had been submitted so."""
    if act.task.role != CORRECTION:
        return
    request, rows = act.request, desk.asked_in(act.request, act.task)
    asked = {item.field for item in rows}
    full = {**_whole(act, asked), "verdict": _submit(request)}
    whole, before = replace(act, answers=full), request.content
    if judge := CATALOG[request.process_id].judge(act.task.form_key or ""):
        judge(whole)
    other = sorted(key for key in asked if before.get(key) != full.get(key)) or sorted(asked)
    rereading.correct(act.session, request, origin(act.session, request), act.by, other, lambda: _written(whole))
    for item in rows:
        item.answer = narrow.said_of(item.field, act.answers)
        item.answered_at = item.resolved_at = clock.now()
    act.session.flush()


def _written(act: Act) -> None:
    """Keep the round; what was waived stays waived: nobody asks for it again."""
    request, waived = act.request, act.request.details.get("waived")
    if write := CATALOG[request.process_id].write(act.task.form_key or ""):
        write(act)
    if waived:
        request.details = {**request.details, "waived": waived}


def _submit(request: Request) -> str:
    return reviewing.content_form(request).verdicts[0].value


def _whole(act: Act, asked: set[str]) -> dict[str, Any]:
    """The request as it is with the answers; BadAnswer where an answer does not go together with the rest of it. What
    else may be wrong by now was not asked for."""
    request, session = act.request, act.session
    form, given = reviewing.content_form(request), desk.given_for(session, request, act.task)
    found = narrow.merged(form, request.content, act.answers, given, asked)
    try:
        check(form, {**found, "verdict": _submit(request)}, given=given, checks=checks_for(session, request))
    except BadAnswer as wrong:
        own = {key: said for key, said in wrong.problems.items() if key.partition(".")[0] in asked or key in asked}
        if own:
            raise BadAnswer(own) from None
    return found


# what is told
def question_of(session: Session, request: Request, task: Task) -> list[Question]:
    """The questions asked beside a task, the newest first."""
    found = session.scalars(select(Task).where(Task.parent_id == task.id, Task.role == CORRECTION).order_by(
        Task.id.desc()))
    return [Question(child, desk.asked_in(request, child)) for child in found]


def outstanding(session: Session, request: Request) -> list[Correction]:
    """What the applicant is asked for beside tasks that others hold, and has not answered."""
    open_ = set(session.scalars(select(Task.id).where(
        Task.instance_id == request.instance_id, Task.state == OPEN, Task.role == CORRECTION)))
    return [item for item in request.corrections if item.task_id in open_]


def stale(session: Session, request: Request) -> list[Stale]:
    """What was approved on other answers than stand now, and counts all the same: nobody can be asked again."""
    found = asking_again.outdated(session, session.get_one(Instance, request.instance_id))
    told = [(task, [key.removeprefix("f:") for key in keys if key.startswith("f:")]) for task, keys in found]
    return [Stale(task, keys) for task, keys in told if keys]


def tell_asked(session: Session, fact: Fact) -> None:
    """The applicant reads that something is asked of them, or no longer."""
    child = session.get(Task, (fact.after or {}).get("question", 0))
    if child is None or child.assignee_id is None or (child.state != OPEN and fact.kind == "correction.asked"):
        return
    text = "“{task}”请您补正：{title}" if fact.kind == "correction.asked" else "“{task}”不再要求您补正：{title}"
    host = session.get_one(Task, child.parent_id)
    notify(session, [child.assignee_id], fact, text, {"task": host.name, "title": host.title},
           subject=("task", child.id))


def tell_answered(session: Session, fact: Fact) -> None:
    """Whoever holds the task reads that it is answered; or that others have to approve again before it comes back."""
    host = session.get(Task, (fact.after or {}).get("task", 0))
    if host is not None and host.ended_how == "corrected" and host.assignee_id is not None:
        notify(session, [host.assignee_id], fact,
               "申请人已答复补正；“{task}”之前有意见须先按新内容重办，办完会再到这一步：{title}",
               {"task": host.name, "title": host.title},
               subject=("request", of_instance(session, host.instance_id).id))
    if host is None or host.state != OPEN:
        return
    people = {host.assignee_id} if host.assignee_id is not None else set(holders(session, host.offer))
    notify(session, people - {fact.actor_id}, fact, "申请人已答复补正，请继续办理“{task}”：{title}",
           {"task": host.name, "title": host.title}, subject=("task", host.id))


def tell_reopened(session: Session, fact: Fact) -> None:
    """Whoever is to approve again reads why: what they had looked at is another now."""
    for old in session.scalars(select(Task).where(Task.id.in_((fact.after or {}).get("again", ())))).all():
        task = session.scalars(select(Task).where(
            Task.instance_id == old.instance_id, Task.element_id == called(session, old), Task.token > old.token,
            Task.state == OPEN, Task.parent_id.is_(None)).order_by(Task.token)).first()
        if task is None:
            continue
        people = [task.assignee_id] if task.assignee_id else holders(session, task.offer)
        notify(session, set(expand(session, people, task.process_id)) - {*task.barred, fact.actor_id}, fact,
               "“{task}”看过的内容已由申请人补正，请重新办理：{title}", {"task": task.name, "title": task.title},
               subject=("task", task.id))


HANDLERS: list[tuple[str, Handler]] = [
    ("correction.asked", tell_asked), ("correction.dropped", tell_asked), ("correction.answered", tell_answered),
    ("correction.reopened", tell_reopened),
]
desk.SHAPES.append(shape)
desk.CHECKED.append(answered)

__all__ = ["HANDLERS", "NobodyToAsk", "Question", "Stale", "ask", "askable", "may_ask",
           "outstanding", "question_of", "stale", "withdraw"]
