"""签名存档: the signature that somebody keeps, on the page of their account; and the ways to sign in a form.

The specimen is shown, used, replaced and removed only by its owner, within minutes of their password (freshness.py).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from ledger.errors import Refused
from ledger.files import File
from web.errors import sentence
from web.files import INERT, NoFile, check_share, described, folder
from web.freshness import confirm, fresh
from web.guard import actor
from web.limits import SIGN_IN, limiter
from web.session import db
from workflows.sharing import pictures, specimens
from workflows.sharing.specimens import DRAWN, UPLOADED

bp = Blueprint("specimens", __name__)
guessing = limiter.limit(SIGN_IN, key_func=lambda: f"confirm|{current_user.account.id}",
                         deduct_when=lambda response: response.status_code == 403)
"""Counts only wrong passwords."""


# on the page of the account
@bp.post("/account/signature")
@guessing
def keep() -> ResponseReturnValue:
    """Keep what was drawn or uploaded, in place of what there was."""
    try:
        confirm(request.form.get("password", ""))
        check_share(db.session(), actor(), 1)
        how = DRAWN if request.form.get("how") == DRAWN else UPLOADED
        specimens.keep(db.session(), folder(), _content(), how, by=actor())
    except Refused as error:
        return _again(error)
    flash(_("签名已存档。"), "ok")
    return redirect(url_for("account.mine"), 303)


@bp.post("/account/signature/removal")
@guessing
def remove() -> ResponseReturnValue:
    """Keep none any more."""
    try:
        confirm(request.form.get("password", ""))
        specimens.remove(db.session(), by=actor())
    except Refused as error:
        return _again(error)
    flash(_("存档签名已删除，用它签过的办理不受影响。"), "ok")
    return redirect(url_for("account.mine"), 303)


@bp.post("/account/signature/confirmation")
@guessing
def show() -> ResponseReturnValue:
    """From now on, for some minutes, the page shows it."""
    try:
        confirm(request.form.get("password", ""))
    except Refused as error:
        return _again(error)
    return redirect(url_for("account.mine"), 303)


def _again(error: Refused) -> ResponseReturnValue:
    from web.account import page

    db.session.rollback()
    return page({"signature": [sentence(error)]}), error.status


@bp.get("/account/signature/picture")
def picture() -> Response:
    """The picture, for its owner alone."""
    confirm("")
    response = send_file(specimens.picture_of(db.session(), folder(), actor()).absolute(), mimetype="image/png")
    response.headers.update(INERT)
    return response


def mine() -> dict[str, Any]:
    """What the page of the account tells: the specimen, if there is one, and whether it may be shown now."""
    return {"kept": specimens.of(db.session(), actor()), "fresh": fresh()}


# in the form of a task
@bp.post("/signatures/drawn")
def drawn() -> ResponseReturnValue:
    """What was just drawn, as a file to sign one decision with: 201."""
    check_share(db.session(), actor(), 1)
    return _made(specimens.drawn(db.session(), folder(), _content(), by=actor()))


@bp.post("/signatures/stored")
@guessing
def stored() -> ResponseReturnValue:
    """A copy of one's own specimen; 403 asks for the password."""
    confirm(request.form.get("password", ""))
    check_share(db.session(), actor(), 1)
    return _made(specimens.stored(db.session(), folder(), by=actor()))


@bp.post("/signatures/typed")
@guessing
def typed() -> ResponseReturnValue:
    """One's name typed in full, with the password each time."""
    confirm(request.form.get("password", ""), always=True)
    check_share(db.session(), actor(), 1)
    return _made(specimens.typed(db.session(), folder(), _content(), request.form.get("name", ""), by=actor()))


def _content() -> bytes:
    sent: FileStorage | None = request.files.get("file")
    if sent is None or not sent.filename:
        raise NoFile
    return sent.stream.read(pictures.MOST_BYTES + 1)


def _made(file: File) -> ResponseReturnValue:
    return jsonify(described(file)), 201
