"""The inbox of somebody whose group has 10,000 open tasks, among 200,000 of others: every tab, order, filter and verb.

The tasks are written straight into the tables, but for those that are approved: they belong to requests that came all
the way. A whole page each time: signed in, routed, queried, drawn; CPU of this process, and of PostgreSQL's where that
answers.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.test import Client

from bench import crowd
from bench.databases import cpu_under, postgres, serving, sqlite
from bench.long_way import long_way
from bench.measure import Figure
from bench.pages import NUMBERS, signed_in
from engine import catalog
from engine.model import Task
from engine.returns.giving_back import MOST, targets
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import open_database, unit
from ledger.files import keep
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.people import sealing
from registry.people.persons import person_of
from registry.people.units import create_unit
from tests.journeys.answers import filled
from tests.journeys.company import PASSWORD, found, open_accounts
from tests.journeys.papers import PDF
from web.app import create_app
from web.config import Config
from web.desk.live import Watch
from workflows.applying import opening
from workflows.handling import desk
from workflows.handling.assigning import reassign
from workflows.requests import Request, sees

OURS, THEIRS, TURNS, BAR, AT_ONCE, ROUNDS = 10_000, 200_000, 40, 100, 20, 3
ASKED = {
    "due first": "", "newest first": "?order=newest", "unclaimed": "?scope=groups", "mine": "?scope=mine",
    "started by me": "?scope=started", "done by me": "?scope=took_part", "copied to me": "?scope=copied",
    "overdue": "?overdue=1", "one process": "?process=application", "one step": "?step=A4_approve",
    "one type": "?type=P02", "one unit": "?unit=2", "filters that fit nothing": "?type=E01&step=A9",
    "searched": "?q=申请 42", "searched in vain": "?q=zzzz", "searched by number": "?q=SQ-4242",
    "done by me, searched in vain": "?scope=took_part&q=zzzz",
}
LISTED = {
    "mine": "", "open": "?scope=open", "all": "?scope=all", "all, searched": "?scope=all&q=申请 42",
    "all, searched in vain": "?scope=all&q=zzzz",
}
AWAY = {"all": "", "to be taken": "?scope=groups", "newest first": "?order=newest", "searched in vain": "?q=zzzz"}
TASK = ("insert into task (instance_id, token, element_id, name, title, business_key, process_id, group_id, priority, "
        "role, version, barred, not_by, due_confirmed, created_at, state, offer, due_at, rank_at, completed_at, "
        "completed_by, completed_by_name) select id, ")
DUE = {"sqlite": "datetime(:now, (id % 4000 - 300) || ' minutes') || '.000000'",
       "postgresql": "cast(:now as timestamptz) + (id % 4000 - 300) * interval '1 minute'"}
JSON = {"sqlite": "case when id % :share then '[]' else :offer end",
        "postgresql": "cast(case when id % :share > 0 then '[]' else :offer end as json)"}
SHARE = {"sqlite": "instance_id % :share", "postgresql": "instance_id % :share > 0"}
FILLING = (
    "insert into instance (process_id, definition_id, business_key, title, group_id, places, state, stage, started_at, "
    f"started_by, version, blob) {NUMBERS} select 'application', :definition, 'SQ-' || i, '申请 ' || i, 1, "
    "'[1]', 'active', 'bench', :now, 1, 1, :blob from n",
    "insert into request (group_id, number, process_id, type_code, family, holder_kind, holder_id, holder_name, item, "
    "subtype, title, applicant_id, applicant_name, unit_id, unit_path, instance_id, opened_at, problems, channel, "
    "authority_no, accepted_how, rounds, revision, details, search) select 1, business_key, 'application', "
    "case when id % 40 > 0 then 'E03' else 'P02' end, 'E', 'unit', 2, '某公司', '', '', title, 1 + id % 9, '某人', 2, "
    "'/1/2/', id, :now, '[]', '', '', '', 0, 1, '{}', lower(business_key || ' 某公司 ' || title) "
    "from instance where stage = 'bench'",
    TASK + "1, 'A4_approve', '审批', title, business_key, 'application', 1, 51, 'drawn', 1, '[]', '[]', true, :now, "
    "'open', {JSON}, {DUE}, {DUE}, null, null, null from instance where stage = 'bench'",
    "insert into task_candidate (task_id, candidate, open, rank_at, search) select id, case when {SHARE} then "
    "'legal@999' else :group end, true, rank_at, lower(title || ' ' || name || ' ' || business_key) "
    "from task where priority = 51",
    TASK + "2, 'A3_legal', '初审', title, business_key, 'application', 1, 52, 'drawn', 2, '[]', '[]', true, :now, "
    "'completed', '[]', null, :now, :now, case when id % 20 > 0 then 900 else :me end, '某人' "
    "from instance where stage = 'bench'",
)


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    for of in (sqlite, postgres):
        with of() as url, tempfile.TemporaryDirectory() as folder:
            yield from _all(Site(url, Path(folder)))


def _all(site: Site) -> Iterator[Figure]:
    for what, asked in ASKED.items():
        yield _page(f"inbox, {what}", site, "/inbox" + asked)
    yield _page("inbox, page 50", site, site.deep(50))
    yield _page("inbox, filters open", site, "/inbox?filters=1")
    yield _page("inbox, counts", site, "/inbox/counts")
    yield _page("inbox, the list alone", site, "/inbox/list")
    yield _page("inbox, preview", site, f"/tasks/{site.real[-1]}/preview")
    yield from _hands(site)
    for what, asked in AWAY.items():
        yield _page(f"inbox of somebody who stands in for 3, {what}", site, "/inbox" + asked, site.substitute)
    yield _page("inbox of somebody who stands in for 3, counts", site, "/inbox/counts", site.substitute)
    yield _page("request page of an inbox of 10k", site, f"/requests/{site.requests[-1]}")
    for what, asked in LISTED.items():
        yield _page(f"requests, {what}", site, "/requests" + asked)
    yield _page("requests, all, page 50", site, site.deep(50, "/requests?scope=all"))
    yield _page("requests, all, of somebody who sees few of them", site, "/requests?scope=all", site.colleague)
    yield site.figure("who may read a request, 210k open tasks, p95", _p95(site, site.reading), 10)
    yield from _back(site)
    yield from _verbs(site)
    if site.on == "sqlite":
        yield from _streams(site)


def _page(what: str, site: Site, address: str, visitor: Client | None = None) -> Figure:
    return site.figure(f"{what}, 10k open tasks of the group + 200k, p95",
                       _p95(site, lambda: site.open(address, visitor)))


def _hands(site: Site) -> Iterator[Figure]:
    """The pages that ask whom, among 4,000 colleagues; the page of a task that much was said about."""
    ticked = "&".join(f"task={number}:1" for number in site.waiting(AT_ONCE))
    yield _page("20 ticked to hand over: whom", site, f"/inbox/handing?{ticked}")
    yield _page("20 ticked to hand over: whom, searched", site, f"/inbox/handing?{ticked}&q=w")
    others = site.waiting(AT_ONCE + 1)[-1]
    yield _page("reassign: whom", site, f"/tasks/{others}/reassignment")
    yield _page("reassign: whom, searched", site, f"/tasks/{others}/reassignment?q=w")
    yield _page("task with everything beside it", site, f"/tasks/{site.busy}")
    yield _page("sign: whom", site, f"/tasks/{site.busy}/signers")
    yield _page("copy: whom, searched", site, f"/requests/{site.requests[-2]}/copies/new?q=w")
    yield _page("comments", site, f"/requests/{site.requests[-2]}/comments")
    yield _page("return: where to", site, f"/tasks/{site.busy}/return")


def _p95(site: Site, act: Callable[[], object], turns: int = TURNS) -> float:
    each = []
    for _ in range(turns + 5):
        begun = site.time()
        act()
        each.append(site.time() - begun)
    return statistics.quantiles(each[5:], n=20)[-1]


def _back(site: Site) -> Iterator[Figure]:
    """Whoever holds the last of 21 steps looks at what going back to each of the 20 would do."""
    with unit(site.engine) as session:
        actor, _ = site.actor(session, "approver")
        last = long_way(session, actor, MOST)

    def look() -> None:
        with unit(site.engine) as session:
            found = targets(session, last, actor)
        if len(found) != MOST or any(one.refused for one in found):
            raise SystemExit("not every step can be gone back to")

    yield site.figure(f"what a return to each of {MOST} steps would do, p95", _p95(site, look))


def _handed(site: Site, numbers: list[int]) -> float:
    """Seconds to reassign so many tasks in one go, as somebody's hand-over does."""
    begun = site.time()
    with unit(site.engine) as session:
        by, _ = site.actor(session, "approver")
        for number in numbers:
            with session.begin_nested():
                reassign(session, by, number, site.company.people["vice"], reason="出差")
    return site.time() - begun


def _verbs(site: Site) -> Iterator[Figure]:
    """20 rows at once, the whole request each: a hundred milliseconds for each of them would be slow."""
    waiting = site.waiting(2 * AT_ONCE)
    for verb, turns in (("claim", [waiting[:AT_ONCE], waiting[AT_ONCE:]]),
                        ("release", [waiting[:AT_ONCE], waiting[AT_ONCE:]]),
                        ("approve", [site.real[n:n + AT_ONCE] for n in range(0, len(site.real) - 1, AT_ONCE)])):
        taken = [site.bulk(verb, numbers) for numbers in turns if len(numbers) == AT_ONCE]
        yield site.figure(f"inbox, {verb} 20 at once: each", max(taken) / AT_ONCE)
    handed = [_handed(site, waiting[:AT_ONCE])]
    yield site.figure("inbox, reassign 20 at once: each", max(handed) / AT_ONCE)


def _streams(site: Site) -> Iterator[Figure]:
    """300 people want a stream of one process: so many as it has threads for are served, the others refused at once."""
    watch: Watch = site.app.extensions["licet_live"]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    begun = time.process_time()
    opened = [watch.open(Actor(number, "某人", 1), site.engine) for number in range(1, 301)]
    spent = time.process_time() - begun
    served = [one for one in opened if one is not None]
    yield Figure("inbox, 300 want a stream: served", len(served), "streams", watch.most)
    yield Figure("inbox, 300 want a stream: each", spent / 300 * 1e3, "ms CPU", 25)
    yield Figure("inbox, memory of a stream", (tracemalloc.get_traced_memory()[0] - before) / len(served) / 1e3, "kB",
                 200)
    tracemalloc.stop()
    watch.stop()
    for one in served:
        one.close()
    for thread in threading.enumerate():
        if thread.name == "live":
            thread.join(15)


class Site:
    """A company at work, its approver signed in; `real` are approvals that can be given, of `requests`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine, self.files = open_database(url), folder / "files"
        self.on = self.engine.dialect.name
        self.server = serving(self.engine) if self.on == "postgresql" else None
        self.config = Config(data=folder, database_url=url, secret="s" * 40, testing=True, limits=False)
        self.app = create_app(self.config)
        with unit(self.engine) as session:
            self.company = found(session)
            open_accounts(session, self.company, "approver", "vice", "custodian", "worker")
            self._roles(session)
        self.group = f"approver@{self.company.units['company']}"
        self.requests = [self._came(number) for number in range(AT_ONCE * ROUNDS + 2)]
        with unit(self.engine) as session:
            self._fill(session)
            self.real = list(session.scalars(sa.select(Task.id).join(
                Request, Request.instance_id == Task.instance_id).where(
                Request.id.in_(self.requests), Task.state == "open").order_by(Task.id)))
        self.busy = self.real[-2]
        self._crowd()
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
            rows.execute(sa.text("vacuum analyze" if self.on == "postgresql" else "analyze"))
        self.client, self.substitute, self.colleague = (
            signed_in(self.app.test_client(), login, PASSWORD) for login in ("approver", "custodian", "worker"))

    def _crowd(self) -> None:
        people = self.company.people
        with unit(self.engine) as session:
            others = crowd.people(session, self.company.unit(session, "group"))
            crowd.absent(session, people["custodian"], people["approver"], people["vice"], people["legal"])
            crowd.talked_over(session, self.busy, self.actor(session, "approver")[0], others)

    def time(self) -> float:
        """CPU seconds so far, of this process and of the database's."""
        return time.process_time() + (0 if self.server is None else cpu_under(self.server))

    def figure(self, what: str, seconds: float, bar: float = BAR) -> Figure:
        """What something took on this database."""
        return Figure(f"{what}, {self.on}", seconds * 1e3, "ms CPU", bar)

    def _roles(self, session: Session) -> None:
        group = self.company.unit(session, "group")
        for login, role in (("approver", "approver"), ("desk", "applicant"), ("legal", "legal"), ("vice", "approver")):
            at = self.company.unit(session, "company") if login == "vice" else group
            grant_role(session, self.actor(session, login)[1], role, at, by=SYSTEM, from_on=dt.date(2020, 1, 1))

    def actor(self, session: Session, login: str) -> Any:
        person = person_of(session, self.company.people[login])
        return actor_for(session, person), person

    def _came(self, number: int) -> int:
        """A request of a company of its own that has come to the approver."""
        with unit(self.engine) as session:
            group = self.company.unit(session, "group")
            place = create_unit(session, kind="company", name=f"第{number}公司", code=f"B{number}", parent=group,
                                by=SYSTEM, uscc="91330100MA27XL8A79")
            request = opening.open_request(session, self.actor(session, "desk")[0], "E03", "unit", place.id).id
        for login, element in (("desk", "A1_fill"), ("legal", "A3_legal")):
            with unit(self.engine) as session:
                self._do(session, request, login, element)
        return request

    def _do(self, session: Session, request: int, login: str, element: str) -> None:
        actor, _ = self.actor(session, login)
        task = session.scalars(sa.select(Task.id).join(Request, Request.instance_id == Task.instance_id).where(
            Request.id == request, Task.element_id == element, Task.state == "open")).one()
        opened = desk.open_task(session, actor, task)
        file = keep(session, self.files, BytesIO(PDF), "材料.pdf", by=actor)
        desk.complete(session, actor, task, filled(opened.form.key, [file.id], opened.data))

    def _fill(self, session: Session) -> None:
        known = {
            "count": OURS + THEIRS, "definition": catalog.latest(session, "application").id, "share":
            (OURS + THEIRS) // OURS, "now": self._now(),
            "group": self.group, "offer": f'["{self.group}"]', "me": self.company.people["approver"],
            "blob": b"",
        }
        for drawn in FILLING:
            statement = drawn
            for word, meant in (("{JSON}", JSON), ("{DUE}", DUE), ("{SHARE}", SHARE)):
                statement = statement.replace(word, meant[self.on])
            session.execute(sa.text(statement),
                            {name: value for name, value in known.items() if f":{name}" in statement})

    def _now(self) -> Any:
        """As the database keeps it."""
        return clock.now() if self.on != "sqlite" else clock.now().replace(tzinfo=None).isoformat(" ", "microseconds")

    def open(self, address: str, visitor: Client | None = None) -> str:
        answer = (visitor or self.client).get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        return answer.text

    def deep(self, page: int, address: str = "/inbox") -> str:
        """The address of a page far down, by the links of the pages before it."""
        for _ in range(page - 1):
            found = re.search(r'rel="next" href="([^"]+)"', self.open(address))
            if found is None:
                raise SystemExit(f"no page behind {address}")
            address = found[1].replace("&amp;", "&")
        return address

    def waiting(self, count: int) -> list[int]:
        """Open tasks of the group that nobody has."""
        with unit(self.engine) as session:
            return list(session.scalars(sa.text(
                "select task_id from task_candidate where candidate = :group and open order by task_id limit :count"),
                {"group": self.group, "count": count}))

    def reading(self) -> None:
        with unit(self.engine) as session:
            actor, _ = self.actor(session, "approver")
            found = session.scalar(sa.select(Request.id).where(Request.id == self.requests[0], sees(actor)))
        if found is None:
            raise SystemExit("the request is not there")

    def bulk(self, verb: str, numbers: list[int]) -> float:
        """CPU seconds of one verb on many rows, all of which must succeed."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.open("/inbox"))
        told = {"verb": verb, "task": [str(number) for number in numbers], "csrf_token": token[1] if token else ""}
        begun = self.time()
        answer = self.client.post("/inbox/bulk", data=told)
        spent = self.time() - begun
        if answer.status_code != 303:
            raise SystemExit(f"{verb}: {answer.status_code}")
        return spent

