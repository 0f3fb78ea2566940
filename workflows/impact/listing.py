"""The impact lists. Each line says of how much there is something, with the first few of it, and how heavy it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import String, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from engine.model import OPEN, Instance, Task, TaskCandidate
from engine.releases.model import Release
from forms import schema
from ledger import clock
from ledger.errors import NotFound
from registry.access.grants import RoleGrant, grants_of
from registry.access.roles import EMPLOYEE, roles
from registry.certificates.catalogue import types
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from registry.rules import tables
from workflows import CATALOG
from workflows.absence import inventory
from workflows.impact.drawings import Mention, Said, elements, mentions, of_form, of_role, of_type
from workflows.impact.publishing import called, waiting_for
from workflows.requests import Request
from workflows.studio.drafts import OPEN as DRAFT_OPEN
from workflows.studio.drafts import Draft as ProcessDraft
from workflows.workload.counting import members

SHOWN = 12
Weight = Literal["stop", "moves", "note"]
"""What stands still without it; what has to go elsewhere first; what is good to know."""


@dataclass(frozen=True)
class Item:
    """One thing, in words; `ref` is its kind and number where it has a page."""

    words: str
    about: str = ""
    ref: tuple[str, int] | None = None


@dataclass(frozen=True)
class Line:
    """So many of a kind (`key`), with the first of them."""

    key: str
    weight: Weight
    count: int
    items: Sequence[Item] = ()


def _kept(lines: Iterable[Line]) -> list[Line]:
    order = {"stop": 0, "moves": 1, "note": 2}
    return sorted((line for line in lines if line.count), key=lambda line: order[line.weight])


# a person
def of_person(session: Session, person: Person, _units: Sequence[Unit] = ()) -> list[Line]:
    """What lies with them and what only they can do."""
    left = inventory.complete_of(session, person).left
    tasks = session.scalars(inventory.tasks_of(person).order_by(Task.rank_at).limit(SHOWN)).all()
    loans = (Loan.person_id == person.id) | (Loan.carrier_id == person.id)
    out = loans & Loan.returned_at.is_(None) & Loan.voided_at.is_(None)
    running = session.scalars(inventory.requests_of(person).order_by(Request.id.desc()).limit(SHOWN)).all()
    groups = [f"{grant.role}@{grant.unit_id}" for grant in grants_of(session, person) if grant.role != EMPLOYEE]
    return _kept([
        _alone(session, person.id, groups),
        *_releases(session, person),
        Line("task", "moves", left["task"], [_task(one) for one in tasks]),
        Line("request", "moves", left["request"],
             [Item(one.title, one.number, ("request", one.id)) for one in running]),
        Line("loan", "moves", _count(session, select(Loan.id).where(out)),
             [Item(str(number), "", ("loan", number)) for number in session.scalars(
                 select(Loan.id).where(out).order_by(Loan.id).limit(SHOWN))]),
        *(Line(kind, "note" if kind == "notice" else "moves", left[kind]) for kind in (
            "delegation", "sign", "substitution", "draft", "role", "notice")),
        _process_drafts(session, ProcessDraft.created_by == person.id),
    ])


def of_grant(session: Session, grant: RoleGrant) -> list[Line]:
    """What hangs on one person having one role at one place."""
    return _kept([_alone(session, grant.person_id, [f"{grant.role}@{grant.unit_id}"])])


def _alone(session: Session, person_id: int, groups: list[str]) -> Line:
    """Those of the groups in which nobody else is, and what waits there."""
    present = members(session, groups)
    alone = [group for group in dict.fromkeys(groups) if not present.get(group, set()) - {person_id}]
    waits = dict(_rows(session, select(TaskCandidate.candidate, func.count()).where(
        TaskCandidate.candidate.in_(alone), TaskCandidate.open.is_(True)).group_by(TaskCandidate.candidate)))
    return Line("alone", "stop", len(alone), [
        Item(group, str(waits.get(group, 0)), ("group", int(group.partition("@")[2]))) for group in alone])


def _releases(session: Session, person: Person) -> list[Line]:
    """Versions that wait to be released."""
    alone, along = waiting_for(session, person)

    def items(found: list[Release]) -> list[Item]:
        return [Item(name, version, ("process_release", number)) for name, version, number in called(session, found)]

    return [Line("decides", "stop", len(alone), items(alone[:SHOWN])),
            Line("release", "note", len(along), items(along[:SHOWN]))]


# a role
def of_role_key(session: Session, key: str, units: Sequence[Unit]) -> list[Line]:
    """Who holds it, which drawings name it, what waits for it. Raises NotFound for a role that is none."""
    if key not in roles():
        raise NotFound
    today = clock.today()
    held = select(Person.id, Person.name, Unit.name).join(RoleGrant, RoleGrant.person_id == Person.id).join(
        Unit, Unit.id == RoleGrant.unit_id).where(
        RoleGrant.role == key, RoleGrant.revoked_at.is_(None), RoleGrant.from_on <= today,
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= today), _within(Unit.path, units))
    offered = select(literal(f"{key}@") + cast(Unit.id, String)).where(
        Unit.group_id.in_({unit.group_id for unit in units}))
    waits = select(TaskCandidate.task_id).where(TaskCandidate.candidate.in_(offered),
                                                TaskCandidate.open.is_(True)).distinct()
    tasks = session.scalars(select(Task).where(Task.id.in_(waits.limit(SHOWN))).order_by(Task.rank_at)).all()
    return _kept([
        *_drawn(session, of_role(key)),
        Line("waiting", "stop", _count(session, waits), [_task(one) for one in tasks]),
        Line("holder", "moves", _count(session, held), [
            Item(name, place, ("person", number)) for number, name, place in _rows(
                session, held.order_by(Unit.path, Person.id).limit(SHOWN))]),
    ])


# a form
def of_form_key(session: Session, key: str, units: Sequence[Unit]) -> list[Line]:
    """Which tasks are filled in with it, now and by the drawings. Raises NotFound for a key that nobody knows."""
    open_ones = select(Task).where(Task.form_key == key, Task.state == OPEN,
                                   Task.group_id.in_({unit.group_id for unit in units}))
    drawn = _drawn(session, of_form(key))
    named = sorted({process.id for process in CATALOG.values() for form in (*process.forms, *process.forms.values())
                    if form == key})
    code = key.rpartition("-")[2]
    if not any(line.count for line in drawn) and not named and key not in schema.library() and code not in types():
        raise NotFound
    tasks = session.scalars(open_ones.order_by(Task.rank_at).limit(SHOWN)).all()
    of = [Item(types()[code].name, code)] if code in types() else []
    return _kept([
        *drawn,
        Line("open", "stop", _count(session, open_ones.with_only_columns(Task.id)), [_task(one) for one in tasks]),
        Line("process", "stop", len(named), [Item(CATALOG[one].name) for one in named]),
        Line("type", "stop", len(of), of),
    ])


# a type of certificate
def of_type_code(session: Session, code: str, units: Sequence[Unit]) -> list[Line]:
    """Certificates, requests, rules, drawings and other types that hang on it. Raises NotFound for an unknown code."""
    known = types()
    if code not in known:
        raise NotFound
    held = select(Certificate.id).where(Certificate.type_code == code, Certificate.state.in_(LIVE),
                                        _within(Certificate.unit_path, units))
    running = select(Request).join(Instance, Instance.id == Request.instance_id).where(
        Request.type_code == code, Instance.ended_at.is_(None), _within(Request.unit_path, units))
    requests = session.scalars(running.order_by(Request.id.desc()).limit(SHOWN)).all()
    named = [Item(other.name, other.code) for other in known.values()
             if other.code != code and _speaks(other, code)]
    ruled = [Item(tables.TITLES.get(rule, rule), rule) for rule, body in tables.files().items()
             if elements({f"{rule}.dmn": body}, of_type(code))]
    return _kept([
        Line("certificate", "moves", _count(session, held)),
        Line("running", "moves", _count(session, running.with_only_columns(Request.id)),
             [Item(one.title, one.number, ("request", one.id)) for one in requests]),
        Line("rule", "moves", len(ruled), ruled[:SHOWN]), Line("required", "moves", len(named), named[:SHOWN]),
        *_drawn(session, of_type(code)),
    ])


def _speaks(kind: Any, code: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(code)}(?!\w)", msgspec.json.encode(kind).decode()) is not None


# parts of all of them
def _drawn(session: Session, said: Said) -> list[Line]:
    found = mentions(session, said)
    in_force, draft = [one for one in found if one.definition_id], [one for one in found if one.draft_id]
    return [Line("drawing", "stop", len(in_force), [_mention(one) for one in in_force[:SHOWN]]),
            Line("draft_drawing", "moves", len(draft), [_mention(one) for one in draft[:SHOWN]])]


def _mention(one: Mention) -> Item:
    ref = ("definition", one.definition_id) if one.definition_id else ("process_draft", one.draft_id or 0)
    return Item(one.process, one.element, ref)


def _process_drafts(session: Session, which: Any) -> Line:
    rows = session.scalars(select(ProcessDraft).where(which, ProcessDraft.state == DRAFT_OPEN).order_by(
        ProcessDraft.id.desc()).limit(SHOWN)).all()
    return Line("process_draft", "note", len(rows), [Item(one.name, "", ("process_draft", one.id)) for one in rows])


def _task(task: Task) -> Item:
    return Item(task.name, task.title, ("task", task.id))


def _within(path: Any, units: Sequence[Unit]) -> Any:
    ranges = [subtree(unit.path) for unit in units]
    return or_(*((path >= low) & (path < high) for low, high in ranges)) if ranges else path.is_(None)


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _rows(session: Session, query: Any) -> list[Any]:
    return [tuple(row) for row in session.execute(query)]


KINDS: dict[str, Callable[[Session, str, Sequence[Unit]], list[Line]]] = {
    "role": of_role_key, "form": of_form_key, "type": of_type_code,
}
"""What is known by a key; people are known by number (of_person)."""
