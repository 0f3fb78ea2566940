"""One verb on many: previewed, asked for with a reason, done by the worker, its results, and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine import catalog
from engine.model import Definition, Instance
from ledger.errors import BadAnswer, Conflict, NotFound
from ledger.jobs import Job
from registry.access.rules import can
from web import jobs
from web.asked import whole_in
from web.cockpit.asked import arguments, sought
from web.cockpit.moving import MAP, mapping_in
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.i18n import language, say
from web.session import db
from workflows.cockpit import batch_preview, batches, finding, reach
from workflows.cockpit.batches import InstanceBatch
from workflows.cockpit.finding import Sought

bp = Blueprint("batches", __name__, url_prefix="/cockpit/batches")
jobs.KINDS[batches.KIND] = _l("批量处理流程")
jobs.RESULTS[batches.KIND] = "batches.of_job"
MOST_TICKED = 100
VERBS = {
    "suspend": _l("挂起"), "resume": _l("恢复"), "modify": _l("调整位置"), "terminate": _l("终止"),
    "migrate": _l("迁移"),
    "retry": _l("重试异常"), "skip": _l("跳过异常"), "drop": _l("取消出错的一支"), "unmigrate": _l("撤销迁移"),
    "unterminate": _l("撤销终止"), "unmodify": _l("撤销调整"),
}
STATES = {"done": _l("已处理"), "refused": _l("没有处理"), "waiting": _l("还没轮到")}
PAGE = 50


@bp.app_template_global()
def batch_words(verb: str) -> str:
    """What a batch does."""
    return str(VERBS.get(verb, verb))


@bp.app_template_global()
def why_words(why: dict[str, Any]) -> str:
    """Why a row was refused, in the visitor's language."""
    if "zh" in why:
        return str(why["zh"] if language() == "zh" else why.get("en") or why["zh"])
    return say(str(why.get("text", "")), why.get("params") or {})


@bp.get("", endpoint="index")
@needs(reach.READ)
def listed() -> ResponseReturnValue:
    """The newest that one may read of."""
    return render_template("cockpit/batches.html", batches=batches.newest(db.session(), actor()))


@bp.get("/new")
@needs(reach.ACT)
def new() -> ResponseReturnValue:
    """What it would do: ?verb= and either ?instance= (each ticked) or the conditions of the list."""
    return _page(request.args)


def _page(given: MultiDict[str, str], problems: dict[str, list[str]] | None = None, problem: str = "",
          status: int = 200) -> ResponseReturnValue:
    verb, ticked, wanted = _verb(given), _ticked(given), sought(given)
    session = db.session()
    meant = batches.chosen(session, actor(), wanted, ticked)
    to, mapping = whole_in(given.get("to")) or 0, mapping_in(given)
    versions = _versions(session, meant) if verb in ("migrate", "modify") else []
    places = _places(session, versions) if verb == "modify" else []
    place, start = (given.get(name, "") if given.get(name) in dict(places) else "" for name in ("from", "start"))
    to = to if to in {one.id for one in versions} else 0
    preview = batch_preview.preview(session, verb, meant, to=to, mapping=mapping, place=place, start=start)
    page = render_template(
        "cockpit/batch_new.html", verb=verb, ticked=ticked, wanted=wanted, kept=_kept(ticked, wanted), preview=preview,
        versions=versions, to=to, mapping=mapping, map=MAP, most=batches.MOST, looked_most=batch_preview.LOOKED,
        undoable=verb in batches.UNDONE_BY, places=finding.elements(session, to) if to else places,
        place=place, start=start,
        names=_names(session, versions), problems=problems or {}, problem=problem, reason=given.get("reason", ""),
    )
    return page, status


def _verb(given: MultiDict[str, str]) -> str:
    verb = given.get("verb", "")
    if verb not in batches.VERBS:
        raise NotFound
    return verb


def _ticked(given: MultiDict[str, str]) -> list[int]:
    return [found for one in given.getlist("instance")[:MOST_TICKED] if (found := whole_in(one)) is not None]


def _kept(ticked: list[int], wanted: Sought) -> list[tuple[str, Any]]:
    """What says which are meant, as the fields of a form."""
    return [("instance", number) for number in ticked] if ticked else list(arguments(wanted).items())


def _versions(session: Session, meant: Any) -> list[Definition]:
    """The versions of the process that they run on; none where there are several processes."""
    found = session.scalars(select(Instance.process_id).where(meant).distinct().limit(2)).all()
    return finding.versions(session, found[0]) if len(found) == 1 else []


def _places(session: Session, versions: list[Definition]) -> list[tuple[str, str]]:
    """The elements of the newest version of theirs that people know by name."""
    return [(key, name) for key, name in finding.elements(session, versions[0].id) if name] if versions else []


def _names(session: Session, versions: list[Definition]) -> dict[str, str]:
    """What the drawings of the newest versions call their elements."""
    return {key: name for one in reversed(versions[:10]) for key, name in catalog.plan(session, one.id).names().items()}


@bp.post("")
@needs(reach.ACT)
def ask() -> ResponseReturnValue:
    """Have it done; back to the preview with what is missing."""
    verb, session = _verb(request.form), db.session()
    wanted = sought(request.form)
    meant = batches.chosen(session, actor(), wanted, _ticked(request.form))
    args: dict[str, Any] = {"meant": wanted.plain(), "trouble": wanted.trouble, "cause": wanted.cause}
    if verb == "migrate":
        args |= {"to": whole_in(request.form.get("to")) or 0, "mapping": mapping_in(request.form)}
        if session.get(Definition, args["to"]) is None:
            return _page(request.form, {"to": [_("请选择要迁移到的版本。")]}, status=400)
    if verb == "modify":
        args |= {name: request.form.get(name, "")[:120] for name in ("from", "start")}
        if not (args["from"] and args["start"]):
            return _page(request.form, {"start": [_("请选择从哪里调到哪里。")]}, status=400)
    try:
        batch = batches.ask(session, actor(), verb, meant, reason=request.form.get("reason", ""), args=args)
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _page(request.form, field_problems(error), sentence(error), error.status)
    return redirect(url_for("batches.show", batch_id=batch.id), 303)


@bp.get("/<int:batch_id>")
@needs(reach.READ)
def show(batch_id: int) -> ResponseReturnValue:
    """How far it is, what was done and refused and why; ?state= and ?after= page through the rows."""
    session, person = db.session(), actor()
    batch = batches.one(session, person, batch_id)
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    rows = batches.rows(session, person, batch.id, state=state, after=whole_in(request.args.get("after")) or 0,
                        size=PAGE + 1)
    return render_template(
        "cockpit/batch.html", batch=batch, job=session.get(Job, batch.job_id),
        numbers=batches.counts(session, batch.id),
        reasons=batches.reasons(session, batch.id), rows=rows[:PAGE], state=state, states=STATES,
        next=url_for("batches.show", batch_id=batch.id, state=state or None, after=rows[PAGE - 1][0].instance_id)
        if len(rows) > PAGE else "", undoing=batches.undoing(session, batch), to=_to(session, batch),
        undoes=session.get(InstanceBatch, batch.undoes_id) if batch.undoes_id else None, may_act=_may_undo(batch),
    )


def _to(session: Session, batch: InstanceBatch) -> Definition | None:
    return session.get(Definition, batch.args["to"]) if batch.args.get("to") else None


def _may_undo(batch: InstanceBatch) -> bool:
    return batch.undone_by is not None and batch.undoes_id is None and can(actor(), reach.ACT)


@bp.post("/<int:batch_id>/undo")
@needs(reach.ACT)
def undo(batch_id: int) -> ResponseReturnValue:
    """Take back what was done, where nothing has happened since; a batch of its own."""
    try:
        made = batches.undo(db.session(), actor(), batch_id, reason=request.form.get("reason", ""))
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        found = [words for one in field_problems(error).values() for words in one]
        flash("；".join(found) or sentence(error), "bad")
        return redirect(url_for("batches.show", batch_id=batch_id), 303)
    return redirect(url_for("batches.show", batch_id=made.id), 303)


@bp.get("/of-job/<int:job_id>")
@needs(reach.READ)
def of_job(job_id: int) -> ResponseReturnValue:
    """To the batch that a job works on."""
    return redirect(url_for("batches.show", batch_id=batches.of_job(db.session(), actor(), job_id).id))
