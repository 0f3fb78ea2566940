"""Who is told when a task passes into other hands, or a signature is asked for, given, or waited for no more.

Whoever gets something to do is told, and whoever stands in for them in that process; nobody is told of their own act.
What somebody else has done meanwhile is not announced any more. Whoever loses a task by another's hand reads who took
it from them, why, and who has it now.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.model import OPEN, Task
from engine.usertasks import fates, signing
from engine.usertasks.hands import AFTER, BEFORE, TaskDelegation
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from registry.people.persons import Person
from workflows.handling import eligible
from workflows.requests import of_instance

NEWS = {
    "task.transferred": "{by} 把“{task}”转办给您：{title}",
    "task.delegated": "{by} 请您代办“{task}”，办好后交回：{title}",
    "task.reassigned": "“{task}”改派给您办理：{title}",
    "task.sign_due": "{by} 请您加签“{task}”：{title}",
}
BACK = {
    "done": "{by} 办好了您委派的“{task}”，请看过后办结：{title}",
    "moved_on": "您委派出去的“{task}”回到您这里：{title}",
}
LOST = {
    "task.reassigned": "{by} 把“{task}”从您这里改派给 {to}（{reason}）：{title}",
    "task.transferred": "{by} 把代您办理的“{task}”转办给 {to}（{reason}）：{title}",
    "task.released": "{by} 把“{task}”从您这里放回，由其他人签收（{reason}）：{title}",
    "vote.left": "{by} 请您退出会签“{task}”（{reason}）：{title}",
}
APART = {"task.released": "“{task}”须由没有参与过相关环节的人办理，已从您这里放回：{title}"}


def tell_of_handing(session: Session, fact: Fact) -> None:
    """Whoever has the task now is told who gave it to them; not if it went on before they could be told."""
    task, to = _task(session, fact), (fact.after or {}).get("to")
    if task is not None and to and task.assignee_id == to and task.state == OPEN:
        _notify(session, fact, task, [to], NEWS[fact.kind])


def tell_of_giving_back(session: Session, fact: Fact) -> None:
    """A delegation ended: whoever gets the task back is told, or those from whom it was taken."""
    task, after = _task(session, fact), fact.after or {}
    if task is None or task.state != OPEN:
        return
    if after.get("how") != "recalled":
        _notify(session, fact, task, [after.get("to", 0)], BACK.get(after.get("how", ""), BACK["moved_on"]))
        return
    ended = select(TaskDelegation).where(TaskDelegation.task_id == task.id, TaskDelegation.how == "recalled")
    last = session.scalar(select(func.max(TaskDelegation.ended_at)).where(
        TaskDelegation.task_id == task.id, TaskDelegation.how == "recalled", TaskDelegation.ended_at <= fact.at))
    rows = session.scalars(ended.where(TaskDelegation.ended_at == last))
    _notify(session, fact, task, {row.to_id for row in rows}, "{by} 收回了请您代办的“{task}”：{title}")


def tell_of_signature(session: Session, fact: Fact) -> None:
    """A signature was given: once it was the last, whoever asked is told, and whoever has to go on with the task."""
    child = _task(session, fact)
    if child is None or child.role not in (BEFORE, AFTER) or child.parent_id is None:
        return
    host = session.get_one(Task, child.parent_id)
    asked = [plan for plan in signing.plans(session, host.id) if plan.role == child.role and plan.dropped_at is None]
    people = {plan.by_id for plan in asked} | {host.assignee_id}
    if child.role == AFTER and signing.said(session, child.id).get("verdict") != signing.AGREE:
        _notify(session, fact, host, people, "{by} 不同意“{task}”，已退回给您：{title}")
    elif child.role == AFTER and host.state == "completed":
        _notify(session, fact, host, people, "加签的人都同意，“{task}”已生效：{title}")
    elif child.role == BEFORE and host.state == OPEN and host.hold is None:
        _notify(session, fact, host, people, "“{task}”的加签都签完了，可以办理：{title}")


def tell_of_dropping(session: Session, fact: Fact) -> None:
    """Whoever had been asked to sign, and had it before them, is waited for no more."""
    host, to = _task(session, fact), (fact.after or {}).get("to")
    if host is not None and to and any(plan.person_id == to and plan.made_id is not None
                                       for plan in signing.plans(session, host.id)):
        _notify(session, fact, host, [to], "{by} 不再请您加签“{task}”：{title}", opens="request")


def tell_of_losing(session: Session, fact: Fact) -> None:
    """Whoever had the task, or was asked to vote, and has nothing to do there any more: who, why, and who has it."""
    task, after = _task(session, fact), fact.after or {}
    lost = {after.get("to")} if fact.kind == "vote.left" else set(after.get("lost", ()))
    if task is None or not lost - {fact.actor_id, None}:
        return
    to = session.get(Person, after.get("to") or 0)
    said = {"by": fates.named(fact.actor_name), "task": _host(session, task).name, "title": task.title,
            "to": to.name if to is not None else "", "reason": after.get("reason") or ""}
    text = (LOST if said["reason"] else APART)[fact.kind]
    request = of_instance(session, task.instance_id)
    for person in session.scalars(select(Person).where(Person.id.in_(lost - {fact.actor_id, None}))).all():
        subject = ("request", request.id) if eligible.reads(session, person, request) else ("instance", request.id)
        notify(session, [person.id], fact, text, said, subject=subject)  # what they may not open opens nothing


def tell_of_member(session: Session, fact: Fact) -> None:
    """Whoever joins a countersign that is running is told."""
    task = _task(session, fact)
    if task is not None:
        _notify(session, fact, task, [(fact.after or {}).get("to", 0)], "{by} 请您参加会签“{task}”：{title}",
                opens="request")


def _task(session: Session, fact: Fact) -> Task | None:
    return session.get(Task, (fact.after or {}).get("task", 0))


def _notify(session: Session, fact: Fact, task: Task, people: Iterable[int | None], text: str, *,
            opens: str = "task") -> None:
    """Tell them and their substitutes; a click opens the task, or the request where the task is not theirs."""
    known = expand(session, sorted(one for one in people if one), task.process_id)
    host = _host(session, task)
    subject = ("task", task.id) if opens == "task" else ("request", of_instance(session, task.instance_id).id)
    notify(session, [one for one in known if one not in (*task.barred, fact.actor_id)], fact, text,
           {"by": fact.actor_name, "task": host.name, "title": task.title}, subject=subject)


def _host(session: Session, task: Task) -> Task:
    return task if task.parent_id is None else session.get_one(Task, task.parent_id)


HANDLERS: list[tuple[str, Handler]] = [
    *((kind, tell_of_handing) for kind in NEWS), ("task.delegation_ended", tell_of_giving_back),
    ("task.completed", tell_of_signature), ("task.sign_dropped", tell_of_dropping), ("vote.joined", tell_of_member),
    *((kind, tell_of_losing) for kind in LOST),
]
