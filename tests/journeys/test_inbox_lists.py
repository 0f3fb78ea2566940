"""The inbox by mouse, by key and on a phone: filters and views, many at once, preview, and what comes by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.application import Arrive
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.ways import does, races
from web import live

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


@does("saved view", ways=("desk",))
def test_filters_narrow_the_list_and_are_kept_as_a_view(site: Site, arrive: Arrive) -> None:
    drafts(site, "worker", "pm")
    licence(site)
    desk = arrive("desk")
    desk.go("/inbox?scope=started")
    assert len(rows(desk.page)) == 3
    desk.follow("筛选")
    desk.page.get_by_label("证件种类").select_option(label="安全生产许可证")
    desk.page.wait_for_url(re.compile("type=E03"))
    desk.look()
    assert len(rows(desk.page)) == 1
    desk.page.get_by_label("视图名称").fill("安许")
    desk.follow("保存视图")
    desk.sees("已保存视图“安许”。")
    desk.go("/inbox")
    assert len(rows(desk.page)) == 2
    desk.follow("安许")
    assert len(rows(desk.page)) == 1
    desk.follow("删除视图“安许”")
    desk.sees("已删除这个视图。")


@does("bulk conflict", ways=("desk", "phone"))
@races("bulk")
@pytest.mark.parametrize("phone", [False, True])
def test_several_at_once_and_the_one_that_was_gone_says_so(site: Site, arrive: Arrive, phone: bool) -> None:
    gone, there = review(site, "worker"), review(site, "pm")
    hr = arrive("hr", phone=phone)
    hr.go("/inbox")
    tick(hr, "石磊", "罗建军")
    expect(hr.page.locator("[data-bulk-count]")).to_have_text("2")
    hr.look()
    site.done(gone, "A3_hr", "hr")
    hr.follow("签收所选")
    hr.sees("有 1 项没有办成", "已由 宋雅 于 2026-11-23 10:00 处理", "已签收 1 项。")
    hr.follow("回到待办")
    assert len(rows(hr.page)) == 1 and site.task(there, "A3_hr")


@does("bulk approve", ways=("keys",))
def test_only_the_keyboard_previews_approves_and_returns(site: Site, arrive: Arrive) -> None:
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
    keyboard.press("j")
    expect(preview).to_contain_text("申请内容")
    keyboard.press("a")
    approver.sees("已同意 1 项。")
    approver.look()


def test_ticked_by_key_and_done_by_key_after_one_question(site: Site, arrive: Arrive) -> None:
    request = licence(site)
    site.done(request, "A3_legal", "legal")
    approver = arrive("approver")
    approver.go("/inbox")
    for key in ("j", "x", "a"):
        approver.page.keyboard.press(key)
    dialog = approver.page.locator("dialog[open]")
    expect(dialog).to_contain_text("同意选中的每一项吗？")
    dialog.get_by_role("button", name="同意").click()
    approver.sees("已同意 1 项。")


def test_a_row_is_previewed_by_its_eye_and_closed_again(site: Site, arrive: Arrive) -> None:
    licence(site)
    legal = arrive("legal")
    legal.go("/inbox")
    legal.page.get_by_role("button", name="预览").click()
    preview = legal.page.locator("#inbox-preview")
    expect(preview).to_contain_text("材料")
    legal.look()
    legal.page.keyboard.press("Escape")
    expect(preview).to_be_hidden()


@does("live arrival", ways=("desk", "phone"))
def test_a_task_arrives_by_itself_and_the_focus_stays(
    site: Site, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Redis here: the clock makes the site look at what others have written."""
    monkeypatch.setattr(live, "EVERY", 0.3)
    review(site, "worker")
    desk, phone = arrive("hr"), arrive("hr", phone=True)
    for person in (desk, phone):  # the first look tells that the stream is open
        with person.page.expect_response(re.compile("/inbox/list")):
            person.go("/inbox")
    tick(desk, "石磊")
    desk.page.keyboard.press("j")
    review(site, "pm")
    for person in (desk, phone):
        expect(person.page.locator("[data-row]")).to_have_count(2, timeout=5_000)
        person.look()
    expect(desk.page.locator("[data-row-link]:focus")).to_contain_text("石磊")
    expect(desk.page.locator("[data-bulk-count]")).to_have_text("1")
    expect(desk.page.locator('.licet-side [data-count="inbox"]')).to_have_text("2")


def test_every_tab_in_english(site: Site, arrive: Arrive) -> None:
    request = licence(site)
    site.done(request, "A3_legal", "legal")
    legal, typed = arrive("legal"), ("华建第一建筑有限公司", "沈青", "韩立", "中文")
    legal.go("/inbox")
    legal.page.get_by_role("button", name="English").click()
    legal.page.wait_for_load_state()
    for tab in ("all", "groups", "mine", "started", "took_part", "copied"):
        legal.go(f"/inbox?scope={tab}&filters=1")
        words = legal.page.locator("body").inner_text()
        for name in typed:
            words = words.replace(name, "")
        assert not re.search("[一-鿿]", words), (tab, re.findall("[一-鿿]+", words))
