"""The cockpit's lists at 100,000 instances: every filter, every search, incidents, timers, messages, a batch's preview.

The rows are written straight into the tables. A whole page each time: signed in, routed, queried, drawn; CPU of this
process, and of PostgreSQL's where that answers.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import Client

from bench.databases import cpu_under, postgres, serving, sqlite
from bench.measure import Figure
from bench.pages import NUMBERS, signed_in
from engine import catalog
from ledger import clock
from ledger.db import open_database, unit
from registry.people import sealing
from tests.journeys.company import PASSWORD, found, open_accounts
from tests.web.watched import FIRST
from web.app import create_app
from web.config import Config

COUNT, TURNS, BAR, EXPORT = 100_000, 20, 300, 5_000
LIST = "/cockpit/instances"
PAGES = {
    "running": "", "all": "?state=all", "incidents only": "?state=incident", "suspended": "?state=suspended",
    "ended": "?state=ended", "one process": "?process=watched", "one version": "?process=watched&version={version}",
    "older than 20 days": "?older=20", "at one element": "?process=watched&at=A", "at a rare element": "?at=G",
    "a company": "?unit={company}", "a company of few": "?unit={few}&state=all", "title": "?q=巡检 4242",
    "business key": "?q=K-77777", "nothing": "?q=zzzz", "variable": "?q=fee = 4242", "variable of many": "?q=kind = a",
    "no such variable": "?q=fee = none", "certificate": "?q=3201022026",
    "all at once": "?process=watched&state=incident&older=5&at=G&q=巡检",
}
OTHERS = {
    "incidents, grouped": "/cockpit/incidents", "incidents of one kind": "/cockpit/incidents?process=watched&trouble=G",
    "timers to come": "/cockpit/waiting", "timers overdue": "/cockpit/waiting?tab=overdue",
    "timers held": "/cockpit/waiting?tab=held", "messages": "/cockpit/waiting?tab=messages",
    "messages of one name": "/cockpit/waiting?tab=messages&q=answer.came", "kept": "/cockpit/waiting?tab=kept",
    "a batch of 4,000, previewed": "/cockpit/batches/new?verb=suspend&process=watched&at=G&state=all",
    "one instance": "/cockpit/instances/{last}",
}
STATE = "case when i % 10 = 0 then 'completed' when i % 50 = 1 then 'suspended' else 'active' end"
FILLING = (
    "insert into instance (process_id, definition_id, business_key, title, group_id, places, unit_path, state, "
    f"started_at, ended_at, version, blob) {NUMBERS} select 'watched', :definition, 'K-' || i, '巡检 ' || i || ' 号', "
    "1, '[2, 1]', case when i % 200 = 0 then '/1/3/' else '/1/2/' end, {STATE}, {STARTED}, "
    "case when i % 10 = 0 then {STARTED} end, 1, :blob from n",
    "insert into task (instance_id, token, element_id, name, title, business_key, process_id, group_id, priority, "
    "role, state, version, offer, barred, not_by, created_at, due_confirmed, rank_at) select id, 2, 'A', '任务A', "
    "title, business_key, process_id, 1, 50, 'drawn', 'open', 1, '[]', '[]', '[]', started_at, true, started_at "
    "from instance where state <> 'completed' and id % 25 <> 3 and process_id = 'watched'",
    "insert into visit (instance_id, token, element_id, entered_at, within) select id, 3, 'G', started_at, 0 "
    "from instance where id % 25 = 3 and state <> 'completed' and process_id = 'watched'",
    "insert into visit (instance_id, token, element_id, entered_at, left_at, left_how, within) select id, 1, 'S', "
    "started_at, started_at, 'completed', 0 from instance where process_id = 'watched'",
    "insert into incident (instance_id, element_id, token, cause, cause_en, opened_at) select id, 'G', 3, "
    "'网关的所有条件都不成立', 'no condition holds', started_at from instance where id % 25 = 3 "
    "and state <> 'completed' and process_id = 'watched'",
    "insert into timer (instance_id, element_id, occurrence, token, kind, due_at, next_try_at, state, attempts, "
    "due_confirmed) select id, 'T', 2, 2, 'event', {DUE}, {DUE}, case when id % 500 = 7 then 'suspended' "
    "else 'waiting' end, 0, true from instance where state <> 'completed' and id % 25 <> 3 and process_id = 'watched'",
    "insert into subscription (instance_id, token, element_id, kind, name, key) select id, 4, 'M', 'message', "
    "case when id % 2 = 0 then 'answer.came' else 'other.came' end, null from instance where id % 4 = 2 "
    "and state <> 'completed' and process_id = 'watched'",
    "insert into instance_variable (instance_id, name, value) select id, 'fee', cast(id % 9000 as varchar(80)) "
    "from instance where process_id = 'watched'",
    "insert into instance_variable (instance_id, name, value) select id, 'kind', case when id % 2 = 0 then 'a' "
    "else 'b' end from instance where process_id = 'watched'",
    "insert into request (group_id, number, process_id, type_code, family, holder_kind, holder_id, holder_name, item, "
    "subtype, title, applicant_id, applicant_name, unit_id, unit_path, instance_id, opened_at, problems, channel, "
    "authority_no, accepted_how, rounds, revision, details, search) select 1, business_key, 'watched', 'E03', 'E', "
    "'unit', 2, '某公司', '', '', title, 1, '某人', 2, unit_path, id, started_at, '[]', '', '', '', 0, 1, '{}', "
    "lower(business_key || ' 某公司 ' || title) from instance where process_id = 'watched'",
)
WORDS = {
    "sqlite": {"{STARTED}": "datetime(:now, '-' || (i % 90) || ' days') || '.000000'",
               "{DUE}": "datetime(:now, (id % 4000 - 40) || ' minutes') || '.000000'"},
    "postgresql": {"{STARTED}": "cast(:now as timestamptz) - (i % 90) * interval '1 day'",
                   "{DUE}": "cast(:now as timestamptz) + (id % 4000 - 40) * interval '1 minute'"},
}


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    for of in (sqlite, postgres):
        with of() as url, tempfile.TemporaryDirectory() as folder:
            site = Site(url, Path(folder))
            for what, asked in PAGES.items():
                yield site.page(f"instances, {what}", LIST + asked)
            yield site.page("instances, page 30", site.deep(30))
            yield site.page("instances, at one element, page 2000", site.deep(2000) + "&process=watched&at=A")
            for what, asked in OTHERS.items():
                yield site.page(what, asked)
            yield site.export()
            site.close()


class Site:
    """A company with 100,000 instances of a process, the group's process owner signed in."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine = open_database(url)
        self.on = self.engine.dialect.name
        self.server = serving(self.engine) if self.on == "postgresql" else None
        config = Config(data=folder, database_url=url, secret="s" * 40, testing=True, limits=False)
        self.app = create_app(config)
        with unit(self.engine) as session:
            company = found(session)
            open_accounts(session, company, "owner")
            version = catalog.deploy(session, {"watched.bpmn": FIRST}, by=company.actor(session, "owner")).id
            self._fill(session, version)
            last = session.scalar(sa.text("select max(id) from instance")) or 0
        units = company.units
        self.known = {"version": version, "company": units["company"], "few": units["project"], "last": last}
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
            rows.execute(sa.text("vacuum analyze" if self.on == "postgresql" else "analyze"))
        self.client: Client = signed_in(self.app.test_client(), "owner", PASSWORD)

    def close(self) -> None:
        self.app.extensions["licet_live"].stop()
        self.engine.dispose()

    def _fill(self, session: Session, version: int) -> None:
        now = clock.now() if self.on != "sqlite" else clock.now().replace(tzinfo=None).isoformat(" ", "seconds")
        known: dict[str, Any] = {"count": COUNT, "definition": version, "now": now, "blob": b""}
        for drawn in FILLING:
            statement = drawn.replace("{STATE}", STATE)
            for word, meant in WORDS[self.on].items():
                statement = statement.replace(word, meant)
            session.execute(sa.text(statement),
                            {name: value for name, value in known.items() if f":{name}" in statement})

    def time(self) -> float:
        """CPU seconds so far, of this process and of the database's."""
        return time.process_time() + (0 if self.server is None else cpu_under(self.server))

    def open(self, address: str) -> str:
        answer = self.client.get(address.format(**self.known))
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        return answer.text

    def page(self, what: str, address: str) -> Figure:
        """The 95th percentile of a page."""
        each = []
        for _ in range(TURNS + 2):
            begun = self.time()
            self.open(address)
            each.append(self.time() - begun)
        p95 = statistics.quantiles(each[2:], n=20)[-1]
        return Figure(f"cockpit, {what}, 100k instances, p95, {self.on}", p95 * 1e3, "ms CPU", BAR)

    def deep(self, page: int) -> str:
        """The address of a page far down."""
        with unit(self.engine) as session:
            row = session.scalar(sa.text("select max(id) from instance")) or 0
        return f"{LIST}?after={row - 25 * page}"

    def export(self) -> Figure:
        """All instances as a file: rows for each second."""
        begun = self.time()
        rows = self.open(f"{LIST}/export.csv?state=all&q=kind = a").count("\n") - 1
        return Figure(f"cockpit, export, {self.on}", rows / (self.time() - begun), "rows/s CPU", EXPORT, "at least")



