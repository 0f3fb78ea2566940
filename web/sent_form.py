"""Forms that were done, by their once-name: sent again, a form leads where it led, and nothing is done twice."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, BigId, Instant

KEPT = dt.timedelta(days=2)


class SentForm(Base):
    """One form done by one person; `address` is where it led."""

    __tablename__ = "sent_form"

    token: Mapped[str] = mapped_column(String(60), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    address: Mapped[str] = mapped_column(String(300), default="")


def took(session: Session, token: str, person_id: int) -> SentForm | None:
    """Take the name for this request; None when it is taken. What is older than two days is forgotten on the way.

    Of two requests at once the database lets one through: the other waits for its end and is refused there.
    """
    if session.get(SentForm, token) is not None:
        return None
    session.execute(delete(SentForm).where(SentForm.person_id == person_id, SentForm.at < clock.now() - KEPT))
    row = SentForm(token=token, person_id=person_id)
    session.add(row)
    session.flush()
    return row
