"""What people share about a request: comments, copies, urging, an expert's opinion, a signature by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from engine import catalog
from ledger.actor import SYSTEM
from ledger.db import unit
from tests.journeys.company import PASSWORD
from tests.journeys.papers import paper
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.journeys.ways import does, races
from workflows import CATALOG

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"
WHOLE = f"{TITLE} · 华建第一建筑有限公司"
FIND = "姓名、拼音或首字母"


def licence(site: Site) -> int:
    """A safety licence that 沈青 (desk) applied for, waiting for the legal reviewers."""
    number = site.begun("desk", "E03", "unit", "company")
    site.done(number, "A1_fill", "desk")
    return number


def sends(person: Person) -> None:
    """Presses the page's own button."""
    person.hit(person.page.locator("main form[method=post] .btn-primary"))


@does("comment", "mention", "attachment", "copy", "receipt", "urge", "urge too soon")
def test_what_is_said_copied_and_urged_reaches_whom_it_is_for(site: Site, arrive: Arrive, way: str) -> None:
    request = licence(site)
    desk, stranger, legal = (arrive(login, way=way, english=way == "keys") for login in ("desk", "stranger", "legal"))
    desk.go(f"/requests/{request}")
    desk.sees("正在等待", "“法务经营初审”刚到 2026-11-23 10:00，请等到 2026-11-23 14:00 之后再催。")
    desk.follow("选人、附文件")
    desk.sees("还没有评论")
    desk.write("内容", "请确认专职安全员人数")
    desk.write(FIND, "hl")
    desk.tick("韩立")
    desk.write(FIND, "ff")
    desk.page.get_by_label("方芳").wait_for()
    expect(desk.page.get_by_label("韩立")).to_be_checked()
    desk.typed.add("人数说明.pdf")
    desk.hands.upload(desk.page.locator("#f-files"), paper("人数说明.pdf"))
    desk.look()
    desk.follow("发表")
    desk.sees("评论已发表。", "请确认专职安全员人数", "提及：韩立", "人数说明.pdf")
    desk.follow("抄送")
    desk.write(FIND, "路人")
    if way == "keys":
        desk.page.keyboard.press("Enter")  # looks for it, and sends nothing
    desk.tick("路人甲")
    sends(desk)
    desk.sees("已抄送给 路人甲。", "1 人未读")
    site.clock.advance(timedelta(hours=5))
    site.work()
    stranger.typed.update(desk.typed)
    stranger.go("/notices")
    stranger.follow(f"沈青 把“{WHOLE}”抄送给您。")
    stranger.sees("抄送给您，您于 2026-11-23 15:00 已阅。")
    desk.go(f"/requests/{request}")
    desk.sees("都已读", "2026-11-23 15:00 已阅")
    if way == "keys":
        with desk.page.expect_navigation():
            desk.page.keyboard.press("u")
        desk.look()
    else:
        desk.follow("催办")
    desk.sees("已催办。它已排在最前面。", "已催办 1 次。",
              "您今天 2026-11-23 15:00 已经催过“法务经营初审”，2026-11-24 起可以再催。")
    site.work()
    legal.typed.update(desk.typed)
    legal.go("/notices")
    legal.sees(f"沈青 在“{WHOLE}”的评论里提到了您。")
    legal.follow(f"沈青 催办“法务经营初审”：{WHOLE}")
    legal.drawn()
    legal.write("写评论", "@沈青 三名，见附件")
    legal.follow("发表")
    legal.sees("@沈青 三名，见附件")


@pytest.fixture
def signing(site: Site) -> int:
    """The same licence, by a drawing that wants the reviewer's signature."""
    after = b'<zeebe:property name="licet:escalateTo" value="legal_head"/>'
    files = CATALOG["application"].files
    with unit(site.engine) as session:
        word = after + (b'<zeebe:property name="licet:signature" value="pass"/>'
                        b'<zeebe:property name="licet:signatureBy" value="drawn,stored,typed"/>')
        drawn = files["application.bpmn"].replace(after, word)
        catalog.deploy(session, {**files, "application.bpmn": drawn}, by=SYSTEM)
    return licence(site)


@races("consult")
@does("consult", "consult twice", "signature")
def test_an_expert_outside_answers_once_and_the_reviewer_signs(
        site: Site, arrive: Arrive, signing: int, way: str) -> None:
    english = way == "keys"
    legal, expert = arrive("legal", way=way, english=english), arrive("", way=way, english=english)
    legal.open_task(TITLE)
    legal.verb("签收")
    legal.drawn()
    legal.verb("咨询外部专家")
    legal.write("专家姓名", "冯专家")
    legal.write("咨询的问题", "专职安全员这样配置够不够？")
    for name in ("fields", "files"):
        legal.hands.tick(legal.page.locator(f'input[name="{name}"]').first)
    legal.follow("生成链接")
    link = legal.page.locator("#link").input_value().removeprefix(site.address)
    expert.typed.update(legal.typed)
    expert.come_in(link)
    late = Person("guest", expert.context, site, way, expert.english)
    late.typed = expert.typed
    for person in (expert, late):
        person.go(link)
        person.sees("韩立 想请您就一件事给出意见。")
        person.follow("打开")
        person.sees("专职安全员这样配置够不够？")
    assert expert.hands.save(expert.named("材料.pdf").first).suggested_filename == "材料.pdf"
    for person, words in ((expert, "按规定还差一名。"), (late, "我看够了。")):
        person.tick("不同意")
        person.write("意见和理由", words)
    expert.follow("提交意见")
    expert.sees("谢谢，您的意见已送达 韩立。这个链接已经失效，可以关闭页面。")
    late.expects(404)
    late.follow("提交意见")
    late.sees("这个链接不存在、已经用过、已被撤销或已过期。如果还需要您的意见，请联系发给您链接的人。",
              "您写的内容没有提交", "我看够了。")
    assert not late.leave()
    legal.typed.update(expert.typed)
    legal.open_task(TITLE)
    legal.sees("冯专家", "已答复", "不同意", "按规定还差一名。")
    signs(legal)
    legal.go(f"/requests/{signing}")
    legal.sees("签名之后办理内容没有改动")


def signs(legal: Person) -> None:
    """Drawn with the mouse or the finger, or one's name typed with the password, which is the way by keyboard."""
    legal.fill("review", {"checked": []})
    legal.press("通过")
    missing = legal.page.locator('[data-part="problems-list"] a')
    missing.wait_for()
    legal.look()
    if legal.way == "keys":
        legal.hands.press(missing)
        expect(legal.page.locator('[id$="signature-stored"]')).to_be_focused()  # not what cannot be pressed yet
        legal.page.locator('[id$="signature-typed"]').press("Enter")
        expect(legal.page.locator(".licet-sign-asked input").first).to_be_focused()
        legal.typed.add("韩立")
        legal.page.keyboard.type("韩立")
        legal.page.keyboard.press("Tab")
        legal.page.keyboard.type(PASSWORD)
        legal.look()
        legal.page.keyboard.press("Enter")
    else:
        legal.page.locator("canvas").scroll_into_view_if_needed()
        box = legal.page.locator("canvas").bounding_box()
        assert box
        mouse = legal.page.mouse
        mouse.move(box["x"] + 40, box["y"] + 30)
        mouse.down()
        for step in range(12):
            mouse.move(box["x"] + 40 + 15 * step, box["y"] + 30 + (step % 3) * 15)
        mouse.up()
        legal.page.get_by_role("button", name="用这个签名").click()
    legal.page.get_by_role("img", name=legal.words("您的签名")).wait_for()
    legal.look()
    legal.decide("通过")


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
