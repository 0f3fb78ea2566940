"""The audit page: auditors read who did what where they watch over it, and nobody else; taking it out is a fact."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact, record
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.founding import Founder
from tests.web.house import PASSWORD, Browser, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def site(engine: Engine, tmp_path: Path, clock: Fixed, founder: Founder) -> Iterator[House]:
    """The worker watches over the group, legal over the project alone; something happened in each place."""
    made = House(engine, tmp_path, founder)
    with unit(engine) as session:
        for login, place in (("worker", "group"), ("legal", "project")):
            grant_role(session, person_of(session, made.people[login]), "auditor", unit_of(session, made.units[place]),
                       by=SYSTEM)
        hr = actor_for(session, person_of(session, made.people["hr"]))
        for kind, subject, group in (
                ("unit.renamed", ("unit", made.units["company"]), "group"),
                ("certificate.changed", ("certificate", made.certificates["trade"]), "group"),
                ("unit.renamed", ("unit", made.units["other"]), "other"),
                ("person.unmasked", ("person", made.people["welder"]), "group")):
            record(session, kind, subject, by=hr, group_id=made.units[group], before={"name": "旧名"},
                   after={"name": "新名" + group, "reason": "=1+1"})
    yield made
    made.close()


def told(browser: Browser, asked: str = "") -> str:
    answer = browser.get("/audit?by=测试hr&" + asked)
    assert answer.status_code == 200
    return answer.text.partition("<tbody>")[2].partition("</tbody>")[0]


def test_an_auditor_reads_what_happened_where_they_watch(site: House) -> None:
    group, project = told(site.browser("worker")), told(site.browser("legal"))
    for words in ("单位改名", "变更证件", "查看完整身份证号和电话", "旧名", "新名group"):
        assert words in group
    assert "新名other" not in group + project
    assert "变更证件" in project and "查看完整身份证号和电话" in project and "单位改名" not in project


@pytest.mark.parametrize(("asked", "kinds"), [
    ("of=unit", {"单位改名"}), ("personal=1", {"查看完整身份证号和电话"}), ("to=2020-01-01", set()),
    ("about=王建国", {"查看完整身份证号和电话"}), ("about=CODE", {"变更证件"}), ("about=LC-X-1", set()),
    ("about=%", set()), ("of=unit%27", {"单位改名", "变更证件", "查看完整身份证号和电话"}), ("before=1", set())])
def test_it_is_narrowed(site: House, asked: str, kinds: set[str]) -> None:
    with Session(site.engine) as session:
        code = session.scalars(select(Certificate.code).where(Certificate.id == site.certificates["trade"])).one()
    page = told(site.browser("worker"), asked.replace("CODE", code))
    assert {words for words in ("单位改名", "变更证件", "查看完整身份证号和电话") if words in page} == kinds


def test_older_pages_follow_without_a_gap(site: House) -> None:
    with unit(site.engine) as session:
        hr = actor_for(session, person_of(session, site.people["hr"]))
        for number in range(120):
            record(session, "unit.renamed", ("unit", site.units["company"]), by=hr, group_id=site.units["group"],
                   after={"name": f"第{number}名"})
    browser, address, seen = site.browser("worker"), "/audit?by=测试hr&of=unit", list[str]()
    while address:
        page = browser.get(address).text
        seen += [f"第{number}名" for number in range(119, -1, -1) if f"名称 第{number}名<" in page]
        address = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [f"第{number}名" for number in range(119, -1, -1)]


def test_a_workbook_leaves_after_the_password_as_text_and_is_a_fact(site: House, clock: Fixed) -> None:
    browser = site.browser("worker")
    clock.advance(timedelta(minutes=11))
    assert browser.post("/audit/export", {"of": "unit"}).status_code == 403
    answer = browser.post("/audit/export", {"of": "unit", "by": "测试hr", "confirmation": PASSWORD})
    assert answer.status_code == 200
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(min_row=2))
    assert [(row[2].value, row[3].value) for row in rows] == [("测试hr", "单位改名")]
    assert "=1+1" in rows[0][4].value and rows[0][4].data_type == "s"
    with Session(site.engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "audit.exported")).one()
        assert fact.actor_id == site.people["worker"]
        assert fact.after == {"days": [], "filter": "unit", "words": True, "personal": False}


@pytest.mark.parametrize("login", ["custodian", "owner", "hr", "stranger"])
def test_nobody_else_reads_it(site: House, login: str) -> None:
    browser = site.browser(login)
    assert browser.get("/audit").status_code == 403 and browser.post("/audit/export").status_code == 403
