"""What people read about what is lacking: the page and the JSON say the same, and only what one may know."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates.lifecycle import grant
from registry.people.persons import Person
from registry.people.tenure import assign, employ
from registry.people.units import Unit
from registry.people.works import contracted
from registry.rules.lacking import lacking
from registry.rules.words import CURES, LACKS
from tests.web.house import House

DAY = dt.date(2026, 1, 1)


@pytest.fixture
def site(house: House) -> House:
    """The project has works, an electrician with a valid certificate, and somebody without one as its manager."""
    with unit(house.engine) as session:
        project = session.get_one(Unit, house.units["project"])
        contracted(session, project, from_on=DAY, by=SYSTEM, work="市政", contracting="general", amount=6000,
                   scale="medium", started_on=DAY, contract_on=DAY)
        welder, worker = (session.get_one(Person, house.people[name]) for name in ("welder", "worker"))
        grant(session, "P02", welder, number="苏A012025000999", issuer="某省住建厅", issued_on=dt.date(2025, 2, 1),
              valid_until=dt.date(2027, 1, 31), fields={"trade": "01"}, by=SYSTEM)
        assign(session, welder, project, "special_worker", trade="01", from_on=DAY, by=SYSTEM)
        assign(session, worker, project, "project_manager", from_on=DAY, by=SYSTEM)
        employ(session, worker, session.get_one(Unit, house.units["company"]), "contract", from_on=DAY, by=SYSTEM)
    return house


def told(house: House, login: str, address: str) -> dict[str, Any]:
    answer = house.browser(login).get(address)
    assert answer.status_code == 200, answer.text
    return answer.get_json()  # type: ignore[no-any-return]


def test_the_json_the_page_and_the_function_say_the_same(site: House) -> None:
    number = site.units["project"]
    with unit(site.engine) as session:
        lines = lacking(session, session.get_one(Unit, number)).lines
    found = told(site, "custodian", f"/projects/{number}/lacks.json")
    assert [(one["rule"], one["lack"], one["basis"]) for one in found["lines"]] == [
        (line.rule, line.lack, line.basis) for line in lines]
    assert {"no_constructor", "no_b", "short_of_officers", "missing_paper"} <= {line.lack for line in lines}
    page = site.browser("custodian").get(f"/projects/{number}/lacks").text
    assert all(one["text"] in page and one["cure"] in page for one in found["lines"])


def test_each_line_says_what_it_rests_on(site: House) -> None:
    found = told(site, "custodian", f"/projects/{site.units['project']}/lacks.json")["lines"]
    officers = next(one for one in found if one["lack"] == "short_of_officers")
    assert officers["text"] == "专职安全员应有2人，持证在岗0人" and officers["verified"] is False
    assert officers["data"]["needed"] == 2 and officers["cure"] == CURES["short_of_officers"]
    page = site.browser("custodian").get(f"/projects/{site.units['project']}/lacks").text
    assert "（未核实）" in page and "（已核实）" in page


def test_before_the_works_were_entered_nothing_can_be_said(site: House) -> None:
    address = f"/projects/{site.units['project']}/lacks"
    assert "这一天无法检查" in site.browser("custodian").get(f"{address}?on=2020-01-01").text
    assert told(site, "custodian", f"{address}.json?known=2025-01-01")["judged"] is False


def test_a_certificate_that_ends_is_lacking_the_day_after(site: House) -> None:
    address = f"/people/{site.people['welder']}/lacks.json"
    lacks = {day: [one["lack"] for one in told(site, "custodian", f"{address}?on={day}")["lines"]]
             for day in ("2027-01-31", "2027-02-01")}
    assert "trade_expired" not in lacks["2027-01-31"] and "trade_expired" in lacks["2027-02-01"]


def test_the_certificates_that_were_looked_at_are_named(site: House) -> None:
    address = f"/people/{site.people['welder']}/lacks"
    line = told(site, "custodian", f"{address}.json?on=2027-02-01")["lines"][0]
    assert [(one["type"], one["standing"]) for one in line["certificates"]] == [("P02", "expired")] * 2
    assert all(one["code"] in site.browser("custodian").get(f"{address}?on=2027-02-01").text
               for one in line["certificates"])


def test_who_may_not_read_certificates_is_told_that_lines_are_missing(site: House) -> None:
    address = f"/projects/{site.units['project']}/lacks"
    found = told(site, "hr", f"{address}.json")
    assert {one["rule"] for one in found["lines"]} <= {"R01", "R02", "R03", "R04", "R05", "R07", "R08", "R15"}
    assert found["hidden"] > 0
    assert f"另有 {found['hidden']} 条" in site.browser("hr").get(address).text
    assert told(site, "worker", f"/projects/{site.units['project']}/lacks.json")["lines"]
    assert all(one["about"] == {"kind": "person", "id": site.people["worker"], "name": "测试worker"}
               for one in told(site, "worker", f"{address}.json")["lines"])


def test_another_group_s_places_and_people_are_not_there(site: House) -> None:
    for address in (f"/projects/{site.units['elsewhere']}/lacks", f"/people/{site.people['foreigner']}/lacks.json",
                    f"/companies/{site.units['other']}/lacks", f"/companies/{site.units['project']}/lacks"):
        assert site.browser("custodian").get(address).status_code == 404, address


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_refused(site: House, day: str) -> None:
    answer = site.browser("custodian").get(f"/projects/{site.units['project']}/lacks?on={day}")
    assert answer.status_code == 400


def test_a_company_s_page_opens_and_is_there_in_english(site: House) -> None:
    browser = site.browser("custodian")
    assert browser.get(f"/companies/{site.units['company']}/lacks").status_code == 200
    browser.post("/language", {"language": "en", "next": "/"})
    page = browser.get(f"/projects/{site.units['project']}/lacks").text
    assert "No valid registered constructor certificate" in page and LACKS["no_constructor"] not in page


def test_the_story_of_a_person_tells_posts_and_contracts_in_words(site: House) -> None:
    page = site.browser("custodian").get(f"/people/{site.people['worker']}").text
    assert "任命岗位" in page and "岗位 项目经理" in page and "登记事项 劳动合同" in page
