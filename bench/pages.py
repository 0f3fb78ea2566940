"""Whole pages at 120k certificates and 10k open instances: signed in, routed, queried, drawn; CPU of this process.

The register's rows come from register_rows, the requests with their tasks from SQL; what is asked for is what a
custodian of the whole group sees, who sees the most.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from werkzeug.test import Client

import workflows
from bench.measure import Figure
from bench.register_rows import fill
from engine import catalog
from ledger import clock, workdays
from ledger.actor import SYSTEM
from ledger.db import open_database, unit
from migrations.run import upgrade
from registry.access.accounts import create_account
from registry.access.grants import grant_role
from registry.people import sealing
from registry.people.persons import person_of
from registry.people.units import unit_of
from web.app import create_app
from web.config import Config

CERTIFICATES, OPEN, PAGES, BAR = 120_000, 10_000, 40, 100
PASSWORD = "a password for measuring"
ASKED = {
    "inbox": "/inbox", "inbox, searched": "/inbox?q=申请 42", "register": "/certificates",
    "register, by end": "/certificates?sort=ends&standing=due", "register, searched": "/certificates?q=zhang",
    "dashboard": "/", "requests": "/requests?scope=all", "search": "/search?q=zhang", "people": "/people",
}
NUMBERS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < :count)"
FILLING = (
    "insert into instance (process_id, definition_id, business_key, title, group_id, places, state, stage, started_at, "
    f"started_by, version, blob) {NUMBERS} select 'application', :definition, 'SQ-' || i, '申请 ' || i, 1, "
    "'[1]', 'active', 'filed', :now, 1, 1, x'' from n",
    "insert into request (group_id, number, process_id, type_code, family, holder_kind, holder_id, holder_name, item, "
    "subtype, title, applicant_id, applicant_name, unit_id, unit_path, instance_id, opened_at, problems, channel, "
    "authority_no, accepted_how, rounds, revision, details, search) select 1, business_key, 'application', 'P02', 'P', "
    "'person', 1 + id % 20000, '某人', '', '', title, 1 + id % 20000, '某人', 100 + id % 300, "
    "'/1/' || (2 + (id % 300) % 6) || '/' || (100 + id % 300) || '/', id, :now, '[]', '', '', '', 0, 1, '{}', "
    "lower(business_key || ' 某人 ' || title) from instance",
    "insert into task (instance_id, token, element_id, name, title, business_key, process_id, group_id, priority, "
    "state, version, offer, barred, not_by, created_at, due_at, rank_at, due_confirmed) select id, 1, 'A5_file', "
    "'向机关申报', title, business_key, 'application', 1, 50, 'open', 1, '[\"custodian@1\"]', '[]', '[]', "
    ":now, :later, :later, 1 from instance",
    "insert into task_candidate (task_id, candidate, open, rank_at, search) select id, "
    "case when id % 10 then 'legal@3' else 'custodian@1' end, 1, rank_at, "
    "lower(title || ' ' || name || ' ' || business_key) from task",
)


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        client = site(place, f"sqlite:///{place / 'pages.sqlite'}")
        for what, address in ASKED.items():
            yield Figure(f"page {what}, 120k certificates, 10k open instances, p95", taken(client, address) * 1e3,
                         "ms CPU", BAR)


def site(folder: Path, url: str) -> Client:
    """A browser signed in at a filled site."""
    upgrade(url)
    engine = open_database(url)
    fill(engine, CERTIFICATES)
    with unit(engine) as session:
        workdays.seed(session)
        workflows.publish(session, by=SYSTEM)
        person = person_of(session, 1)
        create_account(session, person, login="bench", password=PASSWORD, by=SYSTEM)
        grant_role(session, person, "custodian", unit_of(session, 1), by=SYSTEM, from_on=dt.date(2020, 1, 1))
        now = clock.now().replace(tzinfo=None)
        known = {"count": OPEN, "definition": catalog.latest(session, "application").id, "now": now,
                 "later": now + dt.timedelta(days=2)}
        for statement in FILLING:
            names = {name: value for name, value in known.items() if f":{name}" in statement}
            session.execute(sa.text(statement), names)
    with engine.begin() as rows:
        rows.execute(sa.text("analyze"))
    engine.dispose()
    config = Config(data=folder, database_url=url, secret="s" * 40, testing=True, limits=False)
    return signed_in(create_app(config).test_client(), "bench", PASSWORD)


def signed_in(client: Client, login: str, password: str) -> Client:
    """The browser, once somebody has come in by the door."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    told = client.post("/login", data={
        "login": login, "password": password, "csrf_token": token[1] if token else ""})
    if told.status_code not in (302, 303):
        raise SystemExit(f"could not sign in: {told.status_code}")
    return client


def taken(client: Client, address: str) -> float:
    """CPU seconds of a page, 95th percentile."""
    each = []
    for _ in range(PAGES + 5):
        begun = time.process_time()
        answer = client.get(address)
        each.append(time.process_time() - begun)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
    return statistics.quantiles(each[5:], n=20)[-1]
