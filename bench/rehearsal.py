"""The rehearsal of a draft of the renewal process: 5,000 requests under way and 5,000 that ended, as a job.

A few renewals are really taken along, by people and the worker; their rows are copied. A third of those that ended had
been given back to their approver by whoever files them. The draft has a legal review more, another name for the review,
and another time limit. Wall-clock time of the job, in one process, on SQLite and on a PostgreSQL that writes to disk.
"""

from __future__ import annotations

import datetime as dt
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

import workflows
from bench.databases import postgres, sqlite
from bench.measure import Figure
from engine import catalog
from engine.model import Instance, Subscription, Task, TaskAnswer, Timer, Visit
from engine.rehearsal.given import Given
from engine.returns.returning import ReturnCase
from ledger import clock, jobs
from ledger.db import open_database, reading, unit
from registry.certificates import catalogue
from registry.custody import copies
from registry.people import sealing
from tests.journeys.company import Company, found
from tests.workflows.renewing import Renewing
from tests.workflows.test_returning import back
from workflows.studio import drafts, rehearsal_work, rehearsing
from workflows.studio.rehearsing import Asked

WANTED, BAR = 5_000, 600.0
STRIDE = 10_000
"""Further than any number of the rows that are copied."""
IN_CHARGE = {"E02": "legal", "E03": "legal", "P01": "safety", "P02": "safety", "P07": "hr"}
OPEN = {"P02": (2027, 3, 5), "P07": (2027, 4, 5)}
ENDED, RUNNING, STAYING, RETURNED = ("E03", "P02", "P07"), ("E02", "P01"), "P01", "P02"


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    workflows.install()
    for of in (sqlite, postgres):
        with of() as url, tempfile.TemporaryDirectory() as folder:
            engine = open_database(url)
            copies.keep_in(Path(folder), "http://bench/c/")
            now = clock.Fixed(dt.datetime(2026, 11, 22, 10, tzinfo=clock.SHANGHAI))
            with clock.use(now):
                yield from _measured(engine, Path(folder), now)
            engine.dispose()
            catalogue._view.set(None)


def _measured(engine: Engine, folder: Path, now: clock.Fixed) -> Iterator[Figure]:
    with unit(engine) as session:
        company = found(session)
    for code in (*ENDED, *RUNNING):
        _lived(Renewing(engine, company, folder, now, code), code, code in ENDED)
    _copy(engine)
    now.move_to(dt.datetime(2027, 12, 1, 10, tzinfo=clock.SHANGHAI))
    number = _asked(engine, company)
    on = engine.dialect.name
    begun = time.perf_counter()
    jobs.sweep(engine, {rehearsing.KIND: rehearsal_work.do})
    took = time.perf_counter() - begun
    with reading(engine) as session:
        counts = rehearsing.one(session, number).counts
    for part, sums in ((rehearsing.LIVE, "fine map impossible"), (rehearsing.DONE, "same time path outcome unknown")):
        whole = sum(counts[part].values())
        parts = ", ".join(f"{counts[part][one]} {one}" for one in sums.split())
        yield Figure(f"rehearsal, {on}, {part}: {parts}", whole, "instances", WANTED, "at least")
    yield Figure(f"rehearsal, {on}, those ended that could be told", WANTED - counts[rehearsing.DONE]["unknown"],
                 "instances", WANTED * 0.99, "at least")
    yield Figure(f"rehearsal of 5,000 running and 5,000 ended, {on}", took, "s", BAR)
    yield Figure("memory at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")


def _lived(case: Renewing, code: str, to_its_end: bool) -> None:
    """One renewal, with hours between any two acts."""
    case.day(*OPEN.get(code, (2027, 2, 1))).opened()
    who = IN_CHARGE[code]
    case.now.advance(dt.timedelta(hours=3))
    case.do(who, "N1_decide", "renew")
    case.now.advance(dt.timedelta(days=1, hours=2))
    if code == STAYING:
        return
    case.closed()
    case.later(0.2)
    if not to_its_end:
        return
    for login, element, verdict in ((who, "N4_review", "pass"), ("approver", "N5_approve", "approve"),
                                    ("custodian", "S5_file", "done")):
        case.now.advance(dt.timedelta(hours=7))
        if (code, element) == (RETURNED, "S5_file"):
            back(case, login, element, "N5_approve")
            case.now.advance(dt.timedelta(hours=30))
            case.do("approver", "N5_approve", "approve")
            case.now.advance(dt.timedelta(hours=3))
        case.do(login, element, verdict)
    for answer in ("accepted", "granted"):
        case.now.advance(dt.timedelta(days=2))
        case.authority(answer)
    for login, element, verdict in (("custodian", "R10_register", "done"), ("safety", "R11_compare", "match")):
        case.now.advance(dt.timedelta(hours=5))
        case.do(login, element, verdict)


def _copy(engine: Engine) -> None:
    """As many of the same as are wanted, with numbers of their own."""
    with engine.begin() as connection:
        number = sa.select(Instance.id).where(Instance.process_id == "renewal")
        for ended in (True, False):
            over = Instance.ended_at.is_not(None)
            ids = list(connection.scalars(number.where(over if ended else ~over)))
            for copy in range(1, -(-WANTED // len(ids))):
                _again(connection, ids, copy * STRIDE + (0 if ended else 100_000_000))


def _again(connection: sa.Connection, ids: list[int], shift: int) -> None:
    for model, mine, shifted in (
        (Instance, Instance.id, ("id",)), (Task, Task.instance_id, ("id", "instance_id", "kept_from")),
        (ReturnCase, ReturnCase.instance_id, ("id", "instance_id", "from_task_id", "to_task_id")),
        (Timer, Timer.instance_id, ("id", "instance_id")), (Visit, Visit.instance_id, ("id", "instance_id")),
        (Subscription, Subscription.instance_id, ("id", "instance_id")),
        (Given, Given.instance_id, ("id", "instance_id")),
    ):
        _shift(connection, model, mine.in_(ids), shifted, shift)
    tasks = sa.select(Task.id).where(Task.instance_id.in_(ids))
    _shift(connection, TaskAnswer, TaskAnswer.task_id.in_(tasks), ("task_id",), shift)


def _shift(connection: sa.Connection, model: Any, which: Any, shifted: tuple[str, ...], shift: int) -> None:
    table = model.__table__
    columns = [column + shift if column.name in shifted else column for column in table.c]
    connection.execute(sa.insert(table).from_select([column.name for column in table.c],
                                                    sa.select(*columns).where(which)))


def _asked(engine: Engine, company: Company) -> int:
    with unit(engine) as session:
        owner = company.actor(session, "owner")
        newest = catalog.latest(session, "renewal")
        made = drafts.of_definition(session, newest, by=owner)
        body = drafts.files(session, made)["renewal.bpmn"].decode()
        drafts.save(session, made.id, {"renewal.bpmn": changed(body).encode()}, base=1, by=owner)
        return rehearsing.ask(session, made.id, Asked(clock.now() - rehearsing.YEAR, WANTED, WANTED), by=owner).id


def changed(body: str) -> str:
    """The drawing with a legal review before the approval, two days more for it, and the review under another id."""
    body = re.sub(r"\bN4_review\b", "N4_checked", body)
    into = re.search(r'<bpmn:sequenceFlow id="(\w+)"[^>]*targetRef="N5_approve"', body)
    assert into is not None
    review = ('<bpmn:userTask id="N4_legal" name="法务审核"><bpmn:extensionElements><zeebe:userTask/>'
              '<zeebe:formDefinition formId="approve"/><zeebe:assignmentDefinition candidateGroups="legal"/>'
              '<zeebe:properties><zeebe:property name="licet:sla" value="2"/></zeebe:properties>'
              '</bpmn:extensionElements>'
              f'<bpmn:incoming>{into[1]}</bpmn:incoming><bpmn:outgoing>F_legal</bpmn:outgoing></bpmn:userTask>'
              '<bpmn:sequenceFlow id="F_legal" sourceRef="N4_legal" targetRef="N5_approve"/>')
    body = body.replace(f"<bpmn:incoming>{into[1]}</bpmn:incoming>", "<bpmn:incoming>F_legal</bpmn:incoming>")
    body = body.replace(into[0], into[0].replace('targetRef="N5_approve"', 'targetRef="N4_legal"'))
    return body.replace('<bpmn:userTask id="N5_approve"', review + '<bpmn:userTask id="N5_approve"')
