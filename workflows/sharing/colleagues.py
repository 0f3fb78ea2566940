"""Whom a comment may mention and whom a request may be copied to, at any time: also when no task is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks.assigning import Addressee
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from registry.people.persons import Person
from workflows.handling import eligible
from workflows.handling.eligible import Candidate
from workflows.requests import Request

Purpose = Literal["mention", "copy"]
MOST = 20
"""How many people one comment may mention, or one copying may reach."""


def found(session: Session, actor: Actor, request: Request, for_: Purpose, search: str) -> list[Candidate]:
    """Colleagues whose name, pinyin or initials begin with the words, those who may be chosen first; none without
    any word: a list of everybody helps nobody."""
    task = _newest(session, request)
    if task is None or not search.strip():
        return []
    return eligible.people(session, actor, task, for_=for_, search=search, limit=12)


def chosen(session: Session, actor: Actor, request: Request, for_: Purpose, people: Sequence[int]) -> list[Candidate]:
    """Those who are ticked already, to be shown ticked again; whoever may not be chosen is left out."""
    kept: list[Candidate] = []
    for number in dict.fromkeys(people[:MOST]):
        try:
            one = require(session, actor, request, for_, number)
        except BadAnswer:
            continue
        person = session.get_one(Person, one.id)
        kept.append(Candidate(person.id, person.name, person.unit.name, person.post, None))
    return kept


def require(session: Session, actor: Actor, request: Request, for_: Purpose, person_id: int) -> Addressee:
    """The person, where they may be mentioned or sent a copy. Raises BadAnswer with the sentence at "to"."""
    task = _newest(session, request)
    if task is None:
        raise BadAnswer({"to": [Problem("这项申请还没有任何人办理过，暂时不能提及或抄送。")]})
    return eligible.require(session, task, person_id, for_=for_, by=actor)


def require_all(
    session: Session, actor: Actor, request: Request, for_: Purpose, people: Sequence[int]
) -> list[Addressee]:
    """Each of them, once; BadAnswer with every refusal."""
    numbers = list(dict.fromkeys(people))
    if len(numbers) > MOST:
        raise BadAnswer({"to": [Problem("一次最多选择 {most} 人。", {"most": MOST})]})
    reached, wrong = [], []
    for number in numbers:
        try:
            reached.append(require(session, actor, request, for_, number))
        except BadAnswer as refused:
            wrong += refused.problems["to"]
    if wrong:
        raise BadAnswer({"to": wrong})
    return reached


def _newest(session: Session, request: Request) -> Task | None:
    """Eligibility is asked about a task; to mention or to copy, any task of the request will do."""
    query = select(Task).where(Task.instance_id == request.instance_id).order_by(Task.id.desc()).limit(1)
    return session.scalar(query)
