"""Alerts that nobody acted on go up the ladder, one transaction for each."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import Engine, Select, select, text
from sqlalchemy.orm import Session, selectinload

from ledger import clock
from ledger.db import Bell, reading, unit
from ledger.failpoints import fp
from registry.alerts import silence
from registry.alerts.causes import case_of
from registry.alerts.model import Alert
from registry.alerts.raising import climb, under_way

log = logging.getLogger("licet.alerts")
_STANDING = text("alert.silent_at IS NULL AND alert.acted_at IS NULL AND alert.escalate_at IS NOT NULL")


def sweep(engine: Engine, *, limit: int = 50, bell: Bell | None = None) -> int:
    """Let the alerts climb whose patience is over, at most `limit`; how many were looked at."""
    stuck = set[int]()
    for _ in range(limit):
        with reading(engine) as session:
            number = session.scalar(_due(stuck))
        if number is None:
            break
        try:
            with unit(engine, bell) as session:
                _climb(session, number)
                fp("alerts.climbed.before_commit")
            fp("alerts.climbed.after_commit")
        except Exception:
            log.exception("alert %s did not climb", number)
        stuck.add(number)
    return len(stuck)


def _due(skip: Collection[int]) -> Select[int]:
    query = select(Alert.id).where(_STANDING, Alert.escalate_at <= clock.now()).order_by(Alert.escalate_at, Alert.id)
    return (query.where(Alert.id.not_in(skip)) if skip else query).limit(1)


def _climb(session: Session, number: int) -> None:
    alert = session.scalar(
        select(Alert).where(Alert.id == number, _STANDING, Alert.escalate_at <= clock.now())
        .options(selectinload(Alert.told)).with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if alert is None:
        return
    case = case_of(session, alert)
    if not case.there:
        silence.settle(session, case.certificate)
    elif (matter := under_way(session, case)) is not None and not matter.late(alert.term):
        alert.acted_at, alert.acted_how, alert.escalate_at = clock.now(), "request", None
    else:
        climb(session, case, alert)


__all__ = ["sweep"]
