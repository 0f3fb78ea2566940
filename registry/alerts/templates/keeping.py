"""Texts of a group's own: looked up, checked, put in force, taken back. Whoever sets up lines may change them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import record
from registry.access.rules import Thing, require
from registry.alerts.letters.lines import EDIT, READ
from registry.alerts.templates import values
from registry.alerts.templates.model import AlertTemplate
from registry.alerts.templates.sandbox import LONGEST, Unfit, Wrong, check, filled
from registry.people.units import Unit

SUBJECT = 300
LANGUAGES = ("zh", "en")
_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_PARAMETER = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,39})\s*=\s*")
_PERSON = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[0-9](?:[ _.-]?[0-9]){13,}(?:[ _.-]?[0-9Xx]))(?![0-9])")
"""A mobile number, or a run of figures that could be an identity number."""


def known(situation: str, channel: str, language: str) -> None:
    """NotFound where there is no such text."""
    if situation not in values.SITUATIONS or channel not in values.channels(situation) or language not in LANGUAGES:
        raise NotFound


def in_force(session: Session, actor: Actor) -> dict[tuple[str, str, str], AlertTemplate]:
    """The texts of the actor's group, by situation, channel and language. Raises NotAllowed."""
    _require(session, actor, READ)
    rows = session.scalars(select(AlertTemplate).where(
        AlertTemplate.group_id == actor.group_id, AlertTemplate.ended_at.is_(None)))
    return {(row.situation, row.channel, row.language): row for row in rows}


def history(session: Session, actor: Actor, situation: str, channel: str, language: str) -> Sequence[AlertTemplate]:
    """The texts that stood there, the newest first, with the one in force. Raises NotAllowed, NotFound."""
    known(situation, channel, language)
    _require(session, actor, READ)
    return session.scalars(_at(actor, situation, channel, language).order_by(AlertTemplate.id.desc()).limit(50)).all()


def failing(session: Session, actor: Actor) -> Sequence[AlertTemplate]:
    """The texts in force that could not be filled in when they were needed, the latest first. Raises NotAllowed."""
    _require(session, actor, READ)
    return session.scalars(select(AlertTemplate).where(
        AlertTemplate.group_id == actor.group_id, AlertTemplate.ended_at.is_(None),
        AlertTemplate.failed_at.is_not(None)).order_by(AlertTemplate.failed_at.desc())).all()


def save(session: Session, situation: str, channel: str, language: str, subject: str, body: str, *, seen: int | None,
         by: Actor) -> AlertTemplate:
    """Put a text in force; `seen` is the one that stood there when its writer began (None: the shipped one).

    Raises NotAllowed, NotFound, BadAnswer with what is wrong in which field, Conflict where somebody was faster.
    """
    known(situation, channel, language)
    place = _require(session, by, EDIT)
    subject, body = subject.strip(), body.strip().replace("\r\n", "\n")
    if wrong := faults(situation, channel, subject, body):
        raise BadAnswer({name: [placed(one)] for name, one in wrong.items()})
    before = _end(session, by, situation, channel, language, seen)
    made = AlertTemplate(group_id=place.group_id, situation=situation, channel=channel, language=language,
                         subject=subject, body=body, made_by=by.id, made_by_name=by.name)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise Conflict from None
    told = {"situation": situation, "channel": channel, "language": language}
    record(session, "template.changed", ("template", made.id), by=by, group_id=made.group_id,
           before={"template": before.id} if before else None, after=told)
    return made


def reset(session: Session, situation: str, channel: str, language: str, *, seen: int | None, by: Actor) -> None:
    """Back to the shipped text. Raises NotAllowed, NotFound, Conflict."""
    known(situation, channel, language)
    _require(session, by, EDIT)
    before = _end(session, by, situation, channel, language, seen)
    if before is None:
        raise Conflict
    record(session, "template.reset", ("template", before.id), by=by, group_id=before.group_id,
           after={"situation": situation, "channel": channel, "language": language})


def faults(situation: str, channel: str, subject: str, body: str) -> dict[str, Wrong]:
    """What is wrong with a text, by field: what cannot be read, and what the examples do not go into."""
    found: dict[str, Wrong] = {}
    told = values.examples(situation)
    if values.is_sms(channel):
        if not _CODE.fullmatch(subject):
            found["subject"] = Wrong(Problem("短信模板的编号只含字母、数字和下划线。"))
        if (wrong := _sms(body, told)) is not None:
            found["body"] = wrong
        return found
    if not subject:
        found["subject"] = Wrong(Problem("请填写。"))
    elif len(subject) > SUBJECT or "\n" in subject:
        found["subject"] = Wrong(Problem("最多 {most} 个字。", {"most": SUBJECT}))
    for name, text in (("subject", subject), ("body", body)):
        if name not in found and (wrong := fault(text, told)) is not None:
            found[name] = wrong
    return found


def fault(text: str, told: Mapping[str, Any]) -> Wrong | None:
    """What is wrong with one text; the first thing."""
    if (wrong := check(text, told)) is not None:
        return wrong
    plain = unicodedata.normalize("NFKC", text)
    if (number := _PERSON.search(plain)) is not None:
        line = plain.count("\n", 0, number.start()) + 1
        column = number.start() - plain.rfind("\n", 0, number.start())
        return Wrong(Problem("不能写手机号或身份证号。"), line, column, len(number[0]))
    try:
        filled(text, told)
    except Unfit as error:
        return error.wrong
    return None


def parameters(body: str) -> list[tuple[int, int, str, str]]:
    """The parameters of an SMS: the line, where the text begins in it, the provider's name, the text."""
    rows = []
    for number, line in enumerate(body.split("\n"), 1):
        if line.strip():
            found = _PARAMETER.match(line)
            rows.append((number, found.end(), found[1], line[found.end():]) if found else (number, 0, "", line))
    return rows


def _sms(body: str, told: Mapping[str, Any]) -> Wrong | None:
    if len(body) > LONGEST:
        return Wrong(Problem("最多 {most} 个字。", {"most": LONGEST}))
    seen = set[str]()
    for line, start, name, text in parameters(body):
        if not name:
            return Wrong(Problem("每行写一个参数：参数名=内容。"), line, 1, len(text))
        if name in seen:
            return Wrong(Problem("参数“{name}”写了两次。", {"name": name}), line, 1, len(name))
        seen.add(name)
        if not text.strip():
            return Wrong(Problem("参数“{name}”没有内容。", {"name": name}), line, 1, len(name))
        if (wrong := fault(text, told)) is not None:
            return Wrong(wrong.problem, line, wrong.column + start, wrong.length)
    return None


def placed(wrong: Wrong) -> Problem:
    """What is wrong, with its place."""
    if not wrong.length:
        return wrong.problem
    return Problem("第 {line} 行第 {column} 个字：{what}",
                   {"line": wrong.line, "column": wrong.column, "what": wrong.problem})


def _require(session: Session, actor: Actor, action: str) -> Unit:
    group = session.get(Unit, actor.group_id) if actor.group_id is not None else None
    if group is None:
        raise NotFound
    require(actor, action, Thing(group.path))
    return group


def _at(actor: Actor, situation: str, channel: str, language: str) -> Any:
    return select(AlertTemplate).where(
        AlertTemplate.group_id == actor.group_id, AlertTemplate.situation == situation,
        AlertTemplate.channel == channel, AlertTemplate.language == language)


def _end(session: Session, by: Actor, situation: str, channel: str, language: str,
         seen: int | None) -> AlertTemplate | None:
    """What stands there ends; Conflict where that is not what was seen. Of two at the same time the database lets one
    through."""
    before: AlertTemplate | None = session.scalar(
        _at(by, situation, channel, language).where(AlertTemplate.ended_at.is_(None)).with_for_update())
    if (before.id if before else None) != seen:
        raise Conflict
    if before is not None:
        session.execute(update(AlertTemplate).where(AlertTemplate.id == before.id).values(
            ended_at=clock.now(), ended_by_name=by.name))
    return before


__all__ = ["LANGUAGES", "failing", "fault", "faults", "history", "in_force", "known", "parameters", "placed", "reset",
           "save"]
