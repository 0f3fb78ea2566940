"""The approval list in the browser: what it shows, who may change it, and that nothing of a refused change is kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

import workflows
from ledger.actor import Actor
from ledger.db import reading, unit
from tests.studio import drawing, large
from tests.web.house import Browser, House
from workflows.studio import drafts
from workflows.studio.faces import reading as faces

LEGAL = {"kind": "approve", "typed": "1", "name": "法务复核", "who": "roles", "groups": "legal", "mode": "one",
         "form_key": "approve", "refused": "end", "returned": "N4_review", "sla": "4", "escalate_after": "1",
         "escalate_to": "", "not_applicant": "1"}


@pytest.fixture
def draft(house: House) -> int:
    with unit(house.engine) as session:
        by = Actor(house.people["owner"], "甲", house.units["group"])
        files = dict(workflows.CATALOG["renewal"].files)
        return drafts.begin(session, name="续期", files=files, by=by, process_id="renewal").id


def address(draft: int, rest: str = "") -> str:
    return f"/studio/drafts/{draft}/list/renewal.bpmn{rest}"


def sends(browser: Browser, draft: int, rest: str, base: int = 1, **said: Any) -> Any:
    return browser.post(address(draft, rest), {"base": base, "process": "renewal", **said})


def listing(house: House, draft: int) -> faces.Listing:
    with reading(house.engine) as session:
        return faces.read(body(session, draft), "renewal")


def body(session: Session, draft: int) -> bytes:
    return drafts.files(session, drafts.one(session, draft))["renewal.bpmn"]


def test_the_list_says_who_approves_until_when_and_under_which_condition(house: House, draft: int) -> None:
    page = house.browser("owner").get(address(draft)).text
    assert "审核续期材料" in page and "2 个工作日；逾期 1 个工作日告知审批人" in page
    assert "“审批”的结论 等于 驳回" in page and "回到“补齐缺口”" in page
    assert "办过“审核续期材料”的人" in page


def test_a_step_is_put_in_and_undone_and_put_in_again(house: House, draft: int) -> None:
    browser = house.browser("owner")
    answer = sends(browser, draft, "/steps", add="after:G4", **LEGAL)
    assert answer.status_code == 303 and "saved=2" in answer.headers["Location"]
    made = next(block for block in listing(house, draft).blocks() if block.name == "法务复核")
    assert made.work and (made.work.groups, made.work.sla, made.work.not_applicant) == (("legal",), "4", True)
    assert sends(browser, draft, "/undo", 2).status_code == 303
    with reading(house.engine) as session:
        assert body(session, draft) == workflows.CATALOG["renewal"].files["renewal.bpmn"]
    assert sends(browser, draft, "/undo", 3).status_code == 409


def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(house: House, draft: int) -> None:
    wrong = {**LEGAL, "name": "", "groups": "nobody", "sla": "-1"}
    answer = sends(house.browser("owner"), draft, "/steps", add="after:G4", **wrong)
    assert answer.status_code == 400
    assert "请填写名称" in answer.text and "请至少选一个角色" in answer.text and "请填 0 到 250 的整数" in answer.text
    with reading(house.engine) as session:
        assert drafts.one(session, draft).revision == 1


def test_a_condition_is_typed_by_its_label_and_kept_by_its_value(house: House, draft: int) -> None:
    said = {"typed": "1", "label": "不同意", "rows": "1", "together": "all", "row-0-variable": "n5_verdict",
            "row-0-how": "in", "row-0-value": "驳回、退回补正"}
    assert sends(house.browser("owner"), draft, "/ways/F_G5__End_rejected", **said).status_code == 303
    choice = listing(house, draft).one("G5")
    told = [way.condition.text for way in choice.branches if way.condition] if choice else []
    assert told[1] == 'n5_verdict in ["reject", "return"]'


def test_a_branch_is_moved_forward_and_keeps_the_focus(house: House, draft: int) -> None:
    browser = house.browser("owner")
    before = [way.id for way in listing(house, draft).one("G5").branches]  # type: ignore[union-attr]
    page = browser.get(address(draft)).text
    assert f'/ways/{before[1]}/place"' in page and "从前往后看，走第一个符合的" in page
    answer = sends(browser, draft, f"/ways/{before[1]}/place", to="up")
    assert answer.status_code == 303 and f"at={before[1]}" in answer.headers["Location"]
    after = [way.id for way in listing(house, draft).one("G5").branches]  # type: ignore[union-attr]
    assert after == [before[1], before[0], *before[2:]]
    assert sends(browser, draft, f"/ways/{before[1]}/place", 2, to="up").status_code == 422
    assert sends(house.browser("legal"), draft, f"/ways/{before[1]}/place", 2, to="down").status_code == 403


def test_what_a_list_cannot_do_is_refused_with_a_sentence(house: House, draft: int) -> None:
    browser = house.browser("owner")
    answer = sends(browser, draft, "/steps/N0_start/removal")
    assert answer.status_code == 422 and "请在流程图上修改" in answer.text
    assert sends(browser, draft, "/steps/nowhere/removal").status_code == 422
    assert sends(browser, draft, "/steps", add="nonsense", **LEGAL).status_code == 404


def test_two_who_change_the_list_at_once_lose_nothing(house: House, draft: int) -> None:
    browser = house.browser("owner")
    change = {"typed": "1", "who": "keep", "form_key": "renew-review"}
    sends(browser, draft, "/steps/N4_review", 1, name="甲改的", sla="3", **change)
    answer = sends(browser, draft, "/steps/N4_review", 1, name="乙改的", sla="3", **change)
    assert answer.status_code == 409 and "另存为第 3 次修订" in answer.text
    with reading(house.engine) as session:
        found = drafts.files(session, drafts.one(session, draft), 3)["renewal.bpmn"]
    assert "乙改的" in found.decode() and listing(house, draft).one("N4_review").name == "甲改的"  # type: ignore[union-attr]


def test_a_finding_stands_at_its_card(house: House, draft: int) -> None:
    browser = house.browser("owner")
    sends(browser, draft, "/steps/N5_approve", typed="1", name="审批", who="roles", groups="approver", mode="one",
          form_key="approve", sla="")
    page = browser.get(address(draft)).text
    assert "没有办理期限" in card(page, "N5_approve", "G5")


def card(page: str, element: str, until: str) -> str:
    return page[page.index(f'id="b-{element}"'):page.index(f'id="b-{until}"')]


def test_what_the_draft_s_page_finds_stands_at_the_cards_too(house: House, draft: int) -> None:
    """Nobody is an approver here, the table leaves a gap, and another drawing has an element with the same id."""
    with unit(house.engine) as session:
        by = Actor(house.people["owner"], "甲", house.units["group"])
        files = drafts.files(session, drafts.one(session, draft))
        gap = files["renewal-expiry.dmn"].replace(b'hitPolicy="FIRST"', b'hitPolicy="UNIQUE"')
        other = drawing(process="other").replace(b'"Check"', b'"N5_approve"').replace(b"legal", b"nobody_at_all")
        drafts.save(session, draft, {"renewal-expiry.dmn": gap, "other.bpmn": other}, base=1, by=by)
    browser = house.browser("owner")
    told, page = browser.get(f"/studio/drafts/{draft}").text, browser.get(address(draft)).text
    for words in ("今天没有人担任“审批人”", "nobody_at_all", "重叠"):
        assert words in told and words in page
    approval = card(page, "N5_approve", "G5")
    assert "今天没有人担任“审批人”" in approval and "nobody_at_all" not in approval
    table = next(block.id for block in listing(house, draft).blocks() if block.said == "renewal_expiry")
    assert "重叠" in page[page.index(f'id="b-{table}"'):].partition("face-plus")[0]


@pytest.fixture
def long(house: House) -> str:
    """The list of a drawing of more elements than may be released."""
    with unit(house.engine) as session:
        by = Actor(house.people["owner"], "甲", house.units["group"])
        made = drafts.begin(session, name="长", files={"large.bpmn": large(900_000, 2100)}, by=by, process_id="large")
        return f"/studio/drafts/{made.id}/list/large.bpmn"


def test_a_list_too_long_for_cards_is_shown_a_page_at_a_time_with_what_to_do(house: House, long: str) -> None:
    browser = house.browser("owner")
    first, second = browser.get(long), browser.get(f"{long}?page=2").text
    assert "超过 2000 个元素，不能发布" in first.text and "第 1–100 行，共 2102 行" in first.text
    assert "Step 98<" in first.text and "Step 99<" not in first.text and "Step 99<" in second
    assert len(first.data) < 200_000 and f"{long.replace('list', 'edit')}" in first.text
    assert browser.get(f"{long}?page={10**17}").text.count("第 2101–2102 行") == 1


def test_a_step_of_a_long_list_is_opened_and_changed_on_its_page(house: House, long: str) -> None:
    browser = house.browser("owner")
    page = browser.get(f"{long}?open=T450").text
    assert "第 401–500 行" in page and page.count('class="face-panel"') == 1
    answer = browser.post(f"{long}/steps/T450", {"base": 1, "process": "large", "typed": "1", "name": "核对"})
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    assert "第 401–500 行" in page and "<strong>核对</strong>" in page
    assert "审批人" in browser.get(f"{long}?add=after:T450&kind=fill").text


def test_who_may_not_edit_changes_nothing_and_others_see_nothing(house: House, draft: int) -> None:
    assert house.browser("worker").get(address(draft)).status_code == 403
    assert sends(house.browser("legal"), draft, "/steps", add="after:G4", **LEGAL).status_code == 403
    assert house.browser("owner").get(address(draft + 1)).status_code == 404
    assert house.browser("owner").get(address(draft).replace("renewal.bpmn", "renewal-expiry.dmn")).status_code == 404
    assert house.browser("owner").get(address(draft, "?process=nobody")).status_code == 404


def test_names_of_a_drawing_are_text_on_the_page(house: House, draft: int) -> None:
    browser = house.browser("owner")
    sends(browser, draft, "/steps/N0_start", typed="1", name="<script>alert(1)</script>")
    page = browser.get(address(draft)).text
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_a_nonsensical_revision_is_the_newest_one_or_none(house: House, draft: int) -> None:
    browser = house.browser("owner")
    assert sends(browser, draft, "/steps/G5", base=9 * 10**17, typed="1", name="意见？").status_code == 404
    assert sends(browser, draft, "/steps/G5", base="x" * 40, typed="1", name="意见？").status_code == 303
