"""日历订阅: addresses for calendars elsewhere, made and revoked by their person; and what stands behind one."""

from __future__ import annotations

import datetime as dt
import hashlib
from contextlib import suppress

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ledger import clock
from ledger.actor import Actor
from ledger.db import HURRIED, unit
from ledger.errors import BadAnswer, NotFound
from registry.access.accounts import actor_of
from registry.alerts import feeds
from registry.alerts.charge import charge_of
from registry.alerts.feeds import SAID, TITLE, Feed
from registry.certificates.models import Certificate, Version
from web.alerting.icalendar import Event, calendar
from web.alerting.mine import TABS
from web.errors import field_problems
from web.guard import actor, public
from web.i18n import spoken
from web.limits import VERIFY, limiter
from web.places import place_of
from web.session import db
from workflows import agenda
from workflows.agenda import Due, View, Wanted

bp = Blueprint("feeds", __name__)
BACK, FORTH = dt.timedelta(days=30), dt.timedelta(days=400)
MOST = 1000
"""Events of a view: of more the nearest."""
NINE = dt.timedelta(hours=9)
WEEK_AND_DAY = (NINE - dt.timedelta(days=7), NINE - dt.timedelta(days=1))
DAY_ALONE = (NINE - dt.timedelta(days=1),)
OFTEN = "120 per hour"


@bp.get("/account/calendars")
def listed() -> str:
    """One's addresses, without their tokens, and the form for a new one."""
    return _page({})


def _page(problems: dict[str, list[str]]) -> str:
    return render_template(
        "alerting/feeds.html", rows=feeds.listed(db.session(), actor()), views=_views(), problems=problems,
        longest=feeds.LONGEST, tabs=TABS,
        typed={"purpose": request.form.get("purpose", ""), "shows": request.form.getlist("shows") or ["mine"],
               "named": bool(request.form.get("named"))})


def _views() -> dict[View, object]:
    looks = not charge_of(db.session(), actor()).empty
    return {key: words for key, words in TABS.items() if looks or key == "mine"}


@bp.post("/account/calendars")
def make() -> ResponseReturnValue:
    """Make one. Its address is shown on this answer and never again: only a hash is kept."""
    form = request.form
    try:
        row, token = feeds.make(db.session(), actor(), form.get("purpose", ""), form.getlist("shows"),
                                named=bool(form.get("named")))
    except BadAnswer as error:
        db.session.rollback()
        return _page(field_problems(error)), 400
    return render_template("alerting/feed_made.html", row=row, link=_own() + url_for("feeds.read", token=token))


@bp.post("/account/calendars/<int:feed_id>/revocation")
def revoke(feed_id: int) -> ResponseReturnValue:
    """The address ends now."""
    row = feeds.revoke(db.session(), actor(), feed_id)
    flash(_("已撤销“%(purpose)s”的订阅地址，用它的日历不再更新。", purpose=row.purpose), "ok")
    return redirect(url_for("feeds.listed"), 303)


@bp.get("/f/<token>.ics")
@public
@limiter.limit(VERIFY, deduct_when=lambda response: response.status_code == 404)
@limiter.limit(OFTEN, key_func=lambda: hashlib.sha256(request.path.encode()).hexdigest()[:32])
def read(token: str) -> Response:
    """What a calendar reads: what its person may see today. A token that is nobody's is told nothing."""
    found = feeds.living(db.session(), token)
    if found is None:
        raise NotFound
    feed, account = found
    person = actor_of(db.session(), account)
    body = calendar(spoken(TITLE["name"], {"purpose": feed.purpose}, account.locale),
                    _events(feed, person, account.locale))
    _note(feed)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="licet.ics"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _note(feed: Feed) -> None:
    """That it was read, in a small transaction of its own that waits for nobody, as a sign-in is noted."""
    if feed.used_at is not None and clock.now() - feed.used_at < feeds.USED_AFTER:
        return
    with suppress(OperationalError), unit(db.engine) as session:
        session.connection(execution_options={HURRIED: True})
        feeds.used(session, feed.id)


def _own() -> str:
    own: str = current_app.extensions["licet_config"].url or request.host_url.rstrip("/")
    return own


def _events(feed: Feed, person: Actor, tongue: str) -> list[Event]:
    """Each thing once, whatever views it stands in."""
    today = clock.today()
    rows: dict[str, Due] = {}
    for view in agenda.VIEWS:
        if view in feed.shows:
            for due in agenda.between(db.session(), person, Wanted(view), today - BACK, today + FORTH, limit=MOST):
                rows.setdefault(_uid(due), due)
    known = _known_from({due.certificate.id for due in rows.values() if due.certificate is not None})
    return [_event(uid, due, known, feed.named, tongue) for uid, due in rows.items()]


def _uid(due: Due) -> str:
    """The same as long as it is about the same thing: of a certificate's end, whatever day that is."""
    end = due.kind in ("alert", "end", "review")
    number = due.certificate.id if end and due.certificate else due.thing.id
    return f"licet-{'end' if end else due.kind}-{number}@{_host()}"


def _host() -> str:
    return _own().partition("://")[2].partition("/")[0].partition(":")[0]


def _known_from(numbers: set[int]) -> dict[int, dt.datetime]:
    """When the present version of each certificate was learnt."""
    rows = db.session.execute(
        select(Certificate.id, Version.known_from).join(Version, Version.certificate_id == Certificate.id)
        .where(Certificate.id.in_(numbers), Version.no == Certificate.version_no))
    return {row[0]: row[1] for row in rows}


def _event(uid: str, due: Due, known: dict[int, dt.datetime], named: bool, tongue: str) -> Event:
    thing, paper = due.thing, due.certificate
    kind = due.kind if due.kind != "alert" else "review" if paper and paper.review_on == due.day else "end"
    if paper is None:
        summary = spoken(SAID["task"], {"step": thing.name}, tongue)
        return Event(uid, due.day, summary, spoken(thing.title, {}, tongue) if named else "", _link("task", thing.id),
                     thing.created_at, thing.version, DAY_ALONE)
    whose = paper.holder_name if named else paper.unit.name
    said = {"type": paper.type.name, "whose": whose, "unit": paper.unit.name}
    summary, about = spoken(SAID[kind], said, tongue), spoken(TITLE["about"], said, tongue)
    if kind == "loan":
        return Event(uid, due.day, summary, about, _link("loan", thing.id), thing.extended_at or thing.handed_at,
                     int(thing.extended_at is not None), DAY_ALONE)
    place = _own() + url_for("alerts.show", alert_id=thing.id) if due.kind == "alert" else _link(
        "certificate", paper.id)
    return Event(uid, due.day, summary, about, place, known.get(paper.id, paper.created_at), paper.version_no - 1,
                 WEEK_AND_DAY)


def _link(kind: str, number: int) -> str:
    place = place_of(kind, number)
    return _own() + place if place else ""
