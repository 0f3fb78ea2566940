"""The inbox by mouse, by key and on a phone: filters and views, many at once, preview, and what comes by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.application import Arrive
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.ways import WAYS, does, races
from web.desk import live

pytestmark = pytest.mark.browser


def licence(site: Site) -> int:
    """A safety licence that waits for a legal reviewer."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    return request


def review(site: Site, holder: str) -> int:
    """A worker's request that waits for 宋雅 (hr)."""
    request = site.begun("desk", "P02", "person", holder)
    site.done(request, "A1_fill", "desk")
    return request


def drafts(site: Site, *people: str) -> None:
    for name in people:
        site.begun("desk", "P02", "person", name)


def rows(page: Page) -> list[str]:
    return page.locator("[data-row] .work-what").all_inner_texts()


def tick(person: Person, *titles: str) -> None:
    for title in titles:
        person.page.locator("[data-row]", has_text=title).get_by_role("checkbox").check()


@does("saved view")
def test_filters_narrow_the_list_and_are_kept_as_a_view(site: Site, arrive: Arrive, way: str) -> None:
    drafts(site, "worker", "pm")
    licence(site)
    desk = arrive("desk", way=way, english=way == "keys")
    desk.typed.add("安许")
    desk.go("/inbox?scope=started")
    assert len(rows(desk.page)) == 3
    desk.follow("筛选")
    kinds = desk.page.locator("main select[name=type]")
    if way == "keys":  # the arrows go through the choices, back and forth: nothing is sent until one says so
        desk.hands.choose(kinds, desk.words("建筑施工特种作业操作资格证书"))
        desk.page.wait_for_timeout(200)
        expect(kinds).to_be_focused()
    desk.hands.choose(kinds, desk.words("安全生产许可证"))
    if way == "keys":
        desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(re.compile("type=E03"))
    desk.look()
    assert len(rows(desk.page)) == 1
    desk.hands.write(desk.page.locator("#view-name"), "安许")
    desk.follow("保存视图")
    desk.sees("已保存视图“安许”。")
    desk.go("/inbox")
    assert len(rows(desk.page)) == 2
    desk.follow("安许")
    assert len(rows(desk.page)) == 1
    desk.follow("删除视图“安许”")
    desk.sees("已删除这个视图。")
    if way == "keys":  # in English
        for tab in ("groups", "mine", "took_part", "copied"):
            desk.go(f"/inbox?scope={tab}&filters=1")


@races("bulk")
@does("bulk approve", "bulk conflict")
def test_several_are_approved_at_once_and_the_one_that_was_gone_says_so(
        site: Site, arrive: Arrive, way: str) -> None:
    gone, there = licence(site), site.begun("applicant", "J03", "unit", "project")
    site.done(gone, "A3_legal", "legal")
    site.done(there, "A1_fill", "applicant")
    site.done(there, "A3_pm", "pm")
    approver = arrive("approver", way=way, english=way == "keys")
    approver.go("/inbox")
    if way == "keys":
        for key in ("j", "x", "j", "x"):
            approver.page.keyboard.press(key)
    else:
        tick(approver, "安全生产许可证", "建筑工程施工许可证")
    expect(approver.page.locator("[data-bulk-count]")).to_have_text("2")
    approver.look()
    site.done(gone, "A4_approve", "approver")
    if way == "keys":
        approver.page.keyboard.press("a")
    else:
        approver.hands.press(approver.named("同意所选"))
    expect(approver.page.locator("dialog[open]")).to_contain_text(approver.words("同意选中的每一项吗？"))
    approver.confirms("同意")
    approver.sees("有 1 项没有办成", "已由 梁总 于 2026-11-23 10:00 处理，您的操作没有生效。", "已同意 1 项。")
    approver.follow("回到待办")
    assert rows(approver.page) == [] and site.task(there, "A5_file")


def test_the_preview_follows_the_keys_and_approves_and_returns(site: Site, arrive: Arrive) -> None:
    request = licence(site)
    site.done(request, "A3_legal", "legal")
    approver = arrive("approver")
    approver.go("/inbox")
    keyboard = approver.page.keyboard
    keyboard.press("j")
    preview = approver.page.locator("#inbox-preview")
    expect(preview).to_contain_text("申请内容")
    approver.look()
    keyboard.press("?")
    expect(approver.page.locator("dialog[open]")).to_contain_text("同意")
    keyboard.press("Escape")
    keyboard.press("r")
    approver.drawn()
    approver.sees("退回修改的内容")
    approver.page.go_back()
    approver.page.wait_for_load_state()
    approver.page.get_by_role("button", name="预览").click()
    expect(preview).to_contain_text("材料")
    keyboard.press("Escape")
    expect(preview).to_be_hidden()
    keyboard.press("j")
    expect(preview).to_contain_text("申请内容")
    keyboard.press("a")
    approver.sees("已同意 1 项。")
    approver.look()


@does("live arrival")
def test_a_task_arrives_by_itself_and_the_focus_stays(
    site: Site, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Redis here: the clock makes the site look at what others have written."""
    monkeypatch.setattr(live, "EVERY", 0.3)
    review(site, "worker")
    people = [arrive("hr", way=way, english=way == "keys") for way in WAYS]
    desk, phone, keys = people
    for person in people:  # the first look tells that the stream is open
        with person.page.expect_response(re.compile("/inbox/list")):
            person.go("/inbox")
    tick(desk, "石磊")
    for person in (desk, keys):
        person.page.keyboard.press("j")
    keys.page.keyboard.press("x")
    review(site, "pm")
    for person in people:
        expect(person.page.locator("[data-row]")).to_have_count(2, timeout=5_000)
        person.look()
    for person in (desk, keys):
        expect(person.page.locator("[data-row-link]:focus")).to_contain_text("石磊")
        expect(person.page.locator("[data-bulk-count]")).to_have_text("1")
        expect(person.page.locator('.licet-side [data-count="inbox"]')).to_have_text("2")
