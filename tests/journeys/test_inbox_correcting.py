"""Corrections in place: asked at single fields by a reviewer who keeps the task, answered on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.application import Arrive
from tests.journeys.papers import paper
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"


def test_single_fields_are_asked_for_answered_on_a_phone_and_read_beside_the_task(site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    legal, desk = arrive("legal"), arrive("desk", phone=True)
    legal.open_task(TITLE)
    legal.follow("签收")
    legal.drawn()
    legal.page.locator(".more-verbs > summary").click()
    legal.follow("请申请人补正")
    main = legal.page.locator("main")
    main.get_by_label("单位地址", exact=True).check()
    main.get_by_label("要补正什么 单位地址").fill("门牌号与营业执照不一致")
    main.get_by_label("安全投入证明", exact=True).check()
    legal.look()
    legal.expects(400)
    legal.follow("请申请人补正")
    legal.sees("请用一句话写明要补正什么。")
    main.locator("textarea.is-invalid").fill("请换成盖章的扫描件")
    legal.follow("请申请人补正")
    legal.drawn()
    legal.sees("答复前暂停计时", "等申请人答复")
    desk.open_task("补正")
    desk.sees("门牌号与营业执照不一致", "请换成盖章的扫描件", "请您补正。")
    desk._field("address").fill("杭州市余杭区文一西路 1 号")
    desk._field("said_address").fill("已按营业执照更正")
    desk.page.set_input_files('input[data-files-of="doc_investment"]', [paper("安全投入（盖章）.pdf")])
    expect(desk.page.get_by_text("安全投入（盖章）.pdf").first).to_be_visible()
    desk.look()
    desk.decide("提交补正")
    desk.sees("提交申请（第 2 次）")
    legal.page.reload()
    legal.drawn()
    legal.look()
    legal.sees("已按营业执照更正", "与第 1 次提交相比", "文一西路 1 号", "安全投入（盖章）.pdf")
