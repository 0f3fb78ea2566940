"""The running site of a journey, and what happens behind people's backs: time passes, the worker works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import timers
from engine.model import Instance
from ledger import outbox
from ledger.clock import Fixed
from tests.journeys.company import Company
from workflows.requests import Request
from workflows.triggers import HANDLERS


@dataclass
class Site:
    """`address` without a slash at its end; the database is the one that the site uses."""

    address: str
    company: Company
    engine: Engine
    clock: Fixed

    def pass_days(self, days: int) -> None:
        """Time goes by; then the worker makes its round."""
        self.clock.advance(timedelta(days=days))
        self.work()

    def work(self) -> None:
        """What worker.py does in one sweep."""
        timers.sweep(self.engine)
        outbox.deliver(self.engine, HANDLERS)

    def request(self, number: str) -> Request:
        """The request with this number, as it stands in the database."""
        with Session(self.engine, expire_on_commit=False) as session:
            found = session.scalars(select(Request).where(Request.number == number)).one()
            session.refresh(found, ["instance", "authority_answers", "corrections"])
            return found

    def outcome(self, number: str) -> str | None:
        """How the process of a request ended; None while it runs."""
        with Session(self.engine) as session:
            query = select(Instance.outcome).join(Request, Request.instance_id == Instance.id)
            return session.scalar(query.where(Request.number == number))
