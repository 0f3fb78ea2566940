"""Rehearsals of drafts: what a draft would do to every running request, and would have made of those of last year.

A rehearsal is asked for, done as a job (rehearsal_work.py) and stays: the counts in its row, and a row for every
instance that does not simply fit or come out the same. Process owners read numbers; whose request it is, only who may
read that request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import catalog, drawing, lint
from engine.catalog import Plan
from engine.model import Instance
from engine.operations.migration import MOVABLE
from engine.package import unpack
from engine.rehearsal.living import OVER
from ledger import clock, jobs
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadDiagram, Conflict, NotFound, Refused
from ledger.facts import record
from ledger.failpoints import fp
from ledger.jobs import Job
from workflows.studio import drafts
from workflows.studio.drafts import Draft

KIND = "rehearsal"
LIVE, DONE = "live", "done"
PARTS = {LIVE: ("fine", "map", "impossible"), DONE: ("same", "time", "path", "outcome", "unknown")}
"""The two parts of a rehearsal, and what may come out for an instance; the first of each leaves no row."""
YEAR = dt.timedelta(days=365)
MOST = 100_000


class Unreadable(Refused):
    """草稿里的流程图还有错误，不能预演：{cause}"""

    status = 422

    def __init__(self, cause: str) -> None:
        super().__init__(cause=cause)


class UnderWay(Conflict):
    """这份草稿正在预演，请等它结束或先停止。"""


class BadAssumption(Refused):
    """假设的工作日须是 0 到 250 之间的数。"""

    status = 422


class Rehearsal(Base):
    """One rehearsal of a revision of a draft. `since`: instances that ended from then on were played again.

    `most_live` and `most_done` limit how many of each. `assumptions` {element id: {days, verdict}} say how new tasks
    would be done. `counts` is {"live": {..}, "done": {..}, "days": {bucket: n}, "late": {element: [now, before]},
    "assumed": {element: n}, "added": {element: n}}; `scenarios` what came out for each scenario of the process.
    """

    __tablename__ = "rehearsal"
    __table_args__ = (Index("ix_rehearsal_draft", "draft_id", "id"),)

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("process_draft.id"), type_=BigId)
    revision: Mapped[int]
    process_id: Mapped[str] = mapped_column(String(120))
    group_id: Mapped[int | None] = mapped_column(BigId)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), type_=BigId, unique=True)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    since: Mapped[dt.datetime] = mapped_column(Instant)
    most_live: Mapped[int]
    most_done: Mapped[int]
    assumptions: Mapped[dict[str, Any]] = mapped_column(Json)
    counts: Mapped[dict[str, Any]] = mapped_column(Json)
    scenarios: Mapped[list[Any]] = mapped_column(Json)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class RehearsalCase(Base):
    """An instance that does not simply fit, or would have come out otherwise. `gist` groups those alike.

    `detail`: reasons [[zh, en], ...], unmapped, was, now, added, assumed, late (element ids), outcome_was, outcome.
    """

    __tablename__ = "rehearsal_case"
    __table_args__ = (
        UniqueConstraint("rehearsal_id", "part", "instance_id"),
        Index("ix_rehearsal_case_gist", "rehearsal_id", "part", "kind", "gist", "id"),
    )

    id: Mapped[Id]
    rehearsal_id: Mapped[int] = mapped_column(ForeignKey("rehearsal.id"), type_=BigId)
    part: Mapped[str] = mapped_column(String(4))
    instance_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    gist: Mapped[str] = mapped_column(String(300))
    days: Mapped[float | None]
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


@dataclass(frozen=True)
class Asked:
    """How somebody wants a draft rehearsed."""

    since: dt.datetime
    most_live: int = MOST
    most_done: int = MOST
    assumptions: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Group:
    """Instances for which the same came out: how many, and one of them."""

    kind: str
    gist: str
    count: int
    example: RehearsalCase


def plan_of(files: Mapping[str, bytes], process_id: str) -> Plan:
    """The plan of a draft's files. Raises Unreadable for what cannot run."""
    errors = [one for one in catalog.check(files) if one.severity == "error"]
    if errors:
        named = errors[0].name or errors[0].element
        raise Unreadable(f"{named}：{errors[0].text()}" if named else errors[0].text())
    try:
        package = unpack(files)
    except BadDiagram as error:
        raise Unreadable(str(error)) from None
    if process_id not in package.process_ids():
        raise Unreadable(f"没有流程“{process_id}”")
    return catalog.assemble(package, process_id)


def main_file(files: Mapping[str, bytes], process_id: str) -> str:
    """The name of the file that a process is drawn in. Raises NotFound."""
    for name, body in files.items():
        if name.endswith(".bpmn") and any(node.get("id") == process_id for node in lint.processes(
                drawing.read(body, name))):
            return name
    raise NotFound


def ask(session: Session, draft_id: int, asked: Asked, *, by: Actor) -> Rehearsal:
    """Have the head of a draft rehearsed; the rows of its earlier rehearsals go, their counts stay.

    Raises NotFound, Unreadable, UnderWay, BadAssumption.
    """
    draft = drafts.one(session, draft_id)
    running = latest(session, draft_id)
    if running is not None and under_way(session, running):
        raise UnderWay
    plan_of(drafts.files(session, draft), draft.process_id)
    assumptions = _assumptions(asked.assumptions or {})
    session.execute(delete(RehearsalCase).where(RehearsalCase.rehearsal_id.in_(
        select(Rehearsal.id).where(Rehearsal.draft_id == draft_id))))
    made = Rehearsal(
        draft_id=draft.id, revision=draft.revision, process_id=draft.process_id, group_id=by.group_id, by_id=by.id,
        by_name=by.name, asked_at=clock.now(), since=asked.since, most_live=asked.most_live,
        most_done=asked.most_done, assumptions=assumptions, counts=empty(), scenarios=[])
    session.add(made)
    session.flush()
    job = jobs.ask(session, KIND, {"rehearsal": made.id}, by=by, group_id=by.group_id)
    made.job_id = job.id
    record(session, "draft.rehearsed", ("process_draft", draft.id), by=by,
           after={"rehearsal": made.id, "revision": draft.revision, "since": asked.since.isoformat()})
    session.flush()
    fp("studio.rehearsal.asked")
    return made


def _assumptions(given: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for element_id, said in given.items():
        days = said.get("days")
        if days is not None and not 0 <= days <= 250:
            raise BadAssumption
        kept[element_id[:120]] = {"days": days, "verdict": str(said.get("verdict") or "")[:60]}
    return kept


def empty() -> dict[str, Any]:
    """The counts of a rehearsal that has not begun."""
    return {**{part: dict.fromkeys(kinds, 0) for part, kinds in PARTS.items()}, "days": {}, "late": {}, "assumed": {},
            "added": {}}


def one(session: Session, rehearsal_id: int) -> Rehearsal:
    """The rehearsal. Raises NotFound."""
    found = session.get(Rehearsal, rehearsal_id)
    if found is None:
        raise NotFound
    return found


def of_job(session: Session, job_id: int) -> Rehearsal:
    """The rehearsal that a job does. Raises NotFound."""
    found = session.scalar(select(Rehearsal).where(Rehearsal.job_id == job_id))
    if found is None:
        raise NotFound
    return found


def latest(session: Session, draft_id: int) -> Rehearsal | None:
    """The newest rehearsal of a draft, whatever its revision (`revision` says which); None where there is none."""
    newest = select(Rehearsal).where(Rehearsal.draft_id == draft_id).order_by(Rehearsal.id.desc()).limit(1)
    return session.scalar(newest)


def of_draft(session: Session, draft: Draft, *, most: int = 10) -> list[Rehearsal]:
    """The rehearsals of a draft, newest first."""
    wanted = select(Rehearsal).where(Rehearsal.draft_id == draft.id).order_by(Rehearsal.id.desc()).limit(most)
    return list(session.scalars(wanted))


def under_way(session: Session, rehearsal: Rehearsal) -> bool:
    """Whether its job waits or runs."""
    job = session.get(Job, rehearsal.job_id) if rehearsal.job_id else None
    return job is not None and job.under_way


def clean(rehearsal: Rehearsal) -> bool:
    """Whether it is over and found nothing to look at: all fit, all come out the same, every scenario as expected."""
    counts = rehearsal.counts
    odd = sum(counts[part][kind] for part, kinds in PARTS.items() for kind in kinds[1:])
    return rehearsal.ended_at is not None and not odd and all(each["passed"] for each in rehearsal.scenarios)


def groups(session: Session, rehearsal: Rehearsal, part: str) -> list[Group]:
    """Those for which the same came out, the gravest kind first, in it the most frequent."""
    counted = session.execute(
        select(RehearsalCase.kind, RehearsalCase.gist, func.count(), func.min(RehearsalCase.id))
        .where(RehearsalCase.rehearsal_id == rehearsal.id, RehearsalCase.part == part)
        .group_by(RehearsalCase.kind, RehearsalCase.gist)).all()
    examples = {row.id: row for row in session.scalars(
        select(RehearsalCase).where(RehearsalCase.id.in_([row[3] for row in counted])))}
    found = [Group(kind, gist, number, examples[first]) for kind, gist, number, first in counted]
    grave = {kind: place for place, kind in enumerate(reversed(PARTS[part]))}
    return sorted(found, key=lambda each: (grave[each.kind], -each.count, each.gist))


def numbers(session: Session, draft: Draft, since: dt.datetime, *, group_id: int | None) -> tuple[int, int]:
    """How many run and how many ended from then on: what a rehearsal would look at."""
    mine = [Instance.process_id == draft.process_id]
    if group_id is not None:
        mine.append(Instance.group_id == group_id)
    live = session.scalar(select(func.count()).select_from(Instance).where(*mine, Instance.state.in_(MOVABLE)))
    done = session.scalar(select(func.count()).select_from(Instance).where(
        *mine, Instance.state.in_(OVER), Instance.ended_at >= since))
    return live or 0, done or 0


__all__ = [
    "DONE", "KIND", "LIVE", "MOST", "PARTS", "YEAR", "Asked", "BadAssumption", "Group", "Rehearsal",
    "RehearsalCase", "UnderWay", "Unreadable", "ask", "clean", "empty", "groups", "latest", "main_file", "numbers",
    "of_draft", "of_job", "one", "plan_of", "under_way",
]
