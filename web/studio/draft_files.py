"""The files of a draft: saved by the editors, taken out as files, added, renamed, removed."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from ledger.errors import NotFound, Refused
from web.asked import whole
from web.errors import sentence
from web.guard import actor, needs
from web.i18n import language, say
from web.session import db, keep
from web.studio.drafts import draft_of
from web.studio.files import as_text
from workflows.studio import contents, drafts
from workflows.studio.drafts import MOST_BYTES, MOST_FILES, Draft
from workflows.studio.merging import Conflict

bp = Blueprint("draft_files", __name__, url_prefix="/studio/drafts/<int:draft_id>")
HOW = ("autosaved", "saved")
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


@bp.get("/files/<path:name>")
@needs("process.read")
def body(draft_id: int, name: str) -> Response:
    """A file as the editors read it, with the number of the revision it is of: {name, number, body}."""
    draft = draft_of(draft_id)
    return jsonify(name=name, number=draft.revision, body=_text(_file(draft, name)))


@bp.put("/files/<path:name>")
@needs("process.edit")
def save(draft_id: int, name: str) -> ResponseReturnValue:
    """Save a file: {base: number, how, body} -> {number, merged, conflicts: []}; where others' changes came in, `body`
    is the file with both. What contradicts is kept aside: 409 {error, conflicts, aside, number, settle: address}."""
    draft = draft_of(draft_id)
    base, how, sent = _sent()
    saved = drafts.save(db.session(), draft.id, {name: sent}, base=base, by=actor(), how=how)
    if saved.conflicts:
        keep()
        address = url_for("draft_history.aside", draft_id=draft.id, number=saved.aside)
        told = [_told(one) for one in saved.conflicts]
        words = _("您保存的内容与别人刚保存的有矛盾，两份都已保留，请选择。")
        return jsonify(error=words, conflicts=told, aside=saved.aside, number=saved.number, settle=address), 409
    answer: dict[str, Any] = {"number": saved.number, "merged": list(saved.merged), "conflicts": []}
    if name in saved.merged:
        answer["body"] = _text(_file(draft, name))
    return jsonify(answer)


def _sent() -> tuple[int, str, bytes]:
    """What an editor sends. Raises BadRequest for anything else."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadRequest
    base, how, text = given.get("base"), given.get("how", "saved"), given.get("body")
    if not isinstance(base, int) or isinstance(base, bool) or how not in HOW or not isinstance(text, str):
        raise BadRequest
    try:
        return base, how, text.encode()
    except UnicodeEncodeError:
        raise BadRequest from None


def _told(one: Conflict) -> dict[str, Any]:
    return {"file": one.file, "key": one.key, "element": one.element, "where": say(one.where.text, one.where.params),
            "what": say(one.what.text, one.what.params), "mine": one.mine, "theirs": one.theirs}


def _text(content: bytes) -> str:
    return as_text(content)


def _file(draft: Draft, name: str) -> bytes:
    files = drafts.files(db.session(), draft)
    if name not in files:
        raise NotFound
    return files[name]


@bp.get("/export/<path:name>")
@needs("process.read")
def single(draft_id: int, name: str) -> Response:
    """One file to be kept, of ?revision= where one is named."""
    files = drafts.files(db.session(), draft_of(draft_id), request.args.get("revision", type=whole))
    if name not in files:
        raise NotFound
    kind = "application/json" if name.lower().endswith(".form") else "application/xml"
    return _attached(files[name], safe(name), kind)


@bp.get("/export.zip")
@needs("process.read")
def bundle(draft_id: int) -> Response:
    """All files in one archive, of ?revision= where one is named."""
    draft = draft_of(draft_id)
    files = drafts.files(db.session(), draft, request.args.get("revision", type=whole))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(safe(name), (2026, 1, 1, 0, 0, 0)), files[name])
    return _attached(packed.getvalue(), f"{safe(draft.name)}.zip", "application/zip")


def safe(name: str) -> str:
    """A name that a file may have on any computer; it is text of ours or of somebody's drawing, never a place."""
    return UNSAFE.sub("_", name).strip(" .")[:120] or "file"


def _attached(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    return response


@bp.post("/files")
@needs("process.edit")
def add(draft_id: int) -> ResponseReturnValue:
    """Add a form of the library, the drawing of another process, or uploaded files."""
    session, form = db.session(), request.form
    draft = draft_of(draft_id)
    try:
        if key := form.get("library", ""):
            contents.add_form(session, draft.id, key, by=actor())
        elif process := form.get("process", ""):
            contents.add_process(session, draft.id, process, by=actor())
        else:
            contents.add(session, draft.id, _uploaded(), by=actor())
    except Refused as error:
        return _back(draft_id, error)
    flash(_("已加入草稿。"), "ok")
    return _back(draft_id)


def _uploaded() -> dict[str, bytes]:
    """What was sent, by the last part of its name."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    return {(one.filename or "").replace("\\", "/").rpartition("/")[2]: one.stream.read(MOST_BYTES + 1)
            for one in sent[: MOST_FILES + 1]}


@bp.post("/files/<path:name>/name")
@needs("process.edit")
def rename(draft_id: int, name: str) -> ResponseReturnValue:
    """Call a file something else."""
    try:
        new = request.form.get("name", "").strip()
        contents.rename_file(db.session(), draft_of(draft_id).id, name, new, by=actor())
    except NotFound:
        raise
    except Refused as error:
        return _back(draft_id, error)
    flash(_("文件已改名。"), "ok")
    return _back(draft_id)


@bp.post("/files/<path:name>/removal")
@needs("process.edit")
def remove(draft_id: int, name: str) -> ResponseReturnValue:
    """Take a file out of the draft."""
    contents.remove_file(db.session(), draft_of(draft_id).id, name, by=actor())
    flash(_("已从草稿中移除，历史版本里仍有它。"), "ok")
    return _back(draft_id)


def _back(draft_id: int, error: Refused | None = None) -> ResponseReturnValue:
    """To the files of the draft, with what was wrong."""
    if error is not None:
        db.session.rollback()
        found = getattr(error, "findings", ())
        flash(" ".join([sentence(error), *(one.text(language())[:200] for one in found[:2])]), "bad")
    return redirect(url_for("drafts.show", draft_id=draft_id, _anchor="files"), 303)
