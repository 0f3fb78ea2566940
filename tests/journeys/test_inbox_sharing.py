"""What people share about a request: comments, copies, urging, an expert's opinion, a signature by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from engine import catalog
from ledger.actor import SYSTEM
from ledger.db import unit
from tests.journeys.company import PASSWORD
from tests.journeys.papers import paper
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.journeys.ways import does
from workflows import CATALOG

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"


@pytest.fixture
def request_id(site: Site) -> int:
    """A safety licence that 沈青 (desk) applied for, waiting for the legal reviewers."""
    number = site.begun("desk", "E03", "unit", "company")
    site.done(number, "A1_fill", "desk")
    return number


@pytest.fixture
def expert(chromium: Browser, site: Site) -> Iterator[Person]:
    """Somebody outside with a telephone and no account."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True)
    made = Person("expert", context, site)
    yield made
    made.leave()
    context.close()


@does("comment", "mention", ways=("desk", "phone"))
@does("attachment", ways=("desk",))
def test_a_comment_mentions_a_colleague_who_is_told(site: Site, arrive: Arrive, request_id: int) -> None:
    legal, desk = arrive("legal"), arrive("desk", phone=True)
    legal.go(f"/requests/{request_id}")
    legal.follow("选人、附文件")
    legal.sees("还没有评论")
    legal.page.get_by_label("内容").fill("请确认专职安全员人数")
    legal.page.get_by_placeholder("姓名、拼音或首字母").press_sequentially("xw")
    legal.page.get_by_label("许文").check()
    legal.page.get_by_placeholder("姓名、拼音或首字母").fill("ff")
    legal.page.get_by_label("方芳").wait_for()
    expect(legal.page.get_by_label("许文")).to_be_checked()
    legal.look()
    legal.page.get_by_label("附件").set_input_files(paper("人数说明.pdf"))
    legal.follow("发表")
    legal.sees("评论已发表。", "请确认专职安全员人数", "提及：许文", "人数说明.pdf")
    site.work()
    desk.go("/notices")
    desk.follow("韩立 评论了“安全生产许可证")
    desk.page.get_by_label("写评论").fill("@韩立 三名，见附件")
    desk.follow("发表")
    desk.sees("评论已发表。", "@韩立 三名，见附件", "提及：韩立")
    site.work()
    legal.go("/notices")
    legal.sees("沈青 在“安全生产许可证 · 华建第一建筑有限公司”的评论里提到了您。")


@does("copy", ways=("desk",))
@does("receipt", ways=("phone",))
def test_a_copy_is_read_and_its_giver_sees_when(site: Site, arrive: Arrive, request_id: int) -> None:
    desk, stranger = arrive("desk"), arrive("stranger", phone=True)
    desk.go(f"/requests/{request_id}")
    desk.follow("抄送")
    desk.page.get_by_label("姓名、拼音或首字母").press_sequentially("路人")
    desk.page.keyboard.press("Enter")  # looks for it, and sends nothing
    desk.page.get_by_label("路人甲").focus()
    desk.page.keyboard.press("Space")
    desk.look()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_load_state()
    desk.sees("已抄送给 路人甲。", "1 人未读")
    site.work()
    site.clock.advance(timedelta(minutes=7))
    stranger.go("/notices")
    stranger.follow("把“安全生产许可证")
    stranger.sees("2026-11-23 10:07 已阅")
    stranger.look()
    desk.go(f"/requests/{request_id}")
    desk.sees("都已读", "2026-11-23 10:07 已阅")


@does("urge", "urge too soon", ways=("desk",))
def test_urging_by_key_and_once_a_day(site: Site, arrive: Arrive, request_id: int) -> None:
    desk, legal = arrive("desk"), arrive("legal", phone=True)
    desk.go(f"/requests/{request_id}")
    desk.sees("正在等待", "请等到 2026-11-23 14:00 之后再催")
    site.clock.advance(timedelta(hours=5))
    desk.go(f"/requests/{request_id}")
    desk.page.keyboard.press("u")
    desk.page.wait_for_load_state()
    desk.sees("已催办。它已排在最前面。", "已催办 1 次。", "您今天 2026-11-23 15:00 已经催过", "2026-11-24 起可以再催")
    desk.look()
    site.work()
    legal.go("/notices")
    legal.follow("沈青 催办“法务经营初审”")
    legal.drawn()
    legal.look()


@does("consult", ways=("desk",))
@does("consult twice", ways=("phone",))
def test_an_expert_outside_answers_once(site: Site, arrive: Arrive, request_id: int, expert: Person) -> None:
    legal = arrive("legal")
    legal.open_task(TITLE)
    legal.page.keyboard.press("c")
    legal.page.wait_for_load_state()
    legal.drawn()
    if legal.page.locator(".more-verbs summary").count():
        legal.page.locator(".more-verbs summary").click()
    legal.follow("咨询外部专家")
    legal.page.get_by_label("专家姓名").fill("冯专家")
    legal.page.get_by_label("咨询的问题").fill("专职安全员这样配置够不够？")
    legal.page.locator('input[name="fields"]').first.check()
    legal.page.locator('input[name="files"]').first.check()
    legal.follow("生成链接")
    link = legal.page.get_by_label("咨询链接").input_value()
    expert.go(link.removeprefix(site.address))
    expert.sees("韩立 想请您就一件事给出意见。")
    expert.follow("打开")
    expert.sees("专职安全员这样配置够不够？")
    with expert.page.expect_download():
        expert.named("材料.pdf").first.click()
    expert.page.get_by_label("不同意").check()
    expert.page.get_by_label("意见和理由").fill("按规定还差一名。")
    expert.follow("提交意见")
    expert.sees("您的意见已送达 韩立")
    expert.expects(404)
    expert.go(link.removeprefix(site.address))
    expert.sees("这个链接不存在、已经用过、已被撤销或已过期。")
    legal.open_task(TITLE)
    legal.sees("冯专家", "已答复", "不同意", "按规定还差一名。")


@does("signature", ways=("desk", "phone"))
@pytest.mark.parametrize("by_hand", [True, False], ids=["drawn with the finger", "typed by keyboard"])
def test_a_signature_stands_under_the_decision(site: Site, arrive: Arrive, by_hand: bool) -> None:
    after = b'<zeebe:property name="licet:escalateTo" value="legal_head"/>'
    files = CATALOG["application"].files
    with unit(site.engine) as session:
        word = after + (b'<zeebe:property name="licet:signature" value="pass"/>'
                        b'<zeebe:property name="licet:signatureBy" value="drawn,stored,typed"/>')
        drawn = files["application.bpmn"].replace(after, word)
        catalog.deploy(session, {**files, "application.bpmn": drawn}, by=SYSTEM)
    number = site.begun("desk", "E03", "unit", "company")
    site.done(number, "A1_fill", "desk")
    legal = arrive("legal", phone=by_hand)
    legal.open_task(TITLE)
    legal.fill("review", {"checked": []})
    legal.press("通过")
    legal.page.get_by_text("请签名").first.wait_for()
    legal.look()
    if by_hand:
        legal.page.locator("canvas").scroll_into_view_if_needed()
        box = legal.page.locator("canvas").bounding_box()
        assert box
        legal.page.mouse.move(box["x"] + 40, box["y"] + 30)
        legal.page.mouse.down()
        for step in range(12):
            legal.page.mouse.move(box["x"] + 40 + 15 * step, box["y"] + 30 + (step % 3) * 15)
        legal.page.mouse.up()
        legal.page.get_by_role("button", name="用这个签名").click()
    else:
        legal.expects(409)
        legal.page.get_by_role("button", name="用存档签名").press("Enter")
        legal.page.get_by_text("您还没有存档签名").first.wait_for()
        legal.page.get_by_role("button", name="键入姓名").press("Enter")
        expect(legal.page.get_by_label("您的姓名")).to_be_focused()
        legal.page.keyboard.type("韩立")
        legal.page.keyboard.press("Tab")
        legal.page.keyboard.type(PASSWORD)
        legal.look()
        legal.page.keyboard.press("Enter")
    legal.page.get_by_role("img", name="您的签名").wait_for()
    legal.look()
    legal.decide("通过")
    legal.go(f"/requests/{number}")
    legal.sees("韩立", "签名之后办理内容没有改动")


def test_a_signature_is_kept_on_a_phone_and_shown_to_its_owner(arrive: Arrive) -> None:
    legal = arrive("legal", phone=True)
    legal.go("/account")
    legal.page.get_by_text("存一个签名", exact=True).click()
    canvas = legal.page.locator("form[data-sign-pad] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    legal.page.mouse.move(box["x"] + 20, box["y"] + 20)
    legal.page.mouse.down()
    for step in range(12):
        legal.page.mouse.move(box["x"] + 20 + 15 * step, box["y"] + 20 + (step % 3) * 15)
    legal.page.mouse.up()
    expect(legal.page.locator("form[data-sign-pad] input[name=how]")).to_have_value("drawn")
    legal.look()
    if legal.page.get_by_label("登录密码").count():
        legal.page.locator("form[data-sign-pad]").get_by_label("登录密码").fill(PASSWORD)
    legal.page.get_by_role("button", name="存档", exact=True).click()
    legal.sees("签名已存档。", "手写")
    expect(legal.page.get_by_role("img", name="您的存档签名")).to_be_visible()
    legal.look()
