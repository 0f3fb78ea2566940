"""影响: what would lapse, lose its ground or be lacking if a certificate went or a person left, before the act."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, url_for
from flask_babel import gettext as _

from registry.access.rules import can
from registry.rules.dependence import EFFECTS, Consequence, Consequences, when_gone, when_left
from web.guard import actor, needs
from web.i18n import named
from web.ledgers.certificate import certificate_of
from web.ledgers.lacks import day_asked, may_read, shown_line
from web.organisation.sight import person_of
from web.session import db

bp = Blueprint("effects", __name__)
COLOURS = {"lapses": "bad", "ground": "due", "review": "due", "change": "due"}


@bp.get("/certificates/<int:certificate_id>/effects")
@needs("certificate.read")
def of_certificate(certificate_id: int) -> str:
    """What follows if this certificate can no longer be relied on; ?on= the day (today)."""
    found = certificate_of(certificate_id)
    what = f"{named(found.type)} · {found.holder_name}"
    return _page(
        when_gone(db.session(), found, on=day_asked("on")),
        _("%(what)s失效会影响什么", what=what),
        what,
        url_for("register.certificate", certificate_id=found.id),
        url_for("effects.of_certificate_as_json", certificate_id=found.id),
    )


@bp.get("/certificates/<int:certificate_id>/effects.json")
@needs("certificate.read")
def of_certificate_as_json(certificate_id: int) -> Response:
    """The same as JSON."""
    return _json(when_gone(db.session(), certificate_of(certificate_id), on=day_asked("on")))


@bp.get("/people/<int:person_id>/effects")
@needs("person.read")
def of_person(person_id: int) -> str:
    """What follows if this person leaves."""
    found = person_of(person_id)
    return _page(
        when_left(db.session(), found, on=day_asked("on")),
        _("%(what)s离职会影响什么", what=found.name),
        found.name,
        url_for("people.person", person_id=found.id),
        url_for("effects.of_person_as_json", person_id=found.id),
    )


@bp.get("/people/<int:person_id>/effects.json")
@needs("person.read")
def of_person_as_json(person_id: int) -> Response:
    """The same as JSON."""
    return _json(when_left(db.session(), person_of(person_id), on=day_asked("on")))


def _readable(found: Consequences) -> tuple[list[Consequence], int]:
    """The certificates that the visitor may read, and how many others there are with the lines left out."""
    read = [each for each in found.certificates if can(actor(), "certificate.read", each.certificate)]
    hidden = len(found.certificates) - len(read) + sum(not may_read(line) for _, line in found.lines)
    return read, hidden


def consequences_shown(found: Consequences) -> dict[str, Any]:
    """What the tables of consequences are drawn with: only what the visitor may read, and how much that is not."""
    read, hidden = _readable(found)
    lines = [(unit, shown_line(line)) for unit, line in found.lines if may_read(line)]
    return {"found": found, "certificates": read, "hidden": hidden, "lines": lines, "effects": EFFECTS,
            "colours": COLOURS}  # fmt: skip


def _page(found: Consequences, title: str, what: str, back: str, as_json: str) -> str:
    return render_template(
        "effects.html", title=title, what=what, back=back, as_json=as_json, **consequences_shown(found)
    )


def _json(found: Consequences) -> Response:
    read, hidden = _readable(found)
    lines = [(unit, line, shown_line(line)) for unit, line in found.lines if may_read(line)]
    return jsonify(
        on=found.on.isoformat(),
        hidden=hidden,
        cut=found.cut,
        certificates=[
            {
                "id": each.certificate.id, "code": each.certificate.code, "type": each.certificate.type_code,
                "holder": each.certificate.holder_name, "effect": each.effect, "text": each.text,
                "source": each.source, "verified": each.verified, "because": each.because, "step": each.step,
            }
            for each in read
        ],
        lines=[
            {"unit": unit.id, "rule": line.rule, "lack": line.lack, "text": shown.text, "basis": line.basis,
             "verified": line.verified}
            for unit, line, shown in lines
        ],
    )  # fmt: skip
