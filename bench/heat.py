"""The heat map of a process with 100,000 instances, a third of them running, and the pages beside it; the counting.

The rows are written straight into the tables: ten visits and four tasks of each instance, over a year, in three hundred
projects of thirty companies. A whole page each time: signed in, routed, queried, drawn; CPU of this process, and of
PostgreSQL's.
"""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.databases import cpu_under, postgres, serving, sqlite
from bench.measure import Figure
from bench.pages import NUMBERS, signed_in
from engine import catalog
from engine.figures import counting, standing
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import open_database, unit
from registry.people import sealing
from registry.people.units import create_unit, figured, unit_of
from tests.journeys.company import PASSWORD, found, open_accounts
from web.app import create_app
from web.config import Config

INSTANCES, COMPANIES, PROJECTS, TURNS, BAR = 100_000, 30, 300, 20, 300
PASSED = ("S_start", "G1", "A2_check", "G2", "S3_review", "G3", "E5_wait", "G6", "G7", "A5_note")
DONE = ("A1_fill", "A3_legal", "A4_approve", "A5_file")
ASKED = {
    "30 days": "span=30", "a year": "span=365", "a year, how often": "span=365&measure=count",
    "a year, who waits": "span=365&measure=waiting", "a year against the one before": "span=365&compare=1",
    "a year, one version": "span=365&version=1", "an uneven year": "first={begin}&last={end}",
    "a year, one company": "span=365&unit={company}", "a year, one project": "span=365&project={project}",
}
MOMENT = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', :now, '-' || ({}) || ' minutes') || '000'",
          "postgresql": "cast(:now as timestamptz) - ({}) * interval '1 minute'"}
AGO = "(i.id * 5) % 525600 + 9000"
INSTANCE = (
    "insert into instance (process_id, definition_id, business_key, title, group_id, places, state, stage, started_at, "
    f"started_by, version, blob) {NUMBERS} select 'application', :definition, 'SQ-' || i, '申请 ' || i, :group, "
    "{json_of}'[' || (:project + i % :projects) || ', ' || (:company + i % :companies) || ', ' || :group || ']'"
    "{as_json}, "
    "case when i % 3 > 0 then 'completed' else 'active' end, 'bench', :now, 1, 1, :blob from n")
GOES_ON = ":last and i.state = 'active'"
VISIT = (
    "insert into visit (instance_id, token, element_id, entered_at, left_at, left_how, within) select i.id, :token, "
    f"cast(:element as varchar(120)), {{entered}}, case when {GOES_ON} then null else {{left}} end, "
    f"case when {GOES_ON} then null else 'completed' end, 0 from instance i where i.stage = 'bench'")
TASK = (
    "insert into task (instance_id, token, element_id, name, title, business_key, process_id, group_id, priority, "
    "role, version, barred, not_by, offer, due_confirmed, created_at, state, rank_at, completed_at) select i.id, "
    ":token, cast(:element as varchar(120)), 'x', i.title, i.business_key, i.process_id, i.group_id, 50, 'drawn', 1, "
    "'[]', '[]', '[]', true, {entered}, "
    f"case when {GOES_ON} then 'open' else 'completed' end, :now, "
    f"case when {GOES_ON} then null else {{left}} end from instance i where i.stage = 'bench'")
OFFERED = (  # a tenth is held, the rest waits for the role at its company and at the group
    "update task set assignee_id = 1 + id % 12 where state = 'open' and id % 10 = 0",
    "update task set completed_by = 1 + id % 12 where state = 'completed'",
    "insert into task_candidate (task_id, candidate, open, rank_at, search) select t.id, 'legal@' || "
    "(:company + t.instance_id % :companies), true, t.rank_at, '' from task t where t.state = 'open' and t.id % 10 > 0",
    "insert into task_candidate (task_id, candidate, open, rank_at, search) select t.id, 'legal@' || "
    ":group, true, t.rank_at, '' from task t where t.state = 'open' and t.id % 10 > 0",
)
AS_JSON = {"sqlite": ("", ""), "postgresql": ("cast(", " as json)")}


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    for of in (sqlite, postgres):
        with of() as url, tempfile.TemporaryDirectory() as folder:
            yield from _all(Site(url, Path(folder)))


def _all(site: Site) -> Iterator[Figure]:
    begun, rows = site.time(), 0
    while done := counting.sweep(site.engine, figured):
        rows += done
    yield Figure(f"heat map, rows counted for the first time, {site.on}", rows / (site.time() - begun), "rows/s CPU")
    site.settle()
    yield site.figure("heat map, the worker finds nothing new", lambda: counting.sweep(site.engine, figured), 20)
    yield site.figure("heat map, the worker looks who waits", lambda: standing.look(site.engine, figured), 2000)
    for what, asked in ASKED.items():
        yield site.figure(f"heat map of 100k instances, {what}, p95", lambda asked=asked: site.page(asked), BAR)
    for page in ("workload", f"workload/away?person={site.words['person']}", "impact?kind=role&key=legal"):
        name = page.partition("?")[0]
        yield site.figure(f"{name} of 100k instances, p95", lambda page=page: site.open("/cockpit/" + page), BAR)


class Site:
    """A group of companies whose process owner is signed in."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine = open_database(url)
        self.on = self.engine.dialect.name
        self.server = serving(self.engine) if self.on == "postgresql" else None
        with unit(self.engine) as session:
            company = found(session)
            open_accounts(session, company, "owner")
            group = company.unit(session, "group")
            made = [create_unit(session, kind="company", name=f"第{number}公司", code=f"B{number}", parent=group,
                                by=SYSTEM).id for number in range(COMPANIES)]
            projects = [create_unit(session, kind="project", name=f"第{number}项目", code=f"J{number}", by=SYSTEM,
                                    parent=unit_of(session, made[number % COMPANIES]), project={"work": "市政"}).id
                        for number in range(PROJECTS)]
            self._fill(session, group.id, made[0], projects[0])
        today = clock.today()
        self.words = {"company": made[3], "project": projects[3], "person": company.people["legal"],
                      "begin": (today - dt.timedelta(days=350)).isoformat(),
                      "end": (today - dt.timedelta(days=9)).isoformat()}
        app = create_app(Config(data=folder, database_url=url, secret="s" * 40, testing=True, limits=False))
        self.client = signed_in(app.test_client(), "owner", PASSWORD)
        self.settle()

    def _fill(self, session: Session, group: int, company: int, project: int) -> None:
        now: Any = clock.now()
        if self.on == "sqlite":
            now = now.replace(tzinfo=None).isoformat(" ", "microseconds")
        known = {"count": INSTANCES, "definition": catalog.latest(session, "application").id, "group": group,
                 "company": company, "companies": COMPANIES, "project": project, "projects": PROJECTS,
                 "now": now, "blob": b""}
        as_json = AS_JSON[self.on]
        _run(session, INSTANCE.replace("{json_of}", as_json[0]).replace("{as_json}", as_json[1]), known)
        for table, elements in ((VISIT, PASSED), (TASK, DONE)):
            for place, element in enumerate(elements):
                entered = f"{AGO} - {place * 700}"
                left = f"{entered} - (i.id * 7 + {place} * 31) % 4000" if place % 3 == 0 else entered
                statement = table.replace("{entered}", MOMENT[self.on].format(entered)).replace(
                    "{left}", MOMENT[self.on].format(left))
                _run(session, statement, {**known, "token": place + 1, "element": element,
                                          "last": place == len(elements) - 1})
        for statement in OFFERED:
            _run(session, statement, known)

    def settle(self) -> None:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
            rows.execute(sa.text("vacuum analyze" if self.on == "postgresql" else "analyze"))

    def time(self) -> float:
        """CPU seconds so far, of this process and of the database's."""
        return time.process_time() + (0 if self.server is None else cpu_under(self.server))

    def figure(self, what: str, act: Callable[[], object], bar: float) -> Figure:
        each = []
        for _ in range(TURNS + 3):
            begun = self.time()
            act()
            each.append(self.time() - begun)
        return Figure(f"{what}, {self.on}", statistics.quantiles(each[3:], n=20)[-1] * 1e3, "ms CPU", bar)

    def page(self, asked: str) -> None:
        if "heat-list" not in self.open("/cockpit/heat?process=application&" + asked.format(**self.words)):
            raise SystemExit(f"{asked}: no figures")

    def open(self, address: str) -> str:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        return answer.text


def _run(session: Session, statement: str, known: dict[str, Any]) -> None:
    session.execute(sa.text(statement), {name: value for name, value in known.items() if f":{name}" in statement})
