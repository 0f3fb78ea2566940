"""A task beside the list: what is needed to decide, and the decision itself where the form wants nothing more."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from forms.schema import Form, Verdict
from web.desk.verbs import verbs_of
from web.guard import actor
from web.login import local_path
from web.requests.filled import filled_in, papers
from web.requests.told import tell
from web.requests.whereabouts import unnamed
from web.session import db
from workflows import story
from workflows.handling import bulk, desk, naming

bp = Blueprint("preview", __name__)
BACK = "r"
"""The key of the verdict that sends a request back."""


@bp.get("/tasks/<int:task_id>/preview")
def show(task_id: int) -> str:
    """A fragment. ?next= is the list to come back to."""
    session, person = db.session(), actor()
    opened = desk.open_task(session, person, task_id)
    application = opened.request
    own = opened.form.key in {content.form_key for content in application.contents}
    wanted, lines = request.args.get("next"), story.of_request(session, application)
    if naming.hidden_from(session, application, person):
        lines = unnamed(lines, application)
    return render_template(
        "inbox/preview.html", desk=opened, task=opened.task, application=application,
        quick=bulk.ready(session, opened), returns=_returns(opened.form), verbs=verbs_of(session, person, opened),
        content=[] if own else filled_in(application), papers=papers(session, application),
        story=tell(session, lines, application),
        back=local_path(wanted) if wanted else url_for("inbox.tasks"),
    )


def _returns(form: Form) -> Verdict | None:
    keyed = {str(one["value"]) for one in form.schema.get("licet:verdicts", ()) if one.get("key") == BACK}
    return next((one for one in form.verdicts if one.value in keyed and one.needs), None)
