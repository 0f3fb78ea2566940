"""Saving, checking and choosing in the editors of a draft's files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine.vocabulary import PROPERTIES, SHOW_NAMES
from ledger.actor import Actor
from ledger.db import unit
from registry.access.roles import roles
from tests.studio import HOSTILE, drawing, form, large, table
from tests.web.house import House
from web.studio.files import as_text
from workflows import CATALOG
from workflows.studio import drafts

STUDIO = Path(__file__).parents[2] / "browser" / "studio"
Answer = tuple[int, Any]
FILES = {"trial.bpmn": drawing(), "trial.dmn": table(), "trial.form": form()}
MANGLED = drawing(words="<zeebe:taskListeners/>")


def _owner(house: House) -> Actor:
    return Actor(id=house.people["owner"], name="owner", group_id=house.units["group"])


@pytest.fixture
def draft_id(house: House) -> int:
    with unit(house.engine) as session:
        return drafts.begin(session, name="Trial", process_id="trial", files=FILES, by=_owner(house)).id


def sent(house: House, method: str, address: str, body: Any, login: str = "owner", language: str = "zh") -> Answer:
    """As the page's scripts ask: JSON, with the token of the page's head."""
    browser = house.browser(login)
    if language != "zh":
        browser.post("/language", {"language": language})
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = browser.client.open("/studio/drafts/" + address, method=method, data=said, content_type="application/json",
                                 headers={"X-CSRF-Token": browser.token(), "Accept": "application/json"})
    return answer.status_code, answer.get_json()


def put(house: House, draft_id: int, body: str, login: str = "owner") -> Answer:
    return sent(house, "PUT", f"{draft_id}/files/trial.bpmn", {"base": 1, "how": "saved", "body": body}, login)


def kept(house: House, draft_id: int, name: str = "trial.bpmn") -> bytes:
    with Session(house.engine) as session:
        return drafts.files(session, drafts.one(session, draft_id))[name]


def test_what_is_saved_is_the_file_that_is_opened_next(house: House, draft_id: int) -> None:
    assert put(house, draft_id, drawing(task="Look").decode()) == (200, {"number": 2, "merged": [], "conflicts": []})
    opened = house.browser("owner").get(f"/studio/drafts/{draft_id}/files/trial.bpmn").get_json()
    assert opened == {"name": "trial.bpmn", "number": 2, "body": drawing(task="Look").decode()}
    assert kept(house, draft_id) == drawing(task="Look")


def test_of_two_who_contradict_the_second_is_told_and_nothing_is_lost(house: House, draft_id: int) -> None:
    put(house, draft_id, drawing(task="Mine").decode())
    status, told = put(house, draft_id, drawing(task="Yours").decode())
    assert status == 409 and told["error"] and told["conflicts"][0]["file"] == "trial.bpmn"
    with Session(house.engine) as session:
        aside = drafts.files(session, drafts.one(session, draft_id), told["aside"])
    assert aside["trial.bpmn"] == drawing(task="Yours") and kept(house, draft_id) == drawing(task="Mine")


def test_nonsense_is_refused_and_keeps_the_file(house: House, draft_id: int) -> None:
    whole = {"base": 1, "how": "saved", "body": "<a/>"}
    nonsense: list[Any] = [{}, [], {"base": "1"}, {"base": True}, {"body": 7}, {"body": "\ud800"}]
    for one in nonsense:
        asked = {**whole, **one} if one else one
        assert sent(house, "PUT", f"{draft_id}/files/trial.bpmn", asked)[0] == 400
    assert sent(house, "PUT", f"{draft_id}/files/trial.bpmn", b"{")[0] == 400
    assert kept(house, draft_id) == FILES["trial.bpmn"]


def test_a_file_that_is_too_large_is_refused_in_words(house: House, draft_id: int) -> None:
    status, told = put(house, draft_id, "x" * (drafts.MOST_BYTES + 1))
    assert status == 413 and "MB" in told["error"]
    long = {"file": "trial.bpmn", "body": "x" * (drafts.MOST_BYTES + 1)}
    assert sent(house, "POST", f"{draft_id}/findings", long)[0] == 413


def test_drafts_belong_to_those_who_edit_processes_in_their_own_group(house: House, draft_id: int) -> None:
    for login in ("hr", "stranger"):
        assert house.browser(login).get(f"/studio/drafts/{draft_id}/edit/trial.bpmn").status_code == 403
        assert put(house, draft_id, "<a/>", login=login)[0] == 403
    with unit(house.engine) as session:
        drafts.one(session, draft_id).group_id = house.units["other"]
    assert house.browser("owner").get(f"/studio/drafts/{draft_id}/edit/trial.bpmn").status_code == 404
    assert put(house, draft_id, "<a/>")[0] == 404


def test_a_closed_draft_is_shown_and_not_changed(house: House, draft_id: int) -> None:
    with unit(house.engine) as session:
        drafts.discard(session, draft_id, by=Actor(id=1, name="owner"))
    page = house.browser("owner").get(f"/studio/drafts/{draft_id}/edit/trial.bpmn").text
    assert "只能查看" in page and 'data-do="save"' not in page
    status, told = put(house, draft_id, "<a/>")
    assert status == 409 and "不能再修改" in told["error"]


def findings(house: House, draft_id: int, file: str, body: bytes, language: str = "zh") -> list[dict[str, Any]]:
    asked = {"file": file, "body": body.decode()}
    status, told = sent(house, "POST", f"{draft_id}/findings", asked, language=language)
    assert status == 200
    return list(told["findings"])


def test_the_check_looks_at_what_is_on_the_screen_and_says_where(house: House, draft_id: int) -> None:
    assert findings(house, draft_id, "trial.bpmn", FILES["trial.bpmn"]) == []
    found = findings(house, draft_id, "trial.bpmn", MANGLED)
    assert [(one["file"], one["element"], one["severity"]) for one in found] == [("trial.bpmn", "Check", "error")]
    assert found[0]["text"] and found[0]["remedy"] and found[0]["line"] and kept(house, draft_id) == FILES["trial.bpmn"]


def test_a_gap_comes_with_an_example_and_an_overlap_with_its_rules(house: House, draft_id: int) -> None:
    gap, = findings(house, draft_id, "trial.dmn", table(rules=(("< 10", "1"), ("> 12", "2"))))
    assert gap["element"] == "term" and gap["example"].startswith("Age = ") and "没有规则覆盖" in gap["text"]
    overlap, = findings(house, draft_id, "trial.dmn", table(rules=(("<= 10", "1"), (">= 10", "2"))), "en")
    assert overlap["rules"] == ["r1", "r2"] and overlap["example"] == "Age = 10" and "overlap" in overlap["text"]


def test_a_form_with_a_component_that_nobody_checks_is_found(house: House, draft_id: int) -> None:
    bad = form("Remark", {"id": "markup", "type": "html", "label": "Markup", "content": HOSTILE})
    for language, said in (("zh", "不支持的组件类型 html"), ("en", "type html")):
        found, = findings(house, draft_id, "trial.form", bad, language)
        assert said in found["text"] and found["element"] == "markup"
    broken, = findings(house, draft_id, "trial.form", b"[")
    assert broken["severity"] == "error"


def test_the_house_offers_its_roles_steps_forms_decisions_and_processes(house: House, draft_id: int) -> None:
    offered = house.browser("owner").get(f"/studio/drafts/{draft_id}/choices").get_json()
    assert {one["key"] for one in offered["roles"]} == set(roles())
    assert {"key": "legal", "name": roles()["legal"].name} in offered["roles"]
    assert offered["forms"][0]["key"] == "trial" and {one["key"] for one in offered["forms"]} > {"review", "apply"}
    assert [one["key"] for one in offered["decisions"]] == ["term"] and offered["steps"] == []
    assert {"key": "trial", "name": "Check"} in offered["processes"] and offered["stages"] and offered["outcomes"]


def test_steps_are_those_of_the_process_by_the_names_in_its_drawing(house: House) -> None:
    with unit(house.engine) as session:
        owner = _owner(house)
        made = drafts.begin(session, name="R", process_id="renewal", files=CATALOG["renewal"].files, by=owner).id
    offered = house.browser("owner").get(f"/studio/drafts/{made}/choices").get_json()["steps"]
    assert {"process": "renewal", "key": "hand_over", "name": "转其他流程"} in offered


def test_names_in_a_draft_are_text_in_the_page(house: House) -> None:
    with unit(house.engine) as session:
        owner = _owner(house)
        made = drafts.begin(session, name=HOSTILE, process_id="x", files={"a<b>.bpmn": drawing()}, by=owner).id
    page = house.browser("owner").get(f"/studio/drafts/{made}/edit/a%3Cb%3E.bpmn").text
    assert "<img" not in page.replace("&lt;img", "") and "<b>" not in page


def test_a_file_in_another_encoding_is_text() -> None:
    old = '<?xml version="1.0" encoding="GBK"?><a>证件</a>'
    assert as_text(old.encode("gbk")) == old and as_text("证件".encode()) == "证件" and as_text(b"\xff\xff\xff")


def test_every_property_of_ours_has_a_field_in_the_panel() -> None:
    drawn = set(re.findall(r'"(licet:\w+)"', (STUDIO / "permit" / "fields.js").read_text("utf-8")))
    assert drawn == {*PROPERTIES, SHOW_NAMES}


def test_every_word_of_the_editors_has_its_english() -> None:
    known = json.loads((STUDIO / "words.en.json").read_text("utf-8"))
    said = {json.loads(found) for file in STUDIO.rglob("*.js*") if file.suffix in (".js", ".jsx")
            for found in re.findall(r'\btext\(("(?:[^"\\]|\\.)*")', file.read_text("utf-8"))}
    assert said and {one for one in said if one not in known} == set()


def test_a_large_drawing_has_about_the_size_that_is_asked_for() -> None:
    assert 4_500_000 < len(large(4_900_000, 1_200)) <= drafts.MOST_BYTES
