"""Finding what to apply for among all the types, at a desk and on a phone, and applying from what is lacking."""

from __future__ import annotations

import datetime as dt

from playwright.sync_api import Locator, expect

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.people.persons import person_of
from registry.people.tenure import assign
from registry.people.works import contracted
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive

DAY = dt.date(2026, 1, 5)


def chosen(person: Person, label: str) -> Locator:
    """The option that is chosen in a list."""
    return person.page.get_by_label(label).locator("option:checked")


def test_a_type_is_found_by_its_everyday_name_on_a_phone(arrive: Arrive) -> None:
    person = arrive("desk", phone=True)
    person.go("/requests/new")
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(person.page.get_by_text("职称证书")).to_be_hidden()
    person.page.get_by_role("navigation", name="按类别").get_by_role("link", name="人员证件 23").click()
    expect(person.page.get_by_text("职称证书")).to_be_visible()
    person.page.get_by_role("searchbox", name="搜索证件").fill("体检")
    person.page.keyboard.press("Enter")
    person.follow("体检或健康证")
    person.page.get_by_label("石磊").check()
    person.follow("下一步")
    person.drawn()
    expect(chosen(person, "材料类别")).to_have_text("体检或健康证")


def test_what_is_lacking_is_applied_for_from_its_line(arrive: Arrive, site: Site) -> None:
    with unit(site.engine) as session:
        project, worker = (site.company.unit(session, "project"), person_of(session, site.company.people["worker"]))
        contracted(session, project, from_on=DAY, by=SYSTEM, work="房建", contracting="general", scale="large",
                   area=20000, started_on=DAY)
        assign(session, worker, project, "special_worker", trade="05", from_on=DAY, by=SYSTEM)
    person = arrive("pm")
    person.go(f"/projects/{site.company.units['project']}/lacks")
    person.page.get_by_role("button", name="去申请：建筑施工特种作业操作资格证书").click()
    person.drawn()
    expect(chosen(person, "操作类别")).to_have_text("塔式起重机司机")
    person.sees("石磊")
