"""The job that rehearses a draft: running instances first, then those that ended, then the scenarios of the process.

Read and played without holding anything, a slice at a time; what came out, the counts and the place to go on are
written together in a short transaction. Killed or stopped, it goes on after the last slice that was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import catalog
from engine.catalog import Plan
from engine.operations.migration import Verdict
from engine.rehearsal import living, recording
from engine.rehearsal.comparing import Assumed, Bench, Compared, compare
from forms import schema
from ledger import clock
from ledger.db import reading, unit
from ledger.errors import NotFound
from ledger.failpoints import fp
from ledger.jobs import Turn
from ledger.workdays import calendar
from workflows.studio import drafts, rehearsing, scenarios
from workflows.studio.rehearsing import DONE, LIVE, Rehearsal, RehearsalCase

SLICE = {LIVE: 200, DONE: 100}
BUCKETS = ((-5.0, "e5"), (-1.0, "e1"), (-0.5, "e0"), (0.5, "same"), (1.05, "l1"), (3.05, "l3"), (5.05, "l5"),
           (10.05, "l10"))
"""Upper ends of the classes of working days; beyond the last is "more"."""
APPROVING = ("primary", "success")


def bucket(days: float) -> str:
    """The class of a difference in working days (earlier: negative)."""
    return next((name for most, name in BUCKETS if days < most), "more")


@dataclass
class Stage:
    """What a rehearsal is done with; `session` is that of the slice."""

    engine: Engine
    turn: Turn
    rehearsal_id: int
    process_id: str
    group_id: int | None
    most: dict[str, int]
    since: Any
    bench: Bench
    sessions: list[Session] = field(default_factory=list)

    def old(self, definition_id: int) -> Plan:
        """The drawing of a definition."""
        return catalog.plan(self.sessions[-1], definition_id)


def do(engine: Engine, turn: Turn) -> None:
    """Do the rehearsal that the job is about, from where it stopped."""
    stage = _stage(engine, turn)
    cursor = turn.cursor or {"part": LIVE, "after": 0, "seen": 0, "all": 0}
    for part in (LIVE, DONE):
        if cursor["part"] == part:
            cursor = _part(stage, part, cursor)
    _finish(stage)


def _stage(engine: Engine, turn: Turn) -> Stage:
    with reading(engine) as session:
        one = rehearsing.one(session, int(turn.args["rehearsal"]))
        draft = drafts.one(session, one.draft_id)
        files = drafts.files(session, draft, one.revision)
        stage = Stage(engine, turn, one.id, one.process_id, one.group_id,
                      {LIVE: one.most_live, DONE: one.most_done}, one.since,
                      bench(session, rehearsing.plan_of(files, one.process_id), files, one.assumptions))
        stage.bench.old = stage.old
        total = sum(min(number, stage.most[part]) for part, number in zip(
            (LIVE, DONE), rehearsing.numbers(session, draft, one.since, group_id=one.group_id), strict=True))
    if turn.cursor is None:
        with unit(engine) as session:
            turn.told(session, total=total)
    return stage


def bench(session: Session, new: Plan, files: Mapping[str, bytes], assumptions: Mapping[str, Any]) -> Bench:
    """What instances are played on: the new drawing and the forms it comes with."""
    forms = forms_in(files)
    assumed = {name: Assumed(said.get("days"), {"verdict": said["verdict"]} if said.get("verdict") else {})
               for name, said in assumptions.items()}
    return Bench(new, lambda number: catalog.plan(session, number), calendar(session), assumed,
                 lambda key: approving(key, forms))


def forms_in(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The forms among the files of a draft, by key."""
    return {name.rpartition("/")[2].removesuffix(".form"): body for name, body in files.items()
            if name.endswith(".form")}


def approving(key: str, forms: Mapping[str, bytes]) -> str | None:
    """The verdict of a form that lets a matter go on: its first button that stands out, else its first."""
    known = verdicts(key, forms)
    return next((one.value for one in known if one.style in APPROVING), known[0].value if known else None)


def verdicts(key: str, forms: Mapping[str, bytes]) -> tuple[schema.Verdict, ...]:
    """The verdicts of a form of the draft or of the house; none where there is no such form."""
    try:
        if key in forms:
            return schema.form_of(json.loads(forms[key]), key).verdicts
        known = key if key in schema.library() else next(
            (name for name in schema.library() if name.startswith(f"{key}-")), key)
        return schema.load(known).verdicts
    except (NotFound, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _part(stage: Stage, part: str, cursor: dict[str, Any]) -> dict[str, Any]:
    """Everything of one part; where to go on after it."""
    while cursor["seen"] < stage.most[part]:
        limit = min(SLICE[part], stage.most[part] - cursor["seen"])
        with reading(stage.engine) as session:
            stage.sessions[:] = [session]
            ids = _ids(stage, session, part, cursor["after"], limit)
            rows, counts = _live(stage, session, ids) if part == LIVE else _done(stage, session, ids)
        if not ids:
            break
        cursor = {"part": part, "after": ids[-1], "seen": cursor["seen"] + len(ids), "all": cursor["all"] + len(ids)}
        _write(stage, rows, counts, cursor)
    following = {LIVE: DONE, DONE: "over"}[part]
    return {"part": following, "after": 0, "seen": 0, "all": cursor["all"]}


def _ids(stage: Stage, session: Session, part: str, after: int, limit: int) -> list[int]:
    if part == LIVE:
        return living.running(session, stage.process_id, group_id=stage.group_id, after=after, limit=limit)
    return living.ended(session, stage.process_id, stage.since, group_id=stage.group_id, after=after, limit=limit)


def _write(stage: Stage, rows: list[dict[str, Any]], counts: dict[str, Any], cursor: dict[str, Any]) -> None:
    with unit(stage.engine) as session:
        one = session.get_one(Rehearsal, stage.rehearsal_id, with_for_update=True)
        session.add_all(RehearsalCase(rehearsal_id=one.id, **row) for row in rows)
        one.counts = added(one.counts, counts)
        stage.turn.told(session, done=cursor["all"], cursor=cursor)
        session.flush()
        fp("studio.rehearsal.before_commit")


def _live(stage: Stage, session: Session, ids: list[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    verdicts = living.against(session, stage.bench.new, ids, stage.old) if ids else []
    counts: dict[str, Any] = {LIVE: {}}
    for verdict in verdicts:
        counts[LIVE][verdict.kind] = counts[LIVE].get(verdict.kind, 0) + 1
    return [_live_row(verdict) for verdict in verdicts if verdict.kind != "fine"], counts


def _live_row(verdict: Verdict) -> dict[str, Any]:
    first = verdict.findings[0] if verdict.findings else None
    gist = ",".join(verdict.unmapped) if verdict.kind == "map" else f"{first.rule}|{first.element}" if first else ""
    told = [[one.text("zh"), one.text("en")] for one in verdict.findings[:10]]
    return {"part": LIVE, "instance_id": verdict.instance_id, "kind": verdict.kind, "gist": gist[:300], "days": None,
            "detail": {"reasons": told, "unmapped": list(verdict.unmapped)}}


def _done(stage: Stage, session: Session, ids: list[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = [compare(record, stage.bench) for record in recording.records(session, ids)] if ids else []
    counts: dict[str, Any] = {DONE: {}, "days": {}, "late": {}, "assumed": {}, "added": {}}
    for one in found:
        _count(counts, one)
    return [_done_row(one) for one in found if one.kind != "same"], counts


def _count(counts: dict[str, Any], one: Compared) -> None:
    counts[DONE][one.kind] = counts[DONE].get(one.kind, 0) + 1
    if one.kind == "unknown":
        return
    name = bucket(one.days)
    counts["days"][name] = counts["days"].get(name, 0) + 1
    for place, late in enumerate((one.late, one.late_before)):
        for element in late:
            counts["late"].setdefault(element, [0, 0])[place] += 1
    for key, elements in (("assumed", one.assumed), ("added", one.added)):
        for element in elements:
            counts[key][element] = counts[key].get(element, 0) + 1


def _done_row(one: Compared) -> dict[str, Any]:
    gist = {
        "unknown": lambda: f"{one.why.rule}|{one.why.element}" if one.why else "",
        "outcome": lambda: f"{one.at or ''}|{one.outcome_was or ''}|{one.outcome or ''}",
        "path": lambda: f"{one.at or ''}|{','.join(one.now)}|{','.join(one.was)}",
        "time": lambda: bucket(one.days),
    }[one.kind]()
    told = [[one.why.text("zh"), one.why.text("en")]] if one.why else []
    return {"part": DONE, "instance_id": one.instance_id, "kind": one.kind, "gist": gist[:300], "days": one.days,
            "detail": {"reasons": told, "at": one.at, "was": list(one.was[:20]), "now": list(one.now[:20]),
                       "added": list(one.added[:20]), "assumed": list(one.assumed[:20]), "late": list(one.late[:20]),
                       "outcome_was": one.outcome_was, "outcome": one.outcome}}


def added(counts: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Two counts together."""
    total = {key: dict(values) for key, values in counts.items()}
    for key, values in more.items():
        for name, number in values.items():
            before = total[key].get(name)
            if isinstance(number, list):
                total[key][name] = [left + right for left, right in zip(before or [0, 0], number, strict=True)]
            else:
                total[key][name] = (before or 0) + number
    return total


def _finish(stage: Stage) -> None:
    """The scenarios of the process, and the end."""
    with reading(stage.engine) as session:
        stage.sessions[:] = [session]
        found = [scenarios.check(one, stage.bench) for one in scenarios.of_process(
            session, stage.process_id, group_id=stage.group_id)]
    with unit(stage.engine) as session:
        one = session.get_one(Rehearsal, stage.rehearsal_id, with_for_update=True)
        one.scenarios, one.ended_at = [each.plain() for each in found], clock.now()
        counts = one.counts
        stage.turn.told(session, result={**counts[LIVE], **counts[DONE]})
        fp("studio.rehearsal.finished")


__all__ = ["BUCKETS", "added", "approving", "bench", "bucket", "do", "forms_in", "verdicts"]
