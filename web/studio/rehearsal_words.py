"""What a rehearsal found, in words: groups of instances, differences in time, elements by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import workflows
from engine import catalog, drawing
from engine.model import Definition
from ledger.errors import BadDiagram
from web.i18n import language, say
from workflows.studio import drafts
from workflows.studio.rehearsing import Group, Rehearsal, RehearsalCase

KINDS = {
    "fine": _l("可以直接迁移"), "map": _l("需要指定对应环节"), "impossible": _l("不能迁移"),
    "same": _l("结果和时间都不变"), "time": _l("结束时间不同"), "path": _l("路径不同"), "outcome": _l("结果不同"),
    "unknown": _l("无法判断"),
}
COLOURS = {"fine": "good", "map": "due", "impossible": "bad", "same": "good", "time": "due", "path": "due",
           "outcome": "bad", "unknown": "closed"}
BUCKETS = {
    "e5": _l("早 5 个工作日以上"), "e1": _l("早 1–5 个工作日"), "e0": _l("早不到 1 个工作日"),
    "same": _l("差不到半个工作日"),
    "l1": _l("晚 1 个工作日以内"), "l3": _l("晚 1–3 个工作日"), "l5": _l("晚 3–5 个工作日"),
    "l10": _l("晚 5–10 个工作日"),
    "more": _l("晚 10 个工作日以上"),
}


@dataclass(frozen=True)
class Told:
    """A group as its page tells it: in a line what came out, and why."""

    kind: str
    gist: str
    count: int
    words: str
    instance_id: int
    case_id: int


class Names:
    """What the elements of both drawings are called."""

    def __init__(self, *files: Mapping[str, bytes]) -> None:
        self.known: dict[str, str] = {}
        for one in files:
            for name, body in one.items():
                if name.endswith(".bpmn"):
                    self._read(name, body)

    def _read(self, file: str, body: bytes) -> None:
        try:
            root = drawing.read(body, file)
        except BadDiagram:
            return
        self.known |= {node.get("id", ""): node.get("name", "") for node in root.iter() if node.get("name")}

    def __call__(self, element_id: str | None) -> str:
        """Its name as the visitor reads it, its id where it has none."""
        name = self.known.get(element_id or "")
        return say(name) if name else element_id or ""

    def all(self, element_ids: list[str], most: int = 4) -> str:
        """Several names; of elements without a name only where there is no other."""
        named = [one for one in element_ids if one in self.known] or element_ids
        told = _("、").join(_("“%(name)s”", name=self(one)) for one in named[:most])
        return told if len(named) <= most else _("%(some)s等 %(n)d 处", some=told, n=len(named))


def names(session: Session, rehearsal: Rehearsal) -> Names:
    """The names of the draft's elements, and of those of the version it was opened from."""
    draft = drafts.one(session, rehearsal.draft_id)
    base = session.get(Definition, draft.base_id) if draft.base_id else None
    old = catalog.files_of(session, base.id) if base else {}
    return Names(old, drafts.files(session, draft, rehearsal.revision))


def outcome(key: str | None) -> str:
    """What an outcome is called."""
    return say(workflows.outcomes().get(key, key)) if key else _("没有结果")


def reason(detail: Mapping[str, Any]) -> str:
    """The first reason in the visitor's language."""
    told = detail.get("reasons") or []
    return str(told[0][0 if language() == "zh" else 1]) if told else ""


def told(group: Group, called: Names) -> Told:
    """A group in a line."""
    return Told(group.kind, group.gist, group.count, line(group.example, called), group.example.instance_id,
                group.example.id)


def line(case: RehearsalCase, called: Names) -> str:
    """What came out for an instance, in a line."""
    detail = case.detail
    if case.kind == "map":
        return _("正停在 %(names)s，草稿里没有，发布后迁移时要指定对应的环节", names=called.all(detail["unmapped"]))
    if case.kind in ("impossible", "unknown"):
        return reason(detail)
    if case.kind == "time":
        return days(case.days or 0.0)
    parted = _("从%(name)s起", name=_("“%(name)s”", name=called(detail["at"]))) if detail["at"] else _("从一开始")
    if case.kind == "outcome":
        return _("%(parted)s不同：结果由“%(was)s”变为“%(now)s”", parted=parted if detail["at"] else _("结束时"),
                 was=outcome(detail["outcome_was"]), now=outcome(detail["outcome"]))
    if detail["now"] and detail["was"]:
        return _("%(parted)s改走 %(now)s，不再经过 %(was)s", parted=parted, now=called.all(detail["now"]),
                 was=called.all(detail["was"]))
    if detail["now"]:
        return _("%(parted)s多走 %(now)s", parted=parted, now=called.all(detail["now"]))
    return _("%(parted)s少走 %(was)s", parted=parted, was=called.all(detail["was"]))


def days(number: float) -> str:
    """A difference of the end, in words."""
    if abs(number) < 0.05:
        return _("同时结束")
    words = _("晚 %(n)s 个工作日结束") if number > 0 else _("早 %(n)s 个工作日结束")
    return words % {"n": f"{abs(number):.1f}".removesuffix(".0")}


def share(number: int, whole: int) -> str:
    """A part of the whole, in percent; never 0 or 100 where it is not."""
    if not whole:
        return "0%"
    found = round(100 * number / whole)
    return f"{min(max(found, 1 if number else 0), 100 if number == whole else 99)}%"


__all__ = ["BUCKETS", "COLOURS", "KINDS", "Names", "Told", "days", "line", "names", "outcome", "reason", "share",
           "told"]
