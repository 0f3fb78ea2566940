"""案卷: the ZIP of one certificate for a court or an inspection, which checks itself without this house."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response

from registry.evidence import casefile
from web.config import Config
from web.freshness import sensitive
from web.guard import actor, needs
from web.ledgers.certificate import certificate_of
from web.limits import limiter
from web.session import db

bp = Blueprint("case_file", __name__)


@bp.post("/certificates/<int:certificate_id>/case-file")
@needs("audit.read")
@sensitive
@limiter.limit("10 per minute", key_func=lambda: f"case|{actor().id}")
def export(certificate_id: int) -> Response:
    """The file as a download; that it was made is a fact."""
    found = certificate_of(certificate_id)
    config: Config = current_app.extensions["licet_config"]
    answer = make_response(casefile.export(db.session(), found, config.files, by=actor()))
    answer.mimetype = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.code}-case.zip"'
    return answer
