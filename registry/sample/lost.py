"""What follows from the sample's lapsed and suspended company certificates, as the worker would have written it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from registry.certificates.models import Certificate
from registry.certificates.standing import of as standing_of
from registry.rules.effects import reconsider
from registry.sample.organisation import Sample

TYPES = ("E01", "E02", "E03")


def load(made: Sample) -> None:
    """Ask for each what followed: of the last company only, so that large samples load no longer than small ones."""
    rows = made.session.scalars(
        select(Certificate).where(Certificate.holder_unit_id == made.companies[-1].id, Certificate.type_code.in_(TYPES))
        .options(selectinload(Certificate.versions)).order_by(Certificate.id)).all()
    for row in rows:
        if not standing_of(row).standing.usable:
            reconsider(made.session, row)
