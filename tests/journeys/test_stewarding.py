"""A steward works through the doubts of a ledger by keys; the ledger goes out in its own columns and comes back."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import expect

from ledger.db import unit
from registry.intake import work
from registry.intake.batch.models import Batch
from registry.intake.entry import committing
from registry.intake.preview import mapping_acts, receiving
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.registry.intake.desk import HEADINGS, sheet, worker

pytestmark = pytest.mark.browser
ROWS: list[dict[str, Any]] = [
    worker(1, 有效期至=""), worker(2, 有效期至=""), worker(3, 状态="在使用中吧"), worker(4, 状态="在使用中吧"),
    worker(5, 证书编号=""), worker(6), worker(7),
]


@pytest.fixture
def batch(site: Site) -> int:
    """ROWS are in the register, as far as they can be, not through the browser."""
    with unit(site.engine) as session:
        by, company = site.company.actor(session, "custodian"), site.company.unit(session, "company")
        content = sheet([{**row, "单位": company.name} for row in ROWS], (*HEADINGS, "状态"))
        number = receiving.receive(session, site.files, BytesIO(content), "特种作业.csv", unit=company, by=by).id
    work.sweep(site.engine, site.files)
    with unit(site.engine) as session:
        found = session.get_one(Batch, number)
        mapping_acts.confirm(session, found, mapping_acts.mappings_of(found), by=by)
    work.sweep(site.engine, site.files)
    with unit(site.engine) as session:
        committing.ask(session, session.get_one(Batch, number), by=by)
    work.sweep(site.engine, site.files)
    return number


def keys(person: Person, *pressed: str) -> None:
    """Press keys one after the other; the last leads to another page, which is looked at."""
    for key in pressed[:-1]:
        person.page.keyboard.press(key)
    with person.page.expect_navigation():
        person.page.keyboard.press(pressed[-1])
    person.look()


def test_doubts_are_settled_without_a_mouse(site: Site, batch: int, arrive: Arrive) -> None:
    steward = arrive("custodian")
    steward.go("/")
    steward.follow("待治理的数据")
    expect(steward.page.locator("[data-row]")).to_have_count(3)
    keys(steward, "j", "j", "j", "d")
    steward.sees("已确认无误：2 条同类问题。")
    keys(steward, "k", "j", "Enter")
    steward.sees("有效期为空", "2027-05-31")
    keys(steward, "j", "t")
    expect(steward.page.locator("[data-row]").first).to_contain_text("方芳")
    keys(steward, "a")
    steward.sees("已按建议改正。")
    keys(steward, "a")
    steward.sees("这里没有了")
    steward.go("/steward")
    keys(steward, "j", "Enter")
    steward.sees("隔离，未入库")
    steward.page.keyboard.press("e")
    steward.page.keyboard.type("苏A012025000005")
    keys(steward, "Enter")
    steward.go("/steward")
    steward.sees("没有待治理的数据")
    steward.follow("进展")
    steward.sees("最近 30 天新增 5 条，处理 5 条，还剩 0 条。")
    site.work()
    steward.follow("数据质量")
    steward.sees("7 本在用证件", "有扫描件")
    steward.follow("看这些")
    steward.page.locator("[data-row-link]").first.click()
    steward.follow("来源")
    steward.sees("特种作业.csv")


def test_a_phone_is_enough(site: Site, batch: int, arrive: Arrive) -> None:
    steward = arrive("custodian", phone=True)
    for address in ("/steward", "/steward/items?kind=blank_end", "/steward/burn-down?days=90", "/steward/quality"):
        steward.go(address)
    steward.go("/steward/items?kind=no_number")
    steward.page.locator("[data-row-link]").click()
    steward.look()
    steward.page.select_option("#f-column", label="证书编号")
    steward.page.fill("#f-text", "苏A012025000005")
    steward.follow("保存改正")
    steward.sees("已改正。")


def test_a_ledger_goes_out_in_its_own_columns_and_only_the_edits_come_back(
    site: Site, batch: int, arrive: Arrive, tmp_path: Path
) -> None:
    steward = arrive("custodian")
    steward.go(f"/imports/{batch}")
    steward.follow("以这份台账的列导出")
    steward.page.fill("#f-name", "特种作业人员台账")
    steward.page.get_by_role("button", name="“单位”上移").click()
    steward.page.wait_for_load_state()
    steward.look()
    steward.page.get_by_role("button", name="保存", exact=True).click()
    steward.page.wait_for_url("**/layouts")
    steward.look()
    with steward.page.expect_download() as begun:
        steward.named("按“特种作业人员台账”导出 Excel").click()
    file = tmp_path / "改过的台账.xlsx"
    begun.value.save_as(file)
    edited(file)
    steward.go("/imports/new")
    steward.page.set_input_files("#f-files", file)
    steward.page.select_option("#f-unit", str(site.company.units["company"]))
    steward.follow("上传并读取")
    address = steward.page.url.removeprefix(site.address)
    work.sweep(site.engine, site.files)
    steward.go(address)
    steward.follow("确认各列含义")
    steward.follow("继续，逐行检查")
    work.sweep(site.engine, site.files)
    steward.go(f"{address}/rows?outcome=changed")
    steward.sees("改过的机关", "2027-12-31")
    steward.go(address)
    told = steward.page.locator("main").inner_text()
    with unit(site.engine) as session:
        counts = session.get_one(Batch, int(address.rpartition("/")[2])).counts
    assert counts["outcomes"] == {"changed": 2, "same": 4} and "更新在册证件" in told
    assert counts["kinds"] == {}


def edited(file: Path) -> None:
    """Somebody writes another issuer in one row and another end in a second, in Excel."""
    book = openpyxl.load_workbook(file)
    rows = book.worksheets[0]
    headings = [cell.value for cell in rows[1]]
    assert headings[-1] == "台账号" and rows.max_row == 7
    rows.cell(3, headings.index("发证机关") + 1).value = "改过的机关"
    rows.cell(5, headings.index("有效期至") + 1).value = dt.date(2027, 12, 31)
    book.save(file)
