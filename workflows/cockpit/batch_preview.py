"""What a batch would do, before anybody is asked for a reason: how many are fine, how many refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engine.model import Definition, Incident, Instance
from engine.operations import migration, modification
from engine.operations.migration import MOVABLE
from workflows.cockpit.batches import MOST

LOOKED = 200
"""So many migrations are rehearsed for a preview; the others when they are done, each refused by itself if need be."""
WHY: dict[str, str] = {
    "ended": "已结束", "suspended": "已经挂起", "active": "没有挂起", "same": "已经在这个版本上",
    "other": "是另一个流程", "fine": "没有等待处理的异常", "held": "已挂起，请先恢复",
    "elsewhere": "它不停在选定的环节",
}
"""Why one would be refused; msgids."""


@dataclass
class Preview:
    """How many are meant (`total`, MOST + 1 for more), how many of them were looked at, how many of those are fine;
    why others would be refused with how many and one example; what a migration must be told of."""

    total: int
    looked: int = 0
    fine: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()

    @property
    def too_many(self) -> bool:
        return self.total > MOST

    def refuse(self, instance_id: int, zh: str, en: str = "") -> None:
        self.refused[zh, en] += 1
        self.examples.setdefault((zh, en), instance_id)


def preview(session: Session, verb: str, meant: ColumnElement[bool], *, to: int = 0,
            mapping: Mapping[str, str] | None = None, place: str = "", start: str = "") -> Preview:
    """Look at them all by their rows; a migration, or a move from one element (`place`) to before another (`start`), is
    also rehearsed, on the first LOOKED that it could be for."""
    rows = session.execute(select(Instance.id, Instance.state, Instance.definition_id, Instance.process_id)
                           .where(meant).order_by(Instance.id).limit(MOST + 1)).all()
    told = Preview(total=len(rows))
    if told.too_many:
        return told
    troubled = _troubled(session, meant) if verb in ("retry", "skip", "drop") else set()
    process = _process(session, to)
    fitting = []
    for number, state, definition_id, process_id in rows:
        why = _why_not(verb, state, number in troubled) or (
            _not_to(definition_id, process_id, to, process) if verb == "migrate" else "")
        if why:
            told.refuse(number, why)
        else:
            fitting.append(number)
    told.looked, told.fine = len(rows), len(fitting)
    if verb == "migrate" and to:
        _rehearse(session, told, fitting, to, mapping or {})
    if verb == "modify" and place and start:
        _move(session, told, fitting, place, start)
    return told


def _why_not(verb: str, state: str, troubled: bool) -> str:
    if state not in MOVABLE:
        return WHY["ended"]
    if verb == "suspend" and state != "active":
        return WHY["suspended"]
    if verb == "resume" and state != "suspended":
        return WHY["active"]
    if verb == "modify" and state != "active":
        return WHY["held"]
    if verb in ("retry", "skip", "drop") and (not troubled or state != "active"):
        return WHY["held" if troubled else "fine"]
    return ""


def _not_to(definition_id: int, process_id: str, to: int, process: str | None) -> str:
    if not to:
        return ""
    return WHY["same"] if definition_id == to else WHY["other"] if process_id != process else ""


def _process(session: Session, to: int) -> str | None:
    found = session.get(Definition, to) if to else None
    return found.process_id if found else None


def _troubled(session: Session, meant: ColumnElement[bool]) -> set[int]:
    return set(session.scalars(select(Incident.instance_id).join(Instance, Instance.id == Incident.instance_id).where(
        Incident.resolved_at.is_(None), meant)))


def _move(session: Session, told: Preview, fitting: list[int], place: str, start: str) -> None:
    first = fitting[:LOOKED]
    told.looked, told.fine = told.looked - len(fitting) + len(first), 0
    for number in first:
        wanted = modification.elsewhere(session, number, place, start)
        refused = modification.preview(session, number, wanted).refused if wanted else None
        if refused is not None:
            told.refuse(number, refused.text(), refused.text("en"))
        elif wanted:
            told.fine += 1
        else:
            told.refuse(number, WHY["elsewhere"])


def _rehearse(session: Session, told: Preview, fitting: list[int], to: int, mapping: Mapping[str, str]) -> None:
    first = fitting[:LOOKED]
    told.looked, told.fine = told.looked - len(fitting) + len(first), 0
    unmapped: set[str] = set()
    for verdict in migration.plan(session, to, instance_ids=first, mapping=mapping) if first else ():
        unmapped.update(verdict.unmapped)
        if verdict.kind == "fine":
            told.fine += 1
        for found in verdict.findings[:1] if verdict.kind != "fine" else ():
            told.refuse(verdict.instance_id, found.text(), found.text("en"))
    told.unmapped = tuple(sorted(unmapped))
