"""An administrator puts an alert in the group's own words; the next one carries them, and the proof of it prints."""

from __future__ import annotations

import datetime as dt
import re

import pypdfium2
import pytest
from playwright.sync_api import expect

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.journeys.holdings import held
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser
EDITOR = "/lines/texts/before"
LEFT = ("1 张由您负责的证件临近到期或已过期，请逐一处理。", "建筑施工特种作业操作资格证书（",
        "）将于 2027-02-20 到期，还有 60 天。")
"""What left in Chinese stands so in the proof, whoever reads it."""


@pytest.fixture(autouse=True)
def appointed(site: Site) -> None:
    """HR's officer also administers the group."""
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.company.people["hr"]), "administrator",
                   site.company.unit(session, "group"), by=SYSTEM)


def ending(site: Site) -> int:
    """The worker's P02, which ends in 89 days; its end was known before alerts began."""
    number = held(site, "P02", valid_until=dt.date(2027, 2, 20))
    site.work()
    return number


REFUSED, SAVED = "没有保存，请看标出的地方。", "已保存，下一次提醒就用这段文字。"


def kept(admin: Person, outcome: str) -> None:
    """The text is sent, and what came of it looked at."""
    admin.hands.press(admin.page.locator("#text-form button.btn-primary"))
    admin.page.locator("main").get_by_text(admin.words(outcome)).first.wait_for()
    admin.page.wait_for_load_state()
    admin.look()


def test_a_text_is_tried_with_a_real_case_and_the_next_alert_carries_it_and_is_proved(
    site: Site, arrive: Arrive
) -> None:
    certificate, admin = ending(site), arrive("hr")
    admin.go("/lines")
    admin.follow("提醒文字")
    admin.follow("还没到期")
    preview = admin.page.locator("#text-preview")
    expect(preview).to_contain_text("还有 30 天")
    admin.page.fill("#f-subject", "【安全部】")
    admin.hands.press(admin.page.get_by_role("button", name="持有人", exact=True))
    admin.page.locator("#f-subject").press_sequentially("的证还剩 {{ 剩余天数 }} 天")
    expect(preview).to_contain_text("【安全部】江海一建的证还剩 30 天")
    admin.page.fill("#f-q", "石磊")
    admin.page.locator("#cases").get_by_label("石磊").check()
    expect(preview).to_contain_text("【安全部】石磊的证还剩 89 天")
    expect(preview).to_contain_text("上限 2048 字节")
    admin.page.fill("#f-body", "请尽快办理\n还剩 {{ 剩余天 }} 天")
    expect(preview.locator("mark")).to_have_text("剩余天")
    admin.expects(400)
    kept(admin, REFUSED)
    admin.sees("第 2 行第 7 个字：没有叫“剩余天”的值。")
    expect(admin.page.locator("#f-body")).to_have_value("请尽快办理\n还剩 {{ 剩余天 }} 天")
    admin.page.fill("#f-body", "请在 {{ 到期日|年月日 }} 前办理")
    kept(admin, SAVED)
    admin.sees("宋雅")

    site.pass_days(29)
    keeper = arrive("custodian")
    keeper.go("/notices")
    keeper.sees("【安全部】石磊的证还剩 60 天")
    keeper.follow("【安全部】石磊的证还剩 60 天")
    keeper.go(f"/certificates/{certificate}/timers")
    keeper.follow("送达证明")
    keeper.sees("【安全部】石磊的证还剩 60 天", "方芳", "2026-12-22 10:00", "本人打开")
    with keeper.page.expect_download() as got:
        keeper.hands.press(keeper.page.get_by_role("button", name="下载 PDF"))
    paper = pypdfium2.PdfDocument(got.value.path())
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in paper)
    paper.close()
    assert "【安全部】石磊的证还剩60天" in text and "方芳" in text and "本人打开" in text
    mark = re.findall(r"SHA-256([0-9a-f]{64})", text)[0]
    keeper.page.reload()
    keeper.look()
    keeper.sees("打印过的证明", mark)


def test_the_pages_are_whole_on_a_phone_and_in_english(site: Site, arrive: Arrive) -> None:
    admin = arrive("hr", phone=True, english=True)
    admin.typed |= {"江海一建", "中文", "宋雅"}
    for path in ("/lines/texts", EDITOR, "/lines/texts/digest", f"{EDITOR}?channel=aliyun_sms&language=en"):
        admin.go(path)
    admin.expects(400)
    admin.go(f"{EDITOR}?channel=wecom_robot&language=en")
    admin.page.fill("#f-subject", "{{ typ }} ends")
    kept(admin, REFUSED)
    assert admin.page.locator(".invalid-feedback").first.inner_text() == (
        "Line 1, character 4: There is no value called “typ”.")
    certificate = ending(site)
    site.pass_days(29)
    keeper = arrive("custodian", phone=True, english=True)
    keeper.typed |= {"石磊", "方芳", "宋雅", *LEFT}
    keeper.go(f"/certificates/{certificate}/proof")
    assert "60 days" in keeper.page.locator("main").inner_text()
