"""The running site of a journey, and what happens behind people's backs: time passes, the worker works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine.model import Instance, Task
from ledger.clock import Fixed
from ledger.db import unit
from ledger.files import keep
from tests.journeys.answers import filled
from tests.journeys.company import Company
from tests.journeys.papers import PDF
from worker import Rounds, due_work
from workflows import authority
from workflows.applying import opening
from workflows.handling import desk
from workflows.requests import Request


@dataclass
class Site:
    """`address` without a slash at its end; the database is the one that the site uses."""

    address: str
    company: Company
    engine: Engine
    clock: Fixed
    files: Path

    def begun(self, login: str, code: str, holder_kind: str, holder: str) -> int:
        """A fresh draft of `login`'s, not through the browser; its id."""
        number = self.company.people[holder] if holder_kind == "person" else self.company.units[holder]
        with unit(self.engine) as session:
            actor = self.company.actor(session, login)
            return opening.open_request(session, actor, code, holder_kind, number).id

    def task(self, request_id: int, element: str) -> int:
        """The id of the open task of a request at this element."""
        with Session(self.engine) as session:
            instance_id = session.get_one(Request, request_id).instance_id
            here = select(Task.id).where(Task.instance_id == instance_id, Task.element_id == element)
            return session.scalars(here.where(Task.state == "open")).one()

    def elements(self, request_id: int) -> list[str]:
        """Where a request waits for somebody."""
        with Session(self.engine) as session:
            here = select(Task.element_id).where(
                Task.instance_id == session.get_one(Request, request_id).instance_id, Task.state == "open")
            return sorted(session.scalars(here))

    def holder(self, request_id: int, element: str) -> str | None:
        """Who has the open task of a request at this element."""
        with Session(self.engine) as session:
            return session.get_one(Task, self.task(request_id, element)).assignee_name

    def done(self, request_id: int, element: str, login: str, **more: Any) -> None:
        """`login` does the open task at this element, not through the browser: everything answered, first verdict."""
        number = self.task(request_id, element)
        with unit(self.engine) as session:
            actor = self.company.actor(session, login)
            opened = desk.open_task(session, actor, number)
            file = keep(session, self.files, BytesIO(PDF), "材料.pdf", by=actor)
            answers = {**filled(opened.form.key, [file.id], opened.data), **more}
            desk.complete(session, actor, opened.task.id, answers)

    def answered(self, request_id: int, kind: str, login: str = "custodian", **more: Any) -> None:
        """The custodian records the authority's answer, not through the browser."""
        with unit(self.engine) as session:
            actor = self.company.actor(session, login)
            file = keep(session, self.files, BytesIO(PDF), "文书.pdf", by=actor)
            answers = filled("answer", [file.id], kind=kind, answered_on=self.clock().date().isoformat())
            authority.record_answer(session, actor, request_id, kind, {**answers, **more})

    def pass_days(self, days: int) -> None:
        """Time goes by; then the worker makes its round."""
        self.clock.advance(timedelta(days=days))
        self.work()

    def work(self) -> None:
        """What worker.py does until there is nothing more to do."""
        Rounds(self.engine, due_work()).answer("all")

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
