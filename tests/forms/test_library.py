"""The shipped forms: sound, filled in they pass, and called as the catalogue of types calls things."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from forms import library, load
from forms.check import check
from forms.contents import documents, entries, prefill, returnable
from forms.lint import findings
from forms.schema import FILES, LIBRARY, NoForm, form_of, property_of
from forms.texts import extract, strings, translated
from registry.certificates.catalogue import type_of
from tests.forms.making import CHECKS, field, filled, form, problems
from tests.forms.pages import DATA

EXPECTED = {
    "answer",
    "apply-E03",
    "apply-J03",
    "apply-P02",
    "approve",
    "chase",
    "compare",
    "denied",
    "file",
    "register-E03",
    "register-J03",
    "register-P02",
    "review",
    "supplement",
}


def test_the_forms_of_the_process_are_there() -> None:
    assert set(library()) >= EXPECTED


@pytest.mark.parametrize("key", library())
def test_a_shipped_form_is_sound(key: str) -> None:
    assert findings(load(key)) == []
    assert load(key).verdicts


@pytest.mark.parametrize("key", library())
def test_a_form_filled_in_passes(key: str) -> None:
    made = load(key)
    right = {**filled(made.schema, DATA), "verdict": made.verdicts[0].value}
    assert problems(made, right, DATA) == {}


@pytest.mark.parametrize("key", [key for key in library() if key.startswith("apply")])
def test_giving_up_asks_for_nothing(key: str) -> None:
    assert check(load(key), {"verdict": "abandon"}, DATA, checks=CHECKS)["verdict"] == "abandon"
    assert len(problems(load(key), {"verdict": "submit"}, DATA)) > 5


@pytest.mark.parametrize("key", library())
def test_every_check_a_form_names_is_known(key: str) -> None:
    assert {name for f in load(key).fields() if (name := property_of(f, "licet:check"))} <= CHECKS.keys()


@pytest.mark.parametrize("code", ["J03", "E03", "P02"])
def test_a_registration_asks_for_fields_of_the_type(code: str) -> None:
    known = {field.key for field in type_of(code).fields} | {
        "licence_mark",
        "scans",
        "valid_from",
        "valid_until",
        "issuer",
        "issuer_code",
    }
    assert {str(f["key"]) for f in load(f"register-{code}").fields() if f.get("key")} <= known


@pytest.mark.parametrize("code", ["J03", "E03", "P02"])
def test_the_registration_begins_with_the_application(code: str) -> None:
    application = filled(load(f"apply-{code}").schema, DATA)
    kept = prefill(load(f"register-{code}"), application)
    assert kept
    assert kept == {key: application[key] for key in kept}


def test_a_refusal_names_its_ground() -> None:
    sent = {"kind": "denied", "answered_on": "2026-01-02", "files": [7], "verdict": "done"}
    assert problems(load("answer"), sent, DATA) == {"ground": ["请选择"], "reason": ["请填写"]}


def test_a_supplement_notice_lists_its_items() -> None:
    sent = {"kind": "supplement", "answered_on": "2026-01-02", "files": [7], "verdict": "done"}
    assert problems(load("answer"), sent, DATA) == {"items": ["至少填写 1 行"]}


@pytest.mark.parametrize("key", ["../check", "apply-J03.form", "", "x" * 500])
def test_a_form_that_is_not_there(key: str) -> None:
    with pytest.raises(NoForm):
        load(key)


@pytest.mark.parametrize("key", library())
def test_every_text_can_be_translated(key: str) -> None:
    schema = load(key).schema
    said = translated(schema, lambda text: f"<{text}>")
    assert strings(said) == [f"<{text}>" for text in strings(schema)]
    plain = json.dumps(said, ensure_ascii=False)
    assert all(f'"<{text}>"' in plain for text in (load(key).title, load(key).verdicts[0].label))
    stripped = json.loads(json.dumps(said, ensure_ascii=False).replace('"<', '"').replace('>"', '"'))
    assert stripped == json.loads(json.dumps(schema))


@pytest.mark.parametrize("key", library())
def test_no_chinese_text_is_forgotten(key: str) -> None:
    rest = json.dumps(translated(load(key).schema, lambda _: ""), ensure_ascii=False)
    assert not [mark for mark in rest if "\u4e00" <= mark <= "\u9fff"]


def test_gettext_finds_the_texts_and_their_lines() -> None:
    found = list(extract(io.BytesIO((LIBRARY / "review.form").read_bytes()), None, None, None))
    assert [text for _, _, text, _ in found] == strings(load("review").schema)
    assert len({line for line, *_ in found}) > 5


def test_the_digest_tells_versions_apart() -> None:
    assert load("review").digest == form_of(json.loads(json.dumps(load("review").schema))).digest
    assert load("review").digest != form_of({**load("review").schema, "licet:title": "另一版"}).digest


def test_a_reviewer_ticks_the_documents_that_there_are() -> None:
    rows = documents(load("apply-J03"), {"doc_funds": [3, 4]})
    assert {"value": "doc_funds", "label": "建设资金落实情况", "files": [3, 4]} in rows
    assert "doc_other" not in {row["value"] for row in rows}  # neither wanted nor there


def test_lists_and_documents_can_be_returned_and_read_only_fields_cannot() -> None:
    keys = [option["value"] for option in returnable(load("apply-J03"))]
    assert {"project_name", "parties", "doc_funds"} <= set(keys)
    assert not {"holder_name", "parties.name", "name"} & set(keys)


def test_a_filled_in_form_can_be_read() -> None:
    made = load("apply-P02")
    read = {entry.path: entry for entry in entries(made, {"trade": "05", "declaration": True, "doc_photo": [7]}, DATA)}
    assert read["trade"].text == "塔式起重机司机"
    assert read["doc_photo"].files == (7,)
    assert read["holder_name"].text == DATA["holder_name"]
    assert "trade_note" not in read


def test_rows_can_be_read() -> None:
    [entry] = entries(load("approve"), {"verdict": "return", "returns": [{"field": "doc_land_use"}]}, DATA)
    assert (entry.path, entry.section, entry.text) == ("returns.0.field", "退回修改的内容 1", "用地批准手续")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (field("iframe"), "不支持的组件类型"),
        (field("textfield", ""), "缺少键名"),
        (field(validate={"pattern": "(?=a)"}), "正则表达式不能使用"),
        (field(validate={"minLenght": 1}), "不认识的校验规则"),
        (field(conditional={"hide": "=a ="}), "FEEL 表达式有误"),
        (field("select"), "没有选项"),
        (field("radio", values=[{"value": "x"}, {"value": "x"}]), "重复"),
        (field(key="verdict"), "不能作为栏目"),
        (field("datetime", properties={"licet:after": "gone"}), "不存在"),
        (field("checklist", values=["x"], properties={"licet:all": "gone"}), "只能用于勾选清单"),
        (field(label=""), "缺少标签"),
    ],
)
def test_an_unsound_form_is_found_out(broken: dict[str, Any], said: str) -> None:
    assert any(said in finding for finding in findings(form(broken)))


def test_keys_are_given_once_and_verdicts_need_what_exists() -> None:
    twice = findings(
        form(field(), field(), verdicts=[{"value": "x", "label": "甲", "needs": ["b"]}, {"value": "x", "label": "乙"}])
    )
    assert [
        part
        for part in ("键名 a 重复", "要求的栏目 b 不存在", "按钮值 x 重复")
        if not any(part in one for one in twice)
    ] == []


def test_file_fields_are_what_we_call_documents() -> None:
    assert all(
        str(f["key"]).startswith("doc_")
        for key in library()
        if key.startswith("apply")
        for f in load(key).fields()
        if f.get("type") in FILES
    )
