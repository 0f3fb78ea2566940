"""Somebody leaves: the exit opens only when everything is back; human resources hold a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.holdings import held, kept, lent
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_whoever_leaves_is_let_go_when_everything_is_back(site: Site, arrive: Arrive) -> None:
    held(site, "P19")
    lent(site, kept(site, held(site, "E03")))
    way = Way("石磊", site, arrive)
    hr = way.person("hr", phone=True)
    hr.go(f"/people/{site.company.people['worker']}")
    hr.follow("离职")
    hr.sees("先看会影响什么，再登记")
    hr.page.get_by_label("离职原因").fill("个人原因")
    hr.page.get_by_role("button", name="登记离职").click()
    hr.page.locator("dialog[open]").get_by_role("button", name="登记离职").click()
    hr.sees("已登记石磊的最后工作日 2026-11-23", "借着的原件", "归还前不能办结离职")
    hr.look()
    site.work()
    hr.go("/requests?scope=all&q=石磊")
    hr.follow("离职 · 石磊")
    way.at(hr, "等待归还原件", "借用人交还原件")
    hr.sees("借出未还 1 件")
    hr.go("/inbox")
    expect(hr.page.locator("main")).not_to_contain_text("核对并放行")
    keeper = way.person("custodian", phone=True)
    keeper.go("/loans?scope=out")
    keeper.follow("华建第一建筑")
    keeper.follow("收回入库")
    site.work()
    clearing = way.take("hr", "核对并放行", phone=True)
    clearing.sees("退还本人", "工作证、门禁和印章已收回")
    clearing.fill("leaving-clear", {"returned": []})
    clearing.decide("放行")
    way.act("hr", "出具解除劳动合同证明", "leaving-proof", {
        "issued_on": way.today, "proof": ["解除证明.pdf"], "moved_on": way.today}, "已办完", phone=True)
    way.stands("hr", "离职办完", "不需要再办理", phone=True)
    hr.go(f"/people/{site.company.people['worker']}")
    hr.sees("2026-11-23 离职")
    expect(hr.page.locator("main")).not_to_contain_text("借着的原件")
