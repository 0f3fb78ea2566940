"""Pictures of what is done about certificates: renewals, changes, cancellations, and the types they follow."""

from __future__ import annotations

import re

from ledger import clock
from ledger.workdays import ONE_DAY
from scripts.camera import Seat, Studio


def open_task(seat: Seat, title: str) -> None:
    """Claim it in the inbox and open it."""
    seat.go("/inbox")
    row = seat.page.locator("[data-row]", has_text=title).first
    claim = row.get_by_role("button", name="签收")
    if claim.count():
        claim.click()
        seat.settle()
    seat.page.locator("[data-row]", has_text=title).first.locator("[data-row-link]").click()
    seat.settle()


def of_changes(studio: Studio) -> None:
    """What may be done about a licence, and what stands in the way of its cancellation."""
    legal = studio.at("legal")
    legal.go("/certificates?type=E03")
    pages = (one.get_attribute("href") or "" for one in legal.page.locator("main a").all())
    licence = next(page for page in pages if re.fullmatch("/certificates/[0-9]+", page))
    legal.look(f"{licence}/requests/new", "matters", tall=460)
    legal.page.locator("button[value='cancellation.']").click()
    legal.settle()
    legal.fill("cancel-ground", {
        "ground": "merged", "reason": "两家公司合并，许可证并入存续公司。", "happened_on": clock.today().isoformat(),
        "doc_evidence": ["合并决议.pdf"]})
    legal.decide("提交")
    legal.shot("hindrances", tall=900)


def of_types(studio: Studio) -> None:
    """The types: the list, one of them, a window tried and refused, what a change would move, the edition."""
    owner = studio.at("owner")
    owner.look("/types", "types", tall=640)
    owner.look("/types/P07", "type", tall=1000)
    owner.go("/types/P02/editions/new")
    window = owner.page.locator("#p-window")
    owner.page.fill('[name="window.opens"]', "4")
    owner.page.wait_for_timeout(900)
    owner.shot("type-window", of=window, tall=620)
    owner.page.fill('[name="window.closes"]', "5")
    owner.page.fill('[name="effective_from"]', (clock.today() + ONE_DAY * 30).isoformat())
    owner.page.fill('[name="reason"]', "省厅通知：期满前四个月起受理")
    owner.follow("检查并看影响")
    owner.shot("type-fault", tall=760)
    owner.page.fill('[name="window.closes"]', "")
    owner.follow("检查并看影响")
    owner.shot("type-effect", tall=620)
    owner.follow("发布，")
    owner.shot("type-edition", tall=520)
    phone = studio.at("owner", phone=True)
    phone.look("/types/P02", "type-phone", tall=800)


def renewed(studio: Studio) -> None:
    """A list of renewals is begun; safety decides on one and looks at what is missing."""
    keeper = studio.at("custodian")
    keeper.go("/renewals?type=P02&standing=due")
    boxes = keeper.page.locator("input[name=certificate]:enabled")
    for number in range(min(3, boxes.count())):
        boxes.nth(number).check()
    keeper.shot("renew-list", tall=640)
    keeper.follow("为选中的证件发起续期")
    keeper.shot("renew-list-done", tall=520)
    officer = studio.at("safety")
    open_task(officer, "决定是否续期")
    officer.shot("renew-decide", tall=820)
    officer.decide("续期")
    open_task(officer, "补齐缺口")
    officer.shot("renew-gap", tall=940)
    phone = studio.at("safety", phone=True)
    phone.look(officer.page.url.removeprefix(studio.address), "renew-gap-phone", tall=1000)
