"""Somebody is away and a colleague does their work; somebody leaves and their work goes over, down to nothing."""

from __future__ import annotations

import pytest

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.people.persons import leave, person_of
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.journeys.ways import does

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"


@does("substitute", "hand over")
def test_a_substitute_does_what_was_there_until_it_comes_back_and_goes_over_for_good(
        site: Site, arrive: Arrive, way: str) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    absent, substitute, hr = (arrive(login, way=way, english=way == "keys") for login in ("legal", "pm", "hr"))
    absent.go("/account")
    absent.follow("代理安排")
    absent.sees("还没有安排代理")
    absent.follow("安排代理")
    absent.write("姓名、拼音或首字母", "罗")
    absent.follow("查找")
    absent.follow("罗建军")
    absent.write("到哪天为止（含当天）", "2026-11-01")
    absent.expects(400)
    absent.follow("安排代理")
    absent.sees("结束日期早于开始日期。")
    absent.write("到哪天为止（含当天）", "2026-11-30")
    absent.follow("安排代理")
    absent.sees("已安排罗建军代理。现在的待办和这段时间里新来的，他都能办理。", "正在代理", "全部流程")
    substitute.open_task(TITLE)
    substitute.sees("为什么由我办理", "您代 韩立 办理。")
    substitute.verb("签收")
    substitute.go("/absence")
    substitute.sees("我代谁办理", "韩立")
    absent.go("/absence")
    absent.hands.press(absent.named("结束代理：罗建军"))
    absent.confirms("结束代理")
    absent.sees("代理已结束，没有办完的任务转回韩立。")
    site.work()
    absent.open_task(TITLE)
    absent.sees("代理期结束，于 2026-11-23 10:00 转回给您。")
    hands_over(site, hr)
    assert site.holder(request, "A3_legal") == "许文"


def hands_over(site: Site, hr: Person) -> None:
    """韩立 leaves; hr hands everything to 许文 until nothing is left."""
    with unit(site.engine) as session:
        leave(session, person_of(session, site.company.people["legal"]), on=clock.today(), by=SYSTEM)
    hr.go(f"/people/{site.company.people['legal']}")
    hr.follow("去移交")
    hr.sees("完整性", "手里的待办")
    hr.follow("选择由谁接手")
    hr.follow("由 许文 接手")
    hr.hit(hr.page.locator("section[aria-labelledby=k-task]").get_by_role("button", name=hr.words("移交给 许文")))
    hr.sees("已办 1 项。", "已移交", "许文")
    for kind, words in (("role", "收回角色"), ("notice", "不再提醒")):
        part = hr.page.locator(f"section[aria-labelledby=k-{kind}]")
        if part.count():
            hr.hit(part.get_by_role("button", name=hr.words(words)))
            if kind == "role":
                hr.confirms(words)
    hr.sees("没有要移交的")
    hr.follow("移交办完")
    hr.sees("移交已于 2026-11-23 10:00 办完。")
