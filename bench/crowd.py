"""A company group of thousands around the inbox that is measured: colleagues to choose from, some of them away, and one
task about which everything has been said and asked that can be."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import tasks
from ledger import clock
from ledger.actor import Actor
from registry.access.accounts import Account
from registry.access.grants import RoleGrant
from registry.access.substitutions import Substitution
from registry.people.persons import Person
from registry.people.spelling import spell
from registry.people.units import Unit
from registry.sample.names import FEMALE, MALE, SURNAMES
from workflows.handling import signing
from workflows.requests import Request
from workflows.sharing import comments, consulting, copies

COLLEAGUES, APPROVERS, COMMENTS = 4_000, 60, 40


def people(session: Session, unit: Unit, *, seed: int = 2026) -> list[int]:
    """Thousands with an account, some dozens of whom approve; their ids."""
    random = Random(seed)
    rows = [_person(random, unit) for _ in range(COLLEAGUES)]
    ids = list(session.scalars(sa.insert(Person).returning(Person.id, sort_by_parameter_order=True), rows))
    session.execute(sa.insert(Account), [
        {"group_id": unit.group_id, "person_id": number, "login": f"c{number}", "password_hash": "-"}
        for number in ids])
    session.execute(sa.insert(RoleGrant), [
        {"group_id": unit.group_id, "person_id": number, "role": "approver", "unit_id": unit.id,
         "from_on": dt.date(2020, 1, 1)} for number in ids[:APPROVERS]])
    return ids


def _person(random: Random, unit: Unit) -> dict[str, Any]:
    name = random.choice(SURNAMES) + "".join(random.choices(MALE + FEMALE, k=random.choice((1, 2, 2))))
    pinyin, initials = spell(name)
    return {"group_id": unit.group_id, "unit_id": unit.id, "unit_path": unit.path, "name": name, "pinyin": pinyin,
            "initials": initials, "joined_on": dt.date(2020, 1, 1)}


def absent(session: Session, substitute: int, *away: int) -> None:
    """From yesterday for a week somebody stands in for all of these."""
    now = clock.now()
    for number in away:
        person = session.get_one(Person, number)
        session.add(Substitution(
            group_id=person.group_id, person_id=number, substitute_id=substitute, unit_path=person.unit_path,
            from_at=now - dt.timedelta(days=1), until_at=now + dt.timedelta(days=7), made_at=now, reason="出差"))
    session.flush()


def talked_over(session: Session, task_id: int, actor: Actor, others: list[int]) -> None:
    """The task is the actor's; comments, copies, a question to an expert and a signature asked of a colleague are
    beside it."""
    task = tasks.claim(session, task_id, actor)
    request = session.scalars(sa.select(Request).where(Request.instance_id == task.instance_id)).one()
    copies.give(session, actor, request.id, others[:10])
    for number in range(COMMENTS):
        comments.write(session, actor, request.id, f"第 {number} 条说明")
    consulting.ask(session, actor, task_id, consulting.Wanted("冯专家", "某设计院", "这样够不够？"))
    signing.ask(session, actor, task_id, others[:3], "before", question="请核对", in_order=False,
                version=session.get_one(Task, task_id).version)

