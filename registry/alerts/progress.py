"""What is being done about a certificate's end: whoever runs the matters says so; this room only asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ledger.facts import Subject


@dataclass(frozen=True)
class Progress:
    """A matter that is under way: its page, its number, where it stands, the day by which it is expected to be done
    (None where nobody can say)."""

    subject: Subject
    number: str
    step: str
    expected_on: dt.date | None

    def late(self, ends_on: dt.date) -> int:
        """Days by which it comes too late; 0 where it comes in time, or nobody knows."""
        return max(0, (self.expected_on - ends_on).days) if self.expected_on else 0

    def in_time(self, ends_on: dt.date) -> bool:
        """It is expected to be done before the end."""
        return self.expected_on is not None and self.expected_on <= ends_on

    def told(self, ends_on: dt.date) -> dict[str, Any]:
        """As the ledger keeps it."""
        return {"kind": self.subject[0], "id": self.subject[1], "number": self.number, "step": self.step,
                "expected": self.expected_on.isoformat() if self.expected_on else None, "late": self.late(ends_on)}


Ask = Callable[[Session, int], Progress | None]
_ask: list[Ask] = []


def told_by(ask: Ask) -> None:
    """Who knows what is under way for a certificate (by id); the last one named is asked."""
    _ask[:] = [ask]


def of(session: Session, certificate_id: int) -> Progress | None:
    """What is under way to renew a certificate."""
    return _ask[0](session, certificate_id) if _ask else None


__all__ = ["Ask", "Progress", "of", "told_by"]
