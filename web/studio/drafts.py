"""Drafts of processes: the list, beginning one, its page, its name, giving it up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition
from engine.releases.standing import standings
from forms.schema import library
from ledger.errors import NotFound, Refused
from registry.access.rules import can
from web.asked import whole
from web.drawn import drawn
from web.errors import sentence
from web.guard import actor, needs
from web.pages import cut
from web.session import db
from workflows.studio import checking, contents, drafts, settling
from workflows.studio.drafts import DISCARDED, OPEN, RELEASED, Draft

bp = Blueprint("drafts", __name__, url_prefix="/studio/drafts")
SHOWN = {"": _l("我的"), "all": _l("全部"), RELEASED: _l("已发布"), DISCARDED: _l("已放弃")}
MOST_VERSIONS = 30


@bp.get("", endpoint="index")
@needs("process.read")
def listed() -> str:
    """The drafts of the group: mine that are open, or all that are, or those that are over; of one process."""
    shown, process = request.args.get("show", ""), request.args.get("process", "")
    shown = shown if shown in SHOWN else ""
    page = cut(db.session(), _wanted(shown, process))
    names = {one.process_id: one.name for one in catalog.definitions(db.session())}
    bases = _bases(db.session(), [draft.base_id for draft in page.rows])
    return render_template(
        "studio/drafts.html", page=page, shown=shown, names=names, bases=bases, may_edit=can(actor(), "process.edit"),
        tabs=SHOWN, waiting=settling.counts(db.session(), [draft.id for draft in page.rows]),
    )


def _wanted(shown: str, process: str) -> Select[Draft]:
    wanted = drafts.visible(actor()).where(Draft.state == (shown if shown in (RELEASED, DISCARDED) else OPEN))
    if not shown:
        wanted = wanted.where(drafts.worked_on(actor()))
    if process:
        wanted = wanted.where(Draft.process_id == process[:120])
    return wanted.order_by(Draft.changed_at.desc(), Draft.id.desc())


def _bases(session: Session, ids: list[int | None]) -> dict[int, int]:
    """The version numbers of the definitions that drafts were opened from."""
    wanted = select(Definition.id, Definition.version).where(Definition.id.in_({one for one in ids if one}))
    return dict(session.execute(wanted).all())


@bp.get("/new")
@needs("process.edit")
def new() -> str:
    """Where to begin: a process as it is now, an older version, or a blank drawing."""
    return _new("")


def _new(problem: str, status: int = 200) -> Any:
    session = db.session()
    wanted = select(Definition).order_by(Definition.process_id, Definition.version.desc())
    versions: dict[str, list[Definition]] = {}
    for one in session.scalars(wanted):
        versions.setdefault(one.process_id, []).append(one)
    holds = _in_force(session)
    current = [next((one for one in found if one.id in holds), found[0]) for found in versions.values()]
    page = render_template("studio/draft_new.html", current=sorted(current, key=lambda one: one.name), holds=holds,
                           versions=versions, most=MOST_VERSIONS, problem=problem)
    return page if status == 200 else (page, status)


def _in_force(session: Session) -> frozenset[int]:
    """The versions that are in force for the whole of the visitor's group."""
    found = standings(session, actor().group_id)
    return frozenset(part.definition_id for standing in found.values() if standing.whole
                     for part in standing.whole.parts)


@bp.post("")
@needs("process.edit")
def create() -> ResponseReturnValue:
    """Begin a draft of the version named, or of a blank drawing."""
    session, form = db.session(), request.form
    try:
        if number := form.get("definition", type=whole):
            definition = session.get(Definition, number)
            if definition is None:
                raise NotFound
            made = drafts.of_definition(session, definition, by=actor())
        else:
            made = contents.blank(session, name=form.get("name", ""), process_id=form.get("process", ""), by=actor())
    except NotFound:
        raise
    except Refused as error:
        session.rollback()
        return _new(sentence(error), error.status)
    flash(_("草稿已建好，改动会自动保存，发布之前不影响正在办理的申请。"), "ok")
    return redirect(url_for("drafts.show", draft_id=made.id), 303)


@bp.get("/<int:draft_id>")
@needs("process.read")
def show(draft_id: int) -> str:
    """The draft: its drawing, what the check finds, its files, what waits to be settled, and what can be done."""
    session = db.session()
    draft = draft_of(draft_id)
    files = drafts.files(session, draft)
    main = contents.main_file(files, draft.process_id)
    drawings = [name for name in files if name.lower().endswith(".bpmn")]
    chosen = request.args.get("file", main)
    editable = draft.state == OPEN and can(actor(), "process.edit")
    findings = checking.check(session, files, group_id=draft.group_id).findings
    return render_template(
        "studio/draft.html", draft=draft, files=files, main_file=main, drawings=drawings, editable=editable,
        chosen=chosen if chosen in drawings else main, findings=findings, titles=contents.titles(files),
        errors=sum(one.severity == "error" for one in findings), asides=settling.waiting(session, draft),
        base=session.get(Definition, draft.base_id) if draft.base_id else None,
        addable=_addable(session, files) if editable else {},
    )


def _addable(session: Session, files: dict[str, bytes]) -> dict[str, Any]:
    """What can be put into the draft: forms it names first, then the library's, and other processes."""
    named = [key for key in contents.forms_named(files) if key in library() and f"{key}.form" not in files]
    rest = [key for key in library() if key not in named and f"{key}.form" not in files]
    others = [one for one in catalog.definitions(session) if f"{one.process_id}.bpmn" not in files]
    return {"named": named, "library": rest, "processes": others}


@bp.get("/<int:draft_id>/drawing/<path:name>")
@needs("process.read")
def drawing(draft_id: int, name: str) -> Response:
    """A drawing of the draft for the viewer; of ?revision= where one is named."""
    draft = draft_of(draft_id)
    files = drafts.files(db.session(), draft, request.args.get("revision", type=whole))
    if name not in files or not name.lower().endswith(".bpmn"):
        raise NotFound
    return drawn(files[name])


@bp.post("/<int:draft_id>/name")
@needs("process.edit")
def rename(draft_id: int) -> ResponseReturnValue:
    """Call it something else."""
    draft = drafts.rename(db.session(), draft_of(draft_id).id, request.form.get("name", ""), by=actor())
    flash(_("已改名为“%(name)s”。", name=draft.name), "ok")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.post("/<int:draft_id>/discard")
@needs("process.edit")
def discard(draft_id: int) -> ResponseReturnValue:
    """Give it up."""
    draft = drafts.discard(db.session(), draft_of(draft_id).id, by=actor())
    flash(_("已放弃草稿“%(name)s”，它的历史仍可查看。", name=draft.name), "ok")
    return redirect(url_for("drafts.index"), 303)


def draft_of(draft_id: int) -> Draft:
    """The draft; NotFound for one of another group."""
    return drafts.seen(db.session(), draft_id, by=actor())
