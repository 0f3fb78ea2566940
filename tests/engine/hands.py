"""Short words for the tests of handing on and signing: each is one committed transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine.model import Task
from engine.usertasks import assigning, signing, tasks
from engine.usertasks.hands import Addressee, TaskPlan
from engine.usertasks.signing import Role
from ledger.actor import Actor
from ledger.db import reading, unit
from tests.engine.conftest import World, person
from tests.engine.drawings import drawing, end, flows, gateway, start, task

WANG, ZHAO = person(15, "王芳", "hr"), person(16, "赵敏", "hr")
ONE = drawing(start(), task("A"), end(), flows("S A E"))
TWO = drawing(start(), task("A"), task("B", notBy="A"), end(), flows("S A B E"))
APART = drawing(start(), gateway("parallel", "F"), task("A"), task("B", notBy="A"), gateway("parallel", "J"), end(),
                flows("S F A J E", "F B J"))


def to(actor: Actor) -> Addressee:
    return Addressee(actor.id or 0, actor.name)


def held(world: World, it: int, by: Actor) -> int:
    """The first open task, claimed."""
    number = world.open(it)[0].id
    with unit(world.engine) as session:
        tasks.claim(session, number, by)
    return number


def transfer(world: World, number: int, whom: Actor, by: Actor, **more: Any) -> None:
    with unit(world.engine) as session:
        assigning.transfer(session, number, to(whom), by=by, reason="出差", **more)


def delegate(world: World, number: int, whom: Actor, by: Actor) -> None:
    with unit(world.engine) as session:
        assigning.delegate(session, number, to(whom), by=by, question="请核对合同")


def resolve(world: World, number: int, by: Actor, answers: Mapping[str, Any] | None = None) -> None:
    with unit(world.engine) as session:
        assigning.resolve(session, number, by=by, answers=answers or {}, opinion="已核对")


def ask(world: World, number: int, role: Role, by: Actor, *whom: Actor, in_order: bool = False) -> list[int]:
    """The plans of those who were asked."""
    with unit(world.engine) as session:
        signing.ask(session, number, [to(one) for one in whom], role, by=by, question="请看第三页", in_order=in_order)
        return [plan.id for plan in signing.plans(session, number)][-len(whom):]


def drop(world: World, plan: int, by: Actor) -> None:
    with unit(world.engine) as session:
        signing.drop(session, plan, by=by, reason="出差了")


def complete(world: World, number: int, by: Actor, **answers: Any) -> None:
    with unit(world.engine) as session:
        tasks.complete(session, number, by, answers)


def sign(world: World, it: int, by: Actor, verdict: str = "agree", **more: Any) -> int:
    """The open signature of this person is given."""
    number = next(one.id for one in world.open(it) if one.role != "drawn" and one.assignee_id == by.id)
    complete(world, number, by, verdict=verdict, **more)
    return number


def row(world: World, number: int) -> Task:
    with reading(world.engine) as session:
        found = session.get_one(Task, number)
        session.expunge(found)
        return found


def asked(world: World, it: int) -> list[str]:
    """Who is to sign now, in order."""
    return [one.assignee_name or "" for one in world.open(it) if one.role != "drawn"]


def plans(world: World, number: int) -> list[TaskPlan]:
    with reading(world.engine) as session:
        found = list(session.scalars(select(TaskPlan).where(TaskPlan.task_id == number).order_by(TaskPlan.id)))
        session.expunge_all()
        return found
