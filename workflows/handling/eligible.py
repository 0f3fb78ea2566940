"""Whom a task may go to, or who may be asked about it: the one place that says so, and why somebody may not.

Four eyes hold through every hand: whoever took part in an element that the task must be kept apart from is refused,
and so is the applicant where the drawing says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from engine import catalog
from engine.model import Instance, Task
from engine.opening import at_places
from engine.usertasks.assigning import Addressee, TaskDelegation
from engine.usertasks.participation import doers
from engine.usertasks.signing import TaskPlan
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from registry.access.accounts import Account, actor_for
from registry.access.grants import holders
from registry.access.roles import roles
from registry.access.rules import can
from registry.people.persons import Person
from workflows.requests import Request, of_instance, sees

For = Literal["transfer", "delegate", "sign", "vote", "mention", "copy"]
DOES = ("transfer", "delegate", "sign", "vote")
"""What makes somebody a doer of the task: four eyes are asked."""
TAKES = ("transfer", "delegate")
DEEPEST = 3
SELF: dict[str, str] = {
    "transfer": "不能转办给自己。", "delegate": "不能委派给自己。",
    "sign": "不能请自己加签，您的意见写在办理意见里即可。", "vote": "不能换成自己。", "mention": "不需要提及自己。",
    "copy": "不需要抄送给自己。",
}
APPLIED = "{name} 是本申请的申请人，不能参与这一步。请另选一位。"
FILLED_IN = "{name} 填写过本申请的内容，按四眼原则不能参与这一步。请另选一位。"
WORD = {"transfer": "licet:handTo", "delegate": "licet:handTo", "sign": "licet:signers"}
"""The words of a drawing that name further roles a task may go to, or that may sign."""


@dataclass(frozen=True)
class Candidate:
    """Somebody a picker shows: `unit` and `post` tell people of one name apart, `why_not` says why they cannot be."""

    person_id: int
    name: str
    unit: str
    post: str
    why_not: Problem | None


@dataclass(frozen=True)
class _Asked:
    """What is asked about one task, for one purpose, by somebody."""

    session: Session
    task: Task
    request: Request
    for_: For
    by: Actor

    # what is the same for everybody who is looked at
    @cached_property
    def did(self) -> dict[int, str]:
        """Who had a hand in an element that the task must be kept apart from, and in which."""
        rows = self.session.execute(doers(self.task.instance_id, self.task.not_by)).all() if self.task.not_by else []
        return {row.person_id: row.name for row in reversed(rows)}

    @cached_property
    def able(self) -> set[int]:
        """Who could do the task by role; for a signature, who has a role that the drawing names for it."""
        if self.for_ in TAKES:
            return _takers(self.session, self.task, self.for_)
        return set(holders(self.session, further(self.session, self.task, self.for_)))

    @cached_property
    def chain(self) -> list[tuple[int, int]]:
        """From whom to whom it is delegated now."""
        rows = self.session.execute(select(TaskDelegation.from_id, TaskDelegation.to_id).where(
            TaskDelegation.task_id == self.task.id, TaskDelegation.ended_at.is_(None)))
        return [(row.from_id, row.to_id) for row in rows]

    @cached_property
    def signing(self) -> set[int]:
        """Who has been asked to sign it and has not signed yet."""
        return set(self.session.scalars(select(TaskPlan.person_id).outerjoin(Task, Task.id == TaskPlan.made_id).where(
            TaskPlan.task_id == self.task.id, TaskPlan.dropped_at.is_(None),
            or_(TaskPlan.made_id.is_(None), Task.state == "open"))))


def people(session: Session, actor: Actor, task: Task, *, for_: For, search: str = "",
           limit: int = 20) -> list[Candidate]:
    """At most `limit` people whose name, pinyin or initials begin with the words, those who may be chosen first.

    For a transfer or a delegation only holders of a role of the task; otherwise everybody of the company group.
    """
    asked = _Asked(session, task, of_instance(session, task.instance_id), for_, actor)
    query = _employed(task.group_id).options(joinedload(Person.unit)).order_by(Person.pinyin, Person.id)
    if for_ in TAKES:
        query = query.where(Person.id.in_(_takers(session, task, for_)))
    found = [Candidate(one.id, one.name, one.unit.name, one.post, _why_not(asked, one, LOOKS))
             for one in session.scalars(_called(query, search).limit(limit))]
    return sorted(found, key=lambda one: one.why_not is not None)


def _called(query: Select[Person], search: str) -> Select[Person]:
    words = search.strip().casefold()
    if not words:
        return query
    like = words.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    return query.where(or_(*(column.ilike(like, escape="!") for column in (
        Person.name, Person.pinyin, Person.initials))))


def takers(session: Session, actor: Actor, several: Sequence[Task], *, search: str = "",
           limit: int = 20) -> list[tuple[Candidate, int]]:
    """Who could take at least one of these tasks by role, and how many of them; whoever could take most comes first.

    Four eyes are asked of each task when it is handed over: `require` says then why not.
    """
    query = _employed(actor.group_id or 0).options(joinedload(Person.unit)).order_by(Person.pinyin, Person.id)
    able = _able(session, several)
    query = query.where(Person.id.in_([number for number in able if number != actor.id]))
    found = [(Candidate(one.id, one.name, one.unit.name, one.post, None), able[one.id])
             for one in session.scalars(_called(query, search).limit(limit))]
    return sorted(found, key=lambda pair: -pair[1])


def _able(session: Session, several: Sequence[Task]) -> Counter[int]:
    """How many of the tasks each could take; tasks of one step and one place are asked once."""
    running = {one.id: one for one in session.scalars(
        select(Instance).where(Instance.id.in_({task.instance_id for task in several})))}
    known: dict[tuple[object, ...], set[int]] = {}
    able: Counter[int] = Counter()
    for task in several:
        instance = running[task.instance_id]
        key = (instance.definition_id, task.element_id, *sorted(task.offer), *instance.places)
        if key not in known:
            known[key] = _takers(session, task, "transfer")
        able.update(known[key] - {*task.barred, task.assignee_id})
    return able


def named(session: Session, actor: Actor, task: Task, numbers: Sequence[int], *, for_: For) -> list[Candidate]:
    """The same about these people, however they are found."""
    if not numbers:
        return []
    asked = _Asked(session, task, of_instance(session, task.instance_id), for_, actor)
    query = _employed(task.group_id).where(Person.id.in_(numbers)).options(joinedload(Person.unit)).order_by(Person.id)
    return [Candidate(one.id, one.name, one.unit.name, one.post, _why_not(asked, one, LOOKS))
            for one in session.scalars(query)]


def require(session: Session, task: Task, person_id: int, *, for_: For, by: Actor) -> Addressee:
    """The person, if the task may go to them (or they may be asked). Raises BadAnswer with the sentence at "to"."""
    person = session.scalar(select(Person).where(Person.id == person_id, Person.group_id == task.group_id))
    if person is None:
        raise BadAnswer({"to": [Problem("没有找到这个人，请从列表里选择。" if person_id else "请选择一位。")]})
    asked = _Asked(session, task, of_instance(session, task.instance_id), for_, by)
    wrong = _why_not(asked, person, (_usable, *LOOKS))
    if wrong is not None:
        raise BadAnswer({"to": [wrong]})
    return Addressee(person.id, person.name)


def available(session: Session, group_id: int, person_id: int) -> Addressee | None:
    """Somebody who is employed today and has an account that they can use; None: there is no such person."""
    person = session.scalar(_employed(group_id).where(Person.id == person_id))
    return None if person is None else Addressee(person.id, person.name)


def passes_on(session: Session, task: Task) -> bool:
    """Whether the task is for a role, so that it may go to others who have it; what is one person's stays theirs."""
    return bool(task.offer) or bool(further(session, task, "transfer"))


def _employed(group_id: int) -> Select[Person]:
    today = clock.today()
    return select(Person).where(
        Person.group_id == group_id, or_(Person.joined_on.is_(None), Person.joined_on <= today),
        or_(Person.left_on.is_(None), Person.left_on >= today),
        Person.id.in_(select(Account.person_id).where(Account.disabled_at.is_(None))))


def _why_not(asked: _Asked, person: Person, looks: Iterable[Look]) -> Problem | None:
    return next((wrong for look in looks if (wrong := look(asked, person)) is not None), None)


def _usable(asked: _Asked, person: Person) -> Problem | None:
    if asked.session.scalar(_employed(asked.task.group_id).where(Person.id == person.id)) is not None:
        return None
    return Problem("{name} 已离职或没有可用的账号，请另选一位。", {"name": person.name})


def _another(asked: _Asked, person: Person) -> Problem | None:
    if person.id == asked.by.id:
        return Problem(SELF[asked.for_])
    if asked.for_ in TAKES and person.id == asked.task.assignee_id:
        return Problem("该任务已经在 {name} 手里。", {"name": person.name})
    return None


def _four_eyes(asked: _Asked, person: Person) -> Problem | None:
    if asked.for_ not in DOES:
        return None
    if person.id in asked.did:
        return Problem("{name} 办理过“{step}”，按四眼原则不能参与这一步。请选择没有参与过的人。",
                       {"name": person.name, "step": asked.did[person.id]})
    if person.id in asked.task.barred:
        return Problem(APPLIED if person.id == asked.request.applicant_id else FILLED_IN, {"name": person.name})
    return None


def _entitled(asked: _Asked, person: Person) -> Problem | None:
    if asked.for_ in TAKES:
        return None if person.id in asked.able else _without_role(asked, person)
    if asked.for_ == "vote":
        applied = person.id == asked.request.applicant_id
        return Problem(APPLIED, {"name": person.name}) if applied else None
    if (asked.for_ == "copy" or (asked.for_ == "sign" and person.id in asked.able)
            or reads(asked.session, person, asked.request)):
        return None
    return Problem("{name} 无权查看这项申请。请另选一位，或先把申请抄送给他。", {"name": person.name})


def reads(session: Session, person: Person, request: Request) -> bool:
    """Whether somebody may open a request: by a role, or because they are involved in it or were sent a copy."""
    actor = actor_for(session, person)
    if can(actor, "request.read", request):
        return True
    return session.scalar(select(Request.id).where(Request.id == request.id, sees(actor))) is not None


def _without_role(asked: _Asked, person: Person) -> Problem:
    offer = [*asked.task.offer, *further(asked.session, asked.task, asked.for_)]
    named = dict.fromkeys(name.partition("@")[0] for name in offer)
    known = [roles()[key].name for key in named if key in roles()]
    if not known:
        return Problem("这一步只能由被指定的人本人办理，不能交给 {name}。", {"name": person.name})
    return Problem("{name} 没有办理这一步的角色（{roles}）。请从列表里选择。", {"name": person.name, "roles": known})


def _takers(session: Session, task: Task, for_: For) -> set[int]:
    """Who could do the task by a role that it is offered to, by name, or by a role that the drawing adds."""
    by_name = {int(name.partition("@")[2]) for name in task.offer if name.startswith("person@")}
    return by_name | set(holders(session, [*task.offer, *further(session, task, for_)]))


def further(session: Session, task: Task, for_: For) -> list[str]:
    """The groups that a word of the drawing adds."""
    instance = session.get_one(Instance, task.instance_id)
    words = words_at(session, instance.definition_id, task.element_id)
    return at_places(words(WORD[for_]) if for_ in WORD else (), instance.places)


def words_at(session: Session, definition_id: int, element_id: str) -> Callable[[str], Iterable[str]]:
    """What reads the licet:* words of an element by name: lists of words, empty where it says nothing."""
    blueprint = catalog.plan(session, definition_id).blueprint
    specs: Sequence[Any] = (blueprint.spec, *blueprint.inner.values())
    node = next((found for spec in specs if (found := spec.task_specs.get(element_id)) is not None), None)
    return node.words.words if node is not None else lambda _key: ()


def _circle(asked: _Asked, person: Person) -> Problem | None:
    if asked.for_ != "delegate":
        return None
    if person.id in {number for pair in asked.chain for number in pair}:
        return Problem("{name} 已经在这项任务的委派链上，再委派给他会绕成一圈。办好后请交回，或改用转办。",
                       {"name": person.name})
    if len(asked.chain) >= DEEPEST:
        return Problem("一项任务最多委派 {most} 层。请先交回，或改用转办。", {"most": DEEPEST})
    return None


def _asked_already(asked: _Asked, person: Person) -> Problem | None:
    if asked.for_ != "sign" or person.id not in asked.signing:
        return None
    return Problem("已经请 {name} 加签，还没有签。", {"name": person.name})


Look = Callable[[_Asked, Person], Problem | None]
LOOKS: tuple[Look, ...] = (_another, _four_eyes, _entitled, _circle, _asked_already)
"""What may speak against somebody who is employed and has an account; the first that does is said."""
