"""Open incidents: what failed where, why and how often; each or all of a kind retried, skipped, taken off."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from registry.access.rules import can
from web.asked import whole_in
from web.cockpit.asked import LONGEST_CAUSE, arguments, sought
from web.guard import actor, needs
from web.pages import here, with_arguments
from web.session import db
from workflows.cockpit import finding, reach, troubles

bp = Blueprint("incidents", __name__, url_prefix="/cockpit/incidents")
PAGE = 20
VERBS = {"retry": _l("全部重试"), "skip": _l("全部跳过"), "drop": _l("全部取消这一支")}


@bp.get("", endpoint="index")
@needs(reach.READ)
def listed() -> ResponseReturnValue:
    """The groups; with ?trouble= or ?cause= (and ?process=) the incidents of one, newest first."""
    session, person, wanted = db.session(), actor(), sought()
    narrowed = bool(wanted.trouble or wanted.cause)
    after = whole_in(request.args.get("after"))
    found = list(troubles.find(session, person, wanted, after=after, size=PAGE + 1)) if narrowed else []
    return render_template(
        "cockpit/incidents.html", narrowed=narrowed, wanted=wanted, arguments=arguments(wanted), lines=found[:PAGE],
        groups=[] if narrowed else troubles.groups(session, person, process_id=wanted.process), verbs=VERBS,
        most=troubles.MOST_GROUPS, cut=LONGEST_CAUSE, processes=finding.processes(session), back=here(),
        next=with_arguments(after=found[PAGE - 1].trouble.id) if len(found) > PAGE else "",
        may_act=can(person, reach.ACT), may=lambda instance: reach.may(person, reach.ACT, instance),
    )
