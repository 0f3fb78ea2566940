"""Ledgers brought in over HTTP by a custodian, whatever falls over meanwhile: upload, columns, preview, register, back.

As with requests, the harness reads of the database what the page would show, and keeps a log of what it was answered.
"""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import worker
from ledger import clock
from registry.intake.batch.models import WORKING, Batch, Flaw
from tests.chaos.client import Entry, Person
from tests.chaos.journey import People
from tests.journeys.company import PASSWORD
from tests.registry.intake.desk import HEADINGS, sheet
from tests.registry.intake.desk import worker as row_of
from tests.registry.organisation import id_number

KEEPER = "custodian"
SIZE, BLANKS = 12, (2, 4, 5, 7, 11)  # rows of a ledger; those without a last day, which we propose
BLANK = "blank_end"
PLANS = ("stay", "undo", "stop", "cancel", "twice")
ENDS = {"stay": "committed", "undo": "undone", "stop": "committed", "cancel": "cancelled", "twice": "committed"}
"""Where a ledger of each plan ends: "stop" is cancelled while its rows are judged and goes on, "twice" has the same
certificates as another that comes in at the same time."""
SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"


@dataclass
class Ledger:
    """One file and what becomes of it; its key is its name and the idempotency key of its upload."""

    key: str
    plan: str
    rows: list[dict[str, Any]]
    left: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.key}.csv"


def written(key: str, plan: str, first: int, company: str) -> Ledger:
    """A ledger of SIZE people's certificates, numbered from `first`; "until" is no column, but the truth."""
    year = clock.today().year
    issued, until = dt.date(year - 1, 6, 1), dt.date(year + 1, 5, 31)
    rows = []
    for place in range(SIZE):
        serial = first + place
        name = "工人" + "".join(SIGNS[serial // each % 20] for each in (400, 20, 1))
        rows.append(row_of(
            serial % 1000, name, 单位=company, 证书编号=f"苏A012025{serial:06d}", 发证日期=issued.isoformat(),
            身份证号=id_number(serial % 1000, f"198{serial // 1000:01d}0307"),
            有效期至="" if place in BLANKS else until.isoformat(), until=until.isoformat()))
    return Ledger(key, plan, rows)


class Bringing:
    """The custodian at the site, who has it all typed up in files."""

    def __init__(self, people: People, seed: int, *, ring: bool = False) -> None:
        self.people, self.seed, self.ring = people, seed, ring
        self.ledgers: list[Ledger] = []
        self.unit = people.company.units["company"]
        self.company = people.look(lambda session: people.company.unit(session, "company").name)

    def ledger(self, plan: str) -> Ledger:
        """A new one; the second of two that are "twice" has the rows of the first, in another order."""
        number = len(self.ledgers)
        made = written(f"ledger-{self.seed}-{number:04d}", plan, 1 + number * SIZE, self.company)
        twin = self.ledgers[-1] if self.ledgers else None
        if plan == "twice" and twin and twin.plan == plan and "first" in twin.left:
            made.rows = [*reversed(twin.rows)]
        else:
            made.left.add("first")
        self.ledgers.append(made)
        return made

    def some(self, count: int) -> list[Ledger]:
        """Ledgers of all plans, by seed; those that come twice one after the other."""
        chosen = random.Random(self.seed)
        plans = [plan for _ in range(count) for plan in [chosen.choice(PLANS)] for _ in range(1 + (plan == "twice"))]
        return [self.ledger(plan) for plan in plans]

    def stands(self, ledger: Ledger) -> tuple[int, str, bool, int]:
        """(batch, its state, whether a worker is at it, open findings that we have a proposal for)."""
        def read(session: Session) -> tuple[int, str, bool, int]:
            batch = session.scalars(select(Batch).where(Batch.name == ledger.name).order_by(Batch.id)).first()
            if batch is None:
                return 0, "", False, 0
            alike = (Flaw.batch_id == batch.id, Flaw.kind == BLANK, Flaw.state == "open")
            count = session.scalar(select(func.count()).select_from(Flaw).where(*alike)) or 0
            return batch.id, batch.state, batch.state in WORKING or bool(batch.errands), count

        return self.people.look(read)

    def walk(self, ledger: Ledger, seconds: float = 120) -> None:
        """Take it along its plan to the end of it."""
        keeper = Person(self.people.site.port, KEEPER, PASSWORD, self.people.log)
        end, waited = time.monotonic() + seconds, 0
        self._upload(keeper, ledger)
        while time.monotonic() < end:
            batch, state, busy, open_ = self.stands(ledger)
            act = self._next(ledger, state, busy, open_)
            if act == "end" or not batch:
                return
            if act:
                verb, told = act, {"kind": BLANK} if act == "acceptances" else {}
                keeper.wish(Entry(ledger.key, f"ledger:{verb}", KEEPER), f"/imports/{batch}/{verb}", {"a": "1", **told})
                continue
            waited += 1
            if self.ring and waited % 20 == 0:
                worker.ring(worker.IMPORTS, self.people.site.redis.url)
            time.sleep(0.03)

    def _next(self, ledger: Ledger, state: str, busy: bool, open_: int) -> str:
        """What the custodian does about a ledger as it stands: a verb, "end", or "" to wait."""
        once = {"stop": "judging", "cancel": "ready"}.get(ledger.plan)
        if state == once and not (ledger.plan == "stop" and "cancel" in ledger.left):
            ledger.left.add("cancel")
            return "cancel"
        if busy:
            return ""
        if state in ("refused", "undone") or (state == "committed" and ledger.plan != "undo"):
            return "end"
        if state == "ready":
            return "acceptances" if open_ else "commit"
        going_on = "resume" if ledger.plan == "stop" else "end"
        return {"mapping": "mapping", "committed": "undo", "cancelled": going_on}[state]

    def _upload(self, keeper: Person, ledger: Ledger) -> None:
        mark = uuid.uuid4().hex
        parts: list[tuple[str, bytes]] = [
            ('name="once"', ledger.key.encode()), ('name="unit"', str(self.unit).encode()),
            (f'name="files"; filename="{ledger.name}"\r\nContent-Type: text/csv', sheet(ledger.rows, HEADINGS))]
        body = b"".join(f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
                        for head, content in parts) + f"--{mark}--\r\n".encode()
        keeper.wish(Entry(ledger.key, "ledger:open", KEEPER), "/imports", body,
                    kind=f"multipart/form-data; boundary={mark}")

    def walks(self, count: int, patience: float) -> list[Callable[[], None]]:
        """What a crowd has to do: each ledger walked."""
        return [partial(self.walk, ledger, patience) for ledger in self.some(count)]
