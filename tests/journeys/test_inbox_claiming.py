"""Taking a task and putting it back, by mouse, by key and on a phone; whoever comes second reads who was first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.application import Arrive
from tests.journeys.site import Site
from tests.journeys.ways import races

pytestmark = pytest.mark.browser


@races("claim")
def test_two_want_one_task_and_the_second_gets_it_when_it_is_put_back(site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    first, second = arrive("legal"), arrive("legal2", phone=True)
    for person in (first, second):
        person.open_task("安全生产许可证")
        person.sees("为什么由我办理", "您是“华建第一建筑有限公司”的法务经营。")
    first.page.keyboard.press("c")
    first.page.wait_for_load_state()
    first.sees("已签收", "您于 2026-11-23 10:00 签收。")
    second.expects(409)
    second.follow("签收")
    second.sees("该任务由 韩立 办理：韩立 于 2026-11-23 10:00 签收了它。")
    second.follow("看这项任务")
    second.sees("为什么不由我办理", "韩立 从 2026-11-23 10:00 起在办理。")
    first.verb("放回")
    expect(first.page).to_have_url(re.compile("/inbox$"))
    first.sees("已放回，同组的人都可以签收。")
    second.page.reload()
    second.drawn()
    second.follow("签收")
    second.sees("已签收", "您于 2026-11-23 10:00 签收。")
