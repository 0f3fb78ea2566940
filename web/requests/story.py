"""What happened, told in sentences: who, when, what, before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from ledger import clock
from ledger.facts import Fact, Subject, story
from registry.access.roles import roles
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.type_checks import STEPS
from registry.custody.loans import CONDITIONS, PURPOSES
from registry.custody.originals import KINDS as KINDS_OF_ORIGINALS
from registry.people.persons import Person
from registry.people.tenure import POSTS, TIES
from registry.people.units import Unit
from registry.people.works import CONTRACTING, GRADES
from web.i18n import named
from web.places import place_of
from web.requests.happened import KINDS
from web.session import db

FIELDS = {
    "version": _l("版本"),
    "state": _l("状态"),
    "until": _l("有效期至"),
    "type": _l("种类"),
    "code": _l("编号"),
    "unit": _l("单位"),
    "post": _l("岗位"),
    "tie": _l("登记事项"),
    "grade": _l("资质等级"),
    "contracting": _l("承包方式"),
    "company": _l("公司"),
    "on": _l("日期"),
    "reason": _l("原因"),
    "role": _l("角色"),
    "from": _l("自"),
    "to": _l("至"),
    "number": _l("编号"),
    "source": _l("依据"),
    "outcome": _l("结果"),
    "certificates": _l("证件份数"),
    "places": _l("单位处数"),
    "opinion": _l("意见"),
    "decision": _l("决定"),
    "note": _l("说明"),
    "name": _l("名称"),
    "round": _l("轮次"),
    "rounds": _l("补正次数"),
    "original": _l("原件"),
    "purpose": _l("用途"),
    "condition": _l("状况"),
    "late_days": _l("逾期天数"),
    "step": _l("步骤"),
    "due": _l("到期日"),
}


NAMED = frozenset({"unit", "company"})
MOMENTS = frozenset({"from", "until"})
SPOKEN = {
    "post": POSTS, "tie": TIES, "grade": GRADES, "contracting": CONTRACTING, "original": KINDS_OF_ORIGINALS,
    "purpose": PURPOSES, "condition": CONDITIONS, "step": STEPS,
}
LONGEST = 60


@dataclass(frozen=True)
class Told:
    """One line of a story. `changes` are (what, before, after) as people read them; `data` is what came with it."""

    at: dt.datetime
    by: str
    words: str
    changes: list[tuple[str, str, str]]
    data: list[str]
    address: str | None


def tell(*subjects: Subject, own: bool = False, without: Sequence[str] = ()) -> list[Told]:
    """The story of the subjects, newest first, at most 60 lines; `own` leaves out what is only about them, `without`
    facts of these kinds."""
    facts = [
        fact for fact in story(db.session(), *subjects, without=without)
        if not own or (fact.subject_kind, fact.subject_id) in subjects
    ]
    return told_of(facts[: -LONGEST - 1 : -1])


def told_of(facts: Sequence[Fact]) -> list[Told]:
    """A line for each of these facts."""
    names, people = _unit_names(facts), _people_names(facts)
    return [_told(fact, names, people) for fact in facts]


def _unit_names(facts: Iterable[Fact]) -> dict[int, str]:
    """The names of the units that the facts hold by id, in one query."""
    told = [{**(fact.before or {}), **(fact.after or {})} for fact in facts] + [fact.before or {} for fact in facts]
    ids = {one[key] for one in told for key in NAMED if isinstance(one.get(key), int)}
    return dict(db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids))).all()) if ids else {}


def _people_names(facts: Iterable[Fact]) -> dict[int, str]:
    """The names of those to whom something went ("to"), in one query."""
    ids = {found for fact in facts if isinstance(found := (fact.after or {}).get("to"), int)}
    return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()) if ids else {}


def _told(fact: Fact, names: Mapping[int, str], people: Mapping[int, str]) -> Told:
    before, after = fact.before or {}, fact.after or {}
    known = [key for key in {**before, **after} if key in FIELDS or fact.kind == "calendar.changed"]
    changes, data = [], []
    if isinstance(after.get("to"), int):
        after = {**after, "to": people.get(after["to"], "")}
    for key in known:
        was, now = _value(key, before.get(key), names), _value(key, after.get(key), names)
        if was and was != now:
            changes.append((str(FIELDS.get(key, key)), was, now))
        elif now and now != was:
            data.append(f"{FIELDS.get(key, key)} {now}")
    by = fact.actor_name if fact.actor_id is not None else _("系统")
    return Told(
        fact.at, by, str(KINDS.get(fact.kind, fact.kind)), changes, data, place_of(fact.subject_kind, fact.subject_id)
    )


def _value(key: str, value: Any, names: Mapping[int, str]) -> str:
    """A stored id, code or date as people read it."""
    if value is None or value == "":
        return ""
    if key in MOMENTS and "T" in str(value):
        return _day(key, str(value))
    if key in NAMED:
        return names.get(value, f"#{value}")
    if key == "version" and isinstance(value, int):
        return f"{value:03d}"
    if key == "state" and value in codes.STATES:
        return _(codes.STATES[value])
    if key == "type" and value in types():
        return named(types()[value])
    if key == "role" and value in roles():
        return named(roles()[value])
    if key in SPOKEN and value in SPOKEN[key]:
        return _(SPOKEN[key][value])
    return {"off": _("休息"), "work": _("上班"), "weekday": _("按星期")}.get(str(value), str(value))


def _day(key: str, moment: str) -> str:
    """The day of an instant; of an end, the last day before it."""
    at = dt.datetime.fromisoformat(moment)
    return clock.day_of(at - dt.timedelta(microseconds=1) if key == "until" else at).isoformat()
