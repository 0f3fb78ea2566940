"""Requests walked over HTTP by the people of a small company, whatever falls over meanwhile.

The harness reads the database only as the page would show it: which tasks are open, and what their form holds.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.messaging import messages
from engine.model import Instance, Task
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import Refused
from registry.people import sealing
from registry.people.identity import id_check_digit
from registry.people.persons import create_person
from registry.people.units import unit_of
from tests.chaos.client import Entry, Log, Person
from tests.chaos.site import Site
from tests.journeys.company import PASSWORD, Company, found, open_accounts
from workflows import authority
from workflows.handling import desk
from workflows.requests import Request
from workflows.sample import answer

Read = TypeVar("Read")
DOERS = {
    "A1_fill": "applicant", "A1_correct": "applicant", "A3_hr": "hr", "A3_safety": "safety", "A4_approve": "approver",
    "A4_second": "vice", "A5_file": "custodian", "A7_supplement": "custodian", "A10_register": "custodian",
    "A11_compare": "hr", "A8c_chase": "custodian",
}
VERDICTS = {"A1_fill": "submit", "A1_correct": "submit", "A3_hr": "pass", "A3_safety": "pass", "A4_approve": "approve",
            "A4_second": "approve", "A11_compare": "match"}
PLANS = ("full", "full", "double", "return", "reject", "abandon", "supplement", "silence", "claim")
BIRTH = "330109198801"  # of every colleague: what must never be found in Redis


@dataclass
class Case:
    """One request to be made: its name is the idempotency key of its opening."""

    key: str
    holder: int
    plan: str
    left: list[str] = field(default_factory=list)


class People:
    """The company at the site, with a browser for everybody."""

    def __init__(self, site: Site, log: Log) -> None:
        self.site, self.log = site, log
        self.engine: Engine = site.engine
        self.company = self._found()
        self.holders: list[int] = []
        self.people = {login: Person(site.port, login, PASSWORD, log) for login in {*DOERS.values()}}

    def _found(self) -> Company:
        sealing.set_key(b"k" * 32)
        with unit(self.engine) as session:
            company = found(session)
            open_accounts(session, company, *sorted({*DOERS.values()}))
        return company

    def hire(self, count: int) -> None:
        """New colleagues, each to be applied for once."""
        with unit(self.engine) as session:
            place = unit_of(session, self.company.units["project"])
            for number in range(len(self.holders), len(self.holders) + count):
                first = f"{BIRTH}{1 + number // 1000:02d}{number % 1000:03d}"
                self.holders.append(create_person(
                    session, unit=place, name=f"工人{number}", by=SYSTEM, joined_on=dt.date(2020, 1, 1),
                    id_number=first + id_check_digit(first)).id)

    def case(self, seed: int, number: int, plan: str = "full") -> Case:
        return Case(f"chaos-{seed}-{number:05d}", self.holders[number], plan)

    # looking, as a page does
    def look(self, read: Callable[[Session], Read]) -> Read:
        """Read, again and again while the database is away."""
        end = time.monotonic() + 60
        while True:
            try:
                with reading(self.engine) as session:
                    return read(session)
            except DBAPIError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def request_of(self, case: Case) -> int | None:
        query = select(Request.id).where(Request.holder_id == case.holder, Request.holder_kind == "person")
        return self.look(lambda session: session.scalars(query.order_by(Request.id)).first())

    def waits(self, request_id: int) -> tuple[str, dict[str, int], list[str]]:
        """The instance's state, its open tasks by element, the messages it waits for."""
        def read(session: Session) -> tuple[str, dict[str, int], list[str]]:
            it = session.get_one(Request, request_id).instance_id
            assert it is not None
            tasks = session.scalars(select(Task).where(Task.instance_id == it, Task.state == "open"))
            return (session.get_one(Instance, it).state, {task.element_id: task.id for task in tasks},
                    messages.waiting(session, it))

        return self.look(read)

    def form(self, login: str, task: int, verdict: str) -> dict[str, Any] | None:
        """What this person sends at a task; None when it is no longer theirs to do."""
        def read(session: Session) -> dict[str, Any] | None:
            try:
                shown = desk.open_task(session, self.company.actor(session, login), task)
            except Refused:
                return None
            told = answer(shown.form, shown.data, verdict, self.people[login].paper, shown.request)
            return {"answers": json.dumps(told), "version": shown.task.version}

        return self.look(read)

    # acting
    def walk(self, case: Case, seconds: float = 120) -> None:
        """Take the request along its plan until it has ended or has come as far as the plan goes."""
        self.begin(case)
        number, end = self.request_of(case), time.monotonic() + seconds
        while number is not None and time.monotonic() < end:
            state, tasks, messages_ = self.waits(number)
            if state != "active" or not self._move(case, number, tasks, messages_):
                return

    def begin(self, case: Case) -> None:
        applicant = self.people["applicant"]
        told = {"type": "P02", "holder": f"person-{case.holder}", "once": case.key}
        wishes = [lambda: applicant.wish(Entry(case.key, "open", "applicant"), "/requests", told)]
        at_once(wishes * (2 if case.plan == "double" else 1))

    def _move(self, case: Case, request_id: int, tasks: dict[str, int], waiting: list[str]) -> bool:
        """One step for everybody who has something to do; False when nobody has."""
        if case.plan == "submit" and "A1_fill" not in tasks:
            return False
        if tasks:
            at_once([lambda element=element, task=task: self.do(case, element, task)
                     for element, task in tasks.items() for _ in range(1 + (case.plan == "double"))])
            return True
        kinds = [kind for kind, name in authority.MESSAGES.items() if name in waiting]
        if not kinds or (case.plan == "silence" and "accepted" in kinds):
            time.sleep(0.05)
            return case.plan != "silence" and not kinds
        wanted = kinds[0]
        if case.plan == "supplement" and "supplement" in kinds and "supplement" not in case.left:
            case.left.append("supplement")
            wanted = "supplement"
        self.record(case, request_id, "granted" if "granted" in kinds else wanted)
        return True

    def do(self, case: Case, element: str, task: int) -> None:
        login, verdict = DOERS[element], VERDICTS.get(element, "done")
        turns = {"return": ("A3_hr", "return"), "reject": ("A4_approve", "reject"), "abandon": ("A1_fill", "abandon")}
        if turns.get(case.plan, ("", ""))[0] == element and element not in case.left:
            case.left.append(element)
            verdict = turns[case.plan][1]
        if case.plan == "claim":
            for verb in ("claim", "release"):
                self.people[login].wish(Entry(case.key, verb, login, task), f"/tasks/{task}/{verb}", {"a": "1"})
        told = self.form(login, task, verdict)
        if told is not None:
            self.people[login].wish(Entry(case.key, element, login, task), f"/tasks/{task}", told)

    def record(self, case: Case, request_id: int, kind: str) -> None:
        """The custodian writes down what the authority answered; the form has a name of its own."""
        custodian = self.people["custodian"]

        def read(session: Session) -> dict[str, Any]:
            request = session.get_one(Request, request_id)
            form, given = authority.form_for(request, kind)
            told = answer(form, given, "done", custodian.paper, request)
            return {"answers": json.dumps({**told, "kind": kind})}

        path = f"/requests/{request_id}/answers?kind={kind}&once={case.key}-{kind}"
        custodian.wish(Entry(case.key, f"answer:{kind}", "custodian"), path, self.look(read))


def at_once(acts: list[Callable[[], object]]) -> None:
    """All of them at the same moment, and wait for the last."""
    if len(acts) == 1:
        acts[0]()
        return
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def plans(seed: int, count: int) -> list[str]:
    """What happens to each of `count` requests, by seed."""
    chosen = random.Random(seed)
    return [chosen.choice(PLANS) for _ in range(count)]
