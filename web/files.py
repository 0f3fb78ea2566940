"""Uploads and their way back: kept under their content, given out as attachments that no page can run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Refused, WrongKind
from ledger.files import File, keep, path_of
from web.cabinet.custody import note_file
from web.errors import answer, sentence
from web.guard import actor
from web.session import db
from web.thumbnails import PICTURES, kind_picture, thumbnail
from workflows.handling import desk

bp = Blueprint("files", __name__, url_prefix="/files")
DAY = dt.timedelta(days=1)
MOST_FILES, MOST_BYTES = 300, 1024**3  # one person, 24 hours
INERT = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store"}


class NoFile(WrongKind):
    """没有收到文件，请重新选择。"""


class TooMany(Refused):
    """您今天上传的文件太多了，请明天再传，或联系管理员。"""

    status = 429


@bp.post("")
def upload() -> ResponseReturnValue:
    """Keep one or several files, all or none. Answers what is `described` of the one, or {"files": [...]}."""
    sent = [one for _, one in request.files.items(multi=True) if one.filename]
    if not sent:
        raise NoFile
    check_share(db.session(), actor(), len(sent))
    kept = []
    for one in sent:
        try:
            kept.append(_keep(one))
        except Refused as error:
            return _refuse(one, error)
    told = [described(file) for file in kept]
    return jsonify(told[0] if len(told) == 1 else {"files": told}), 201


def _keep(sent: FileStorage) -> File:
    return keep(db.session(), folder(), sent.stream, sent.filename or "", by=actor())  # type: ignore[arg-type]


def _refuse(sent: FileStorage, error: Refused) -> Response:
    """None of the files is kept; the answer names the one at fault."""
    db.session.rollback()
    return answer(error.status, sentence(error), problems={sent.filename or "": [sentence(error)]})


def check_share(session: Session, person: Actor, incoming: int) -> None:
    """TooMany when the uploads of the last 24 hours and `incoming` more would pass the limits (ASVS 5.2.4)."""
    recent = select(func.count(), func.coalesce(func.sum(File.size), 0)).where(
        File.by_id == person.id, File.at > clock.now() - DAY
    )
    files, size = session.execute(recent).one()
    if files + incoming > MOST_FILES or size > MOST_BYTES:
        raise TooMany


def described(file: File) -> dict[str, Any]:
    """What a page may know about a file; size in bytes, `thumbnail` None where there is no picture."""
    small = url_for("files.preview", file_id=file.id) if file.media_type in PICTURES else None
    return {
        "id": file.id, "name": file.name, "size": file.size, "type": file.media_type,
        "url": url_for("files.content", file_id=file.id), "thumbnail": small,
    }


@bp.get("/<int:file_id>")
def content(file_id: int) -> Response:
    """The file itself, to be saved; no browser shows it as one of our pages (ASVS 3.2.1)."""
    file = desk.may_see_file(db.session(), actor(), file_id)
    note_file(file.id)
    response = send_file(
        path_of(folder(), file).absolute(), mimetype=file.media_type, as_attachment=True, download_name=file.name,
        etag=file.sha256, last_modified=file.at,
    )
    response.headers.update(INERT)
    return response


@bp.get("/<int:file_id>/preview")
def preview(file_id: int) -> Response:
    """A small picture of the file: a re-encoded thumbnail for images, a drawn sheet of paper for everything else."""
    file = desk.may_see_file(db.session(), actor(), file_id)
    small = thumbnail(path_of(folder(), file), previews() / file.sha256) if file.media_type in PICTURES else None
    if small:
        response = send_file(small.absolute(), mimetype="image/webp", etag=f"{file.sha256}-s", last_modified=file.at)
    else:
        response = Response(kind_picture(file.media_type), mimetype="image/svg+xml")
    response.headers.update(INERT)
    return response


def folder() -> Path:
    """Where the content of uploads lies."""
    return Path(current_app.extensions["licet_config"].files)


def previews() -> Path:
    """Where thumbnails lie; they can be thrown away at any time."""
    return Path(current_app.extensions["licet_config"].data) / "previews"
