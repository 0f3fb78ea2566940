"""The days by which a renewal is run: of the type's own window, never a fixed number of days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.workdays import calendar, days_before, months_before, roll_back
from registry.certificates import windows
from registry.certificates.catalogue import in_force_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate

GENERAL_DAYS = 30  # 行政许可法 50: 30 days before the end, where no other rule says a day
FIRST_WARNING, SECOND_WARNING = 15, 5  # working days before the day by which the law wants it (facts 4.3 N3)


@dataclass(frozen=True)
class Days:
    """`target`: the day by which the law wants the request; `closes`: the last day on which it is taken at all."""

    target: dt.date
    first_warning: dt.date
    second_warning: dt.date
    closes: dt.date
    expires: dt.date

    def variables(self) -> dict[str, Any]:
        """As the drawing reads them: ISO dates."""
        named = {
            "target_on": self.target, "level1_on": self.first_warning, "level2_on": self.second_warning,
            "closes_on": self.closes, "expires_on": self.expires,
        }
        return {name: day.isoformat() for name, day in named.items()}


def kind_of(certificate: Certificate) -> CertificateType:
    """Its type as it stands today where it is held."""
    return in_force_of(certificate.type_code, clock.today(), certificate.unit.province)


def days_of(session: Session, certificate: Certificate) -> Days:
    """The days of the certificate's present term; it must have an end (`ends_on`)."""
    assert certificate.ends_on is not None
    days, expires = calendar(session), certificate.ends_on
    steps = {step.kind: step.on for step in windows.steps(kind_of(certificate), expires, days)}
    closes = steps.get("closes", expires)
    general = roll_back(days, days_before(expires, GENERAL_DAYS)).on
    target = min(steps.get("target") or steps.get("hand_in") or general, closes)
    return Days(target, days.before(target, FIRST_WARNING), days.before(target, SECOND_WARNING), closes, expires)


def next_end(certificate: Certificate) -> dt.date | None:
    """The last day of a term that follows this one without a gap, by the type's months; None where none are stated."""
    months = kind_of(certificate).validity
    if months.kind != "months" or not months.months or certificate.ends_on is None:
        return None
    return months_before(certificate.ends_on, -months.months)
