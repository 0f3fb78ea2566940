"""What a journey finds in the register and in the cabinet when it begins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.people.persons import person_of
from tests.journeys.site import Site

DAY = dt.date
KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "E03": ("company", {"number": "（浙）JZ安许证字〔2024〕000777", "valid_from": DAY(2024, 2, 21),
                        "valid_until": DAY(2027, 2, 20)}),
    "P01": ("worker", {"valid_from": DAY(2024, 2, 1), "valid_until": DAY(2030, 1, 31), "review_on": DAY(2027, 1, 31),
                       "item": "熔化焊接与热切割作业"}),
    "P02": ("worker", {"number": "浙A012026000123", "valid_from": DAY(2026, 1, 1), "valid_until": DAY(2027, 12, 31),
                       "item": "01"}),
    "P19": ("worker", {"number": "浙2025P19000001", "issued_on": DAY(2025, 1, 6)}),
}
"""By type: a unit or the worker, and what the paper says."""


def held(site: Site, code: str, **more: Any) -> int:
    """A certificate of the company or its worker; its id."""
    place, told = KNOWN[code]
    with unit(site.engine) as session:
        holder = (site.company.unit(session, place) if place in site.company.units
                  else person_of(session, site.company.people[place]))
        said = {"issued_on": told.get("valid_from"), "issuer": "某省住建厅", **told, **more}
        if code == "P01":
            said.setdefault("number", f"T{holder.id_number}")  # type: ignore[union-attr]
        return grant(session, code, holder, by=SYSTEM, **said).id


def kept(site: Site, certificate: int, kind: str = "original") -> int:
    """Its original or duplicate in the company's cabinet; its id."""
    with unit(site.engine) as session:
        return originals.enter(
            session, session.get_one(Certificate, certificate), kind, place="档案室 2 柜", by=SYSTEM,
            keeper=site.company.unit(session, "company")).id


def lent(site: Site, original: int, login: str = "worker") -> int:
    """The original is out with somebody until the end of the week, and signed for; the loan's id."""
    with unit(site.engine) as session:
        keeper, until = site.company.actor(session, "custodian"), site.clock().date() + dt.timedelta(days=4)
        loan = loans.hand_over(
            session, originals.original_of(session, original), purpose="bid", until=until, by=keeper,
            borrower=person_of(session, site.company.people[login]))
        loans.receive(session, loan, by=site.company.actor(session, login))
        return loan.id
