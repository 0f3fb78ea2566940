"""合规检查: what a project, a company or a person lacks on a chosen day, as a page and as JSON; the same answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.rules import Thing, can
from registry.certificates.catalogue import type_of, types
from registry.people.persons import Person
from registry.people.units import Unit
from registry.people.works import CONTRACTING, GRADES, SCALES
from registry.rules.lacking import Answer, lacking
from registry.rules.lines import Line
from registry.rules.words import DATA, SEVERITIES, VALUES
from web import once
from web.guard import actor, needs
from web.i18n import named, say
from web.organisation.sight import person_of, unit_of
from web.session import db
from workflows.applying.cures import Cure, cure_of

bp = Blueprint("lacks", __name__)
EARLIEST, LATEST = dt.date(1980, 1, 1), dt.date(2099, 12, 31)
COLOURS = {"block": "bad", "warn": "due", "unknown": "closed"}
SPOKEN = {"scale": SCALES, "grade": GRADES, "contracting": CONTRACTING}
PLACES = {"person": ("people.person", "person_id"), "project": ("people.project", "unit_id"),
          "company": ("companies.company", "unit_id")}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A line in the visitor's language. `data` are (what, value)."""

    line: Line
    text: str
    cure: str
    colour: str
    severity: str
    data: list[tuple[str, str]]
    apply: Cure | None = None


@bp.get("/projects/<int:unit_id>/lacks")
@needs("unit.read")
def of_project(unit_id: int) -> str:
    """What a project lacks; ?on= the day (today), ?known= as known at the end of that day (now)."""
    return _page(unit_of(unit_id, "project"), "project")


@bp.get("/projects/<int:unit_id>/lacks.json")
@needs("unit.read")
def of_project_as_json(unit_id: int) -> Response:
    """The same as JSON."""
    return _json(unit_of(unit_id, "project"))


@bp.get("/companies/<int:unit_id>/lacks")
@needs("unit.read")
def of_company(unit_id: int) -> str:
    """What a company lacks."""
    return _page(unit_of(unit_id, "company", "group"), "company")


@bp.get("/companies/<int:unit_id>/lacks.json")
@needs("unit.read")
def of_company_as_json(unit_id: int) -> Response:
    """The same as JSON."""
    return _json(unit_of(unit_id, "company", "group"))


@bp.get("/people/<int:person_id>/lacks")
@needs("person.read")
def of_person(person_id: int) -> str:
    """What a person lacks, in whatever posts."""
    return _page(person_of(person_id), "person")


@bp.get("/people/<int:person_id>/lacks.json")
@needs("person.read")
def of_person_as_json(person_id: int) -> Response:
    """The same as JSON."""
    return _json(person_of(person_id))


def _asked(what: Unit | Person) -> tuple[Answer, list[Line]]:
    """The answer, and those of its lines that the visitor may read."""
    on, known = day_asked("on") or clock.today(), day_asked("known")
    at = min(clock.end_of_day(known), clock.now()) if known else clock.now()
    answer = lacking(db.session(), what, on=on, known=at)
    return answer, [line for line in answer.lines if may_read(line)]


def may_read(line: Line) -> bool:
    """A line tells about certificates: who may not read those may not read it."""
    place = Thing(line.about.path, line.family, owner_id=line.about.person)
    return can(actor(), "certificate.read", place)


def day_asked(name: str) -> dt.date | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.min
    if not EARLIEST <= day <= LATEST:
        raise BadAnswer({name: [Problem("日期应写成 2026-11-22 的样子，在1980年至2099年之间。")]})
    return day


def _page(what: Unit | Person, kind: str) -> str:
    answer, lines = _asked(what)
    endpoint, argument = PLACES[kind]
    number: dict[str, Any] = {argument: what.id}
    return render_template(
        "lacks.html",
        what=what,
        kind=kind,
        answer=answer,
        shown=[shown_line(line, cure_of(db.session(), actor(), line)) for line in lines],
        hidden=len(answer.lines) - len(lines),
        back=url_for(endpoint, **number),
        address=url_for(f"lacks.of_{kind}", **number),
        as_json=url_for(f"lacks.of_{kind}_as_json", **number, **_days(answer)),
        today=clock.today(),
        fresh=once.fresh,
        type_named=lambda code: named(type_of(code)),
        now_asked=answer.on == clock.today() and not request.args.get("known"),
    )


def _days(answer: Answer) -> dict[str, Any]:
    known = request.args.get("known", "").strip()
    return {"on": answer.on.isoformat(), **({"known": known} if known else {})}


def _json(what: Unit | Person) -> Response:
    answer, lines = _asked(what)
    return jsonify(
        on=answer.on.isoformat(),
        known=answer.known.isoformat(),
        judged=answer.judged,
        hidden=len(answer.lines) - len(lines),
        lines=[_plain(line) for line in lines],
    )


def _plain(line: Line) -> dict[str, Any]:
    shown = shown_line(line)
    return {
        "rule": line.rule, "decision": line.decision, "lack": line.lack, "severity": line.severity,
        "text": shown.text, "cure": shown.cure, "basis": line.basis, "source": line.source, "verified": line.verified,
        "about": {"kind": line.about.kind, "id": line.about.id, "name": line.about.name},
        "unit": line.unit, "post": line.post,
        "certificates": [{"id": paper.id, "code": paper.code, "type": paper.type, "standing": paper.standing.value}
                         for paper in line.papers],
        "data": {key: _value(value) for key, value in line.data.items() if key in DATA},
    }  # fmt: skip


def _value(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def shown_line(line: Line, apply: Cure | None = None) -> Shown:
    data = [(_(DATA[key]), value_words(key, value)) for key, value in line.data.items() if key in DATA]
    return Shown(line, say(line.text, _params(line)), say(line.cure), COLOURS.get(line.severity, "closed"),
                 say(SEVERITIES.get(line.severity, line.severity)), data,
                 apply)  # fmt: skip


def _params(line: Line) -> dict[str, Any]:
    """The values of a sentence, in the visitor's language; another project is named only to who may see it."""
    params = {key: value_words(key, value) for key, value in line.params.items()}
    path = line.data.get("other_path")
    if path and not can(actor(), "unit.read", Thing(path)):
        params["other"] = _("另一个项目")
    return params


def value_words(key: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return _("没有登记")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if key == "type":
        return named(type_of(value)) if value in types() else str(value)
    if key == "trade":
        return trade_name(value)
    if key == "level":
        return {1: _("一级"), 2: _("二级")}.get(value, _("没有"))
    if key == "gender":
        return {"1": _("男"), "2": _("女")}.get(value, value)
    words: Mapping[str, str] = SPOKEN.get(key, VALUES)
    return say(words.get(value, value)) if isinstance(value, str) and value else str(value)


def trade_name(code: str) -> str:
    """A special work of P02 by its name."""
    return dict(trades()).get(code, code)


def trades() -> list[tuple[str, str]]:
    """The special works of P02 by code; none where its fields name none."""
    named_in = (field for field in type_of("P02").fields if field.key == "trade")
    return [(option.value, named(option)) for field in named_in for option in field.options]
