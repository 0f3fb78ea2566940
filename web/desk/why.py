"""Why me, and why not me: the grounds of engine.usertasks.offers in the visitor's language, beside every open task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks.offers import Ground, why
from ledger.actor import Actor
from registry.access.roles import roles
from registry.people.units import Unit
from web.i18n import named, say
from web.panels import PANELS, Panel
from web.text import moment
from workflows.requests import Request

WORDS = {
    "assigned": _l("流程把这一步指派给您本人。"),
    "claimed": _l("您于 {at} 签收。"),
    "transferred": _l("{by} 于 {at} 转办给您。"),
    "delegated": _l("{by} 于 {at} 委派给您，办好后交回。"),
    "given_back": _l("{by} 于 {at} 办好，交回给您。"),
    "recalled": _l("您于 {at} 收回了委派。"),
    "reassigned": _l("{by} 于 {at} 改派给您。"),
    "returned_after_absence": _l("代理期结束，于 {at} 转回给您。"),
    "role": _l("您是“{unit}”的{role}。"),
    "named": _l("流程点名由您办理，或由同样被点名的人办理。"),
    "escalated": _l("超期未办，于 {at} 升级给“{unit}”的{role}。"),
    "signing": _l("{by} 于 {at} 请您加签。"),
    "correcting": _l("您是申请人，请您补正。"),
    "stands_in": _l("您代 {name} 办理。"),
    "did": _l("您已于 {at} 办理“{step}”。按四眼原则，这一步须由另一个人办理。"),
    "applicant": _l("您是本申请的申请人，这一步须由别人办理。"),
    "filled_in": _l("您填写过本申请的内容。按四眼原则，这一步须由别人办理。"),
    "absent_barred": _l("{name} 参与过本流程的相关环节，您不能代他办理这一步。"),
    "held": _l("{by} 从 {at} 起在办理。"),
    "not_offered": _l("这一步由{offer}办理，您没有这个角色。"),
    "before": _l("先要等被请求加签的人签完。"),
    "after": _l("已经办理，正在等后加签的人签完。"),
    "correction": _l("正在等申请人补正。"),
}


def told(session: Session, grounds: Sequence[Ground]) -> list[str]:
    """Each ground as a sentence."""
    names = _units(session, grounds)
    return [say(_words(ground), _spoken(ground.params, names)) for ground in grounds]


def _words(ground: Ground) -> str:
    return str(WORDS[ground.params["role"] if ground.rule == "waits" else ground.rule])


def _units(session: Session, grounds: Iterable[Ground]) -> dict[int, str]:
    """The names of all units that the grounds mean, in one query."""
    wanted = {ground.params["unit"] for ground in grounds if "unit" in ground.params}
    wanted |= {place for ground in grounds for _role, place in map(_parted, ground.params.get("offer", ()))}
    if not wanted:
        return {}
    return dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())


def _parted(group: str) -> tuple[str, int]:
    role, _, place = group.partition("@")
    return role, int(place) if place.isdecimal() else 0


def _spoken(params: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    found = {key: moment(value) if isinstance(value, dt.datetime) else value for key, value in params.items()}
    if "unit" in params:
        found["unit"] = names.get(params["unit"], "")
    if "role" in params:
        found["role"] = _role(params["role"])
    if "offer" in params:
        found["offer"] = _whom(params["offer"], names)
    return found


def _whom(offer: Sequence[str], names: Mapping[int, str]) -> list[str]:
    """The roles a task is offered to, each with the nearest unit at which it is held."""
    nearest: dict[str, int] = {}
    for role, place in map(_parted, offer):
        nearest.setdefault(role, place)
    return [f"{names.get(place, '')}{_role(role)}" for role, place in nearest.items()]


def _role(key: str) -> str:
    return named(roles()[key]) if key in roles() else key


def _given(session: Session, actor: Actor, _request: Request, task: Task | None) -> dict[str, Any] | None:
    if task is None or task.state != "open":
        return None
    mine, not_mine = why(session, task, actor)
    return {"mine": told(session, mine), "not_mine": told(session, not_mine)} if mine or not_mine else None


PANELS.append(Panel("task", 20, "tasks/why.html", _given))
