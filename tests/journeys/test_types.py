"""A process owner changes a type in the browser: the examples follow, the preview tells, the worker moves the days."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.alerts import deadlines
from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser


def test_a_new_window_is_tried_previewed_published_and_moves_the_day(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "P02")
    owner = arrive("owner")
    owner.go("/types")
    owner.page.fill("#q", "建筑施工特种作业")
    owner.page.keyboard.press("Enter")
    owner.follow("建筑施工特种作业操作资格证书")
    owner.follow("修改")
    owner.page.fill('[name="window.opens"]', "4")
    expect(owner.page.locator("#type-examples")).to_contain_text("开放 2027-08-31")
    owner.page.fill('[name="window.closes"]', "5")
    expect(owner.page.locator("#type-examples")).to_contain_text("不能早于")
    owner.page.fill('[name="window.closes"]', "")
    owner.page.fill('[name="effective_from"]', "2026-11-23")
    owner.page.fill('[name="reason"]', "省厅通知提前受理")
    owner.follow("检查并看影响")
    owner.sees("1 个提醒和办理日期会移动")
    owner.follow("发布，2026-11-23 生效")
    owner.sees("第 1 版已发布")
    deadlines.sweep(site.engine)
    owner.page.reload()
    owner.sees("已重算，移动 1 个日期")
    custodian = arrive("custodian")
    custodian.go(f"/certificates/{certificate}")
    custodian.sees("2027-08-31")
