"""The tour's part about people, companies, machines and rules, and about somebody who leaves."""

from __future__ import annotations

import time

from scripts.camera import Seat, Studio

PATIENCE = 30.0  # seconds the worker may take to begin what follows from a fact


def holders(studio: Studio) -> None:
    """Somebody joins; a company and its children; a machine."""
    hr = studio.at("hr")
    hr.look("/people/new", "person-new", tall=900)
    auditor = studio.at("auditor")
    auditor.look("/companies/1?lacks=yes", "group", tall=700)
    seen(auditor)
    legal = studio.at("legal")
    legal.go("/projects?state=live")
    legal.page.locator("[data-row-link]").first.click()
    legal.settle()
    legal.follow("登记工程概况")
    legal.shot("works", tall=900)
    safety = studio.at("safety")
    safety.go("/machines?q=塔")
    safety.page.locator("[data-row-link]").first.click()
    safety.settle()
    safety.shot("machine", tall=700)


def seen(auditor: Seat) -> None:
    """What one of human resources sees, and who sees a certificate."""
    auditor.go("/roles/hr")
    auditor.page.locator("[data-row-link]").first.click()
    auditor.settle()
    auditor.follow("能看到什么")
    auditor.shot("sight", tall=760)
    auditor.go("/certificates?type=P02")
    auditor.page.locator("[data-row-link]").first.click()
    auditor.settle()
    auditor.follow("谁能看到")
    auditor.shot("who-may", tall=760)
    auditor.look("/audit?of=certificate", "audit", tall=760)


def leaving(studio: Studio) -> None:
    """A project manager leaves: what follows, first shown, then kept; and the process that begins by itself."""
    hr = studio.at("hr")
    hr.go("/projects")
    hr.page.locator("[data-row-link]").first.click()
    hr.settle()
    manager = hr.page.locator("tr", has_text="项目经理").get_by_role("link").first
    manager.click()
    hr.settle()
    person = hr.page.url.removeprefix(studio.address)
    hr.shot("person", tall=1000)
    hr.look(f"{person}/leaving", "leaving", tall=1000)
    hr.page.fill("#f-reason", "个人原因")
    hr.page.locator("form[action$='/leaving'] button.btn-primary").click()
    hr.page.locator("dialog").get_by_role("button", name="登记离职").click()
    hr.settle()
    _until(hr, "离职后还没有办完的")
    hr.shot("person-left", tall=520)
    name = hr.page.locator("h1").inner_text().partition("的")[0]
    hr.go(f"/requests?scope=all&q={name}")
    hr.page.get_by_role("link", name=f"离职 · {name}").first.click()
    hr.settle()
    hr.shot("leaving-request", tall=900)
    keeper = studio.at("custodian")
    keeper.look("/affected", "affected", tall=620)
    phone = studio.at("custodian", phone=True)
    phone.look("/affected", "affected-phone")


def rules(studio: Studio) -> None:
    """The rules' tables, for their owner."""
    owner = studio.at("owner")
    owner.look("/rules", "rules", tall=860)
    owner.look("/rules/R11", "rule", tall=900)
    owner.look("/alert-rules", "alert-rules", tall=700)
    owner.go("/alert-rules/trial")
    owner.page.locator("[data-row-link]").first.click()
    owner.settle()
    owner.shot("alert-rules-trial", tall=900)


def _until(seat: Seat, words: str) -> None:
    """Look again until the page says so."""
    end = time.monotonic() + PATIENCE
    while words not in seat.page.locator("main").inner_text():
        if time.monotonic() > end:
            raise RuntimeError(f"the page never said {words}")
        time.sleep(1)
        seat.page.reload()
        seat.settle()
