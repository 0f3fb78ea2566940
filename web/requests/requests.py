"""Applications: mine and those I may see, starting one, where it stands, and what the authority answered."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.exceptions import BadRequest

from engine import catalog, history
from engine.model import Definition, Task
from engine.usertasks import offers
from forms.texts import translated
from ledger.errors import BadAnswer, Conflict, NotFound
from registry.access.rules import can
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate
from web import once
from web.asked import whole_in
from web.drawn import drawn
from web.errors import answer, field_problems, problem_text, sentence, wants_json
from web.guard import actor
from web.i18n import say, title_words
from web.pages import with_arguments
from web.panels import panels_of
from web.requests.answers import Sent, files_in, sent
from web.requests.filled import (
    Fields,
    application_fields,
    channel_words,
    field_label,
    filled_in,
    noticed,
    papers,
    size_words,
)
from web.requests.told import tell
from web.requests.whereabouts import by_when, outcome_colour, outcome_words, stage_words, turns, unnamed
from web.session import db
from workflows import CATALOG, authority, requests, standing, story
from workflows.applying import offering, opening
from workflows.applying.faults import BLOCK, fault_of
from workflows.handling import correcting, naming
from workflows.requests import Request
from workflows.transfer import inward

bp = Blueprint("requests", __name__, url_prefix="/requests")
PAGE = 20
ANSWERS = {
    "accepted": _l("受理通知"), "supplement": _l("补正通知"), "refused": _l("不予受理决定"),
    "granted": _l("准予许可决定"), "denied": _l("不予许可决定"),
}
HOLDERS = 30
HOLDER_KINDS = ("person", "unit", "machine")
for words in (stage_words, outcome_colour, outcome_words, by_when, size_words, title_words, noticed):
    bp.add_app_template_global(words)
SCOPES: dict[requests.Scope, str] = {"mine": _l("我提交的"), "open": _l("办理中"), "all": _l("全部可见")}


@bp.get("", endpoint="mine")
def listed() -> ResponseReturnValue:
    """One page of requests. ?scope=mine|open|all, ?q= searches, ?after= goes on behind a request."""
    session, person = db.session(), actor()
    scope: requests.Scope = next((known for known in SCOPES if known == request.args.get("scope")), "mine")
    search = request.args.get("q", "").strip()[:80]
    after = whole_in(request.args.get("after"))
    found = requests.find(session, person, scope=scope, search=search or None, after=after, size=PAGE)
    if after is not None and not found.rows:  # behind the last there is nothing: begin again
        after = None
        found = requests.find(session, person, scope=scope, search=search or None, size=PAGE)
    return render_template(
        "requests/list.html", listed=found, most=requests.COUNT_TO, scope=scope, scopes=SCOPES, search=search,
        after=after, next=with_arguments(after=found.rows[-1].id) if found.more else "",
        may_start=can(person, "request.start", None),
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    """First which type, then for whom: one thing a page, and only what this person may apply for."""
    code, search = request.args.get("type", ""), request.args.get("q", "").strip()[:40]
    if not code:
        return render_template(
            "requests/new.html", choice=offering.choice(db.session(), actor(), search), search=search,
            families=offering.FAMILIES, parts_of=offering.parts,
        )
    if code not in opening.offered():
        raise NotFound
    return _choose_holder(code)


def _choose_holder(code: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    search = request.args.get("q", "").strip()[:40]
    found = opening.holders(db.session(), actor(), code, search=search, limit=HOLDERS + 1)
    page = render_template(
        "requests/holder.html", type=type_of(code), holders=found[:HOLDERS], more=len(found) > HOLDERS, search=search,
        problem=problem, once=once.fresh(), brought=request.values.get("with", ""), inward=inward.offered(code),
    )
    return page, status


def _brought() -> dict[str, str]:
    """What the link that led here says already, "trade:05"."""
    field, _colon, value = request.form.get("with", "").partition(":")
    return {field: value} if value else {}


@bp.post("")
def start() -> ResponseReturnValue:
    """Begin a request (or go on with my draft for the same) and open its form."""
    code = request.form.get("type", "")
    kind, _dash, text = request.form.get("holder", "").partition("-")
    number = whole_in(text)
    if code not in opening.offered():
        raise BadRequest
    if number is None or kind not in HOLDER_KINDS:
        return _choose_holder(code, _("请选择为谁申请。"), 400)
    if request.form.get("way") == "inward":
        made = inward.open_request(db.session(), actor(), code, kind, number)
    else:
        made = opening.open_request(
            db.session(), actor(), code, kind, number, once=once.given(), prefill=_brought())
    first = next(iter(open_tasks(made)), None)
    target = url_for("tasks.show", task_id=first.id) if first else url_for("requests.show", request_id=made.id)
    return redirect(target, 303)


@bp.get("/<int:request_id>")
def show(request_id: int) -> ResponseReturnValue:
    """Where it is, who acts next and by when; what is asked of me; then the story, the papers and the diagram."""
    session, person = db.session(), actor()
    application = requests.get(session, person, request_id)
    known, veiled = application_fields(application), naming.hidden_from(session, application, person)
    lines = story.of_request(session, application)
    return render_template(
        "requests/show.html", application=application, veiled=veiled,
        next=turns(standing.standing_of(session, application), veiled=veiled),
        mine=[task for task in open_tasks(application) if offers.offered(session, task, person)],
        expected=authority.expected(session, person, application), answers=ANSWERS, marks=marks(application),
        story=tell(session, unnamed(lines, application) if veiled else lines, application),
        papers=papers(session, application),
        content=filled_in(application), channel=channel_words(application),
        type=application.kind, certificate=_certificate(application),
        process=CATALOG[application.process_id], parent=_kin(application.parent_id),
        children=requests.begun_by(session, person, application),
        panels=panels_of("request", session, person, application), missing=missing(application, known),
        returned=[(field_label(known, one.field), one) for one in application.open_corrections],
        corrected=[(field_label(known, one.field), one) for one in correcting.outstanding(session, application)],
    )


def missing(application: Request, known: Fields) -> list[tuple[str, str]]:
    """What stops the request besides what was returned: (field, what is wrong and the way out)."""
    if application.instance.ended_at is not None:
        return []
    stopping = [fault for kept in application.problems if "way" not in kept
                if (fault := fault_of(kept)).severity == BLOCK]
    return [(field_label(known, fault.field), problem_text(fault.whole)) for fault in stopping]


def _certificate(application: Request) -> Certificate | None:
    """What came of it, for those who may read it; an applicant need not be one of them."""
    found = db.session.get(Certificate, application.certificate_id) if application.certificate_id else None
    return found if found is not None and can(actor(), "certificate.read", found) else None


def _kin(request_id: int | None) -> Request | None:
    """The request that began this one, for those who may read it."""
    try:
        return requests.get(db.session(), actor(), request_id) if request_id else None
    except NotFound:
        return None


def open_tasks(application: Request) -> list[Task]:
    """What is to be done in this request now, oldest first."""
    query = select(Task).where(Task.instance_id == application.instance_id, Task.state == "open").order_by(Task.id)
    return list(db.session.scalars(query))


@bp.get("/<int:request_id>/diagram.bpmn")
def diagram(request_id: int) -> Response:
    """The drawing of the version that this request runs on."""
    application = requests.get(db.session(), actor(), request_id)
    definition = db.session.get_one(Definition, application.instance.definition_id)
    return drawn(catalog.diagram(db.session(), definition))


@bp.get("/<int:request_id>/state.json")
def state(request_id: int) -> ResponseReturnValue:
    """Which elements of the drawing are passed, and where the request waits now."""
    return jsonify(marks(requests.get(db.session(), actor(), request_id)))


def marks(application: Request) -> dict[str, list[str]]:
    """Element ids for the drawing, {"active": [...], "completed": [...]}; none is in both."""
    visits = history.visits(db.session(), application.instance_id) if application.instance_id else []
    active = {visit.element_id for visit in visits if visit.left_at is None}
    passed = {visit.element_id for visit in visits if visit.how == "completed"}
    return {"active": sorted(active), "completed": sorted(passed - active)}


@bp.get("/<int:request_id>/answers/new")
def new_answer(request_id: int) -> ResponseReturnValue:
    """The form for what the authority answered; Conflict (409) when that answer cannot come now."""
    application = requests.get(db.session(), actor(), request_id)
    return _answer_page(application, _kind(application))


def _kind(application: Request) -> str:
    kind = request.args.get("kind") or request.form.get("kind", "")
    if kind not in ANSWERS:
        raise NotFound
    if kind not in authority.expected(db.session(), actor(), application):
        raise Conflict
    return kind


def _answer_page(
    application: Request, kind: str, told: Sent | None = None, error: BadAnswer | None = None
) -> ResponseReturnValue:
    typed = told.answers if told else {}
    form, given = authority.form_for(application, kind)
    page = render_template(
        "requests/answer.html", application=application, kind=kind, words=ANSWERS[kind],
        schema=translated(form.schema, say), given=given, typed=typed,
        problems=field_problems(error) if error else {}, error=sentence(error) if error else "",
        files=files_in(db.session(), actor(), form, typed), once=once.fresh(),
    )
    return page, error.status if error else 200


@bp.post("/<int:request_id>/answers")
def record_answer(request_id: int) -> ResponseReturnValue:
    """Record the authority's answer; the process goes on."""
    application, told = requests.get(db.session(), actor(), request_id), sent()
    if authority.recorded(db.session(), request_id, once.given()):
        return _recorded(request_id)  # sent again, because the first answer did not arrive
    kind = _kind(application)
    try:
        authority.record_answer(db.session(), actor(), request_id, kind, told.answers, once=once.given())
    except BadAnswer as error:
        db.session.rollback()
        if wants_json():
            return answer(error.status, sentence(error), problems=field_problems(error))
        return _answer_page(requests.get(db.session(), actor(), request_id), kind, told, error)
    flash(_("已登记：%(what)s。", what=ANSWERS[kind]), "ok")
    return _recorded(request_id)


def _recorded(request_id: int) -> ResponseReturnValue:
    target = url_for("requests.show", request_id=request_id)
    return jsonify(location=target) if wants_json() else redirect(target, 303)
