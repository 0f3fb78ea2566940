"""Somebody moves to another company of the group, and the certificate with them."""

from __future__ import annotations

import pytest

from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_a_certificate_follows_its_holder_to_another_company(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "P02")
    way = Way("石磊", site, arrive)
    desk = way.person("desk")
    desk.go(f"/certificates/{certificate}")
    desk.follow("办理")
    desk.follow("开始 转注册")
    desk.fill("transfer-a", {
        "new_unit": "华建第二建筑有限公司", "left_on": "2026-11-30", "joined_on": "2026-12-01", "reason": "集团内调动",
        "doc_application": ["申请表.pdf"]})
    desk.decide("提交")
    desk.sees("等调出单位意见")
    way.act("hr", "调出单位意见", "agree", {"last_day": "2026-11-30"}, "同意调出")
    way.act("stranger", "调入单位确认", "confirm", {"post": "塔吊司机"}, "确认接收")
    way.act("stranger", "核对劳动关系", "proofs", {
        "doc_termination": ["解除证明.pdf"], "doc_contract": ["劳动合同.pdf"], "doc_insurance": ["社保证明.pdf"],
    }, "材料齐备")
    way.act("approver", "审批变更", "approve", {"opinion": "同意"}, "同意")
    way.file()
    way.record("受理通知")
    way.record("准予许可决定")
    way.act("custodian", "登记证件", "change", {"scans": ["证书.jpg"]}, "登记")
    way.compare("hr")
    way.stands("desk", "已变更")
    mover = way.person("stranger")
    mover.go(f"/certificates/{certificate}")
    mover.sees("华建第二建筑有限公司", "002", "2027-12-31", "有效")
