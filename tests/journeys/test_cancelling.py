"""A licence is cancelled, after what stood in the way was named and dealt with."""

from __future__ import annotations

import pytest

from tests.journeys.holdings import held, kept, lent
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_what_is_out_is_named_with_its_way_back_before_a_licence_ends(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03")
    lent(site, kept(site, certificate))
    way = Way("注销", site, arrive)
    legal = way.person("legal")
    legal.go(f"/certificates/{certificate}")
    legal.follow("办理")
    legal.follow("开始 注销")
    legal.fill("cancel-ground", {
        "ground": "merged", "happened_on": way.today, "reason": "两家公司合并", "doc_evidence": ["合并决议.pdf"]})
    legal.decide("提交")
    legal.sees("要先处理的障碍", "正本借出未还：石磊应于 2026-11-27 归还", "先归还原件")
    legal.follow("去处理")
    legal.sees("用完请交还证照管理员")
    keeper = way.person("custodian")
    keeper.go("/loans?scope=out")
    keeper.follow("华建第一建筑")
    keeper.follow("收回入库")
    way.act("legal", "处理障碍", "clear", {"note": "正本已收回"}, "已处理，重新核对")
    legal.sees("会签意见")
    for login, step in (("safety", "安全意见"), ("legal2", "法务意见")):
        way.act(login, step, "review", {"checked": [], "opinion": "同意注销"}, "通过")
    way.act("vice", "审批注销", "approve", {"opinion": "同意"}, "同意")
    way.act("custodian", "收回原件", "collect", {"collected": [], "way": "announced"}, "已收回")
    way.act("custodian", "登记注销", "cancel-record", {"document_no": "注字2026-7", "doc_notice": ["公告.pdf"]}, "登记")
    way.stands("legal", "已注销", "不需要再办理")
    legal.follow("看证件")
    legal.sees("注销", "注销：注字2026-7")
