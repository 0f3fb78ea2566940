"""Publishing an edition of a type, taking back one that has not begun, correcting one on the day on which it begins,
closing a type: each refused at its field."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import BadAnswer, Conflict, NotFound, Problem, Refused
from ledger.facts import record
from registry.certificates import catalogue
from registry.certificates.editions import TypeEdition, editions
from registry.certificates.kinds import CertificateType
from registry.certificates.type_checks import faults, link_faults
from registry.certificates.type_files import plain
from registry.people.regions import SHORTS

FARTHEST = dt.date(2099, 12, 31)


class PublishedMeanwhile(Conflict):
    """{by} 在 {at} 刚刚发布了这个种类的第 {no} 版，您的修改没有发布。请先看看那一版改了什么。"""


class AlreadyInEffect(Conflict):
    """第 {no} 版从 {day} 起已经生效，不能撤回；请发布新的一版。"""


class NothingChanged(BadAnswer):
    """内容与那一天生效的版本相同，没有可发布的修改。"""


@dataclass(frozen=True)
class Notice:
    """What goes with an edition: from which day, where, why, and who compared it with the original text.

    `after` is the number of the newest edition that the author had before their eyes; `corrects` that of one in force
    from today on whose place this one takes at once: what was judged on earlier days stays as it was.
    """

    effective_from: dt.date | None
    reason: str
    province: str = ""
    verified_by: str = ""
    after: int = 0
    corrects: int = 0


def publish(session: Session, each: CertificateType, notice: Notice, *, by: Actor) -> TypeEdition:
    """Put an edition behind the others; it is in force from its day, and the worker moves what it moves.

    BadAnswer with every fault at its field; PublishedMeanwhile (409) when somebody was faster.
    """
    if notice.province:
        each = msgspec.structs.replace(each, variants=())  # it speaks for its province alone
    last = newest(session, each.code)
    if last is not None and last.no > notice.after:
        raise _meanwhile(last)
    try:
        check(session, each, notice)
    except Refused as refused:
        last = newest(session, each.code)  # what is wrong may be what somebody has just published
        if last is not None and last.no > notice.after:
            raise _meanwhile(last) from refused
        raise
    edition = TypeEdition(
        code=each.code, no=(last.no if last else 0) + 1, province=notice.province, content=plain(each),
        effective_from=notice.effective_from, reason=notice.reason.strip(), verified_by=notice.verified_by.strip(),
        by_id=by.id, by_name=by.name)
    wrong = begun_today(session, each.code, notice.province) if notice.corrects else None
    try:
        with session.begin_nested():
            if wrong is not None:
                _take_back(session, wrong, by)
            session.add(edition)
    except IntegrityError as error:
        session.expire_all()
        raise _meanwhile(newest(session, each.code)) from error
    record(session, "type.corrected" if wrong else "type.published", ("type_edition", edition.id), by=by,
           about=[("type_edition", wrong.id)] if wrong else (), before={"no": wrong.no} if wrong else None,
           after={"type": each.code, "no": edition.no, "province": edition.province,
                  "from": edition.effective_from.isoformat()})
    ring_after_commit(session, "timers")
    return edition


def check(session: Session, each: CertificateType, notice: Notice) -> None:
    """BadAnswer unless this edition could be published now."""
    found: dict[str, list[Problem]] = {}
    known = catalogue.types()
    for key, problem in (*faults(each), *link_faults(each, known)):
        found.setdefault(key, []).append(problem)
    if (each.code not in known) and notice.province:
        found.setdefault("province", []).append(Problem("新的种类先要有各地通用的一版。"))
    for key, problem in notice_faults(session, each.code, notice):
        found.setdefault(key, []).append(problem)
    if found:
        raise BadAnswer(found)
    assert notice.effective_from is not None
    said = catalogue.said_on(each.code, notice.effective_from, notice.province)
    present = effective(said.type, notice) if said else None
    if present == each:
        raise NothingChanged({"reason": []})


def effective(each: CertificateType, notice: Notice) -> CertificateType:
    """What an edition of a province begins with: the type with that province's variants worked in."""
    if not notice.province or notice.effective_from is None:
        return each
    return msgspec.structs.replace(
        catalogue.as_of(each, notice.effective_from, notice.province) or each, variants=())


def notice_faults(session: Session, code: str, notice: Notice) -> list[tuple[str, Problem]]:
    """What is wrong with the day, the place and the reason of an edition."""
    wrong = []
    if notice.province and notice.province not in tuple(SHORTS):
        wrong.append(("province", Problem("没有“{province}”这个省份简称。", {"province": notice.province})))
    if not notice.reason.strip():
        wrong.append(("reason", Problem("请写明修改的原因或依据。")))
    elif len(notice.reason) > 500:
        wrong.append(("reason", Problem("原因最多 {most} 字。", {"most": 500})))
    if len(notice.verified_by) > 120:
        wrong.append(("verified_by", Problem("最多 {most} 字。", {"most": 120})))
    if problem := _wrong_day(session, code, notice):
        wrong.append(("effective_from", problem))
    return wrong


def _wrong_day(session: Session, code: str, notice: Notice) -> Problem | None:
    day, today = notice.effective_from, clock.today()
    if day is None:
        return Problem("请选择生效日期。")
    if day < today:
        return Problem("生效日期不能早于今天（{today}），过去的判断不能改。", {"today": today})
    if day > FARTHEST:
        return Problem("生效日期不能晚于 {day}。", {"day": FARTHEST})
    taken = _on_day(session, code, notice.province, day)
    if notice.corrects and (day > today or taken is None or taken.no != notice.corrects):
        return Problem("只能更正今天（{today}）生效的一版，生效日期也应是今天。", {"today": today})
    if taken is not None and not notice.corrects:
        return Problem("第 {no} 版已从 {day} 起生效，同一天只能有一版，请换一天。", {"no": taken.no, "day": day})
    return None


def withdraw(session: Session, edition: TypeEdition, *, by: Actor) -> None:
    """Take back an edition that has not begun; AlreadyInEffect, or Conflict when it was taken back before."""
    session.refresh(edition, with_for_update=True)
    if edition.withdrawn_at is not None:
        raise Conflict
    if edition.effective_from <= clock.today():
        raise AlreadyInEffect(no=edition.no, day=edition.effective_from)
    _take_back(session, edition, by)
    record(session, "type.withdrawn", ("type_edition", edition.id), by=by,
           after={"type": edition.code, "no": edition.no})


def _take_back(session: Session, edition: TypeEdition, by: Actor) -> None:
    edition.withdrawn_at, edition.withdrawn_by_id, edition.withdrawn_by_name = clock.now(), by.id, by.name
    session.flush()


def begun_today(session: Session, code: str, province: str) -> TypeEdition | None:
    """The edition that is in force from today on, the only one that can still be corrected for a day that runs."""
    return _on_day(session, code, province, clock.today())


def close(session: Session, code: str, notice: Notice, *, by: Actor) -> TypeEdition:
    """Issue no more certificates of a type from a day on; those that are held run on. It is an edition like others."""
    said = catalogue.said_on(code, notice.effective_from or clock.today())
    if said is None:
        raise catalogue.UnknownType(code=code)
    closed = msgspec.structs.replace(said.type, closed_from=notice.effective_from)
    return publish(session, closed, notice, by=by)


def newest(session: Session, code: str) -> TypeEdition | None:
    """The last edition published of a type, withdrawn or not."""
    return session.scalar(
        select(TypeEdition).where(TypeEdition.code == code).order_by(TypeEdition.no.desc()).limit(1))


def edition_of(session: Session, code: str, no: int) -> TypeEdition:
    """One edition; NotFound."""
    found = next((one for one in editions(session, code) if one.no == no), None)
    if found is None:
        raise NotFound
    return found


def _on_day(session: Session, code: str, province: str, day: dt.date) -> TypeEdition | None:
    return session.scalar(select(TypeEdition).where(
        TypeEdition.code == code, TypeEdition.province == province, TypeEdition.effective_from == day,
        TypeEdition.withdrawn_at.is_(None)))


def _meanwhile(last: TypeEdition | None) -> Conflict:
    if last is None:
        return Conflict()
    return PublishedMeanwhile(by=last.by_name, at=last.published_at, no=last.no)
