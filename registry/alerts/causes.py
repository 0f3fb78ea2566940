"""What is warned of: the term of a certificate - its end, or the review that comes before it - or the return of an
original that is out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from registry.alerts.model import END, LOAN, REVIEW, Alert
from registry.certificates import codes
from registry.certificates.models import Certificate
from registry.custody.loans import Loan


@dataclass(frozen=True)
class Case:
    """One cause of alerts, and the day that comes."""

    certificate: Certificate
    cause: str
    term: dt.date
    loan: Loan | None = None

    @property
    def matter_id(self) -> int:
        """The loan; 0 where it is the certificate itself."""
        return self.loan.id if self.loan is not None else 0

    @property
    def there(self) -> bool:
        """It is still so: the original is out until that day; the certificate ends on it, or did and nothing
        followed."""
        if self.loan is not None:
            return self.loan.open and self.loan.due_on == self.term
        if self.certificate.ends_on != self.term:
            return False
        state = self.certificate.state
        return state in codes.LIVE or (state == codes.LAPSED and self.term < clock.today())


def term_of(certificate: Certificate) -> Case | None:
    """The end of a certificate, or the review by which it ends unless it is held; None where it has no end."""
    ends_on = certificate.ends_on
    if ends_on is None:
        return None
    return Case(certificate, REVIEW if ends_on == certificate.review_on != certificate.valid_until else END, ends_on)


def return_of(loan: Loan) -> Case:
    """The return of what is out."""
    return Case(loan.original.certificate, LOAN, loan.due_on, loan)


def case_of(session: Session, alert: Alert) -> Case:
    """What an alert was raised for."""
    certificate = session.scalars(select(Certificate).where(Certificate.id == alert.certificate_id)
                                  .options(joinedload(Certificate.unit))).one()
    loan = session.get(Loan, alert.matter_id) if alert.cause == LOAN else None
    return Case(certificate, alert.cause, alert.term, loan)


__all__ = ["Case", "case_of", "return_of", "term_of"]
