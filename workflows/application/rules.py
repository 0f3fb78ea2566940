"""What the house checks before a request goes on (A2) and before a certificate is registered (A10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.certificates import drafting
from registry.certificates.chain import ran_out
from registry.certificates.codes import LAPSED, LIVE
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate
from registry.people.identity import age_on
from registry.people.persons import Person
from registry.rules.people import AGED
from workflows.application.prerequisites import Matter
from workflows.application.prerequisites import faults as faults_of_rules
from workflows.applying import bans
from workflows.applying.faults import BLOCK, WARN, Fault
from workflows.applying.generated import PERSONAL
from workflows.applying.known import known_of
from workflows.applying.opening import holder_of, kind_for
from workflows.requests import Request
from workflows.transfer.kinds import GROWING, LAST_DAYS

SEVERAL = "P03"
DAYS = ("issued_on", "valid_from", "valid_until", "review_on")


def faults(session: Session, request: Request) -> list[Fault]:
    """Everything that stands against a request today, what stops it first: the holder, age, a ban, a double, a
    certificate still valid, and what rules and requirements ask for."""
    today = clock.today()
    holder = holder_of(session, request.holder_kind, request.holder_id)
    kind = kind_for(holder, request.type_code)
    found = list(_person_faults(holder, kind, today)) if isinstance(holder, Person) else []
    if ban := bans.ban_on(session, request, today):
        params = {"until": ban.until.isoformat(), "basis": ban.basis}
        found.append(Fault("", Problem("{until} 之前不能申请（{basis}）。", params), Problem("请在期满后再申请。"),
                           basis=ban.basis))
    if other := _other_request(session, request):
        found.append(Fault("", Problem("同一持证主体已有办理中的申请 {number}。", {"number": other.number}),
                           Problem("请在那份申请里继续办理，或等它结束。")))
    found += _held(session, request, kind, today)
    found += faults_of_rules(Matter(session, kind, holder, today))
    return sorted(found, key=lambda fault: fault.severity != BLOCK)


def blocking(found: Iterable[Fault]) -> list[Fault]:
    """Those that stop the request."""
    return [fault for fault in found if fault.severity == BLOCK]


def _person_faults(person: Person, kind: CertificateType, today: dt.date) -> Iterator[Fault]:
    if not person.employed(today):
        yield Fault("", Problem("{name} 已离职，不能申请。", {"name": person.name}),
                    Problem("已返聘的，请先在人员资料中登记。"))
    if missing := [field.label for field in kind.fields if field.required and field.key in PERSONAL
                   and known_of(person).get(field.key) is None]:
        yield Fault("", Problem("人员资料中没有{what}，证书内容会缺这几项。", {"what": missing}),
                    Problem("请人力资源补全人员资料。"), WARN)
    limits = kind.age
    if limits is None or person.birth is None:
        return
    age = age_on(person.birth, today)
    if limits.minimum is not None and age < limits.minimum:
        yield Fault("", Problem("未满 {age} 周岁，不能申请。", {"age": limits.minimum}),
                    Problem("请在年满后再申请，或更换人选。"), basis=limits.text)
    if limits.maximum is not None and age > limits.maximum and kind.code not in AGED:
        yield Fault("", Problem("已超过 {age} 周岁，不能申请。", {"age": limits.maximum}), Problem("请更换人选。"),
                    basis=limits.text)
    closed = limits.closed_from(person.birth)
    if closed is not None and closed <= today:
        params = {"age": limits.maximum, "days": limits.last_days, "day": closed.isoformat()}
        yield Fault("", Problem("满 {age} 周岁前 {days} 日（{day}）起不再受理申请。", params), Problem("请更换人选。"),
                    BLOCK if limits.verified else WARN, basis=limits.text, verified=limits.verified)


def _other_request(session: Session, request: Request) -> Request | None:
    return session.scalar(
        select(Request).join(Instance, Request.instance_id == Instance.id).where(
            Request.group_id == request.group_id, Request.id != request.id, Request.type_code == request.type_code,
            Request.holder_kind == request.holder_kind, Request.holder_id == request.holder_id,
            Request.process_id == request.process_id,
            Request.submitted_at.is_not(None), Instance.ended_at.is_(None), Request.item == request.item,
        ).limit(1)
    )


def _held(session: Session, request: Request, kind: CertificateType, today: dt.date) -> Iterator[Fault]:
    """A certificate of the same type and item: still valid, so that it is renewed or changed instead; or run out and
    not cancelled, which some types want first (facts 4.5). An A certificate is held once for each firm (rule R04), so
    that one more may be right."""
    columns = {"person": Certificate.holder_person_id, "machine": Certificate.holder_machine_id}
    rows = session.scalars(select(Certificate).where(
        columns.get(request.holder_kind, Certificate.holder_unit_id) == request.holder_id,
        Certificate.type_code == request.type_code, Certificate.item == request.item,
        Certificate.state.in_((*LIVE, LAPSED)),
    ).order_by(Certificate.id)).all()
    for held in rows:
        if held.state == LAPSED and not (ran_out(held) and kind.ending and kind.ending.cancelled_first):
            continue
        if held.valid_until is not None and held.valid_until < today:
            yield _ran_out(kind, held, held.valid_until)
        elif request.type_code != SEVERAL:
            yield Fault("", Problem("已持有有效的同类证件 {number}，请办理延续或变更。", {"number": held.number}),
                        _closed(kind, held, today) or _last_days(held, today))


def _ran_out(kind: CertificateType, held: Certificate, day: dt.date) -> Fault:
    """注销 before 重新注册, where the type says so; else a hint."""
    said, params = kind.ending, {"number": held.number, "day": day.isoformat()}
    if said is None or not said.cancelled_first:
        hint = Problem("请同时办理原证件的注销。")
        return Fault("", Problem("原证件 {number} 已于 {day} 到期，仍在册。", params), hint, WARN)
    return Fault("", Problem("原证件 {number} 已于 {day} 到期，注销以前不能重新申请。", params),
                 Problem("请先办理原证件的注销，办结后再申请。"), BLOCK if said.verified else WARN, basis=said.text,
                 verified=said.verified)


def _closed(kind: CertificateType, held: Certificate, today: dt.date) -> Problem | None:
    """The window of the certificate that is held may be closed: then only its cancellation is taken."""
    closes = kind.window.closes
    if closes is None or held.valid_until is None or closes.before(held.valid_until) >= today:
        return None
    return Problem("延续的受理已于 {day} 截止，请先注销再申请。", {"day": closes.before(held.valid_until).isoformat()})


def _last_days(held: Certificate, today: dt.date) -> Problem | None:
    """Nothing is added to a certificate or changed in its last days (facts 4.4 g): it is renewed first."""
    if held.type_code not in GROWING or held.ends_on is None or (held.ends_on - today).days > LAST_DAYS:
        return None
    return Problem("有效期至 {day}，最后 {days} 天内不办理增项和变更，请先延续。", {
        "day": held.ends_on.isoformat(), "days": LAST_DAYS})


def registration_faults(session: Session, request: Request, answers: Mapping[str, Any]) -> dict[str, list[Problem]]:
    """What is wrong with the number and dates of a certificate to be registered (A10), by field; {} if nothing."""
    holder = holder_of(session, request.holder_kind, request.holder_id)
    issued, start, end, review = (day_in(answers, key) for key in DAYS)
    kind = kind_for(holder, request.type_code)
    item = drafting.item_of(kind, {**request.content, **answers})
    problems: dict[str, list[Problem]] = {}

    def numbered() -> drafting.Number:
        return drafting.checked_number(kind, answers["number"], holder, issued)

    for look in (
        lambda: drafting.checked_term(kind, valid_from=start, valid_until=end, issued_on=issued, review_on=review),
        lambda: _require_free(session, request, numbered(), start, item),
    ):
        try:
            look()
        except BadAnswer as refusal:
            problems.update(refusal.problems)
    return problems


def _require_free(
    session: Session, request: Request, number: drafting.Number, start: dt.date | None, item: str
) -> None:
    taken = session.scalar(select(Certificate).where(
        Certificate.type_code == request.type_code, Certificate.number_key == number.key,
        Certificate.item == item, Certificate.state.in_(LIVE)))
    if taken and (taken.ends_on is None or start is None or taken.ends_on >= start):
        raise drafting.NumberTaken({"number": [
            Problem("该编号已登记为 {code}，请核对是否重复。", {"code": taken.code})]})


def day_in(answers: Mapping[str, Any], key: str) -> dt.date | None:
    """A date of the answers, None where it was left empty."""
    return dt.date.fromisoformat(answers[key]) if answers.get(key) else None
