"""Long work that somebody asked for: how far it is, cancelling it, and the way to what came of it."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ledger import clock, jobs
from ledger.actor import Actor
from ledger.errors import NotFound, problem_of
from ledger.jobs import Job
from registry.access.rules import can
from web.errors import problem_text
from web.guard import actor, background
from web.session import db

bp = Blueprint("jobs", __name__, url_prefix="/jobs")
KINDS: dict[str, LazyString] = {}
RESULTS: dict[str, str] = {}
"""Kind of job -> its name, and the endpoint (given `job_id`) that shows what came of it; each room adds its own."""
STATES = {
    jobs.WAITING: _l("等待处理"), jobs.RUNNING: _l("正在处理"), jobs.DONE: _l("已完成"),
    jobs.CANCELLED: _l("已取消"), jobs.FAILED: _l("出错"),
}
COLOURS = {jobs.DONE: "good", jobs.CANCELLED: "closed", jobs.FAILED: "bad"}


def job_of(job_id: int) -> Job:
    """The job; NotFound for one that somebody else asked for, unless one keeps the processes of their group running."""
    found = db.session.get(Job, job_id)
    if found is None or not _sees(actor(), found):
        raise NotFound
    return found


def _sees(by: Actor, job: Job) -> bool:
    return job.by_id == by.id or (can(by, "instance.read") and job.group_id is not None and job.group_id == by.group_id)


@bp.app_template_global()
def job_seconds_left(job: Job) -> float | None:
    """How long it may still take, from how long it took so far; None while nobody can tell."""
    if job.state != jobs.RUNNING or not job.total or not job.done or job.begun_at is None:
        return None
    took: dt.timedelta = clock.now() - job.begun_at
    return took.total_seconds() * (job.total - job.done) / job.done


@bp.app_template_global()
def job_words(job: Job) -> dict[str, object]:
    """What its card says: its name, its state and colour, what went wrong, and where its result is."""
    end = RESULTS.get(job.kind)
    return {"name": KINDS.get(job.kind, job.kind), "state": STATES[job.state], "colour": COLOURS.get(job.state, ""),
            "result": url_for(end, job_id=job.id) if end else "",
            "problem": problem_text(problem_of(job.problem)) if job.problem else ""}


@bp.get("/<int:job_id>")
def show(job_id: int) -> str:
    """The page of a job."""
    return render_template("jobs/show.html", job=job_of(job_id))


@bp.get("/<int:job_id>/card")
@background
def card(job_id: int) -> Response:
    """What the card asks for by itself; the page around it is loaded anew once the job is over."""
    job = job_of(job_id)
    answer = make_response(render_template("jobs/_card.html", job=job))
    if not job.under_way:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<int:job_id>/cancel")
def cancel(job_id: int) -> ResponseReturnValue:
    """Let it stop where it is."""
    job = jobs.cancel(db.session(), job_of(job_id).id, by=actor())
    flash(_("已请求停止，已完成的部分保留。") if job.under_way else _("已取消。"), "ok")
    return redirect(url_for("jobs.show", job_id=job.id), 303)
