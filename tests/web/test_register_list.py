"""The list of the register: order, expiry ranges, past days, kept filters, two days compared."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.certificates.lifecycle import suspend
from registry.certificates.models import Certificate
from tests.web.house import House
from tests.web.test_register import crew


def names(text: str) -> list[str]:
    return re.findall(r"<td>([^<]+)</td>", text)


def test_every_heading_sorts_both_ways_and_says_so(house: House) -> None:
    crew(house, 3)
    browser = house.browser("custodian")
    for key in ("type", "holder", "number", "ends", "state"):
        up, down = (browser.get("/certificates", query_string={"sort": sign + key}).text for sign in ("", "-"))
        assert names(up) == names(down)[::-1] and len(names(up)) == 5
        assert 'aria-sort="ascending"' in up and f"sort=-{key}" in up and 'aria-sort="descending"' in down


@pytest.mark.parametrize("address", ["sort=id;drop table person", "sort=--ends", "standing=%27", "from=0000-00-00",
                                     "to=2026-02-30", "within=9999999", "unit=abc", "page=99999999999999999999",
                                     "holder=%00", "on=9999-12-31", "on=x&known=y", "q=%25%5F%5C", "type[]=P02"])
def test_nonsense_in_the_address_is_left_out(house: House, address: str) -> None:
    assert house.browser("custodian").get(f"/certificates?{address}").status_code == 200


def test_a_unit_is_chosen_and_one_that_is_not_ours_is_not_there(house: House) -> None:
    browser = house.browser("custodian")
    for address in ("/certificates", "/people"):
        page = browser.get(f"{address}?unit={house.units['company']}")
        assert page.status_code == 200 and f'value="{house.units["company"]}" selected' in page.text
    assert browser.get(f"/certificates?unit={house.units['other']}").status_code == 404


def test_an_expiry_range_and_the_coming_days_find(house: House) -> None:
    crew(house, 3)  # ends 2027-03-01, -02, -03
    browser = house.browser("custodian")
    assert names(browser.get("/certificates?from=2027-03-02&to=2027-03-02").text) == ["工友1"]
    assert names(browser.get("/certificates?within=90").text) == ["王建国"]


def test_a_past_day_shows_how_it_was_and_known_only_to_those_who_may(house: House, clock: Fixed) -> None:
    clock.advance(dt.timedelta(days=3))
    with unit(house.engine) as session:
        trade = session.get_one(Certificate, house.certificates["trade"])
        suspend(session, trade, since=dt.date(2026, 11, 20), reason="违章", by=SYSTEM)
    browser = house.browser("custodian")
    day = browser.get("/certificates?family=P&on=2026-11-19").text
    assert "2026-11-19 的证件台账" in day and "state-due" in day and "state-bad" not in day
    assert "state-bad" in browser.get("/certificates?family=P&on=2026-11-21").text
    known = "/certificates?family=P&on=2026-11-21&known=2026-11-22"
    assert "state-bad" not in browser.get(known).text
    hr = house.browser("hr").get(known).text
    assert "state-bad" in hr and "按哪一天所知" not in hr
    assert names(browser.get("/certificates?on=2020-01-01").text) == []


def test_a_filter_is_kept_under_a_name_and_forgotten(house: House) -> None:
    browser = house.browser("custodian")
    answer = browser.post("/certificates/filters", {"name": "临期 <工人>", "family": "P", "within": "90", "page": "3"})
    assert answer.status_code == 303 and "family=P&within=90" in answer.location
    page = browser.get("/certificates").text
    assert "临期 &lt;工人&gt;</a>" in page and "family=P&amp;within=90" in page
    number = re.findall(r"/certificates/filters/(\d+)/removal", page)[0]
    assert "工人" not in house.browser("hr").get("/certificates").text
    assert house.browser("hr").post(f"/certificates/filters/{number}/removal").status_code == 404
    browser.post(f"/certificates/filters/{number}/removal")
    assert "工人" not in browser.get("/certificates?q=x").text


def test_two_days_are_compared(house: House) -> None:
    browser = house.browser("custodian")
    page = browser.get("/certificates/comparison?before=2026-11-01&after=2026-12-31&family=P").text
    assert "这两天的台账没有不同" in page
    page = browser.get("/certificates/comparison?before=2024-01-01&after=2026-11-22").text
    assert "新增 2" in page and "不在册" in page and "王建国" in page
    only = browser.get("/certificates/comparison?before=2026-11-22&after=2027-02-01&only=went").text
    assert names(only) == ["王建国"] and "退出</td>" in only and "失效" in only
    assert browser.get("/certificates/comparison?before=x&after=9999-12-31&only=y&page=0").status_code == 200
