"""The tour's part about a data steward: doubts of a ledger that came in, how they shrink, the score, own columns."""

from __future__ import annotations

import csv
import io

from registry.people.identity import id_check_digit
from scripts.camera import Seat, Studio

PATIENCE = 60_000  # milliseconds the import worker may take for one step
NAME = "苏北分公司特种作业人员台账.csv"
HEADINGS = ("姓名", "身份证号", "证件名称", "操作类别", "证书编号", "发证日期", "有效期至", "发证机关", "状态")
NAMES = ("丁一凡", "于海涛", "万志强", "马春生", "卞国庆", "石大勇", "孙有田", "朱建民", "庄文斌", "汤小宝", "许家旺",
         "成立新")


def ledger() -> bytes:
    """A dozen rows: ends left empty, states nobody knows, numbers missing, an identity number mistyped."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for place, name in enumerate(NAMES):
        first = f"320301198{place % 10}0{place % 9 + 1}15{211 + 2 * place}"
        identity = first + id_check_digit(first)
        if place == 10:
            identity = identity[:14] + identity[15] + identity[14] + identity[16:]
        writer.writerow((
            name, identity, "建筑施工特种作业操作资格证", "建筑电工",
            "" if place in (5, 8) else f"苏C012025{place + 301:06d}",
            "2025-06-01", "" if place in (1, 2, 6, 7) else "2027-05-31", "江苏省住房和城乡建设厅",
            "在岗（待定）" if place in (3, 4, 9) else "有效",
        ))
    return out.getvalue().encode("utf-8-sig")


def stewarded(studio: Studio) -> None:
    """A ledger comes in; then its doubts are worked off."""
    keeper = studio.at("custodian")
    batch = brought(studio, keeper)
    keeper.look(f"/steward?batch={batch}", "steward", tall=760)
    phone = studio.at("custodian", phone=True)
    phone.look(f"/steward?batch={batch}", "steward-phone")
    keeper.go(f"/steward/items?batch={batch}&kind=blank_end")
    for _ in range(2):
        keeper.page.keyboard.press("j")
        with keeper.page.expect_navigation():
            keeper.page.keyboard.press("a")
        keeper.settle()
    keeper.shot("steward-items", tall=560)
    keeper.go(f"/steward/items?batch={batch}&kind=no_number")
    keeper.page.locator("[data-row-link]").first.click()
    keeper.settle()
    keeper.shot("steward-item", tall=900)
    keeper.look("/steward/burn-down", "steward-chart", tall=760)
    keeper.look("/steward/quality", "steward-quality", tall=900)
    keeper.go("/certificates?q=丁一凡")
    keeper.page.locator("[data-row-link]").first.click()
    keeper.settle()
    keeper.follow("来源")
    keeper.shot("sources", of=".sources", tall=700)
    own_columns(keeper, batch)


def brought(studio: Studio, keeper: Seat) -> str:
    """Into the register, as far as it can be; the batch's number."""
    keeper.go("/imports/new")
    keeper.page.set_input_files("#f-files", {"name": NAME, "mimeType": "text/csv", "buffer": ledger()})
    company = keeper.page.locator("#f-unit option", has_text="第一建筑").first.get_attribute("value")
    keeper.page.select_option("#f-unit", company)
    keeper.follow("上传并读取")
    keeper.page.get_by_role("link", name="确认各列含义").click(timeout=PATIENCE)
    keeper.settle()
    address = keeper.page.url.removeprefix(studio.address).removesuffix("/mapping")
    keeper.follow("继续，逐行检查")
    keeper.page.get_by_text("检查完了").wait_for(timeout=PATIENCE)
    keeper.go(address)
    keeper.follow("入库")
    keeper.follow("确认入库")
    keeper.page.get_by_role("link", name="看入库的证件").wait_for(timeout=PATIENCE)
    return address.rpartition("/")[2]


def own_columns(keeper: Seat, batch: str) -> None:
    """The ledger's columns, kept as the company's own."""
    keeper.go(f"/layouts/new?batch={batch}&table=0")
    keeper.page.fill("#f-name", "特种作业人员台账")
    keeper.shot("layout", tall=900)
    keeper.page.get_by_role("button", name="保存", exact=True).click()
    keeper.settle()
    keeper.go("/certificates?family=P")
    keeper.page.locator(".drop summary").click()
    keeper.shot("layout-export", tall=560)
