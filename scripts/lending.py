"""The part of the tour about originals: entered, copied with a mark, applied for, handed over, on loan."""

from __future__ import annotations

import datetime as dt

import pypdfium2

from ledger import clock
from scripts.camera import Seat, Studio, keep

FORM = "[data-part=problems-list], [data-part=fields], [data-part=status], [data-part=actions]"
WIDTH = 640  # pixels of the picture of a copy
PURPOSE = "滨江花园二期投标"


def lend(studio: Studio, certificate: str) -> None:
    """`certificate` is the address of one that has a scan."""
    entered(studio, certificate)
    copied(studio, certificate)
    borrowed(studio, certificate)
    on_loan(studio, certificate)


def entered(studio: Studio, certificate: str) -> None:
    keeper = studio.at("custodian")
    keeper.go(f"{certificate}/custody")
    keeper.follow("登记原件")
    keeper.page.fill("[name=place]", "档案室 2 柜 3 层")
    keeper.shot("original-new", tall=640)
    keeper.follow("登记入库")
    keeper.shot("original", tall=1000)


def copied(studio: Studio, certificate: str) -> None:
    """Asked for and there at once: the page, what it looks like, what its mark says."""
    person, until = studio.at("applicant"), clock.today() + dt.timedelta(days=30)
    ask(person, certificate)
    person.fill("borrow", {"wanted": "带水印的副本（扫描件、使用件）", "purpose": "bid", "purpose_note": PURPOSE,
                           "until": until.isoformat()})
    person.shot("borrow-copy", of=FORM, tall=900)
    person.decide("提交申请")
    person.look(f"{certificate}/custody", "custody", of="nav.tabs, nav.tabs + section", tall=640)
    person.page.locator("a.licet-code").first.click()
    person.settle()
    person.shot("copy", tall=560)
    mark = person.page.locator("h2.licet-code").inner_text()
    if studio.wants("copy-page"):
        drawn = person.page.context.request.get(person.page.url + "/copy.pdf").body()
        page = pypdfium2.PdfDocument(drawn)[0]
        keep(page.render(scale=WIDTH / page.get_width()).to_pil().convert("RGB"), studio.folder / "copy-page.png")
    phone = studio.at("", phone=True)
    phone.look(f"/c/{mark}", "copy-verify-phone", tall=640)


def ask(seat: Seat, certificate: str) -> None:
    """Begin to borrow at the certificate."""
    seat.go(f"{certificate}/custody")
    seat.follow("申请借阅")


def borrowed(studio: Studio, certificate: str) -> None:
    """The paper itself: applied for, approved by the vice president, handed over, signed for."""
    person, today = studio.at("applicant"), clock.today()
    ask(person, certificate)
    person.fill("borrow", {
        "wanted": "正本", "purpose": "bid", "purpose_note": PURPOSE, "from_on": today.isoformat(),
        "until": (today + dt.timedelta(days=3)).isoformat(), "outside": "no"})
    person.shot("borrow-form", of=FORM, tall=1200)
    person.decide("提交申请")
    request = person.page.url.removeprefix(studio.address)
    chief, keeper = studio.at("vice"), studio.at("custodian")
    act(chief, request)
    chief.decide("同意")
    act(keeper, request)
    keeper.fill("hand-over", {"serial": "正本 001"})
    keeper.shot("hand-over", of=FORM, tall=900)
    keeper.decide("已交付，经手人签字")
    act(person, request)
    person.shot("receive", of=FORM, tall=600)
    person.decide("签收")


def act(seat: Seat, request: str) -> None:
    """Open the task of a request that waits for this person."""
    seat.go(request)
    seat.page.locator(".asked a, .asked button").first.click()
    seat.settle()


def on_loan(studio: Studio, certificate: str) -> None:
    keeper = studio.at("custodian")
    keeper.look("/loans?scope=out", "loans", tall=760)
    keeper.go(f"{certificate}/custody")
    keeper.page.locator("section td a.first").first.click()
    keeper.settle()
    keeper.follow("看这笔借用")
    keeper.shot("loan", tall=900)
    phone = studio.at("applicant", phone=True)
    phone.look("/loans", "loans-phone")
