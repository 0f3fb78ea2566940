"""导入流程图: any file gives a report, a draft keeps it, what nobody needs can be taken out there."""

from __future__ import annotations

import io
import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.db import reading
from tests.web.house import Browser, House
from tests.workflows.test_studio_foreign import around, drawn
from workflows.studio import drafts
from workflows.studio.bringing_in import MOST_WAITING, Import, ImportedFile

LISTENING = drawn(*around(
    '<bpmn:userTask id="T" name="&lt;b&gt;审核" camunda:candidateGroups="hr"><bpmn:extensionElements>'
    '<camunda:taskListener class="x" event="create"/></bpmn:extensionElements></bpmn:userTask>'))


def send(browser: Browser, *files: tuple[str, bytes]) -> TestResponse:
    held = [(io.BytesIO(body), name) for name, body in files]
    return browser.post("/studio/import", {"files": held}, content_type="multipart/form-data")


def brought(house: House, *files: tuple[str, bytes]) -> tuple[Browser, str]:
    browser = house.browser("owner")
    answer = send(browser, *files)
    assert answer.status_code == 303, answer.text
    return browser, answer.location


def test_a_report_names_each_element_and_hostile_names_are_text(house: House) -> None:
    browser, place = brought(house, ("<script>x.bpmn", LISTENING), ("noise.xml", b"\xff\xfe<"))
    page = browser.get(place).text
    assert "&lt;b&gt;审核" in page and "camunda:taskListener" in page and "不是合法的 XML" in page
    assert "<b>审核" not in page and "<script>x" not in page


def test_it_is_opened_as_a_draft_once_and_the_report_stays(house: House) -> None:
    browser, place = brought(house, ("a.bpmn", LISTENING))
    first, again = (browser.post(f"{place}/draft") for _ in range(2))
    assert first.status_code == again.status_code == 303 and first.location == again.location
    with reading(house.engine) as session:
        draft = session.scalars(select(drafts.Draft)).one()
        number = draft.id
        assert (draft.process_id, drafts.revision(session, draft).how) == ("P", "imported")
        assert list(drafts.files(session, draft)) == ["a.bpmn"] and not session.scalars(select(ImportedFile)).all()
    assert "camunda:taskListener" in browser.get(f"/studio/drafts/{number}/import").text


def test_what_nobody_needs_is_taken_out_of_the_draft_and_shown_as_settled(house: House) -> None:
    browser, place = brought(house, ("a.bpmn", LISTENING))
    browser.post(f"{place}/draft")
    with reading(house.engine) as session:
        number = session.scalars(select(drafts.Draft.id)).one()
    report = f"/studio/drafts/{number}/import"
    words = re.findall(r'name="word" value="(\d+:\d+)"', browser.get(report).text)
    assert browser.post(f"{report}/removal", {"word": words}).status_code == 303
    with reading(house.engine) as session:
        body = drafts.files(session, drafts.one(session, number))["a.bpmn"]
    assert b"taskListener" not in body and b"candidateGroups" in body and "已处理" in browser.get(report).text


def test_an_import_that_was_not_opened_is_ones_own(house: House) -> None:
    _, place = brought(house, ("a.bpmn", LISTENING))
    for login in ("custodian", "stranger"):
        assert house.browser(login).get(place).status_code == 403
    with reading(house.engine) as session:
        assert session.scalars(select(Import)).one().by_id == house.people["owner"]


def test_nothing_sent_and_nothing_to_open_are_sentences(house: House) -> None:
    browser, place = brought(house, ("a.txt", b"hello"))
    assert send(browser).status_code == 400 and "请选择要导入的流程文件" in send(browser).text
    assert "没有可以打开的流程图" in browser.get(place).text and browser.post(f"{place}/draft").status_code == 409
    assert browser.get("/studio/import/999").status_code == 404


def test_only_the_last_imports_that_nobody_opened_are_kept(house: House) -> None:
    browser = house.browser("owner")
    places = [send(browser, ("a.bpmn", LISTENING)).location for _ in range(MOST_WAITING + 1)]
    assert browser.get(places[0]).status_code == 404 and browser.get(places[1]).status_code == 200
    assert browser.get("/studio/import").text.count("还没有打开") == MOST_WAITING


def test_the_report_is_there_in_english(house: House) -> None:
    browser, place = brought(house, ("a.bpmn", LISTENING))
    browser.post("/language", {"language": "en", "next": "/"})
    assert "To be settled before a release" in browser.get(place).text
