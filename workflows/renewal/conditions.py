"""What must be in order before a certificate is renewed (N2). Which conditions a type has says a table; here, whether
they are met: by what is on record where something is, else by a paper that somebody brings (N3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import Problem
from ledger.workdays import ONE_DAY, calendar
from registry.certificates import codes
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import Requirement
from registry.certificates.lifecycle import renewals
from registry.certificates.models import Certificate
from registry.people.identity import age_on
from registry.people.tenure import Employment
from workflows.applying import beginning
from workflows.renewal.terms import Days, kind_of, next_end

NAMES: dict[str, str] = {
    "training": "安全培训学时", "education": "继续教育", "health": "体检合格证明", "work_record": "工作情况证明",
    "contract": "劳动合同", "insurance": "社保（养老保险）", "change": "未办结的变更", "held": "暂扣或转出",
    "age": "年龄", "linked": "关联证件", "materials": "申报材料", "rework": "整改材料",
}
WHY: dict[str, str] = {
    "extensions": "延期次数已满，依法不能再延期（建筑法第九条）。", "age": "持证人已到该证件的年龄上限，不能再续期。",
    "age_closed": "持证人临近该证件的年龄上限，机关不再受理申请，不能再续期。",
}
SUPPORTING = "P23"  # contracts, insurance, health and training papers of a person
AT_LEAST = 3  # working days that a gap gets, however late it is found


@dataclass(frozen=True)
class Case:
    """A certificate whose conditions are looked at, and the days of its renewal."""

    session: Session
    certificate: Certificate
    days: Days
    request_id: int


def hopeless(case: Case) -> str:
    """Why it cannot be renewed at all (a key of WHY), or ""."""
    kind, person = kind_of(case.certificate), case.certificate.holder_person
    if kind.extension is not None and renewals(case.certificate) >= kind.extension.times:
        return "extensions"
    limit = kind.age.maximum if kind.age else None
    if person and person.birth and limit is not None and age_on(person.birth, case.days.target) >= limit:
        return "age"
    closed = _closed_from(case)
    return "age_closed" if closed is not None and closed <= clock.today() else ""


def _closed_from(case: Case) -> dt.date | None:
    """The day from which, for the holder's age, no application is taken; None where none is known for certain."""
    person, ages = case.certificate.holder_person, kind_of(case.certificate).age
    return ages.closed_from(person.birth) if ages and ages.verified and person and person.birth else None


def gaps(case: Case, conditions: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is missing, each with who closes it and by when."""
    found = []
    for row in conditions:
        lack = LACKS[row["condition"]](case, row)
        if lack is not None:
            hours = int(row["amount"]) if row.get("amount") else 0
            note = lack.plain() if isinstance(lack, Problem) else lack
            found.append(gap(case, row["condition"], roles=row["roles"], before=int(row["before"]), note=note,
                             basis=row["basis"], hours=hours))
    return found


def gap(
    case: Case, key: str, *, roles: list[str], before: int, note: str | Mapping[str, Any] = "", basis: str = "",
    name: str = "", hours: int = 0,
) -> dict[str, Any]:
    """One gap: due so many working days before the target day, but never at once. `hours` of training at least; `note`
    is what somebody wrote, or a text of ours (Problem.plain)."""
    days, today = calendar(case.session), clock.today()
    due = max(days.before(case.days.target, before), days.after(today, AT_LEAST))
    return {"key": key, "name": name or NAMES[key], "note": note, "basis": basis, "roles": list(roles), "hours": hours,
            "due_on": min(due, max(case.days.closes, today + ONE_DAY)).isoformat()}


Lack = Callable[[Case, Mapping[str, Any]], Problem | Literal[""] | None]
"""Why a condition is not met, "" where only a paper can show it; None where it is met."""


def _to_be_shown(_case: Case, row: Mapping[str, Any]) -> Problem | Literal[""]:
    return Problem("不少于 {hours} 学时。", {"hours": int(row["amount"])}) if row.get("amount") else ""


def _health(case: Case, _row: Mapping[str, Any]) -> Literal[""] | None:
    return None if _paper(case, "health") else ""


def _contract(case: Case, _row: Mapping[str, Any]) -> Literal[""] | None:
    person = case.certificate.holder_person
    if person is None or _tie(case, "contract", Employment.holding(case.days.target, clock.now())):
        return None
    return None if _paper(case, "contract") else ""


def _insurance(case: Case, _row: Mapping[str, Any]) -> Literal[""] | None:
    """Paid by the employer in the month before (R03)."""
    last = clock.today().replace(day=1) - ONE_DAY
    covers = (Employment.known(clock.now())) & (Employment.from_on <= last) & or_(
        Employment.to_on.is_(None), Employment.to_on >= last.replace(day=1))
    return None if case.certificate.holder_person is None or _tie(case, "insurance", covers) else ""


def _tie(case: Case, kind: str, when: ColumnElement[bool]) -> bool:
    person = case.certificate.holder_person
    assert person is not None
    found = select(Employment.id).where(
        Employment.person_id == person.id, Employment.company_id == person.company_id, Employment.kind == kind, when)
    return case.session.scalar(found.limit(1)) is not None


def _paper(case: Case, kind: str) -> bool:
    """Whether the person holds a supporting paper of a kind that is good until the target day."""
    found = select(Certificate.id).where(
        Certificate.holder_person_id == case.certificate.holder_person_id, Certificate.type_code == SUPPORTING,
        Certificate.item == kind, Certificate.state == codes.VALID, _until(case.days.target))
    return case.session.scalar(found.limit(1)) is not None


def _until(day: dt.date) -> ColumnElement[bool]:
    return or_(Certificate.ends_on.is_(None), Certificate.ends_on >= day)


def _change(case: Case, _row: Mapping[str, Any]) -> Problem | None:
    for process, words in (("transfer", "变更申请 {number} 还没有办结。"), ("loss", "遗失补办 {number} 还没有办结。")):
        if open_ := beginning.unfinished(case.session, process, case.certificate):
            return Problem(words, {"number": open_.number})
    return None


def _held(case: Case, _row: Mapping[str, Any]) -> Problem | None:
    state = case.certificate.state
    return None if state == codes.VALID else Problem("证件处于“{state}”，先办理发还或取消转出。",
                                                     {"state": codes.STATES[state]})


def _age(case: Case, _row: Mapping[str, Any]) -> Problem | None:
    person, kind, until = case.certificate.holder_person, kind_of(case.certificate), next_end(case.certificate)
    limit, closed = kind.age.maximum if kind.age else None, _closed_from(case)
    if closed is not None and closed <= case.days.target:
        return Problem("因年龄，机关自 {day} 起不再受理申请，请在此前申报。", {"day": closed.isoformat()})
    if person is None or person.birth is None or limit is None or until is None or age_on(person.birth, until) < limit:
        return None
    return Problem("新的有效期内将满 {age} 周岁，请核对机关能否续满一个有效期。", {"age": limit})


def _linked(case: Case, _row: Mapping[str, Any]) -> Problem | None:
    """Certificates that this one rests on are good beyond the authority's decision."""
    kind = kind_of(case.certificate)
    needed = calendar(case.session).after(case.days.target, kind.decision.workdays)
    lacking = [_either(one.types) for one in kind.requires if not one.when and not _rests(case, one, needed)]
    told = {"types": lacking, "day": needed.isoformat()}
    return Problem("{types}在 {day} 以前到期，或没有登记。", told) if lacking else None


def _either(codes_of: tuple[str, ...]) -> str | Problem:
    names = [type_of(code).name for code in codes_of]
    return names[0] if len(names) == 1 else Problem("{types}之一", {"types": names})


def _rests(case: Case, one: Requirement, until: dt.date) -> bool:
    holder = _holder_of(case, one)
    if holder is None:
        return True  # held by people of the company: rules R09 and R10 count them
    found = select(Certificate.id).where(
        holder, Certificate.type_code.in_(one.types), Certificate.state == codes.VALID, _until(until))
    return case.session.scalar(found.limit(1)) is not None


def _holder_of(case: Case, one: Requirement) -> ColumnElement[bool] | None:
    certificate, family = case.certificate, one.types[0][0]
    company = certificate.unit.company_id
    if one.of in ("contractor", "employer"):
        return Certificate.holder_unit_id == company
    if certificate.holder_person_id is not None:
        return Certificate.holder_person_id == certificate.holder_person_id
    if certificate.holder_machine_id is not None:
        return Certificate.holder_machine_id == certificate.holder_machine_id
    return None if family == "P" else Certificate.holder_unit_id == certificate.holder_unit_id


LACKS: dict[str, Lack] = {
    "training": _to_be_shown, "education": _to_be_shown, "work_record": _to_be_shown, "materials": _to_be_shown,
    "health": _health, "contract": _contract, "insurance": _insurance, "change": _change, "held": _held, "age": _age,
    "linked": _linked,
}
