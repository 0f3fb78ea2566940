"""The whole of it: a process owner who is no programmer changes the renewal, is told of two mistakes, mends them,
rehearses; a second person releases it for one company from tomorrow; it is rolled back. Whoever is under way stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Task
from ledger import jobs
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from tests.journeys.company import open_accounts
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.test_studio_editors import Editing
from tests.journeys.test_studio_faces import put, saves
from tests.journeys.way import Arrive
from tests.web.releasing import more_owners
from tests.workflows.renewing import granted
from worker import long_work
from workflows.handling import desk
from workflows.renewal import starting
from workflows.requests import Request
from workflows.studio.faces import reading as faces

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
REVIEW, LABEL = "法务复核", "理由（集团要求写明）"


class Renewals:
    """Renewals that begin in two companies, and on which version each of them is."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.begun: dict[str, int] = {}

    def begins(self, name: str, company: str) -> int:
        """A certificate of the company, and its renewal; the version it began on."""
        number = f"D2330123{len(self.begun) + 10}"
        with unit(self.site.engine) as session:
            certificate = granted(session, self.site.company, "E02", on=company, number=number)
            self.begun[name] = starting.start(session, certificate, by=SYSTEM).id
        return self.version(name)

    def version(self, name: str) -> int:
        with reading(self.site.engine) as session:
            return self._definition(session, name).version

    def versions(self) -> dict[str, int]:
        return {name: self.version(name) for name in self.begun}

    def days(self, name: str) -> int:
        """The calendar days that the first task of a renewal has."""
        with reading(self.site.engine) as session:
            task = session.get_one(Task, self.site.task(self.begun[name], "N1_decide"))
            assert task.due_at
            return (task.due_at - task.created_at).days

    def labels(self, name: str) -> set[str]:
        """What the form of its first task asks."""
        with reading(self.site.engine) as session:
            task = session.get_one(Task, self.site.task(self.begun[name], "N1_decide"))
            form = desk.form_for(task, session.get_one(Request, self.begun[name]))
            return set(_labels(form.schema["components"]))

    def reviewed(self, name: str) -> bool:
        """Whether the legal review is a step of its version."""
        with reading(self.site.engine) as session:
            return REVIEW in catalog.plan(session, self._definition(session, name).id).names().values()

    def _definition(self, session: Session, name: str) -> Definition:
        return session.get_one(Definition, session.get_one(Request, self.begun[name]).instance.definition_id)


def _labels(components: list[dict[str, Any]]) -> list[str]:
    return [label for one in components for label in (one.get("label", ""), *_labels(one.get("components", [])))]


def test_a_change_is_proved_rehearsed_released_for_one_company_and_rolled_back(site: Site, arrive: Arrive) -> None:
    with unit(site.engine) as session:
        more_owners(session, site.company, second="group")
        open_accounts(session, site.company, "second")
    renewals = Renewals(site)
    assert (renewals.begins("ours before", "company"), renewals.begins("theirs before", "other")) == (1, 1)
    owner = arrive("owner")
    draft = opened(owner)
    in_the_list(owner, draft)
    compared(owner, draft)
    editing = Editing(owner, site, draft)
    nobody_is_forgotten(editing, draft)
    in_the_table(editing, draft)
    in_the_form(editing, draft)
    rehearsed(owner, site, draft)
    release = released(owner, arrive("second"), draft)
    assert renewals.begins("ours today", "company") == 1
    site.clock.move_to(datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI))
    site.work()
    assert (renewals.begins("ours then", "company"), renewals.begins("theirs then", "other")) == (2, 1)
    assert renewals.reviewed("ours then") and not renewals.reviewed("theirs then")
    assert renewals.days("ours then") < renewals.days("theirs then")
    assert LABEL in renewals.labels("ours then") and LABEL not in renewals.labels("theirs then")
    assert LABEL not in renewals.labels("ours before")
    rolled_back(owner, release)
    assert renewals.begins("ours later", "company") == 1
    assert renewals.versions() == {"ours before": 1, "theirs before": 1, "ours today": 1, "ours then": 2,
                                   "theirs then": 1, "ours later": 1}


def opened(owner: Person) -> int:
    """A draft of the version that is in force."""
    owner.go("/studio/drafts/new")
    owner.page.locator("form", has_text="证件续期").get_by_role("button", name="修改").first.click()
    owner.page.wait_for_url("**/studio/drafts/*")
    owner.look()
    return int(owner.page.url.rpartition("/")[2])


def in_the_list(owner: Person, draft: int) -> None:
    """A legal review more, and two days less for the first step."""
    owner.go(f"/studio/drafts/{draft}/list/renewal.bpmn")
    spot = put(owner, "after-G4", "审批人")
    spot.locator("[name=name]").fill(REVIEW)
    spot.locator("[name=groups][value=legal]").check()
    spot.locator("[name=sla]").fill("3")
    saves(owner, spot, 2)
    owner.page.locator("#b-N1_decide .face-acts a").first.press("Enter")
    card = owner.page.locator("#b-N1_decide")
    card.locator("[name=sla]").fill("6")
    saves(owner, card, 3)


def compared(owner: Person, draft: int) -> None:
    """What that changed, on both drawings and in words, nothing in the words of a file."""
    owner.go(f"/studio/drafts/{draft}")
    owner.follow("版比较")
    expect(owner.page.locator("[data-diagram] .licet-added").first).to_be_attached()
    expect(owner.page.locator("[data-diagram]:not([aria-busy])")).to_have_count(2)
    told = owner.page.locator(".diff-list").inner_text()
    assert REVIEW in told and "法务经营" in told and "extensionElements" not in told


def nobody_is_forgotten(editing: Editing, draft: int) -> None:
    """The first mistake: in the drawing the role is taken away; it is said at once, refused at the release, mended."""
    element = next(block.id for block in faces.read(editing.saved("renewal.bpmn").encode(), "renewal").blocks()
                   if block.name == REVIEW)
    editing.opens("renewal.bpmn")
    expect(editing.part("count")).to_contain_text("提示")
    editing.selects(element)
    editing.unfolds("assignmentDefinition")
    editing.page.get_by_role("button", name="去掉 法务经营").click()
    complaint = editing.part("findings").locator("li", has_text="没有办理人")
    expect(complaint).to_have_count(1)
    editing.is_saved()
    editing.person.go(f"/studio/drafts/{draft}/release")
    editing.person.sees("没有办理人")
    expect(editing.page.get_by_role("button", name="提出发布申请")).to_have_count(0)
    editing.opens("renewal.bpmn")
    editing.selects(element)
    editing.unfolds("assignmentDefinition")
    editing.entry("assignmentDefinitionCandidateGroups").select_option("legal")
    expect(complaint).to_have_count(0)
    editing.is_saved()


def in_the_table(editing: Editing, draft: int) -> None:
    """The second: a row that no longer takes everything leaves a gap, told with an example; then it is whole."""
    editing.opens("renewal-expiry.dmn")
    cell = editing.page.locator('td[data-element-id="renewal_expiry_r5_i1"] .content-editable')
    typed(editing, cell, "true")
    expect(editing.part("findings").locator("li", has_text="没有规则覆盖").first).to_be_visible()
    editing.is_saved()
    typed(editing, cell, "false")
    expect(editing.part("findings").locator("li", has_text="没有规则覆盖")).to_have_count(0)
    editing.is_saved()
    assert "<text>false</text>" in editing.saved("renewal-expiry.dmn").split("renewal_expiry_r5_i1")[1][:60]


def typed(editing: Editing, cell: Any, text: str) -> None:
    cell.click()
    editing.page.keyboard.press("End")
    for _ in range(8):
        editing.page.keyboard.press("Backspace")
    editing.page.keyboard.type(text)
    editing.page.locator("#findings-title").click()


def in_the_form(editing: Editing, draft: int) -> None:
    """A field of the first step's form is asked in other words."""
    owner = editing.person
    owner.go(f"/studio/drafts/{draft}")
    owner.page.locator(".draft-add > summary").click()
    owner.page.locator("#add-form").select_option("renew-decide")
    owner.page.locator("form", has=owner.page.locator("#add-form")).get_by_role("button").click()
    owner.page.wait_for_load_state()
    editing.opens("renew-decide.form")
    editing.page.locator(".fjs-editor-container .fjs-form-field-textarea").first.click()
    editing.unfolds("general")
    label = editing.page.locator('[data-entry-id="label"] .cm-content, [data-entry-id="label"] input').first
    label.click()
    editing.page.keyboard.press("ControlOrMeta+a")
    editing.page.keyboard.type(LABEL)
    expect(editing.part("phone").get_by_text(LABEL)).to_be_visible()
    editing.is_saved()


def rehearsed(owner: Person, site: Site, draft: int) -> None:
    """Both that are under way could go on by it."""
    owner.go(f"/studio/drafts/{draft}/rehearsal")
    owner.follow("开始预演")
    assert jobs.sweep(site.engine, long_work()) == 1
    owner.page.reload()
    owner.sees("正在办的 2 件")
    owner.sees("可以直接迁移")


def released(owner: Person, second: Person, draft: int) -> int:
    """Asked for one company from tomorrow (as the page offers it); whoever asked cannot decide, the second does."""
    owner.go(f"/studio/drafts/{draft}/release")
    owner.page.get_by_label("只在选定的公司试点").check()
    owner.page.get_by_label("华建第一建筑有限公司").check()
    owner.page.get_by_label("改了什么，为什么发布").fill("材料审核后加法务复核；决定是否续期改为 6 个工作日")
    owner.follow("提出发布申请")
    owner.sees("须由另一位流程负责人决定")
    expect(owner.page.get_by_role("button", name="同意发布")).to_have_count(0)
    number = int(owner.page.url.rpartition("/")[2])
    second.go(f"/studio/releases/{number}")
    second.follow("同意发布")
    second.sees("2026-11-24 零点起生效")
    return number


def rolled_back(owner: Person, release: int) -> None:
    owner.go(f"/studio/releases/{release}")
    owner.follow("退回之前的版本")
    owner.page.get_by_label("退回的原因").fill("先在其他公司征求意见")
    owner.page.get_by_role("button", name="退回", exact=True).click()
    owner.sees("之前的版本从现在起重新生效")
