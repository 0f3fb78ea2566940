"""内部核验: the page behind a certificate's QR code. Anybody may open it; it says little, as of now."""

from __future__ import annotations

import re

from flask import Blueprint, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from ledger import clock
from registry.certificates import codes, standing
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.units import Unit
from web.guard import public
from web.limits import VERIFY, limiter
from web.session import db
from web.text import masked_name, masked_number

bp = Blueprint("verify", __name__)
TOKEN = re.compile(r"[\w-]{22}")


@bp.get("/v/<token>")
@public
@limiter.limit(VERIFY)
def verification(token: str) -> tuple[str, int]:
    """State and term of the certificate, as the book says now; the same page for a token that is nobody's."""
    found = _certificate(token) if TOKEN.fullmatch(token) else None
    if found is None:
        return render_template("verify.html", found=None, at=clock.now()), 404
    told = {
        "kind": type_of(found.type_code),
        "finding": standing.of(found),
        "holder": holder_words(found),
        "at": clock.now(),
        "number": masked_number(found.number) if found.holder_person_id else found.number,
    }
    return render_template("verify.html", found=found, **told), 200


def _certificate(token: str) -> Certificate | None:
    query = select(Certificate).where(Certificate.check_token == token, Certificate.state != codes.WITHDRAWN)
    return db.session.scalar(query.options(selectinload(Certificate.versions), joinedload(Certificate.unit)))


def holder_words(found: Certificate) -> str:
    """A person's name is masked; a company, a project or a machine is named."""
    held = found.holder
    if isinstance(held, Person):
        return masked_name(held.name)
    return held.name if isinstance(held, Unit) else f"{held.name} {held.model}".strip()
