"""The editors of a draft's files: the page of each, and the check beside it. They save by web.studio.draft_files."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from ledger.errors import NotFound
from registry.access.rules import can
from web.guard import actor, background, needs, reads
from web.session import db
from web.studio import checking
from web.studio.drafts import draft_of
from workflows.studio import drafts

bp = Blueprint("editor", __name__, url_prefix="/studio/drafts")
KINDS = {"bpmn": "modeler", "dmn": "tables", "form": "formbuilder"}
"""The ending of a file, and the script and style that edit it."""


def _kind(name: str) -> str:
    """Which editor the file has, by its ending. Raises NotFound."""
    ending = name.rpartition(".")[2].lower()
    if ending not in KINDS:
        raise NotFound
    return ending


@bp.get("/<int:draft_id>/edit/<path:name>")
@needs("process.read")
def edit(draft_id: int, name: str) -> ResponseReturnValue:
    """The page of one file; who may not edit, or a draft that is closed, is shown it."""
    draft, kind = draft_of(draft_id), _kind(name)
    names = sorted(drafts.revision(db.session(), draft).files)
    if name not in names:
        raise NotFound
    may_edit = can(actor(), "process.edit", None) and draft.state == drafts.OPEN
    return render_template(
        "studio/editor.html", draft=draft, file=name, kind=kind, editor=KINDS[kind], may_edit=may_edit,
        names=[one for one in names if one.rpartition(".")[2].lower() in KINDS],
    )


@bp.post("/<int:draft_id>/findings")
@needs("process.edit")
@reads
@background
def findings(draft_id: int) -> ResponseReturnValue:
    """What the check says about the draft's files with the one sent in the place of the saved one."""
    draft = draft_of(draft_id)
    name, body = _sent()
    files = drafts.files(db.session(), draft)
    if name not in files:
        raise NotFound
    group_id = draft.group_id
    db.session.rollback()  # the check may take long: until it looks at people, no connection waits for it
    found = checking.findings(db.session(), {**files, name: body}, name, group_id)
    return jsonify(findings=found)


def _sent() -> tuple[str, bytes]:
    """The file's name and its text as it stands on the screen. Raises BadRequest, TooMuch."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("file"), str) or not isinstance(sent.get("body"), str):
        raise BadRequest
    body = sent["body"].encode("utf-8", "replace")
    if len(body) > drafts.MOST_BYTES:
        raise drafts.TooMuch(files=drafts.MOST_FILES, megabytes=drafts.MOST_BYTES // 1_000_000)
    return sent["file"], body
