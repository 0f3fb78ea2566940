"""Drafts over HTTP: who sees them, what the editors' endpoint answers, hostile names and bodies, files out and in."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.actor import Actor
from ledger.db import unit
from tests.web.house import Browser, House
from tests.workflows.drafting import NAME, drawn
from workflows.studio import contents, drafts

HOSTILE = "<img src=x onerror=alert(1)>\"'"


class Owner:
    """A process owner's browser with a draft of a blank drawing."""

    def __init__(self, house: House) -> None:
        self.house, self.browser = house, house.browser("owner")
        with unit(house.engine) as session:
            group = house.units["group"]
            by = Actor(house.people["owner"], "测试owner", group)
            self.draft = contents.blank(session, name=f"许可{HOSTILE}", process_id="safety-permit", by=by).id
        self.address = f"/studio/drafts/{self.draft}"

    def put(self, body: Any, *, base: Any = 1, name: str = NAME, browser: Browser | None = None,
            how: Any = "autosaved") -> TestResponse:
        told, at = json.dumps({"base": base, "body": body, "how": how}), browser or self.browser
        headers = {"X-CSRF-Token": at.token(), "Content-Type": "application/json"}
        return at.client.put(f"{self.address}/files/{quote(name, safe='%')}", data=told, headers=headers)

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        return self.browser.post(self.address + path, data)

    def get(self, path: str = "") -> TestResponse:
        return self.browser.get(self.address + path)


@pytest.fixture
def owner(house: House) -> Iterator[Owner]:
    yield Owner(house)


def test_a_save_is_answered_with_its_number_and_can_be_read(owner: Owner) -> None:
    assert owner.put(drawn("甲").decode()).get_json() == {"number": 2, "merged": [], "conflicts": []}
    read = owner.get(f"/files/{NAME}").get_json()
    assert read["number"] == 2
    assert 'name="甲"' in read["body"]


def test_a_save_from_an_older_revision_comes_back_merged(owner: Owner) -> None:
    owner.put(drawn("甲").decode())
    answer = owner.put(drawn(days=8).decode()).get_json()
    assert answer["merged"] == [NAME]
    assert 'name="甲"' in answer["body"] and 'value="8"' in answer["body"]


def test_a_contradiction_is_kept_and_settled_on_its_page(owner: Owner) -> None:
    owner.put(drawn("甲").decode())
    answer = owner.put(drawn(HOSTILE.replace("<", "&lt;").replace('"', "&quot;")).decode())
    assert answer.status_code == 409
    told = answer.get_json()
    assert [(one["what"], one["mine"], one["theirs"]) for one in told["conflicts"]] == [("名称", HOSTILE, "甲")]
    page = owner.browser.get(told["settle"]).text
    assert "&lt;img src=x" in page and "<img src=x" not in page
    assert owner.browser.post(told["settle"]).status_code == 409
    assert owner.browser.post(told["settle"], {told["conflicts"][0]["key"]: "mine"}).status_code == 303
    assert "onerror" in owner.get(f"/files/{NAME}").get_json()["body"]


NO_SAVES: tuple[tuple[dict[str, Any], int], ...] = (
    ({"body": 7}, 400), ({"body": "<a", "base": 1}, 422), ({"body": "<a/>", "base": "1"}, 400),
    ({"body": "<a/>", "base": 99}, 404), ({"body": "<a/>", "how": "stolen"}, 400), ({"body": "\ud800"}, 400),
    ({"body": "<a>" + "x" * 5_000_000 + "</a>"}, 413), ({"body": "<a/>", "name": "x.exe"}, 400),
    ({"body": "<a/>", "name": "..%2Fx.bpmn"}, 400), ({"body": "<a/>", "base": True}, 400),
)  # fmt: skip


def test_what_is_no_save_is_refused_and_nothing_is_kept(owner: Owner) -> None:
    assert [owner.put(**sent).status_code for sent, _ in NO_SAVES] == [status for _, status in NO_SAVES]
    assert owner.get(f"/files/{NAME}").get_json()["number"] == 1


def test_a_save_needs_the_token_of_the_page(owner: Owner) -> None:
    answer = owner.browser.client.put(f"{owner.address}/files/{NAME}", json={"base": 1, "body": "<a/>"})
    assert answer.status_code == 400


PAGES = ("", "/history", f"/files/{NAME}", f"/drawing/{NAME}", f"/export/{NAME}", "/export.zip")


def test_who_may_not_sees_nothing_of_it(owner: Owner) -> None:
    custodian = owner.house.browser("custodian")
    assert {owner.get(path).status_code for path in PAGES} == {200}
    assert {custodian.get(owner.address + path).status_code for path in PAGES} == {403}
    with unit(owner.house.engine) as session:
        session.get_one(drafts.Draft, owner.draft).group_id = owner.house.units["other"]
    assert {owner.get(path).status_code for path in PAGES} == {404}
    assert owner.browser.get("/studio/drafts?show=all").text.count(owner.address) == 0


def test_pages_say_hostile_names_as_text(owner: Owner) -> None:
    for path in ("", "/history"):
        assert "<img src=x" not in owner.get(path).text
    page = owner.browser.get("/studio/drafts")
    assert "&lt;img src=x" in page.text and "<img src=x" not in page.text
    compared = owner.browser.get(f"/studio/compare?before=d{owner.draft}.1&after=d{owner.draft}")
    assert compared.status_code == 200 and "<img src=x" not in compared.text


def test_the_archive_has_names_that_any_computer_takes(owner: Owner) -> None:
    owner.put("{}", name="a:b?.form")
    answer = owner.get("/export.zip")
    assert sorted(zipfile.ZipFile(BytesIO(answer.data)).namelist()) == ["a_b_.form", NAME]
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "<" not in answer.headers["Content-Disposition"]


def test_a_draft_is_renamed_restored_and_given_up(owner: Owner) -> None:
    owner.put(drawn("甲").decode())
    assert owner.post("/name", {"name": "新名字"}).status_code == 303
    assert owner.post("/revisions/1/restoration").status_code == 303
    assert "新名字" in owner.get().text and owner.get(f"/files/{NAME}").get_json()["number"] == 3
    assert owner.post("/discard").status_code == 303
    assert owner.put(drawn("乙").decode(), base=3).status_code == 409
    assert "只能查看" in owner.get().text


def test_files_are_added_from_the_library_and_the_computer(owner: Owner) -> None:
    owner.post("/files", {"library": "approve"})
    owner.post("/files", {"files": (BytesIO(b"{}"), "folder/new.form")})
    owner.post("/files", {"files": (BytesIO(b"<nope"), "bad.bpmn")})
    with unit(owner.house.engine) as session:
        assert sorted(files(session, owner.draft)) == ["approve.form", "new.form", NAME]
    assert "bad.bpmn" not in owner.get().text.split('id="files"')[1]


def files(session: Session, draft_id: int) -> dict[str, bytes]:
    return drafts.files(session, drafts.one(session, draft_id))


def test_a_blank_draft_needs_a_name_and_an_id_of_its_own(owner: Owner) -> None:
    for told in ({"name": " ", "process": "abc"}, {"name": "x", "process": "a b"}):
        answer = owner.browser.post("/studio/drafts", told)
        assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert owner.browser.post("/studio/drafts", {"name": "x", "process": "abc"}).status_code == 303
    assert owner.browser.post("/studio/drafts", {"definition": "999"}).status_code == 404


def test_an_uploaded_file_is_compared_and_not_kept(owner: Owner) -> None:
    def upload(name: str, body: bytes) -> TestResponse:
        return owner.browser.post("/studio/compare/upload", {"after": f"d{owner.draft}", "file": (BytesIO(body), name)})

    assert "甲" in upload("other.bpmn", drawn("甲")).text
    assert upload("other.bpmn", b"<nope").status_code == 422
    assert upload("x.exe", b"1").status_code == 400
    assert owner.get(f"/files/{NAME}").get_json()["number"] == 1


def test_versions_that_are_not_there_are_not_found(owner: Owner) -> None:
    for spec in ("", "v999", "d1.99", "d999", "x", "d1.1.1", "v1'"):
        assert owner.browser.get("/studio/compare", query_string={"before": spec, "after": "d1"}).status_code == 404


def test_the_list_takes_a_fixed_number_of_statements(owner: Owner) -> None:
    seen = owner.house.statements()
    owner.browser.get("/studio/drafts")
    few = len(seen)
    for number in range(5):
        owner.browser.post("/studio/drafts", {"name": f"第{number}", "process": f"more-{number}"})
    seen.clear()
    owner.browser.get("/studio/drafts")
    assert len(seen) <= few + 1
