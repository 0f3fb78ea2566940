"""What the house checks before a request goes on (A2) and before a certificate is registered (A10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.certificates import drafting
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.identity import age_on
from registry.people.persons import Person
from workflows import bans
from workflows.opening import holder_of, kind_for
from workflows.requests import Request


@dataclass(frozen=True)
class Fault:
    """A reason why a request cannot go on, at a field of its form ("" for the whole)."""

    field: str
    problem: Problem

    def as_json(self) -> dict[str, Any]:
        """The form in which a request keeps it."""
        return {"field": self.field, "text": self.problem.text, "params": dict(self.problem.params)}


def faults(session: Session, request: Request) -> list[Fault]:
    """Everything that stands against a request today: the holder, age, a ban, a double, a certificate still valid."""
    today = clock.today()
    holder = holder_of(session, request.holder_kind, request.holder_id)
    found = list(_person_faults(holder, request, today)) if isinstance(holder, Person) else []
    if ban := bans.ban_on(session, request, today):
        params = {"until": ban.until.isoformat(), "basis": ban.basis}
        found.append(Fault("", Problem("{until} 之前不能申请（{basis}）。", params)))
    if other := _other_request(session, request):
        found.append(Fault("", Problem("同一持证主体已有办理中的申请 {number}。", {"number": other.number})))
    if held := _held(session, request, today):
        found.append(Fault("", Problem("已持有有效的同类证件 {number}，请办理延续或变更。", {"number": held.number})))
    return found


def _person_faults(person: Person, request: Request, today: dt.date) -> Iterator[Fault]:
    if not person.employed(today):
        yield Fault("", Problem("{name} 已离职，不能申请。", {"name": person.name}))
    limits = kind_for(person, request.type_code).age
    if limits is None or person.birth is None:
        return
    age = age_on(person.birth, today)
    if limits.minimum is not None and age < limits.minimum:
        yield Fault("", Problem("未满 {age} 周岁，不能申请。", {"age": limits.minimum}))
    if limits.maximum is not None and age > limits.maximum:
        yield Fault("", Problem("已超过 {age} 周岁，不能申请。", {"age": limits.maximum}))


def _other_request(session: Session, request: Request) -> Request | None:
    return session.scalar(
        select(Request).join(Instance, Request.instance_id == Instance.id).where(
            Request.group_id == request.group_id, Request.id != request.id, Request.type_code == request.type_code,
            Request.holder_kind == request.holder_kind, Request.holder_id == request.holder_id,
            Request.submitted_at.is_not(None), Instance.ended_at.is_(None), Request.item == request.item,
        ).limit(1)
    )


def _held(session: Session, request: Request, today: dt.date) -> Certificate | None:
    column = Certificate.holder_person_id if request.holder_kind == "person" else Certificate.holder_unit_id
    found = session.scalars(
        select(Certificate).where(
            column == request.holder_id, Certificate.type_code == request.type_code, Certificate.state.in_(LIVE),
            Certificate.item == request.item,
        )
    )
    return next((held for held in found if held.valid_until is None or held.valid_until >= today), None)


def registration_faults(session: Session, request: Request, answers: Mapping[str, Any]) -> dict[str, list[Problem]]:
    """What is wrong with the number and dates of a certificate to be registered (A10), by field; {} if nothing."""
    holder = holder_of(session, request.holder_kind, request.holder_id)
    issued, start, end = (day_in(answers, key) for key in ("issued_on", "valid_from", "valid_until"))
    kind = kind_for(holder, request.type_code)
    problems: dict[str, list[Problem]] = {}

    def numbered() -> drafting.Number:
        return drafting.checked_number(kind, answers["number"], holder, issued)

    for look in (
        lambda: drafting.checked_term(kind, valid_from=start, valid_until=end, issued_on=issued),
        lambda: _require_free(session, request, numbered(), start),
    ):
        try:
            look()
        except BadAnswer as refusal:
            problems.update(refusal.problems)
    return problems


def _require_free(session: Session, request: Request, number: drafting.Number, start: dt.date | None) -> None:
    taken = session.scalar(select(Certificate).where(
        Certificate.type_code == request.type_code, Certificate.number_key == number.key,
        Certificate.item == request.item, Certificate.state.in_(LIVE)))
    if taken and (taken.ends_on is None or start is None or taken.ends_on >= start):
        raise drafting.NumberTaken({"number": [
            Problem("该编号已登记为 {code}，请核对是否重复。", {"code": taken.code})]})


def day_in(answers: Mapping[str, Any], key: str) -> dt.date | None:
    """A date of the answers, None where it was left empty."""
    return dt.date.fromisoformat(answers[key]) if answers.get(key) else None
