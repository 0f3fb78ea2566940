"""A licence is renewed: from the task that its window brings to the next version in the register."""

from __future__ import annotations

import pytest

from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_a_licence_is_renewed_from_the_task_to_its_new_term(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03")
    site.work()  # its window is open: the renewal begins by itself
    way = Way("华建第一建筑", site, arrive)
    legal = way.take("legal", "决定是否续期")
    legal.reads("有效期至", "2027-02-20")
    legal.decide("续期")
    way.act("legal", "补齐缺口", "gap", {
        "done_on": way.today, "result": "资质证书已登记", "evidence": ["资质证书.pdf"]}, "已补齐")
    way.act("legal", "审核续期材料", "renew-review", {"checked": [], "accident": "no"}, "通过")
    way.act("approver", "审批", "approve", {"opinion": "同意"}, "同意")
    way.file()
    way.record("受理通知")
    way.record("准予许可决定")
    way.act("custodian", "登记证件", "register-term", {"issued_on": way.today, "scans": ["许可证.jpg"]}, "登记")
    way.compare("safety")
    way.stands("legal", "已续期", "不需要再办理")
    legal.follow("看证件")
    legal.sees("002 延续", "2024-02-21还有 89 天2027-02-20", "2030-02-20")
    legal.follow("版本")
    legal.sees("2027-02-21", "延续")
    legal.go(f"/certificates/{certificate}/requests")
    legal.sees(way.number, "已结束")
