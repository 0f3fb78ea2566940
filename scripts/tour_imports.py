"""The tour's part about an old ledger that comes in, is corrected, enters the register and leaves it again."""

from __future__ import annotations

from playwright.sync_api import FilePayload

from scripts import old_ledger
from scripts.camera import Seat, Studio

PATIENCE = 60_000  # milliseconds the import worker may take for one step
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def imported(studio: Studio) -> None:
    """Upload, columns, rows, commit, undo."""
    keeper = studio.at("custodian")
    keeper.go("/imports")
    keeper.follow("导入台账")
    chosen: FilePayload = {"name": old_ledger.NAME, "mimeType": MEDIA_TYPE, "buffer": old_ledger.ledger()}
    keeper.page.set_input_files("#f-files", chosen)
    company = keeper.page.locator("#f-unit option", has_text="第一建筑").first.get_attribute("value")
    keeper.page.select_option("#f-unit", company)
    keeper.shot("import-new", tall=760)
    keeper.follow("上传并读取")
    keeper.page.get_by_role("link", name="确认各列含义").click(timeout=PATIENCE)
    keeper.settle()
    address = keeper.page.url.removeprefix(studio.address).removesuffix("/mapping")
    keeper.shot("import-columns", tall=900)
    keeper.follow("继续，逐行检查")
    keeper.page.get_by_text("检查完了").wait_for(timeout=PATIENCE)
    keeper.settle()
    keeper.shot("import-ready", tall=860)
    corrected(keeper, address)
    phone = studio.at("custodian", phone=True)
    phone.look(f"{address}/rows?outcome=stopped", "import-phone")
    keeper.go(address)
    keeper.follow("入库")
    keeper.shot("import-commit", tall=560)
    keeper.follow("确认入库")
    keeper.page.get_by_role("link", name="看入库的证件").wait_for(timeout=PATIENCE)
    keeper.settle()
    keeper.shot("import-done", tall=760)
    keeper.look(f"{address}/undo", "import-undo", tall=480)


def corrected(keeper: Seat, address: str) -> None:
    """The rows, and one of them open."""
    keeper.look(f"{address}/rows", "import-rows", tall=1000)
    keeper.go(f"{address}/rows?outcome=stopped")
    keeper.page.locator("[data-row-link]").first.click()
    keeper.page.locator(".import-editor").wait_for()
    keeper.shot("import-row", of=".import-list", tall=760)
