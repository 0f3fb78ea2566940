"""What is said of an alert where a group has words of its own. A text that cannot be filled in keeps nobody untold: the
shipped one goes in its place, and the text stands in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger import clock
from registry.alerts.channels.sms import Template
from registry.alerts.templates import values
from registry.alerts.templates.keeping import LANGUAGES, parameters, placed
from registry.alerts.templates.model import AlertTemplate
from registry.alerts.templates.sandbox import Unfit, filled
from registry.certificates.catalogue import types
from registry.people.persons import Person

OWN = "wording"
"""Among the values of a notice: its words by language, where the group has its own (web.i18n says them)."""
SITUATION = "situation"
_KEPT = "alert_templates"


@dataclass(frozen=True)
class Said:
    """One line, and what stands below it."""

    subject: str
    lines: tuple[str, ...] = ()


def chosen(session: Session, group_id: int, situation: str, channel: str, language: str) -> AlertTemplate | None:
    """The text in force for a channel, else the one for all of them; asked of the database once a transaction."""
    known: dict[int, dict[tuple[str, str, str], AlertTemplate]] = session.info.setdefault(_KEPT, {})
    if group_id not in known:
        rows = session.scalars(select(AlertTemplate).where(
            AlertTemplate.group_id == group_id, AlertTemplate.ended_at.is_(None)))
        known[group_id] = {(row.situation, row.channel, row.language): row for row in rows}
    found = known[group_id]
    if values.is_sms(channel):
        return found.get((situation, channel, language)) or found.get((situation, channel, LANGUAGES[0]))
    return found.get((situation, channel, language)) or found.get((situation, "", language))


def said(session: Session, group_id: int, told: Mapping[str, Any], channel: str, language: str,
         person: str = "") -> Said | None:
    """What a message by a channel says of an alert (`told`: its values, with its situation); None: the shipped text."""
    situation = str(told.get(SITUATION, ""))
    row = chosen(session, group_id, situation, channel, language) if situation in values.SITUATIONS else None
    if row is None:
        return None
    try:
        return rendered(row.subject, row.body, values.named(situation, {**told, "person": person}))
    except Unfit as error:
        _failed(session, row, error)
        return None


def rendered(subject: str, body: str, told: Mapping[str, Any]) -> Said:
    """A text with its values. Raises Unfit."""
    line = " ".join(filled(subject, told).split("\n")).strip()
    below = filled(body, told).strip("\n").split("\n") if body else []
    return Said(line, tuple(each.rstrip() for each in below))


def short(session: Session, group_id: int, told: Mapping[str, Any], channel: str, language: str,
          person: str = "") -> tuple[Template, dict[str, str]] | None:
    """The provider's template of an SMS with the values of its parameters; None: the one that the line names."""
    situation = str(told.get(SITUATION, ""))
    row = chosen(session, group_id, situation, channel, language) if situation in values.SITUATIONS else None
    if row is None:
        return None
    try:
        return parameters_of(row.subject, row.body, values.named(situation, {**told, "person": person}))
    except Unfit as error:
        _failed(session, row, error)
        return None


def parameters_of(code: str, body: str, told: Mapping[str, Any]) -> tuple[Template, dict[str, str]]:
    """A template of the provider, and what its parameters say. Raises Unfit."""
    given = {name: filled(text, told).strip() for _line, _start, name, text in parameters(body)}
    kind = values.DIGEST if "n" in told else "alert"
    return Template(kind, code, tuple(given)), given


def inside(session: Session, group_id: int, people: Sequence[int], params: Mapping[str, Any],
           ) -> Iterator[tuple[Sequence[int], Mapping[str, Any]]]:
    """The values of a notice for each of these people: with words of the group's own, where it has any."""
    situation = str(params.get(SITUATION, ""))
    rows = [row for language in LANGUAGES if situation in values.SITUATIONS
            and (row := chosen(session, group_id, situation, values.INAPP, language)) is not None]
    if not rows:
        yield people, params
        return
    named = any(word in row.subject for row in rows for word in ("person", "收件人"))
    for some in ([one] for one in people) if named else [list(people)]:
        name = session.scalar(select(Person.name).where(Person.id == some[0])) or "" if named and some else ""
        own = {row.language: line.subject for row in rows
               if (line := said(session, group_id, in_tongue(params, row.language), values.INAPP, row.language, name))}
        yield some, {**params, OWN: own} if own else params


def in_tongue(params: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """The values as somebody who reads this language knows them: the name of the type."""
    if language == "zh":
        return params
    english = next((kind.name_en for kind in types().values() if kind.name == params.get("type")), "")
    return {**params, "type": english or params.get("type", "")}


def _failed(session: Session, row: AlertTemplate, error: Unfit) -> None:
    """Write down that a text could not be filled in, the first time."""
    session.execute(update(AlertTemplate).where(
        AlertTemplate.id == row.id, AlertTemplate.failed_at.is_(None)).values(
        failed_at=clock.now(), failed_why=placed(error.wrong).plain()),
        execution_options={"synchronize_session": False})


__all__ = ["OWN", "SITUATION", "Said", "chosen", "in_tongue", "inside", "parameters_of", "rendered", "said", "short"]
