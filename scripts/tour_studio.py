"""The tour's part about process owners: a draft in its four faces, rehearsed, released for one company, taken back;
and about those who keep the processes running."""

from __future__ import annotations

import re

from playwright.sync_api import Locator

from scripts.camera import Seat, Studio

REVIEW = "法务复核"
EDITOR = "[data-editor=frame]:not([aria-busy])"


def owned(studio: Studio) -> None:
    """From a version in force to a release, and what runs meanwhile."""
    owner = studio.at("owner")
    owner.go("/studio/drafts/new")
    owner.page.locator("form", has_text="证件续期").get_by_role("button", name="修改").first.click()
    owner.settle()
    draft = int(owner.page.url.rpartition("/")[2])
    listed(owner, draft)
    owner.look(f"/studio/drafts/{draft}", "studio-draft", tall=900)
    edited(owner, draft)
    compared(owner, draft)
    rehearsed(owner, draft)
    released(studio, owner, draft)
    owner.look("/guidance/application?type=J03", "studio-guidance", tall=900)
    watched(studio, owner)


def listed(owner: Seat, draft: int) -> None:
    """A review more, in the approval list."""
    owner.go(f"/studio/drafts/{draft}/list/renewal.bpmn")
    spot = owner.page.locator("#p-after-G4")
    spot.locator("summary").first.click()
    spot.get_by_role("link", name="审批人").click()
    owner.settle()
    panel: Locator = owner.page.locator("#p-after-G4 .face-panel")
    panel.locator("[name=name]").fill(REVIEW)
    panel.locator("[name=groups][value=legal]").check()
    panel.locator("[name=sla]").fill("3")
    owner.shot("studio-list-step", of="#p-after-G4", tall=1100)
    panel.locator(".btn-primary").first.click()
    owner.settle()
    owner.look(f"/studio/drafts/{draft}/list/renewal.bpmn", "studio-list", tall=1100)


def edited(owner: Seat, draft: int) -> None:
    """The same file as a drawing, a table with a gap in it, a form beside a phone."""
    for name, picture in (("renewal.bpmn", "studio-editor"), ("renewal-expiry.dmn", "studio-table")):
        owner.go(f"/studio/drafts/{draft}/edit/{name}")
        owner.page.wait_for_selector(EDITOR)
        if name.endswith(".dmn"):
            owner.page.locator('td[data-element-id="renewal_expiry_r5_i1"] .content-editable').click()
            owner.page.keyboard.press("End")
            owner.page.keyboard.press("Backspace")
            owner.page.keyboard.type("true")
            owner.page.locator("#findings-title").click()
            owner.page.locator("[data-editor=findings] li").first.wait_for()
        owner.page.wait_for_timeout(900)
        owner.shot(picture, tall=1000)
        if name.endswith(".dmn"):
            owner.page.locator("[data-do=undo]").click()
            owner.page.wait_for_timeout(2800)
    owner.go(f"/studio/drafts/{draft}")
    owner.page.locator(".draft-add > summary").click()
    owner.page.locator("#add-form").select_option("renew-decide")
    owner.page.locator("form", has=owner.page.locator("#add-form")).get_by_role("button").click()
    owner.settle()
    owner.go(f"/studio/drafts/{draft}/edit/renew-decide.form")
    owner.page.wait_for_selector(EDITOR)
    owner.page.wait_for_timeout(900)
    owner.shot("studio-form", tall=900)


def compared(owner: Seat, draft: int) -> None:
    """What the draft changes."""
    owner.go(f"/studio/drafts/{draft}")
    owner.page.get_by_role("link", name=re.compile("与第 . 版比较")).click()
    owner.settle()
    owner.page.wait_for_timeout(900)
    owner.shot("studio-compare", tall=900)


def rehearsed(owner: Seat, draft: int) -> None:
    """Against what runs and what ended, by the worker."""
    owner.go(f"/studio/drafts/{draft}/rehearsal")
    owner.follow("开始预演")
    for _ in range(40):
        owner.page.wait_for_timeout(500)
        if "能不能换到这份草稿" in owner.page.locator("main").inner_text():
            break
    owner.settle()
    owner.shot("studio-rehearsal", tall=900)


def released(studio: Studio, owner: Seat, draft: int) -> None:
    """Asked for one company from tomorrow; a second person decides."""
    owner.go(f"/studio/drafts/{draft}/release")
    owner.page.get_by_label("只在选定的公司试点").check()
    owner.page.get_by_label("华城市政工程有限公司").check()
    owner.page.get_by_label("改了什么，为什么发布").fill("材料审核后加法务复核，先在市政公司试点")
    owner.shot("studio-release-ask", tall=920)
    owner.follow("提出发布申请")
    second = studio.at("owner2")
    second.look(owner.page.url.removeprefix(studio.address), "studio-release-decide", tall=900)
    second.follow("同意发布")
    owner.look("/studio/releases", "studio-releases", tall=700)


def watched(studio: Studio, owner: Seat) -> None:
    """The cockpit, at a desk and on a phone."""
    owner.look("/cockpit/instances?process=application", "cockpit-instances", tall=900)
    owner.page.locator("main [data-row-link]").first.click()
    owner.settle()
    owner.page.wait_for_timeout(700)
    owner.shot("cockpit-instance", tall=1000)
    owner.go("/cockpit/heat?process=application")
    owner.page.wait_for_timeout(900)
    owner.shot("cockpit-heat", tall=1100)
    owner.look("/cockpit/workload", "cockpit-workload", tall=900)
    studio.at("admin").look("/cockpit/health", "cockpit-health", tall=900)
    phone = studio.at("owner", phone=True)
    phone.look("/cockpit/instances?process=application", "cockpit-phone")
