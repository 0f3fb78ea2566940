"""An original is lost: reported, announced, issued again, and entered beside what is gone."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.journeys.holdings import held, kept
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_a_lost_original_is_announced_and_issued_again(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03", valid_until=dt.date(2028, 2, 20))
    kept(site, certificate)
    way = Way("安全生产许可证", site, arrive)
    desk = way.person("desk")
    desk.go(f"/certificates/{certificate}")
    desk.follow("办理")
    desk.follow("开始 遗失补办")
    desk.fill("report-loss", {"original": "正本", "told": "投标途中遗失在出租车上", "police": "yes"})
    desk.decide("报失")
    desk.sees("待刊登遗失声明")
    way.act("legal", "刊登遗失声明", "loss-notice", {"medium": "省级日报", "proof": ["报样.pdf"]}, "已刊登")
    way.file()
    way.record("受理通知")
    way.record("准予许可决定")
    way.act("custodian", "登记补发的原件", "new-original", {"place": "档案室 2 柜", "scan": ["许可证.jpg"]}, "登记入库")
    way.act("legal", "事件记录", "loss-incident", {"cause": "保管不当", "discipline": "批评教育"}, "记录并结束")
    way.stands("desk", "已补发")
    desk.go(f"/certificates/{certificate}/custody")
    desk.sees("遗失", "投标途中遗失在出租车上", "正本 补发1", "在库")
    desk.follow("版本")
    desk.sees("002", "补发")
