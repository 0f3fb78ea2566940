"""The search box: certificates, people and projects by a fragment of number, name, pinyin or initials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from registry.access.register import Filter, find
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.units import Unit
from web.guard import actor
from web.session import db
from workflows import requests
from workflows.requests import Request

bp = Blueprint("search", __name__)
SHOWN = 10


@bp.get("/search")
def results() -> str:
    """The first ten of each kind; the lists behind them have the rest."""
    text = " ".join(request.args.get("q", "")[:60].split())
    kinds = {"certificates": _certificates, "requests": _requests, "persons": _persons, "projects": _projects}
    found: dict[str, Sequence[Any]] = {name: find(text) if text else [] for name, find in kinds.items()}
    return render_template("search.html", text=text, shown=SHOWN, **found)


def _certificates(text: str) -> Sequence[Certificate]:
    if not can(actor(), "certificate.read"):
        return []
    return find(db.session(), actor(), Filter(text=text), limit=SHOWN).rows


def _requests(text: str) -> Sequence[Request]:
    return requests.newest(db.session(), actor(), scope="all", search=text, size=SHOWN)


def _persons(text: str) -> Sequence[Person]:
    plain = text.lower().replace(" ", "")
    query = (
        visible(select(Person), actor())
        .options(joinedload(Person.unit))
        .where(
            or_(
                Person.name.contains(text, autoescape=True),
                Person.pinyin.contains(plain, autoescape=True),
                Person.initials.startswith(plain, autoescape=True),
            )
        )
    )
    return db.session.scalars(query.order_by(Person.pinyin, Person.id).limit(SHOWN)).all()


def _projects(text: str) -> Sequence[Unit]:
    query = (
        visible(select(Unit), actor())
        .options(joinedload(Unit.parent))
        .where(
            Unit.kind == "project",
            or_(Unit.name.contains(text, autoescape=True), Unit.code.contains(text, autoescape=True)),
        )
    )
    return db.session.scalars(query.order_by(Unit.path).limit(SHOWN)).all()
