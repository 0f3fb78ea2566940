"""A process owner draws, decides and makes forms; what is wrong is said at once, what is typed is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from ledger.db import unit
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.studio import HOSTILE, drawing, form, large, table
from workflows.studio import drafts

FILES = {"trial.bpmn": drawing(), "trial.dmn": table(), "trial.form": form()}
DRAWN = "[data-editor=frame]:not([aria-busy])"
MODELER = "document.querySelector('[data-editor=frame]').licetModeler"
MISSING = "[...(globalThis.licetMissing ?? [])]"
PLANTED = "[...document.querySelectorAll('[src=planted], [onerror]')].map(one => one.outerHTML)"


class Editing:
    """One person at the editors of one draft."""

    def __init__(self, person: Person, site: Site, draft_id: int) -> None:
        self.person, self.page, self.site, self.draft_id = person, person.page, site, draft_id

    def opens(self, name: str, width: int = 1280) -> None:
        self.page.set_viewport_size({"width": width, "height": 1000 if width > 500 else 844})
        self.page.goto(f"{self.site.address}/studio/drafts/{self.draft_id}/edit/{name}")
        self.page.wait_for_selector(DRAWN, timeout=60_000)

    def part(self, name: str) -> Locator:
        return self.page.locator(f"[data-editor={name}]")

    def selects(self, element: str) -> None:
        known = f"{MODELER}.get('elementRegistry').get(id)"
        self.page.evaluate(f"id => {MODELER}.get('selection').select({known})", element)

    def unfolds(self, group: str) -> None:
        place = self.page.locator(f'[data-group-id="group-{group}"] .bio-properties-panel-group-header')
        if "open" not in (place.get_attribute("class") or "").split():
            place.locator(".bio-properties-panel-group-header-title").click()

    def entry(self, name: str) -> Locator:
        return self.page.locator(f'[id="entry-{name}"]')

    def is_saved(self) -> None:
        expect(self.part("state")).to_have_attribute("data-state", "saved", timeout=20_000)

    def saved(self, name: str) -> str:
        with Session(self.site.engine) as session:
            return drafts.files(session, drafts.one(session, self.draft_id))[name].decode()

    def looks(self) -> None:
        """axe, width, console; and no word of the editors is left in English."""
        self.person.look()
        if not self.person.english:
            assert self.page.evaluate(MISSING) == []


Edits = Callable[..., Editing]


@pytest.fixture
def edits(site: Site, arrive: Arrive) -> Edits:
    def begin(files: Mapping[str, bytes], *, english: bool = False) -> Editing:
        with unit(site.engine) as session:
            owner = site.company.actor(session, "owner")
            made = drafts.begin(session, name="Trial", process_id="trial", files=files, by=owner).id
        return Editing(arrive("owner", english=english), site, made)

    return begin


@pytest.mark.parametrize("width", [1280, 820])
def test_a_task_is_drawn_given_to_a_role_and_what_was_forgotten_is_said(edits: Edits, width: int) -> None:
    owner = edits(FILES)
    owner.opens("trial.bpmn", width)
    expect(owner.part("count")).to_contain_text("检查通过")
    owner.selects("Check")
    owner.page.locator('.djs-context-pad [data-action="append.append-task"]').click()
    owner.page.evaluate(f"{MODELER}.get('directEditing').complete()")
    owner.page.locator('.djs-context-pad [data-action="replace"]').click()
    owner.page.locator('.djs-popup [data-id="replace-with-user-task"]').click()
    complaint = owner.part("findings").locator("li", has_text="没有办理人")
    expect(complaint).to_have_count(1)
    expect(owner.page.locator(".finding-mark.finding-error")).to_be_visible()
    complaint.locator("button").click()
    if width < 1100:
        owner.page.locator("[data-do=panel]").click()
    owner.unfolds("general")
    owner.page.locator("#bio-properties-panel-name").fill("复核")
    owner.unfolds("assignmentDefinition")
    owner.entry("assignmentDefinitionCandidateGroups").select_option("approver")
    owner.unfolds("licet-time")
    owner.entry("licet:sla").fill("2")
    parsers_speak_chinese(owner)
    owner.looks()
    expect(complaint).to_have_count(0)
    owner.is_saved()
    expect(owner.page.locator(".djs-label", has_text="复核")).to_have_count(1)
    owner.opens("trial.bpmn", width)
    expect(owner.page.locator(".djs-label", has_text="复核")).to_have_count(1)
    saved = owner.saved("trial.bpmn")
    assert 'candidateGroups="approver"' in saved and 'name="licet:sla" value="2"' in saved


def parsers_speak_chinese(owner: Editing) -> None:
    """What the parsers of XML and FEEL say, which hand out nothing to translate but finished sentences."""
    said = {"unparsable content <a> detected\n\tline: 3\n\tcolumn: 0\n\tnested error: unclosed tag": "标签没有结束",
            "duplicate ID <x>": "编号“x”用了两次", "Incomplete <IfExpression>": "if 表达式没有写完"}
    for message, words in said.items():
        assert words in owner.page.evaluate("message => licetParsed(message)", message)


def test_what_is_undone_is_saved_as_it_was_and_pictures_are_made_in_the_browser(edits: Edits) -> None:
    owner = edits(FILES)
    owner.opens("trial.bpmn")
    owner.selects("Check")
    owner.unfolds("licet-people")
    owner.entry("licet:copyTo").select_option("custodian")
    owner.entry("licet:copyTo").select_option("approver")
    owner.is_saved()
    assert 'name="licet:copyTo" value="custodian,approver"' in owner.saved("trial.bpmn")
    for _ in range(2):
        owner.page.locator("[data-do=undo]").click()
    expect(owner.page.locator("[data-do=undo]")).to_be_disabled()
    owner.page.locator("[data-do=save]").click()
    owner.is_saved()
    assert "copyTo" not in owner.saved("trial.bpmn") and "licet:sla" in owner.saved("trial.bpmn")
    for kind, begins in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("file", b"<?xml")):
        with owner.page.expect_download() as kept:
            owner.page.locator(f"[data-do={kind}]").click()
        name = f"trial.{kind if kind != 'file' else 'bpmn'}"
        assert kept.value.suggested_filename == name and kept.value.path().read_bytes().startswith(begins)


def test_playing_through_leaves_no_trace_in_the_file(edits: Edits) -> None:
    owner = edits({"trial.bpmn": drawing(task=HOSTILE)})
    owner.opens("trial.bpmn")
    owner.page.locator("[data-do=simulate]").click()
    owner.page.locator('.djs-overlays[data-container-id="Start"] .bts-context-pad').first.click()
    expect(owner.page.locator(".bts-notification, .bts-log .bts-entry").first).to_be_attached()
    owner.page.wait_for_timeout(300)
    owner.looks()
    assert owner.page.evaluate(PLANTED) == []
    owner.page.locator("[data-do=save]").click()
    owner.is_saved()
    assert owner.saved("trial.bpmn") == drawing(task=HOSTILE).decode() or "color" not in owner.saved("trial.bpmn")


def test_a_changed_row_leaves_a_gap_that_is_shown_with_an_example(edits: Edits) -> None:
    owner = edits(FILES)
    owner.opens("trial.dmn")
    expect(owner.part("count")).to_contain_text("检查通过")
    owner.page.locator('td[data-element-id="r2i"] .content-editable').click()
    owner.page.keyboard.press("End")  # not "select all": Chromium then makes a <span style>, which the policy stops
    for _ in ">= 10":
        owner.page.keyboard.press("Backspace")
    owner.page.keyboard.type("> 12")
    owner.page.locator("#findings-title").click()
    gap = owner.part("findings").locator("li", has_text="没有规则覆盖")
    expect(gap).to_contain_text("例如：Age = 1")
    expect(owner.page.locator("tfoot td[data-finding]")).to_have_count(1)
    owner.looks()
    owner.is_saved()
    assert "12" in owner.saved("trial.dmn")


def test_a_label_that_is_changed_is_seen_on_the_phone_beside_it(edits: Edits) -> None:
    owner = edits(FILES)
    owner.opens("trial.form")
    owner.page.locator(".fjs-editor-container .fjs-form-field-textfield").click()
    owner.unfolds("general")
    label = owner.page.locator('[data-entry-id="label"] .cm-content, [data-entry-id="label"] input').first
    label.click()
    owner.page.keyboard.press("ControlOrMeta+a")
    owner.page.keyboard.type("复核意见")
    expect(owner.part("phone").get_by_text("复核意见")).to_be_visible()
    owner.looks()
    owner.is_saved()
    assert json.loads(owner.saved("trial.form"))["components"][0]["label"] == "复核意见"
    owner.opens("trial.form", 820)
    expect(owner.part("phone").get_by_text("复核意见")).to_be_visible()
    owner.looks()


def test_nothing_that_somebody_wrote_becomes_markup(edits: Edits) -> None:
    planted = [{"id": kind, "type": kind, "label": HOSTILE, "text": HOSTILE, "content": HOSTILE, "key": kind,
                "values": [{"value": HOSTILE, "label": HOSTILE}]} for kind in ("text", "html", "select", "group")]
    owner = edits({
        "trial.bpmn": drawing(task=HOSTILE, documentation=HOSTILE),
        "trial.form": form(HOSTILE, *planted, title=HOSTILE),
        "trial.dmn": table(HOSTILE, label=HOSTILE, note=HOSTILE, rules=((HOSTILE, "1"), (">= 10", HOSTILE))),
    })
    for name in ("trial.bpmn", "trial.dmn", "trial.form"):
        owner.opens(name)
        if name == "trial.bpmn":
            owner.selects("Check")
            owner.unfolds("documentation")
            owner.page.locator("[data-do=search]").click()
            expect(owner.page.locator(".djs-search-input input")).to_be_focused()
            owner.page.locator(".djs-search-input input").press_sequentially("img")
            expect(owner.page.locator(".djs-search-result").first).to_be_visible()
        if name == "trial.dmn":
            owner.part("views").get_by_role("button", name="决策关系图").click()
            expect(owner.page.locator(".dmn-drd-container")).to_be_visible()
        expect(owner.part("count")).not_to_contain_text("检查中")
        assert owner.page.evaluate(PLANTED) == []
        assert owner.page.title() != "1"


def test_what_cannot_be_saved_is_tried_again_kept_here_and_offered_again(edits: Edits) -> None:
    owner = edits(FILES)
    owner.person.expects(409, 503)
    owner.opens("trial.bpmn")
    owner.page.route("**/files/trial.bpmn", lambda route: route.fulfill(status=503, json={"error": "down"}))
    owner.selects("Check")
    _rename(owner, "改名")
    expect(owner.part("bar")).to_contain_text("正在重试")
    owner.page.unroute("**/files/trial.bpmn")
    with unit(owner.site.engine) as session:
        drafts.one(session, owner.draft_id).state = drafts.DISCARDED
    owner.part("bar").get_by_role("button", name="现在重试").click()
    expect(owner.part("bar")).to_contain_text("不能再修改")
    with unit(owner.site.engine) as session:
        drafts.one(session, owner.draft_id).state = drafts.OPEN
    kept = owner.page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('licet.copy'))")
    assert len(kept) == 1 and "改名" in kept[0][1]


def test_a_copy_that_this_browser_kept_is_offered(edits: Edits) -> None:
    owner = edits(FILES)
    copy = json.dumps({"base": 1, "body": drawing(task="改名").decode(), "at": 1_790_000_000_000})
    owner.page.goto(owner.site.address + "/")
    key = f"licet.copy.{owner.draft_id}.trial.bpmn"
    owner.page.evaluate("([key, copy]) => localStorage.setItem(key, copy)", [key, copy])
    owner.opens("trial.bpmn")
    expect(owner.part("bar")).to_contain_text("未保存的修改")
    owner.looks()
    owner.part("bar").get_by_role("button", name="恢复它").click()
    owner.is_saved()
    assert 'name="改名"' in owner.saved("trial.bpmn")
    owner.opens("trial.bpmn")
    expect(owner.part("bar")).to_be_hidden()


def _rename(owner: Editing, name: str) -> None:
    owner.unfolds("general")
    owner.page.locator("#bio-properties-panel-name").fill(name)
    owner.page.locator("#bio-properties-panel-name").blur()


def test_two_who_change_different_things_see_both(edits: Edits) -> None:
    owner = edits(FILES)
    owner.opens("trial.bpmn")
    with unit(owner.site.engine) as session:
        theirs = drawing().replace(b'id="End" name="Check"', b'id="End" name="Theirs"')
        actor = owner.site.company.actor(session, "owner")
        drafts.save(session, owner.draft_id, {"trial.bpmn": theirs}, base=1, by=actor)
    owner.selects("Check")
    _rename(owner, "Ours")
    expect(owner.part("state")).to_contain_text("已与他人的修改合并")
    expect(owner.page.locator(".djs-label", has_text="Theirs")).to_have_count(1)
    assert all(f'name="{name}"' in owner.saved("trial.bpmn") for name in ("Ours", "Theirs"))


def test_the_second_of_two_is_led_to_the_choice(edits: Edits) -> None:
    owner = edits(FILES)
    owner.person.expects(409)
    owner.opens("trial.bpmn")
    with unit(owner.site.engine) as session:
        actor = owner.site.company.actor(session, "owner")
        drafts.save(session, owner.draft_id, {"trial.bpmn": drawing(task="Theirs")}, base=1, by=actor)
    owner.selects("Check")
    _rename(owner, "Ours")
    expect(owner.part("bar")).to_contain_text("请选择")
    assert "/asides/" in str(owner.part("bar").get_by_role("link", name="去合并").get_attribute("href"))
    with Session(owner.site.engine) as session:
        aside = [one for one in drafts.revisions(session, drafts.one(session, owner.draft_id)) if one.aside]
    assert len(aside) == 1


def test_a_phone_shows_and_says_where_to_edit(edits: Edits) -> None:
    owner = edits(FILES)
    for name in FILES:
        owner.opens(name, 390)
        expect(owner.page.locator(".editor-phone")).to_be_visible()
        expect(owner.page.locator("[data-do=save]")).to_have_count(0)
        owner.looks()


def test_the_editors_speak_english_too(edits: Edits) -> None:
    owner = edits(FILES, english=True)
    for name in FILES:
        owner.opens(name)
        if name == "trial.bpmn":
            owner.selects("Check")
            for group in ("general", "assignmentDefinition", "form", "licet-time", "licet-people"):
                owner.unfolds(group)
        expect(owner.part("count")).to_contain_text(re.compile("Nothing found|warning"))
        owner.looks()


def test_a_drawing_of_five_megabytes_is_opened_changed_and_saved(edits: Edits) -> None:
    owner = edits({"large.bpmn": large(4_900_000, 300)})
    owner.opens("large.bpmn")
    owner.selects("T7")
    _rename(owner, "改名")
    owner.page.locator("[data-do=save]").click()
    expect(owner.part("state")).to_have_attribute("data-state", "saved", timeout=60_000)
    assert 'name="改名"' in owner.saved("large.bpmn")


