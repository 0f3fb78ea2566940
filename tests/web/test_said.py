"""Texts of ours with values of ours in them, in the language of the visitor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, session

from forms import schema
from ledger.errors import Problem, problem_of
from web.errors import problem_text
from web.i18n import open_languages, title_words
from web.requests.answers import spoken

EITHER = Problem("{types}之一", {"types": ["建筑业企业资质证书", "施工许可证"]})
LINKED = Problem("{types}在 {day} 以前到期，或没有登记。", {"types": ["安全生产许可证", EITHER], "day": "2027-01-01"})


@pytest.fixture
def english() -> Iterator[None]:
    app = Flask(__name__)
    app.secret_key = "x"
    open_languages(app)
    with app.test_request_context("/"):
        session["language"] = "en"
        yield


def test_a_list_of_names_is_told_name_by_name(english: None) -> None:
    missing = Problem("人员资料中没有{what}，证书内容会缺这几项。", {"what": ["姓名", "身份证号"]})
    assert str(missing) == "人员资料中没有姓名、身份证号，证书内容会缺这几项。"
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in problem_text(missing))


def test_a_problem_is_kept_as_json_with_the_problems_in_it() -> None:
    assert problem_of(LINKED.plain()) == LINKED


def test_what_a_form_only_shows_is_told_and_what_was_typed_is_not(english: None) -> None:
    gap = {"name": "关联证件", "note": LINKED.plain(), "basis": "行政许可法第50条", "due_on": "2027-01-01"}
    told = spoken(schema.load("gap"), {"gap": gap, "result": "劳动合同"})
    assert told["gap"]["name"] == "Linked certificates" and told["result"] == "劳动合同"
    assert told["gap"]["note"].startswith("Safety production licence, one of ") and gap["name"] == "关联证件"


def test_lines_and_labels_with_values_are_told(english: None) -> None:
    original = Problem("{kind} {serial}", {"kind": "正本", "serial": "001"}).plain()
    told = spoken(schema.load("consent"), {
        "summary": ["借阅 · 安全生产许可证 · 华建", original], "papers": [{"value": "1", "label": original}]})
    assert told["papers"][0]["label"] == "Original 001" and told["summary"].endswith("华建\nOriginal 001")


def test_a_title_is_told_part_by_part(english: None) -> None:
    assert title_words("注销 · 安全生产许可证 · 华建") == "Cancellation · Safety production licence · 华建"
    assert title_words("年度工作 · 2026 · 华建").endswith(" · 2026 · 华建")
