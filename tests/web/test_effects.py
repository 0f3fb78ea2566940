"""What people read about what would follow."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.people.persons import Person
from registry.people.tenure import assign
from registry.people.units import Unit
from registry.people.works import contracted
from tests.web.house import House

DAY = dt.date(2026, 1, 1)


@pytest.fixture
def site(house: House) -> House:
    """The welder runs the project."""
    with unit(house.engine) as session:
        project = session.get_one(Unit, house.units["project"])
        contracted(session, project, from_on=DAY, by=SYSTEM, work="市政", contracting="general", amount=6000)
        assign(session, session.get_one(Person, house.people["welder"]), project, "project_manager", from_on=DAY,
               by=SYSTEM)
    return house


def test_a_leaver_s_page_says_what_will_be_lacking(site: House) -> None:
    address = f"/people/{site.people['welder']}/effects"
    page = site.browser("custodian").get(address).text
    assert "没有登记项目经理" in page and "须变更或注销" in page
    found = site.browser("custodian").get(f"{address}.json").get_json()
    assert [one["type"] for one in found["certificates"]] == ["P02"]
    assert "no_manager" in [one["lack"] for one in found["lines"]] and found["hidden"] == 0


def test_a_permit_that_goes_is_lacking_at_its_project(site: House) -> None:
    address = f"/certificates/{site.certificates['permit']}/effects"
    assert site.browser("custodian").get(address).status_code == 200
    found = site.browser("custodian").get(f"{address}.json?on=2026-04-01").get_json()
    assert [one["lack"] for one in found["lines"]] == ["missing_paper"]


def test_what_one_may_not_read_is_only_counted(site: House) -> None:
    found = site.browser("guard").get(f"/people/{site.people['welder']}/effects.json").get_json()
    assert all(one["rule"] in {"R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R15"} for one in found["lines"])
    assert site.browser("worker").get(f"/people/{site.people['welder']}/effects").status_code == 404
    assert site.browser("custodian").get(f"/certificates/{site.certificates['foreign']}/effects").status_code == 404


def test_it_is_there_in_english(site: House) -> None:
    browser = site.browser("custodian")
    browser.post("/language", {"language": "en", "next": "/"})
    assert "What follows if" in browser.get(f"/people/{site.people['welder']}/effects").text
