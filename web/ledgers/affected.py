"""受影响: what lost its ground, must be looked at again, or is blocked, because something went and is not back yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from ledger import clock
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.people.scope import subtree
from registry.people.units import Unit
from registry.rules.effects import KINDS, Effect, flags
from web.asked import whole
from web.guard import actor, needs
from web.i18n import named, say
from web.ledgers.lacks import value_words
from web.organisation.sight import unit_of
from web.pages import cut
from web.session import db

bp = Blueprint("affected", __name__)
COLOURS = {"ground": "due", "lapses": "bad", "review": "due", "change": "due", "blocked": "bad"}


@bp.get("/affected")
@needs("certificate.read")
def listed() -> str:
    """Open rows, the newest first. ?kind= one kind, ?unit= at and below a place, ?lifted=yes the lifted ones."""
    query = visible(select(Effect), actor())
    kind = request.args.get("kind", "")
    query = query.where(Effect.kind == kind) if kind in KINDS else query
    if (unit_id := request.args.get("unit", type=whole)) is not None:
        low, high = subtree(unit_of(unit_id).path)
        query = query.where(Effect.unit_path >= low, Effect.unit_path < high)
    over = request.args.get("lifted") == "yes"
    query = query.where(Effect.lifted_at.is_not(None) if over else Effect.lifted_at.is_(None))
    found = cut(db.session(), query.order_by(Effect.since.desc(), Effect.id.desc()), *_loaded())
    return render_template("affected.html", listed=found, kinds=KINDS, over=over, units=_units())


def _loaded() -> tuple[Any, ...]:
    return (joinedload(Effect.certificate), joinedload(Effect.unit), joinedload(Effect.cause_certificate),
            joinedload(Effect.cause_person))  # fmt: skip


def _units() -> list[Unit]:
    query: Select[Any] = visible(select(Unit), actor()).where(Unit.kind.in_(("group", "company"))).order_by(Unit.path)
    return list(db.session.scalars(query.limit(500)))


@bp.app_template_global()
def flags_of(rows: Iterable[Certificate]) -> dict[int, list[Effect]]:
    """The open rows of a page's certificates: one query, whatever the number."""
    return dict(flags(db.session(), [row.id for row in rows]))


@bp.app_template_global()
def effects_on(certificate: Certificate) -> list[Effect]:
    """The open rows of one certificate, with their causes, those to come too."""
    query = select(Effect).where(Effect.certificate_id == certificate.id, Effect.lifted_at.is_(None))
    return list(db.session.scalars(query.options(*_loaded()).order_by(Effect.id)))


@bp.app_template_global()
def effect_words(effect: Effect) -> str:
    """What is wrong, as a sentence."""
    values = {key: value_words(key, value) for key, value in effect.params.items()}
    return say(effect.sentence, values) if effect.unit_id else say(effect.label)


@bp.app_template_global()
def effect_colour(effect: Effect) -> str:
    """The state colour of a row: grey once it is lifted."""
    return "closed" if effect.lifted_at else COLOURS[effect.kind]


@bp.app_template_global()
def cause_of(effect: Effect) -> tuple[str, str]:
    """Why, in words, and the address of the cause; without address and name where one may not see it."""
    if (gone := effect.cause_certificate) is not None:
        if not can(actor(), "certificate.read", gone):
            return _("另一份证件不能再用"), ""
        words = _("%(kind)s（%(holder)s）不能再用", kind=named(gone.type), holder=gone.holder_name)
        return words, url_for("register.certificate", certificate_id=gone.id)
    person = effect.cause_person
    if person is None or not can(actor(), "person.read", person):
        return _("有人离职"), ""
    return _("%(name)s离职", name=person.name), url_for("people.person", person_id=person.id)


@bp.app_template_global()
def coming(effect: Effect) -> bool:
    """Whether its day is still to come."""
    return effect.since > clock.today()
