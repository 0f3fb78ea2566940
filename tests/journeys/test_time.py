"""What happens when nobody does anything: an injected clock and the worker's sweep, seen in the browser."""

from __future__ import annotations

import pytest

from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(site: Site) -> int:
    """A safety licence request that waits for a legal reviewer."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    return request


def test_a_correction_left_alone_for_five_working_days_closes_it(waiting: int, site: Site, arrive: Arrive) -> None:
    returns = [{"field": "address", "reason": "请填写住所全称"}]
    site.done(waiting, "A3_legal", "legal", verdict="return", returns=returns, checked=[])
    desk = arrive("desk")
    desk.go(f"/requests/{waiting}")
    desk.sees("退回修改", "还剩 5 个工作日")
    site.pass_days(7)
    desk.go(f"/requests/{waiting}")
    desk.sees("退回修改", "今天到期")
    site.pass_days(1)
    desk.go(f"/requests/{waiting}")
    desk.sees("自动关闭")


def test_two_working_days_without_a_review_escalate(waiting: int, site: Site, arrive: Arrive) -> None:
    site.pass_days(3)
    legal = arrive("legal")
    legal.go("/inbox")
    legal.sees("已逾期")
    site.pass_days(2)
    legal.go(f"/requests/{waiting}")
    legal.sees("超期未办，已升级")


def test_an_authority_silent_for_five_working_days_has_accepted(waiting: int, site: Site, arrive: Arrive) -> None:
    site.done(waiting, "A3_legal", "legal")
    site.done(waiting, "A4_approve", "approver")
    site.done(waiting, "A4_second", "vice")
    site.done(waiting, "A5_file", "custodian")
    site.pass_days(8)
    desk = arrive("desk")
    desk.go(f"/requests/{waiting}")
    desk.sees("已受理，等待决定", "逾期未答复，视为受理", "行政许可法第32条")
