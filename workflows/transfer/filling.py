"""What the forms of a change open with, what they refuse, and what they leave behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.certificates import drafting
from registry.certificates.chain import turned_on
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate, Holder
from registry.people.persons import Person, person_of
from registry.people.units import WORKS, Unit
from registry.people.works import CONTRACTING, GRADES
from workflows.applying.opening import kind_for
from workflows.clearing.hindrance import subject
from workflows.handling import reviewing
from workflows.process import Act, Answers
from workflows.requests import Request
from workflows.transfer import inward
from workflows.transfer.kinds import INWARD, staff
from workflows.transfer.posts import manager_of

MOST = 200
BOXES = {"transfer-b": ("change_name", "change_legal", "change_address", "change_capital"),
         "transfer-f": ("change_name", "change_id_number")}


def filled(act: Act) -> None:
    """T1: keep what is asked for as the next round; what was waived for an earlier one no longer counts."""
    if act.answers.get("verdict") == "submit":
        reviewing.asked(act)
        act.request.details = {**act.request.details, "waived": {}}


def boxes_checked(act: Act) -> None:
    """b, f: at least one thing must change; a new legal representative has an A certificate, or promises one."""
    if act.answers["verdict"] != "submit":
        return
    boxes = BOXES[act.task.form_key or ""]
    if not any(act.answers.get(box) for box in boxes):
        raise BadAnswer({boxes[0]: [Problem("请至少勾选一项变更内容。")]})
    legal = act.answers.get("new_legal")
    if legal and not act.answers.get("doc_promise") and not _has_a(act.session, int(legal)):
        raise BadAnswer({"doc_promise": [Problem("新法定代表人没有安管A证，请上传六个月内取得的承诺。")]})


def _has_a(session: Session, person: int) -> bool:
    return session.scalar(select(Certificate.id).where(
        Certificate.holder_person_id == person, Certificate.type_code == "P03", Certificate.state.in_(LIVE)).limit(1)
    ) is not None


def employer_checked(act: Act) -> None:
    """a: to another company than the present one."""
    held = subject(act.session, act.request)
    if act.answers["verdict"] == "submit" and held and act.answers["new_unit"] == str(held.unit.company_id):
        raise BadAnswer({"new_unit": [Problem("持证人已在该单位。")]})


def manager_checked(act: Act) -> None:
    """c: there must be somebody to take over from, and somebody else to do so."""
    if act.answers["verdict"] != "submit":
        return
    now = manager_of(act.session, act.request.holder_id)
    if now is None:
        raise BadAnswer({"successor": [Problem("该项目没有登记在任的项目负责人，请先登记任职。")]})
    if act.answers["successor"] == str(now.person_id):
        raise BadAnswer({"successor": [Problem("继任人就是现任项目负责人。")]})


def successor_changed(act: Act) -> None:
    """c: somebody else is proposed after the check."""
    if act.answers["verdict"] == "again":
        act.request.details = {**act.request.details, "successor": act.answers["successor"]}


def equipment_checked(act: Act) -> None:
    """e: to another place or owner than now."""
    held = subject(act.session, act.request)
    if act.answers["verdict"] != "submit" or held is None:
        return
    if act.answers["way"] == "site" and held.type_code == "Q03":
        raise BadAnswer({"way": [Problem("产权备案不因转场注销，请从使用登记证办理转场。")]})
    if act.answers["way"] == "owner" and held.type_code == "Q04":
        raise BadAnswer({"way": [Problem("过户须注销产权备案，请从产权备案证明办理；使用登记单独注销。")]})
    for key in ("site", "owner"):
        if act.answers.get(key) == str(held.unit_id):
            raise BadAnswer({key: [Problem("设备已在该单位。")]})


def units(session: Session, request: Request) -> list[Unit]:
    """The companies of the group that something can go to."""
    return list(session.scalars(select(Unit).where(
        Unit.group_id == request.group_id, Unit.kind == "company", Unit.closed_on.is_(None)).order_by(Unit.path)))


def sites(session: Session, request: Request) -> list[Unit]:
    """The projects of the group that are not over."""
    return list(session.scalars(select(Unit).where(
        Unit.group_id == request.group_id, Unit.kind == "project", Unit.closed_on.is_(None)).order_by(Unit.path)
        .limit(MOST)))


def people(session: Session, request: Request, *types: str) -> list[Person]:
    """Employees of the request's company who hold one of the types."""
    holds = select(Certificate.holder_person_id).where(Certificate.type_code.in_(types), Certificate.state.in_(LIVE))
    rows = session.scalars(select(Person).where(
        staff(session.get_one(Unit, request.unit_id)), Person.id.in_(holds), Person.left_on.is_(None))
        .order_by(Person.pinyin, Person.id).limit(MOST))
    return list(rows)


def options(rows: Iterable[Unit | Person]) -> list[dict[str, Any]]:
    """Rows as options of a select."""
    return [{"value": str(row.id), "label": f"{row.name} {row.id_masked}" if isinstance(row, Person) else row.name}
            for row in rows]


def _form(lists: Callable[[Session, Request], Answers]) -> Callable[[Session, Request], Answers]:
    return lambda session, request: {**request.content, **lists(session, request)}


def registering(session: Session, request: Request) -> Answers:
    """R10: the certificate as it stands; what changed is typed over."""
    held = subject(session, request)
    now: Answers = {"changed_on": clock.today().isoformat(), "issued_on": clock.today().isoformat()}
    if held is not None and request.subtype != "e":
        dates = {key: day.isoformat() for key in ("valid_from", "valid_until") if (day := getattr(held, key))}
        now |= {"number": "" if held.number_sealed else held.number, "issuer": held.latest.issuer, **dates}
    return {**now, **(request.grant or {})}


def registered_checked(act: Act) -> None:
    """R10: a change leaves the term as it is (153号令; facts 4.4: 有效期不变); a new paper has number and term of its
    type."""
    held = subject(act.session, act.request)
    if act.request.subtype == INWARD:
        problems = _new_paper(act, person_of(act.session, act.request.holder_id), act.request.type_code)
    elif held is None:
        return
    elif act.request.subtype in ("e", "h"):
        problems = _new_paper(act, held.holder, held.type_code)
    else:
        problems = _same_term(act, held)
    if problems:
        raise BadAnswer(problems)


def _same_term(act: Act, held: Certificate) -> dict[str, list[Problem]]:
    problems: dict[str, list[Problem]] = {}
    until = day_in(act.answers, "valid_until")
    if until and held.valid_until and until != held.valid_until:
        problems["valid_until"] = [Problem("变更不改变有效期，应为 {day}。", {"day": held.valid_until})]
    if dt.date.fromisoformat(act.answers["changed_on"]) < (turned := turned_on(held)):
        problems["changed_on"] = [Problem("日期早于台账最后一次变动 {day}。", {"day": turned})]
    return problems


def _new_paper(act: Act, holder: Holder, type_code: str) -> dict[str, list[Problem]]:
    kind = kind_for(holder, type_code)
    try:
        drafting.checked_number(kind, act.answers["number"], holder, day_in(act.answers, "issued_on"))
        start, end, issued = (day_in(act.answers, key) for key in ("valid_from", "valid_until", "issued_on"))
        drafting.checked_term(kind, undated=kind.family == "Q", valid_from=start, valid_until=end, issued_on=issued)
    except BadAnswer as refusal:
        return refusal.problems
    return {}


def day_in(answers: Mapping[str, Any], key: str) -> dt.date | None:
    """A date of the answers, None where it was left empty."""
    return dt.date.fromisoformat(answers[key]) if answers.get(key) else None


def ended_checked(act: Act) -> None:
    """d, e: what is handed back cannot have ended before what stands in the register began."""
    held = subject(act.session, act.request)
    for key in ("ended_on", "handed_on"):
        day = day_in(act.answers, key)
        if held is not None and day is not None and day < held.latest.holds_from:
            raise BadAnswer({key: [Problem("日期早于台账最后一次变动 {day}。", {"day": held.latest.holds_from})]})


def successor_checked(act: Act) -> None:
    """c: whoever is proposed after the check is somebody else, too."""
    now = manager_of(act.session, act.request.holder_id)
    if act.answers["verdict"] == "again" and now is not None and act.answers["successor"] == str(now.person_id):
        raise BadAnswer({"successor": [Problem("继任人就是现任项目负责人。")]})


def lines(_session: Session, request: Request) -> Answers:
    """g: a contractor's qualification is asked line by line, as the rules count them (R01, R10, R11)."""
    if request.type_code != CONTRACTOR:
        return {"works": []}
    return {"works": [{"value": one, "label": one} for one in WORKS],
            "contractings": [{"value": key, "label": words} for key, words in CONTRACTING.items()],
            "grades": [{"value": key, "label": words} for key, words in GRADES.items()]}


CONTRACTOR = "E02"
LEADERS = ("P04", "P06", "P07")
FORMS = ("transfer-a", "transfer-b", "transfer-c", "transfer-d", "transfer-e", "transfer-f", "transfer-g", "transfer-h",
         "transfer-in", "transfer-step")
CHECKED = {
    "transfer-a": employer_checked, "transfer-b": boxes_checked, "transfer-c": manager_checked,
    "transfer-e": equipment_checked, "transfer-f": boxes_checked, "transfer-in": inward.asked,
    "register": registered_checked,
}
ANSWERED = {**dict.fromkeys(FORMS, filled), **reviewing.ANSWERED}
SUCCEEDING_CHECKED = {"successor": successor_checked}
SUCCEEDED = {"successor": successor_changed}
SUCCEEDING = {
    "successor": lambda session, request: {
        "people": options(people(session, request, *LEADERS)),
        "successor": request.details.get("successor") or request.content.get("successor")},
}
GIVEN = {
    **{form: _form(lambda _session, _request: {}) for form in FORMS},
    "transfer-a": _form(lambda session, request: {"units": options(units(session, request))}),
    "transfer-b": _form(lambda session, request: {"people": options(people(session, request, "P03", "P04", "P05"))}),
    "transfer-c": _form(lambda session, request: {"people": options(people(session, request, *LEADERS))}),
    "transfer-e": _form(lambda session, request: {
        "units": options(units(session, request)), "sites": options(sites(session, request))}),
    "transfer-h": _form(lambda session, request: {"units": options(units(session, request))}),
    "transfer-g": _form(lines), "transfer-in": inward.given,
    "register": registering, **reviewing.GIVEN,
}
