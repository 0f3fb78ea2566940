"""Editions of a rule's tables: what a process owner publishes over the shipped file, from a day on, for a province or
everywhere; never changed. The edition of a day answers for that day, also when the question comes later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Index, String, UniqueConstraint, func, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

import feel
import feel.dmn
from feel.errors import FeelError
from feel.prove import prove
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from registry.certificates.catalogue import types
from registry.people.regions import SHORTS
from registry.rules import tables
from registry.rules.tables import SHIPPED, TITLES, Tables
from registry.rules.words import LACKS, SEVERITIES

MOST_BYTES = 512 * 1024
MOST = 1000
"""The highest number that a table may answer with: people, years or months."""
_STANDING = text("withdrawn_at IS NULL")


class RuleEdition(Base):
    """One edition of one rule's file. `content` is the DMN text; `province` "" is everywhere; `until` the last day."""

    __tablename__ = "rule_edition"
    __table_args__ = (
        UniqueConstraint("rule", "no"),
        Index("uq_rule_edition_day", "rule", "province", "effective_from", unique=True, sqlite_where=_STANDING,
              postgresql_where=_STANDING),
    )

    id: Mapped[Id]
    rule: Mapped[str] = mapped_column(String(3))
    no: Mapped[int]
    province: Mapped[str] = mapped_column(String(1), default="")
    effective_from: Mapped[dt.date]
    until: Mapped[dt.date | None]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str]
    reason: Mapped[str] = mapped_column(String(300))
    published_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_by_name: Mapped[str] = mapped_column(String(80), default="")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an uploaded table, in both languages."""

    message_zh: str
    message_en: str


class BadTable(BadAnswer):
    """决策表有问题，没有保存。"""

    def __init__(self, findings: list[Fault]) -> None:
        self.findings = findings
        told = Problem("决策表有 {count} 处问题，见下面的清单，没有保存。", {"count": len(findings)})
        super().__init__({"file": [told]})


class InForce(Conflict):
    """第 {no} 版已经生效，不能撤回；请发布新的一版。"""


def tables_on(session: Session, on: dt.date, province: str, known: dt.datetime) -> Tables:
    """The tables in force on a day in a province, as known at an instant: the province's own before the general one,
    the later before the earlier."""
    row = RuleEdition
    found = session.execute(
        select(row.rule, row.digest).where(
            row.effective_from <= on, or_(row.until.is_(None), row.until >= on), row.province.in_(("", province)),
            row.published_at <= known, or_(row.withdrawn_at.is_(None), row.withdrawn_at > known))
        .order_by(row.rule, row.province, row.effective_from)).all()
    if not found:
        return SHIPPED
    chosen = {row.rule: row.digest for row in found}
    for digest in chosen.values():
        if not tables.learnt(digest):
            content = session.scalar(select(row.content).where(row.digest == digest).limit(1))
            tables.learn(digest, (content or "").encode("utf-8"))
    return Tables(tuple(sorted(chosen.items())))


def editions(session: Session, rule: str | None = None) -> list[RuleEdition]:
    """The editions of a rule (of all), withdrawn ones too, newest first."""
    query = select(RuleEdition).order_by(RuleEdition.rule, RuleEdition.no.desc())
    return list(session.scalars(query.where(RuleEdition.rule == rule) if rule else query))


def publish(
    session: Session, rule: str, content: bytes, *, effective_from: dt.date, reason: str, by: Actor,
    province: str = "", until: dt.date | None = None,
) -> RuleEdition:
    """Put a new edition of a rule's file in force from a day on (until the next one, or a last day).

    BadTable with every gap, overlap, dead row and unfounded claim; BadAnswer at the field: no reason, no such
    province, days reversed, or days that another edition of the same province covers already.
    """
    _require_days(session, rule, province, effective_from, until, reason)
    if found := list(faults(rule, content)):
        raise BadTable(found)
    last = session.scalar(select(func.max(RuleEdition.no)).where(RuleEdition.rule == rule)) or 0
    edition = RuleEdition(
        rule=rule, no=last + 1, province=province, effective_from=effective_from, until=until,
        digest=hashlib.sha256(content).hexdigest(), content=content.decode("utf-8"), reason=reason.strip()[:300],
        by_id=by.id, by_name=by.name)
    try:
        with session.begin_nested():
            session.add(edition)
    except IntegrityError as error:  # somebody else published one at the same time
        raise Conflict from error
    record(session, "rule.published", ("rule_edition", edition.id), by=by,
           after={"rule": rule, "no": edition.no, "province": province, "from": effective_from.isoformat(),
                  "sha256": edition.digest})
    return edition


def withdraw(session: Session, edition: RuleEdition, *, by: Actor) -> None:
    """Take back an edition before its day. InForce from its day on."""
    if edition.withdrawn_at is not None:
        return
    if edition.effective_from <= clock.today():
        raise InForce(no=edition.no)
    edition.withdrawn_at, edition.withdrawn_by_name = clock.now(), by.name
    record(session, "rule.withdrawn", ("rule_edition", edition.id), by=by,
           after={"rule": edition.rule, "no": edition.no})


def faults(rule: str, content: bytes) -> Iterator[Fault]:
    """What is wrong with a file that is to stand for a rule."""
    if len(content) > MOST_BYTES:
        yield Fault("文件超过 512 KB。", "the file is larger than 512 KB")
        return
    try:
        content.decode("utf-8")
        model = feel.dmn.parse(content)
    except UnicodeDecodeError:
        yield Fault("文件不是 UTF-8 编码。", "the file is not UTF-8")
        return
    except FeelError as error:
        yield Fault(error.message("zh"), error.message("en"))
        return
    shipped = tables.models()[rule]
    missing = sorted(set(shipped.decisions) - set(model.decisions))
    if missing:
        yield Fault(f"缺少决策 {'、'.join(missing)}。", f"missing decisions: {', '.join(missing)}")
    for name in sorted(set(shipped.decisions) & set(model.decisions)):
        yield from _unfit(model, shipped, name)
        for finding in prove(model, name):
            yield Fault(f"{name}：{finding.message_zh}", f"{name}: {finding.message_en}")
        yield from _unfounded(model, name)
        yield from _nonsense(model, shipped, name)


def _unfit(model: feel.dmn.Model, shipped: feel.dmn.Model, name: str) -> Iterator[Fault]:
    """What the program asks a decision with, and what it reads from the answer, must stay."""
    strange = sorted(model.wants(name) - shipped.wants(name))
    if strange:
        asked = "、".join(strange)
        yield Fault(f"{name}：没有名为 {asked} 的输入。", f"{name}: there is no input {asked}")
    wanted, there = ({out.name for table in each.decisions[name].tables for out in table.outputs}
                     for each in (shipped, model))
    if lost := sorted(wanted - there):
        yield Fault(f"{name}：缺少输出 {'、'.join(lost)}。", f"{name}: missing outputs {', '.join(lost)}")
    own, theirs = ([table.policy for table in each.decisions[name].tables] for each in (shipped, model))
    if own != theirs:
        yield Fault(f"{name}：命中策略须为 {own[0]}。", f"{name}: the hit policy has to be {own[0]}")


def _nonsense(model: feel.dmn.Model, shipped: feel.dmn.Model, name: str) -> Iterator[Fault]:
    """A row answers in the kind of the shipped column: whole numbers up to MOST, words, yes or no; null and reckoning
    only where the shipped column has them."""
    columns = {out.name: (out.kind, {row.texts[at] for row in table.rules})
               for table in shipped.decisions[name].tables for at, out in enumerate(table.outputs)}
    for table in model.decisions[name].tables:
        for at, out in enumerate(table.outputs):
            kind, used = columns.get(out.name, (out.kind, set[str]()))
            for row in table.rules if out.name in columns else ():
                if out.kind != kind or not _like(row.texts[at], kind.name if kind else "", used):
                    yield Fault(f"{name} 第 {row.number} 行：{out.name} 不能是 {row.texts[at]}。",
                                f"{name}, row {row.number}: {out.name} cannot be {row.texts[at]}")


def _like(told: str, kind: str, used: set[str]) -> bool:
    """Whether a cell says something of its column's kind, as one of the cells there does."""
    value = _plain(told)
    if value is None:
        return told in used or told != "null" and any(_plain(each) is None and each != "null" for each in used)
    if kind == "number":
        return isinstance(value, Decimal) and 0 <= value <= MOST and value == int(value)
    return isinstance(value, bool if kind == "boolean" else str)


def _plain(told: str) -> object:
    """The value of a cell that is a plain one; None for null and for what has to be reckoned."""
    try:
        return feel.evaluate(told) if not feel.compile(told).names else None
    except FeelError:
        return None


def _unfounded(model: feel.dmn.Model, name: str) -> Iterator[Fault]:
    """A row names its basis and source, and claims to be verified only with a source that was read."""
    for table in model.decisions[name].tables:
        for row in table.rules:
            said = {out.name: told.strip('"') for out, told in zip(table.outputs, row.texts, strict=True)}
            where_zh, where_en = f"{name} 第 {row.number} 行", f"{name}, row {row.number}"
            if "severity" not in said or name == "R12_papers" and "type" not in said:
                continue  # told as a missing output
            if said["severity"] not in {*SEVERITIES, "none"}:
                yield Fault(f"{where_zh}：没有“{said['severity']}”这种程度。", f"{where_en}: unknown severity")
            if not said.get("basis") or not said.get("source"):
                yield Fault(f"{where_zh}：没有写依据和来源。", f"{where_en}: no basis or source")
            source = said.get("source", "")
            if said.get("verified") == "true" and (not source.startswith("S(") or source.startswith("S(W:")):
                yield Fault(f"{where_zh}：来源不是读过的原文，不能标为已核实。",
                            f"{where_en}: only what was read in the original counts as verified")
            if (lack := said.get("lack", "")) and lack not in LACKS:
                yield Fault(f"{where_zh}：没有“{lack}”的说法。", f"{where_en}: no words for {lack!r}")
            if name == "R12_papers" and (said["type"][:1] != "J" or said["type"] not in types()):
                yield Fault(f"{where_zh}：没有“{said['type']}”这种项目证件。",
                            f"{where_en}: a project has no certificates of type {said['type']}")


def _require_days(
    session: Session, rule: str, province: str, first: dt.date, until: dt.date | None, reason: str
) -> None:
    problems: dict[str, list[Problem]] = {}
    if rule not in TITLES:
        problems["rule"] = [Problem("没有规则 {rule}。", {"rule": rule})]
    if province and province not in SHORTS:
        problems["province"] = [Problem("没有这个省份简称。")]
    if not reason.strip():
        problems["reason"] = [Problem("请说明修改的原因和依据。")]
    if until is not None and until < first:
        problems["until"] = [Problem("最后一天不能早于生效日 {day}。", {"day": first})]
    same = (RuleEdition.rule == rule, RuleEdition.province == province, RuleEdition.withdrawn_at.is_(None))
    for other in session.scalars(select(RuleEdition).where(*same)) if not problems else ():
        if other.effective_from == first or (other.effective_from < first and other.until and other.until >= first):
            problems["effective_from"] = [Problem(
                "与第 {no} 版的生效时间重叠（{day} 起），请换一个生效日。",
                {"no": other.no, "day": other.effective_from})]
        elif until is not None and first < other.effective_from <= until:
            problems["until"] = [Problem(
                "与第 {no} 版的生效时间重叠（{day} 起），请提前结束。",
                {"no": other.no, "day": other.effective_from})]
    if problems:
        raise BadAnswer(problems)
