"""What can be begun about a certificate: renewal, transfer, cancellation, a loan, ... offered by the processes."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.usertasks import offers
from web.guard import actor
from web.ledgers.certificate import certificate_of
from web.requests.requests import open_tasks
from web.session import db
from workflows.applying import choices
from workflows.requests import Request

bp = Blueprint("matters", __name__, url_prefix="/certificates/<int:certificate_id>/requests")


@bp.get("/new")
def new(certificate_id: int) -> ResponseReturnValue:
    """Everything that may be begun now, what is open already, and why something else may not."""
    found = certificate_of(certificate_id)
    return render_template(
        "matters.html", found=found, kind=found.type, choices=choices.of_certificate(db.session(), actor(), found))


@bp.post("")
def start(certificate_id: int) -> ResponseReturnValue:
    """Begin what was chosen (or go on with what is open) and open its first task."""
    process_id, _dash, subtype = request.form.get("choice", "").partition(".")
    return onwards(choices.begin(db.session(), actor(), certificate_id, process_id, subtype))


def onwards(begun: Request) -> ResponseReturnValue:
    """To what the visitor has to do in a request that has just begun, else to its page."""
    mine = [task for task in open_tasks(begun) if offers.offered(db.session(), task, actor())]
    if mine:
        return redirect(url_for("tasks.show", task_id=mine[0].id), 303)
    return redirect(url_for("requests.show", request_id=begun.id), 303)
