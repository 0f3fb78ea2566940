"""A paper is borrowed, handed out over a phone, seen by everybody as out, and brought back."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.journeys.holdings import held, kept
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_a_paper_is_asked_for_approved_handed_out_and_brought_back(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03", valid_until=dt.date(2028, 2, 20))
    kept(site, certificate, "duplicate")
    way = Way("安全生产许可证", site, arrive)
    desk = way.person("desk", phone=True)
    desk.go(f"/certificates/{certificate}/custody")
    desk.follow("申请借阅")
    desk.fill("borrow", {"wanted": "副本", "purpose": "bid", "purpose_note": "滨江花园二期投标", "until": "2026-11-26"})
    desk.decide("提交申请")
    way.act("approver", "部门负责人审批", "approve", {"opinion": "同意"}, "同意")
    way.act("custodian", "当面交接", "hand-over", {"serial": "副本 001"}, "已交付，经手人签字", phone=True)
    way.act("desk", "领取人签收", "receive", {}, "签收", phone=True)
    way.stands("desk", "已借出，等待归还", phone=True)
    desk.go(f"/certificates/{certificate}/custody")
    desk.sees("沈青", "应归还 2026-11-26", "借出")
    hr = way.person("hr")
    hr.go(f"/people/{site.company.people['desk']}")
    hr.sees("借着的原件", "归还前不能办结离职")
    keeper = way.person("custodian", phone=True)
    keeper.go("/loans?scope=out")
    keeper.follow("华建第一建筑")
    keeper.page.get_by_label("完好").check()
    keeper.follow("收回入库")
    keeper.sees("已收回，原件在库")
    site.work()
    way.stands("desk", "已归还", phone=True)
    hr.page.reload()
    hr.look()
    assert "借着的原件" not in hr.page.locator("main").inner_text()
