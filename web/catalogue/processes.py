"""Deployed processes, for their owners: the list with its versions, which is in force where, the drawing, the files."""

from __future__ import annotations

from collections import defaultdict

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from engine import catalog
from engine.model import Definition, Instance
from engine.package import unpack
from engine.releases.standing import Standing, standings
from ledger.errors import BadDiagram, NotFound, Refused, TooLarge
from registry.access.rules import can
from web.drawn import drawn
from web.errors import sentence
from web.guard import actor, needs
from web.session import db
from web.studio.releases import Shown, shown
from workflows.studio import drafts
from workflows.studio.drafts import Draft

bp = Blueprint("processes", __name__, url_prefix="/processes")
MOST_FILES, MOST_BYTES = 12, 2 * 1024 * 1024  # one deployment
ENDINGS = (".bpmn", ".dmn", ".form")


class NoDrawing(Refused):
    """请选择一个 .bpmn 流程图文件，以及它用到的 .dmn 决策表和 .form 表单。"""

    status = 400


@bp.get("", endpoint="index")
@needs("process.read")
def listed() -> ResponseReturnValue:
    """Every process with its versions, newest first, and how many requests run on each."""
    session = db.session()
    versions = defaultdict(list)
    for one in session.scalars(select(Definition).order_by(Definition.process_id, Definition.version.desc())):
        versions[one.process_id].append(one)
    return render_template(
        "processes/index.html", processes=list(versions.values()), running=_running(session),
        may_edit=can(actor(), "process.edit", None), lines=_lines(session),
        standing=standings(session, actor().group_id),
    )


def _lines(session: Session) -> dict[str, list[Shown]]:
    """What is in force of each process, for all first, then the pilots, then what is coming; by process. Nothing of one
    that only others call: it goes with them."""
    found = standings(session, actor().group_id)
    of = {process_id: [one for one in (held.whole, *dict.fromkeys(held.pilots.values()), *held.coming)
                        if one is not None and one.process_id == process_id]
          for process_id, held in found.items()}
    rows = {row.release.id: row for row in shown(session, [one for each in of.values() for one in each])}
    return {process_id: [rows[one.id] for one in each] for process_id, each in of.items()}


def _running(session: Session) -> dict[int, int]:
    """How many instances have not ended, by definition."""
    open_ones = select(Instance.definition_id, func.count()).where(Instance.ended_at.is_(None))
    return dict(session.execute(open_ones.group_by(Instance.definition_id)).all())


@bp.get("/<int:definition_id>")
@needs("process.read")
def show(definition_id: int) -> ResponseReturnValue:
    """One version: its drawing, its other versions, and for who may change it what the check advises."""
    session = db.session()
    definition = _definition(session, definition_id)
    others = session.scalars(
        select(Definition).where(Definition.process_id == definition.process_id).order_by(Definition.version.desc())
    ).all()
    may_deploy = can(actor(), "process.deploy", None)
    return render_template(
        "processes/show.html", definition=definition, versions=others, running=_running(session).get(definition.id, 0),
        files=catalog.names_of(session, definition.id), may_deploy=may_deploy,
        lines=_lines(session).get(definition.process_id, []),
        standing=standings(session, actor().group_id).get(definition.process_id, Standing()),
        findings=catalog.advice(session, definition) if may_deploy else (),
    )


@bp.get("/<int:definition_id>/diagram.bpmn")
@needs("process.read")
def diagram(definition_id: int) -> Response:
    """The drawing as it was deployed; ?save=1 to keep it as a file."""
    definition = _definition(db.session(), definition_id)
    body = catalog.diagram(db.session(), definition)
    if not request.args.get("save"):
        return drawn(body)
    response = Response(body, mimetype="application/xml")
    name = f"{definition.process_id}-v{definition.version}.bpmn"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/<int:definition_id>/files/<name>")
@needs("process.read")
def file(definition_id: int, name: str) -> Response:
    """One of the files that a version consists of, as it was deployed, to be changed and published again."""
    kept = catalog.files_of(db.session(), _definition(db.session(), definition_id).id)
    if name not in kept:
        raise NotFound
    response = Response(kept[name], mimetype="application/json" if name.endswith(".form") else "application/xml")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _definition(session: Session, definition_id: int) -> Definition:
    found = session.get(Definition, definition_id)
    if found is None:
        raise NotFound
    return found


@bp.get("/new")
@needs("process.edit")
def new() -> ResponseReturnValue:
    """Choose the files of a draft."""
    return render_template("processes/new.html", findings=[], problem="")


@bp.post("")
@needs("process.edit")
def upload() -> ResponseReturnValue:
    """Keep the files as a draft, from where their release is asked for; or say line by line what must change (422);
    nothing is kept then."""
    session = db.session()
    try:
        files = _files()
        known = catalog.known(session, files)
        if known is not None:
            flash(_("内容与第 %(n)d 版完全相同，没有另存草稿。", n=known.version), "warn")
            return redirect(url_for("processes.show", definition_id=known.id), 303)
        draft = _drafted(session, files)
    except Refused as error:
        db.session.rollback()
        found = list(error.findings) if isinstance(error, BadDiagram) else []
        page = render_template("processes/new.html", findings=found, problem=sentence(error))
        return page, error.status
    flash(_("已存为草稿。看过检查结果后，可以申请发布。"), "ok")
    return redirect(url_for("releases.ask", draft_id=draft.id), 303)


def _drafted(session: Session, files: dict[str, bytes]) -> Draft:
    """A draft of the files, of the newest version of their process where there is one. Raises BadDiagram."""
    if errors := [found for found in catalog.check(files) if found.severity == "error"]:
        raise BadDiagram(errors)
    main = unpack(files).process_ids()[0]
    newest = session.scalars(select(Definition).where(Definition.process_id == main).order_by(
        Definition.version.desc()).limit(1)).first()
    return drafts.begin(session, name=newest.name if newest else main, files=files, by=actor(), base=newest,
                        process_id=main, how="imported")


def _files() -> dict[str, bytes]:
    """What was uploaded, by file name; NoDrawing or TooLarge when it cannot be a deployment."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    files = {_name(one): one.stream.read(MOST_BYTES + 1) for one in sent[: MOST_FILES + 1]}
    if len(files) > MOST_FILES or not any(name.endswith(".bpmn") for name in files):
        raise NoDrawing
    if sum(map(len, files.values())) > MOST_BYTES:
        raise TooLarge(_("流程文件共超过 %(limit)s MB，请确认选择的是流程图。", limit=MOST_BYTES // 2**20))
    return files


def _name(sent: FileStorage) -> str:
    """The last part of the sender's name; it is a label, never a place on our disk."""
    name = (sent.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:120]
    if not name.lower().endswith(ENDINGS):
        raise NoDrawing
    return name
