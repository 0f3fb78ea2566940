"""Lines: a group sets up a way out, changes it, stops it. Secrets are sealed and never shown again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotFound, Problem
from ledger.facts import record
from registry.access.rules import Thing, require
from registry.alerts.channels import CHANNELS, Channel
from registry.alerts.channels.sms import Template
from registry.alerts.letters.model import Line
from registry.people import sealing
from registry.people.units import Unit

SETTINGS = "alerts.line"
EDIT, READ = "system.edit", "system.read"
WHERE = ("base_url", "host", "port")
"""Settings that say where the secrets go: whoever changes one of them types the secrets again."""


def listed(session: Session, actor: Actor) -> Sequence[Line]:
    """The lines of the actor's group, those in use first."""
    return session.scalars(select(Line).where(Line.group_id == actor.group_id).order_by(
        Line.stopped_at.is_not(None), Line.id)).all()


def one(session: Session, actor: Actor, line_id: int) -> Line:
    """A line of the actor's group. Raises NotFound, NotAllowed."""
    found = session.get(Line, line_id)
    if found is None or found.group_id != actor.group_id:
        raise NotFound
    require(actor, READ, Thing(found.unit_path))
    return found


def channel_of(line: Line) -> Channel:
    """Which way out it is."""
    return CHANNELS[line.channel]


def settings_of(line: Line) -> Any:
    """The settings in clear, for sending."""
    kind = channel_of(line).settings
    return _made(kind, json.loads(sealing.unseal(line.settings, SETTINGS)))


def set_up(session: Session, channel: str, unit: Unit, given: Mapping[str, Any], *, title: str, address: str = "",
           by: Actor, local: bool = False) -> Line:
    """A new line. Raises NotAllowed, NotFound (no such channel), BadAnswer with what is wrong with which field."""
    require(by, EDIT, Thing(unit.path))
    if channel not in CHANNELS:
        raise NotFound
    settings = _checked(CHANNELS[channel], given, title, address, local)
    line = Line(group_id=unit.group_id, unit_path=unit.path, channel=channel, title=title.strip(),
                address=address.strip(), taken=[], changed_by_name=by.name, **_kept(CHANNELS[channel], settings))
    session.add(line)
    session.flush()
    record(session, "line.set_up", ("line", line.id), by=by, group_id=line.group_id, after={"channel": channel})
    return line


def change(session: Session, line: Line, given: Mapping[str, Any], *, title: str, address: str = "", by: Actor,
           local: bool = False) -> None:
    """Other settings. A secret left empty stays as it is, unless where it goes is changed: then it is asked for again.

    Raises NotAllowed, BadAnswer.
    """
    require(by, EDIT, Thing(line.unit_path))
    channel, before = channel_of(line), dataclasses.asdict(settings_of(line))
    moved = [name for name in WHERE if name in before and str(given.get(name, before[name])) != str(before[name])]
    empty = [name for name in channel.secrets if not given.get(name) and before[name]]
    if moved and empty:
        raise BadAnswer({name: [Problem("服务器地址变了，请重新填写密钥。")] for name in empty})
    whole = {**before, **given, **{name: before[name] for name in empty}}
    settings = _checked(channel, whole, title, address, local)
    for name, value in _kept(channel, settings).items():
        setattr(line, name, value)
    line.title, line.address = title.strip(), address.strip()
    line.changed_at, line.changed_by_name = clock.now(), by.name
    record(session, "line.changed", ("line", line.id), by=by, group_id=line.group_id, after={"channel": line.channel})


def stop(session: Session, line: Line, *, by: Actor) -> None:
    """Nothing leaves by it any more, until it is taken up again."""
    require(by, EDIT, Thing(line.unit_path))
    line.stopped_at = line.stopped_at or clock.now()
    record(session, "line.stopped", ("line", line.id), by=by, group_id=line.group_id)


def take_up(session: Session, line: Line, *, by: Actor) -> None:
    """It is used again."""
    require(by, EDIT, Thing(line.unit_path))
    line.stopped_at = None
    record(session, "line.taken_up", ("line", line.id), by=by, group_id=line.group_id)


def _checked(channel: Channel, given: Mapping[str, Any], title: str, address: str, local: bool) -> Any:
    settings = _made(channel.settings, given)
    problems = dict(channel.check(settings, local=local))
    if not title.strip() or len(title.strip()) > 60:
        problems["title"] = [Problem("请填写名称，最多 60 个字。")]
    if channel.reaches == "group" and not channel.check_address(address.strip()):
        problems["address"] = [Problem("这个渠道里没有这样的成员编号。")]
    if problems:
        raise BadAnswer(problems)
    return settings


def _made(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Settings of the fields that there are; numbers as numbers."""
    values = {}
    for each in dataclasses.fields(kind):
        if each.name not in given:
            continue
        value = given[each.name]
        if each.type in (int, "int"):
            value = int(value) if str(value).strip().isdecimal() else 0
        elif each.type in (bool, "bool"):
            value = value is True
        elif each.name == "templates":
            value = tuple(one if isinstance(one, Template) else Template(one["kind"], one["code"], tuple(one["names"]))
                          for one in value)
        values[each.name] = value.strip() if isinstance(value, str) and each.name != "password" else value
    return kind(**values)


def _kept(channel: Channel, settings: Any) -> dict[str, Any]:
    whole = dataclasses.asdict(settings)
    return {"settings": sealing.seal(json.dumps(whole), SETTINGS),
            "shown": {name: value for name, value in whole.items() if name not in channel.secrets}}


__all__ = ["EDIT", "READ", "change", "channel_of", "listed", "one", "set_up", "settings_of", "stop",
           "take_up"]
