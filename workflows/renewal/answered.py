"""What answering the forms of renewal.bpmn asks and leaves behind, beside what filing and registering do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.rules import can
from registry.certificates import lifecycle
from registry.certificates.chain import require_valid
from registry.certificates.drafting import WrongTerm, checked_term
from registry.certificates.models import Certificate
from registry.people.persons import leave
from workflows import handing
from workflows.handling import reviewing
from workflows.process import Act
from workflows.renewal.steps import HANDED, remember
from workflows.renewal.terms import kind_of
from workflows.requests import RequestContent
from workflows.submission import filing

Writes = dict[str, Callable[[Act], None]]
DATES = ("issued_on", "valid_from", "valid_until", "review_on")


def decide_checked(act: Act) -> None:
    """N1: another process is begun only where there is one; a last day is set only by whoever keeps the people."""
    verdict = act.answers["verdict"]
    if verdict in HANDED:
        handing.require(HANDED[verdict][0])
    if verdict == "left":
        handing.require("leaving")
        person = act.session.get_one(Certificate, act.request.certificate_id).holder_person
        if person is None:
            raise BadAnswer({"": [Problem("这张证件不是个人持有的，不能按人员离职处理。")]})
        if person.left_on is None and not can(act.by, "person.edit", person):
            raise BadAnswer({"left_on": [Problem("最后工作日由人力资源登记，请他们办理本任务。")]})


def decided(act: Act) -> None:
    """N1: what was decided, as a code; somebody's last day enters the register, and leaving begins with that fact."""
    if act.answers["verdict"] == "left":
        person = act.session.get_one(Certificate, act.request.certificate_id).holder_person
        if person is not None and person.left_on is None:
            leave(act.session, person, on=dt.date.fromisoformat(act.answers["left_on"]), by=act.by)
    reviewing.note(act, "renewal.decided", verdict=act.answers["verdict"])


def gap_checked(act: Act) -> None:
    """N3: as many hours of training as the condition wants."""
    least = (act.task.inputs or {})["gap"]["hours"]
    if (act.answers.get("hours") or 0) < least:
        raise BadAnswer({"hours": [Problem("不少于 {hours} 学时。", {"hours": least})]})


def closed(act: Act) -> None:
    """N3: the gap is closed with a paper; one round of what was asked, which the review reads."""
    request, gap = act.request, (act.task.inputs or {})["gap"]
    answers = {**{key: value for key, value in act.answers.items() if key != "verdict"}, "gap": gap["key"],
               "name": gap["name"]}
    request.contents.append(RequestContent(
        no=len(request.contents) + 1, form_key="gap", answers=answers, at=clock.now(), by_name=act.by.name))
    reviewing.note(act, "renewal.gap_closed", gap=gap["key"], no=len(request.contents))


def file_checked(act: Act) -> None:
    """N6: after the last day on which it is taken, only with a reason."""
    filing.file_checked(act)
    closes = dt.date.fromisoformat(act.request.details["closes_on"])
    if dt.date.fromisoformat(act.answers["filed_on"]) > closes and not act.answers.get("override"):
        late = Problem("已过受理截止日 {day}，继续申报请写明理由。", {"day": closes.isoformat()})
        raise BadAnswer({"override": [late]})


def filed(act: Act) -> None:
    """N6: where and under which number; a filing after the window closed leaves its own mark."""
    filing.filed(act)
    if act.answers.get("override"):
        remember(act.request, filed_after_close=True)
        reviewing.note(act, "renewal.filed_late", closes=act.request.details["closes_on"])


def register_checked(act: Act) -> None:
    """N8: the dates in order, after the present term, without a gap, and within what the type lets extend.

    Ended or HeldBack where the certificate does not stand any more: a decision does not give it back.
    """
    certificate = act.session.get_one(Certificate, act.request.certificate_id)
    issued, start, until, review = (_day(act, key) for key in DATES)
    checked_term(kind_of(certificate), valid_from=start, valid_until=until, issued_on=issued, review_on=review)
    if act.request.details.get("presumed_until"):
        require_valid(certificate)
        return _in_presumed_term(certificate, start)
    assert issued is not None and start is not None and until is not None
    nested = act.session.begin_nested()
    try:  # the same verb that will write it, tried and taken back
        lifecycle.renew(
            act.session, certificate, valid_from=start, valid_until=until, issued_on=issued, review_on=review,
            issuer=act.answers["issuer"], by=act.by, request_id=act.request.id)
        act.session.flush()
    finally:
        nested.rollback()


def _in_presumed_term(certificate: Certificate, start: dt.date | None) -> None:
    begun = certificate.valid_from
    if begun is not None and start is not None and start > begun:
        gap = Problem("新的有效期起应不晚于 {day}，中间不能间断。", {"day": begun.isoformat()})
        raise WrongTerm({"valid_from": [gap]})


def _day(act: Act, key: str) -> dt.date | None:
    return dt.date.fromisoformat(act.answers[key]) if act.answers.get(key) else None


CHECKED: Writes = {
    "renew-decide": decide_checked, "renew-refused": decide_checked, "gap": gap_checked,
    "file": file_checked,
    "register": register_checked,
}
ANSWERED: Writes = {
    "renew-decide": decided, "renew-refused": decided, "gap": closed,
    "renew-review": reviewing.reviewed, "approve": reviewing.reviewed, "file": filed,
}
