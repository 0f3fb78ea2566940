"""What is typed is never lost: leaving half-way, errors, signing out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.application import J03, Application
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser


def test_whoever_leaves_half_way_finds_the_draft_again(site: Site, arrive: Arrive) -> None:
    way = Application(J03, site, arrive)
    way.begin()
    person = way.applicant
    person.fill("apply-J03", {"address": "滨江区江南大道 100 号", "doc_land_use": ["用地批准.pdf"]})
    expect(person.page.locator('[data-part="status"]')).to_contain_text("草稿已保存")
    person.go("/")
    again = arrive("applicant", phone=True)
    again.open_task("滨江花园一期")
    expect(again.page.locator('[id$="-address"]')).to_have_value("滨江区江南大道 100 号")
    again.sees("用地批准.pdf")


def test_what_is_missing_is_listed_and_reached_from_the_list(site: Site, arrive: Arrive) -> None:
    way = Application(J03, site, arrive)
    way.begin()
    person = way.applicant
    person.fill("apply-J03", {"address": "滨江区江南大道 100 号"})
    person.press("提交申请")
    box = person.page.locator('[data-part="problems-list"]')
    expect(box).to_be_focused()
    expect(box).not_to_contain_text("工程名称")  # known of the project, and so filled in already
    expect(person.page.locator('[id$="-project_name"]')).to_have_value("滨江花园一期")
    expect(box).to_contain_text("建设规模")
    box.get_by_role("link", name="建设规模").click()
    expect(person.page.locator('[id$="-scale"]')).to_be_focused()
    expect(person.page.locator('[id$="-address"]')).to_have_value("滨江区江南大道 100 号")
    person.look()


def test_a_wrong_credit_code_is_said_by_the_server_at_its_field(site: Site, arrive: Arrive) -> None:
    way = Application(J03, site, arrive)
    way.begin()
    way.fill_in(client_code="91330100MA27XL8A70")
    person = way.applicant
    person.expects(400)
    person.press("提交申请")
    expect(person.page.locator('[data-part="problems-list"]')).to_contain_text("建设单位统一社会信用代码")
    person.look()
