"""Rehearsing a draft: asking for it, how far it is, and what it found - numbers first, then who, then the two paths."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Instance
from engine.rehearsal import comparing, recording
from engine.releases import choosing
from ledger import clock
from ledger.clock import start_of_day
from ledger.errors import NotFound, Refused
from ledger.jobs import Job
from registry.access.rules import visible
from web import jobs, pages
from web.asked import day_in, whole_in
from web.drawn import drawn
from web.errors import sentence
from web.guard import actor, needs
from web.session import db
from web.studio import rehearsal_words as words
from workflows.requests import Request
from workflows.studio import drafts, rehearsal_work, rehearsing
from workflows.studio.drafts import Draft
from workflows.studio.rehearsing import DONE, LIVE, MOST, PARTS, Asked, Rehearsal, RehearsalCase

bp = Blueprint("rehearsal", __name__, url_prefix="/studio")
jobs.KINDS[rehearsing.KIND] = _l("预演草稿")
jobs.RESULTS[rehearsing.KIND] = "rehearsal.of_job"
TASKS_ASKED = 30


def draft_of(draft_id: int) -> Draft:
    """The draft; NotFound for one of another group."""
    return drafts.seen(db.session(), draft_id, by=actor())


def rehearsal_of(rehearsal_id: int) -> Rehearsal:
    """The rehearsal; NotFound for one of another group."""
    found = rehearsing.one(db.session(), rehearsal_id)
    if found.group_id is not None and found.group_id != actor().group_id:
        raise NotFound
    return found


@bp.get("/drafts/<int:draft_id>/rehearsal")
@needs("process.edit")
def of_draft(draft_id: int) -> ResponseReturnValue:
    """How to rehearse it, how far that is, and what was rehearsed before."""
    return _asking(draft_of(draft_id))


@bp.post("/drafts/<int:draft_id>/rehearsal")
@needs("process.edit")
def ask(draft_id: int) -> ResponseReturnValue:
    """Have it rehearsed; what is wrong with the draft or the form is said on the same page."""
    draft = draft_of(draft_id)
    try:
        made = rehearsing.ask(db.session(), draft.id, _asked(), by=actor())
    except Refused as error:
        db.session.rollback()
        return _asking(draft_of(draft_id), sentence(error)), error.status
    return redirect(url_for("rehearsal.show", rehearsal_id=made.id), 303)


def _asked() -> Asked:
    day, today = day_in(request.form.get("since")), clock.today()
    since = start_of_day(day) if day else clock.now() - rehearsing.YEAR
    most = {part: min(max(whole_in(request.form.get(f"most_{part}")) or MOST, 1), MOST) for part in (LIVE, DONE)}
    if since > clock.now() or since < start_of_day(today - dt.timedelta(days=3660)):
        raise BadPeriod
    assumed: dict[str, Any] = {}
    for key, value in request.form.items():
        if key.startswith("days:") and value.strip():
            try:
                assumed.setdefault(key[5:], {})["days"] = float(value)
            except ValueError:
                raise rehearsing.BadAssumption from None
        elif key.startswith("verdict:") and value:
            assumed.setdefault(key[8:], {})["verdict"] = value
    return Asked(since, most[LIVE], most[DONE], assumed)


class BadPeriod(Refused):
    """请填写今天以前、十年以内的日期。"""

    status = 422


def _asking(draft: Draft, problem: str = "") -> str:
    session = db.session()
    files = drafts.files(session, draft)
    new, problem = _new_tasks(session, draft, files, problem)
    latest = rehearsing.latest(session, draft.id)
    job = session.get(Job, latest.job_id) if latest and latest.job_id else None
    since = clock.now() - rehearsing.YEAR
    live, done = rehearsing.numbers(session, draft, since, group_id=actor().group_id)
    return render_template(
        "studio/rehearsal_ask.html", draft=draft, problem=problem, new=new or [], readable=new is not None,
        live=live, done=done, job=job if job and job.under_way else None, since=clock.day_of(since), typed=request.form,
        rehearsals=rehearsing.of_draft(session, draft), odd=_odd)


def _odd(one: Rehearsal) -> int:
    """How many instances there are to look at."""
    return sum(one.counts[part][kind] for part, kinds in PARTS.items() for kind in kinds[1:])


def _new_tasks(session: Session, draft: Draft, files: dict[str, bytes], problem: str,
               ) -> tuple[list[dict[str, Any]] | None, str]:
    """The user tasks that the version in force does not have: of them something must be assumed (None: the draft
    cannot be read). And what is wrong."""
    try:
        plan = rehearsing.plan_of(files, draft.process_id)
    except Refused as error:
        return None, problem or sentence(error)
    try:
        now = choosing.current(session, draft.process_id, actor().group_id or 0)
        before = comparing.user_tasks(catalog.plan(session, now.id))
    except NotFound:
        before = {}
    forms = rehearsal_work.forms_in(files)
    found: list[dict[str, Any]] = []
    for element_id, node in comparing.user_tasks(plan).items():
        if element_id not in before and len(found) < TASKS_ASKED:
            key = node.words.form_id or ""
            found.append({"id": element_id, "name": node.bpmn_name or element_id, "sla": node.words.properties.get(
                "licet:sla"), "verdicts": rehearsal_work.verdicts(key, forms)})
    return found, problem


@bp.get("/rehearsals/job/<int:job_id>")
@needs("process.edit")
def of_job(job_id: int) -> ResponseReturnValue:
    """From a job to what came of it."""
    found = rehearsing.of_job(db.session(), job_id)
    return redirect(url_for("rehearsal.show", rehearsal_id=rehearsal_of(found.id).id))


@bp.get("/rehearsals/<int:rehearsal_id>")
@needs("process.edit")
def show(rehearsal_id: int) -> ResponseReturnValue:
    """What it found, in numbers and groups."""
    session, found = db.session(), rehearsal_of(rehearsal_id)
    called = words.names(session, found)
    job = session.get(Job, found.job_id) if found.job_id else None
    groups = {part: [words.told(one, called) for one in rehearsing.groups(session, found, part)] for part in PARTS}
    draft = drafts.one(session, found.draft_id)
    newest = rehearsing.latest(session, draft.id)
    return render_template(
        "studio/rehearsal.html", rehearsal=found, draft=draft, job=job, called=called, groups=groups, words=words,
        totals={part: sum(found.counts[part].values()) for part in PARTS}, parts=PARTS, clean=rehearsing.clean(found),
        is_newest=newest is not None and newest.id == found.id,
        late=sorted(((name, *pair) for name, pair in found.counts["late"].items() if pair[0] != pair[1]),
                    key=lambda one: -abs(one[1] - one[2]))[:20])


@bp.get("/rehearsals/<int:rehearsal_id>/cases")
@needs("process.edit")
def cases(rehearsal_id: int) -> ResponseReturnValue:
    """The instances for which the same came out."""
    session, found = db.session(), rehearsal_of(rehearsal_id)
    part, kind, gist = (request.args.get(name, "") for name in ("part", "kind", "gist"))
    if kind not in PARTS.get(part, ()):
        raise NotFound
    wanted = select(RehearsalCase).where(
        RehearsalCase.rehearsal_id == found.id, RehearsalCase.part == part, RehearsalCase.kind == kind)
    if "gist" in request.args:
        wanted = wanted.where(RehearsalCase.gist == gist)
    listed = pages.cut(session, wanted.order_by(RehearsalCase.id))
    return render_template(
        "studio/rehearsal_cases.html", rehearsal=found, draft=drafts.one(session, found.draft_id), part=part,
        kind=kind, listed=listed, called=words.names(session, found), words=words,
        requests=_readable(session, [one.instance_id for one in listed.rows]))


def _readable(session: Session, instance_ids: list[int]) -> dict[int, Request]:
    """The requests behind instances that the visitor may read, by instance."""
    wanted = visible(select(Request).where(Request.instance_id.in_(instance_ids)), actor())
    return {one.instance_id: one for one in session.scalars(wanted) if one.instance_id is not None}


@bp.get("/rehearsals/<int:rehearsal_id>/cases/<int:case_id>")
@needs("process.edit")
def case(rehearsal_id: int, case_id: int) -> ResponseReturnValue:
    """One instance: what became of it and what would have, on both drawings."""
    session, found = db.session(), rehearsal_of(rehearsal_id)
    one = session.get(RehearsalCase, case_id)
    if one is None or one.rehearsal_id != found.id:
        raise NotFound
    instance = session.get_one(Instance, one.instance_id)
    definition = session.get_one(Definition, instance.definition_id)
    return render_template(
        "studio/rehearsal_case.html", rehearsal=found, draft=drafts.one(session, found.draft_id), case=one,
        definition=definition, called=words.names(session, found), words=words,
        compared=_compared(session, found, one) if one.part == DONE else None,
        request_=_readable(session, [one.instance_id]).get(one.instance_id))


def _compared(session: Session, rehearsal: Rehearsal, one: RehearsalCase) -> comparing.Compared | None:
    """The instance played once more, for its two paths."""
    files = drafts.files(session, drafts.one(session, rehearsal.draft_id), rehearsal.revision)
    [record] = recording.records(session, [one.instance_id])
    if isinstance(record, recording.Untold):
        return None
    bench = rehearsal_work.bench(session, rehearsing.plan_of(files, rehearsal.process_id), files, rehearsal.assumptions)
    found = comparing.compare(record, bench)
    return found if found.before else None


@bp.get("/rehearsals/<int:rehearsal_id>/diagram.bpmn")
@needs("process.edit")
def diagram(rehearsal_id: int) -> Response:
    """The drawing that was rehearsed."""
    session, found = db.session(), rehearsal_of(rehearsal_id)
    files = drafts.files(session, drafts.one(session, found.draft_id), found.revision)
    return drawn(files[rehearsing.main_file(files, found.process_id)])


__all__ = ["bp", "draft_of", "rehearsal_of"]
