"""The rules' tables on a page, and a new edition of one."""

from __future__ import annotations

import io
import re

from registry.rules.tables import files
from tests.web.house import House

SHIPPED = files()["R11"]


def upload(house: House, content: bytes, **more: str) -> tuple[int, str]:
    browser = house.browser("owner")
    once = re.search(r'name="once" value="([^"]+)"', browser.get("/rules/R11/editions/new").text)
    assert once
    told = {"file": (io.BytesIO(content), "R11.dmn"), "effective_from": "2027-01-01", "reason": "资质改革", **more}
    answer = browser.post("/rules/R11/editions", {**told, "once": once[1]}, content_type="multipart/form-data")
    return answer.status_code, answer.text


def test_the_owner_sees_every_rule_with_its_mark(house: House) -> None:
    browser = house.browser("owner")
    page = browser.get("/rules").text
    assert all(f"R{number:02d}" in page for number in range(1, 16)) and "未核实" in page and "已核实" in page
    sheet = browser.get("/rules/R11").text
    assert "建筑业企业资质标准（2014）" in sheet and "改革待定" in sheet and "发布新的一版" in sheet
    assert browser.get("/rules/R11/0.dmn").data == SHIPPED
    assert browser.get("/rules/R99").status_code == browser.get("/rules/R11/7.dmn").status_code == 404
    assert browser.get("/rules/R11?edition=7").status_code == 404


def test_others_do_not(house: House) -> None:
    assert house.browser("hr").get("/rules").status_code == 403


def test_an_edition_is_published_shown_and_withdrawn(house: House) -> None:
    assert upload(house, SHIPPED.replace(b"<text>12</text>", b"<text>3</text>"))[0] == 303
    browser = house.browser("owner")
    assert "第 1 版" in browser.get("/rules/R11").text and "2027-01-01" in browser.get("/rules").text
    assert "<td class=\"licet-code out\">3</td>" in browser.get("/rules/R11?edition=1").text
    assert upload(house, SHIPPED)[0] == 400  # the same day twice
    assert browser.post("/rules/R11/editions/1/withdrawal").status_code == 303
    assert "已撤回" in browser.get("/rules/R11").text


def test_gaps_and_overlaps_are_listed_and_nothing_is_kept(house: House) -> None:
    status, page = upload(house, SHIPPED.replace(b'<text>"third"</text>', b'<text>"second"</text>', 1))
    assert status == 400 and "重叠" in page and "没有规则覆盖" in page and "决策表有" in page
    assert "第 1 版" not in house.browser("owner").get("/rules/R11").text
