"""A process owner keeps processes running: finds, looks, mends, holds many and lets them go; at a desk and by phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.web.watched import FIRST, RENAMED, Watched, laid_out

pytestmark = pytest.mark.browser


@pytest.fixture
def watched(site: Site) -> Watched:
    return Watched(site.engine, site.company)


def test_an_incident_is_found_on_the_drawing_and_mended(site: Site, watched: Watched, arrive: Arrive) -> None:
    it = watched.troubled(title="电梯年检 · 一号机")
    owner = arrive("owner")
    owner.go("/cockpit/instances?state=incident")
    owner.page.locator("[data-row-link]").click()
    owner.page.wait_for_selector(".djs-shape")
    owner.look()
    expect(owner.page.locator(".djs-shape.licet-failed[data-element-id=G]")).to_have_count(1)
    owner.page.locator(".djs-shape[data-element-id=A]").click()
    expect(owner.page.locator("details.passed:visible")).to_have_count(1)
    owner.page.get_by_role("button", name="看全部环节").click()
    owner.page.get_by_role("link", name="改变量后重试").click()
    owner.page.get_by_label("变量名").first.fill("verdict")
    owner.page.get_by_label("新的值").first.fill('"ok"')
    owner.page.get_by_label("原因").fill("填错了")
    owner.look()
    owner.page.get_by_role("button", name="重试").click()
    owner.sees("已重试", "等待的消息", "处理异常")
    assert watched.row(it).state == "active"


def test_many_are_held_by_keys_and_let_go_again(site: Site, watched: Watched, arrive: Arrive) -> None:
    them = [watched.start(title=f"检查{number}") for number in range(3)]
    owner = arrive("owner")
    owner.go("/cockpit/instances?process=watched")
    for pressed in ("j", "x", "j", "x"):
        owner.page.keyboard.press(pressed)
    owner.look()
    owner.page.get_by_role("button", name="挂起").click()
    owner.sees("这样处理的话", "2 项")
    owner.page.get_by_label("原因").fill("等新规")
    owner.look()
    owner.page.get_by_role("button", name="开始处理").click()
    watched.work()
    owner.page.reload()
    owner.sees("已处理", "撤销这一批")
    owner.look()
    assert sorted(watched.states(*them)) == ["active", "suspended", "suspended"]
    owner.page.locator("#undo > summary").click()
    owner.page.get_by_label("原因").fill("不用等了")
    owner.page.locator("#undo form button").click()
    watched.work()
    assert watched.states(*them) == ["active"] * 3


def test_one_is_found_by_a_variable_put_elsewhere_moved_back_and_forth_and_ended(
    site: Site, watched: Watched, arrive: Arrive) -> None:
    it, _other = watched.start(title="一号机检查", fee=12), watched.start(title="二号机检查", fee=13)
    watched.deploy(laid_out(FIRST.replace(b"P20D", b"P30D")))
    site.pass_days(5)
    owner = arrive("owner")
    owner.go(f"/cockpit/instances?process=watched&version={watched.first}&at=A&older=2")
    expect(owner.page.locator(".work-what")).to_have_count(2)
    owner.page.locator("#q").fill("fee = 12")
    owner.page.locator("#q").press("Enter")
    expect(owner.page.locator(".work-what")).to_have_text(["一号机检查"])
    owner.look()
    owner.page.locator("[data-row-link]").click()
    expect(owner.page.locator(".djs-overlays[data-container-id=A] .licet-tokens-here")).to_have_text("1")
    owner.follow("调整位置")
    owner.page.get_by_label("从这个环节开始").select_option("A")
    owner.follow("预览")
    owner.sees("这样调整的话", "新开始")
    owner.write("原因", "再查一遍")
    owner.follow("按预览调整")
    expect(owner.page.locator(".djs-overlays[data-container-id=A] .licet-tokens-here")).to_have_text("2")
    owner.follow("迁移到其他版本")
    owner.page.get_by_label("迁移到").select_option(index=1)
    owner.follow("预览")
    owner.sees("可以迁移")
    owner.write("原因", "用新的期限")
    owner.hit(owner.page.get_by_role("button", name="迁移", exact=True))
    owner.sees("第 1 版 → 第 2 版")
    owner.page.locator("details[id^=undo] > summary").click()
    owner.page.locator("details[id^=undo]").get_by_label("原因").fill("还是用旧的")
    owner.hit(owner.page.locator("details[id^=undo] form button"))
    owner.sees("撤销")
    owner.page.locator("#terminate > summary").click()
    owner.page.locator("#terminate-reason").fill("不查了")
    owner.page.locator("#terminate form button").click()
    owner.confirms("终止")
    assert watched.states(it) == ["terminated"]


def test_the_cockpit_on_a_phone(site: Site, watched: Watched, arrive: Arrive) -> None:
    it, bad = watched.start(title="季度检查"), watched.troubled(title="坏掉的检查")
    watched.deploy(laid_out(RENAMED))
    owner = arrive("owner", phone=True)
    for path in ("instances", f"instances/{it}", f"instances/{bad}", f"instances/{it}/modification?start=A",
                 "incidents", "incidents?trouble=G", "waiting", "waiting?tab=kept", "batches",
                 "batches/new?verb=migrate", f"incidents/{watched.incident(bad).id}/edit"):
        owner.go(f"/cockpit/{path}")
    owner.go(f"/cockpit/instances/{it}")
    owner.page.locator("#suspend > summary").click()
    owner.page.locator("#suspend-reason").fill("停一下")
    owner.page.locator("#suspend form button").click()
    owner.sees("已挂起")
    owner.page.locator("#resume > summary").click()
    owner.page.locator("#resume-reason").fill("接着查")
    owner.page.locator("#resume form button").click()
    owner.sees("已恢复")
    number = watched.timer(it).id
    owner.page.locator(f"#fire-{number} > summary").click()
    owner.page.locator(f"#fire-{number}").get_by_label("原因").fill("不等了")
    owner.look()
    owner.page.locator(f"#fire-{number} form button").click()
    owner.confirms("现在触发")
    owner.sees("触发")
    assert watched.states(it) == ["active"]


def test_the_cockpit_in_english(site: Site, arrive: Arrive) -> None:
    site.begun("applicant", "J03", "unit", "project")
    owner = arrive("owner", english=True)
    for path in ("instances", "instances/1", "instances/1/modification", "incidents", "waiting",
                 "batches/new?verb=suspend"):
        owner.go(f"/cockpit/{path}")
