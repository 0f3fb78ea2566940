"""What the server's check lets through and what it says to the rest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from forms.check import MissingCheck, check
from ledger.errors import BadAnswer
from tests.forms.making import field, form, hidden_when, problems, wrong

RETURN = {"value": "return", "label": "退回", "needs": ["why"], "partial": True}
PASS = {"value": "pass", "label": "通过"}


def test_a_missing_required_field_is_named() -> None:
    assert problems(form(field(validate={"required": True})), {}) == {"a": ["请填写"]}


@pytest.mark.parametrize("blank", [None, "", "   ", "\n"])
def test_blank_text_is_no_answer(blank: Any) -> None:
    assert problems(form(field(validate={"required": True})), {"a": blank}) == {"a": ["请填写"]}


def test_a_required_box_must_be_ticked() -> None:
    assert problems(form(field("checkbox", validate={"required": True})), {"a": False}) == {"a": ["请勾选"]}


def test_zero_is_an_answer() -> None:
    assert check(form(field("number", validate={"required": True})), {"a": 0}) == {"a": 0}


def test_text_is_trimmed_and_put_into_one_line() -> None:
    assert check(form(field()), {"a": " 甲\n乙 "}) == {"a": "甲 乙"}


def test_an_empty_optional_field_is_left_out() -> None:
    assert check(form(field(), field("licet-files", "f")), {"a": "", "f": None}) == {"f": []}


@pytest.mark.parametrize(
    ("rules", "value", "sentence"),
    [
        ({"minLength": 3}, "甲乙", "至少 3 个字"),
        ({"maxLength": 2}, "甲乙丙", "最多 2 个字"),
        ({"pattern": "^[A-Z]+$"}, "ab", "格式不对"),
        ({"pattern": "^[A-Z]+$", "patternErrorMessage": "要大写"}, "ab", "要大写"),
        ({"pattern": "(?=x)x"}, "x", "格式不对"),
        ({"validationType": "email"}, "a@b", "不是有效的邮箱"),
        ({"validationType": "phone"}, "12a", "不是有效的电话号码"),
    ],
)
def test_rules_of_text(rules: dict[str, Any], value: str, sentence: str) -> None:
    assert problems(form(field(validate=rules)), {"a": value}) == {"a": [sentence]}


def test_a_pattern_is_found_anywhere_as_in_the_browser() -> None:
    assert check(form(field(validate={"pattern": r"\d{4}"})), {"a": "苏2026号"}) == {"a": "苏2026号"}


def test_a_pattern_made_to_explode_answers_at_once() -> None:
    evil = form(field("textarea", validate={"pattern": "^(a+)+$"}))
    assert problems(evil, {"a": "a" * 9_000 + "!"}) == {"a": ["格式不对"]}


@pytest.mark.parametrize("value", ["甲\x00", "\ud800", "a\x1bb"])
def test_text_that_no_database_keeps_is_refused(value: str) -> None:
    assert problems(form(field()), {"a": value}) == {"a": ["含有无法保存的字符，请重新输入"]}


@pytest.mark.parametrize("value", [1, True, [], ["x"], {"a": 1}])
def test_text_must_be_text(value: Any) -> None:
    expected = {} if value == [] else {"a": ["这里要填文字"]}
    assert problems(form(field()), {"a": value}) == expected


@pytest.mark.parametrize(
    ("more", "value", "sentence"),
    [
        ({}, "abc", "请填写数字"),
        ({}, True, "请填写数字"),
        ({}, float("nan"), "请填写数字"),
        ({}, "1e5", "请填写数字"),
        ({}, [1], "请填写数字"),
        ({"decimalDigits": 0}, 1.5, "请填写整数"),
        ({"decimalDigits": 2}, "1.234", "小数最多 2 位"),
        ({"validate": {"min": 1}}, 0, "不能小于 1"),
        ({"validate": {"max": 9.5}}, "9.51", "不能大于 9.5"),
        ({}, 10**20, "数字最多 15 位"),
        ({}, 1e300, "数字最多 15 位"),
        ({}, "1234567890.1234567", "数字最多 15 位"),
    ],
)
def test_rules_of_numbers(more: dict[str, Any], value: Any, sentence: str) -> None:
    assert problems(form(field("number", **more)), {"a": value}) == {"a": [sentence]}


@pytest.mark.parametrize(("value", "clean"), [("8600.00", 8600), (0.1, 0.1), ("-3", -3), ("0.10", 0.1)])
def test_numbers_come_out_exact(value: Any, clean: Any) -> None:
    assert check(form(field("number", decimalDigits=2)), {"a": value}) == {"a": clean}


def test_a_number_can_be_kept_as_text() -> None:
    assert check(form(field("number", serializeToString=True)), {"a": "8600.50"}) == {"a": "8600.5"}


@pytest.mark.parametrize(
    "value", ["2026-02-30", "2026-2-3", "20260203", "26-02-03", 20260203, "2026-01-01T00:00", "0001-01-01"]
)
def test_a_date_must_exist_and_be_written_out(value: Any) -> None:
    assert problems(form(field("datetime", subtype="date")), {"a": value}) == {"a": ["日期要写成 2026-11-22 这样"]}


@pytest.mark.parametrize(
    ("subtype", "value"), [("time", "10:02"), ("datetime", "2026-11-22T10:02"), ("datetime", "2026-11-22T10:02Z")]
)
def test_times_are_kept(subtype: str, value: str) -> None:
    assert check(form(field("datetime", subtype=subtype)), {"a": value}) == {"a": value}


def test_an_end_before_its_beginning_is_said_at_the_end() -> None:
    term = form(field("datetime", "begin"), field("datetime", "end", properties={"licet:after": "begin"}))
    assert problems(term, {"begin": "2026-03-02", "end": "2026-03-01"}) == {"end": ["不能早于 2026-03-02"]}
    assert problems(term, {"begin": "2026-03-02", "end": "2026-03-02"}) == {}


def test_what_has_happened_is_not_in_the_future(clock: Any) -> None:
    issued = form(field("datetime", properties={"licet:past": "true"}))
    assert problems(issued, {"a": "2026-11-22"}) == {}
    assert problems(issued, {"a": "2026-11-23"}) == {"a": ["不能晚于今天"]}
    clock.advance(dt.timedelta(days=1))
    assert problems(issued, {"a": "2026-11-23"}) == {}


OPTIONS = {"values": [{"label": "甲", "value": "x"}, {"label": "乙", "value": "y"}, {"label": "一", "value": 1}]}


@pytest.mark.parametrize("kind", ["select", "radio"])
@pytest.mark.parametrize("value", ["z", ["x"], {"value": "x"}, True, "1"])
def test_a_choice_is_one_of_the_options(kind: str, value: Any) -> None:
    assert problems(form(field(kind, **OPTIONS)), {"a": value}) == {"a": ["请从列出的选项中选择"]}


@pytest.mark.parametrize("kind", ["checklist", "taglist", "licet-ticks"])
def test_ticks_come_out_in_order_and_once(kind: str) -> None:
    assert check(form(field(kind, **OPTIONS)), {"a": ["y", "x", "y"]}) == {"a": ["x", "y"]}
    assert problems(form(field(kind, **OPTIONS)), {"a": ["x", "z"]}) == {"a": ["请从列出的选项中选择"]}


def test_options_come_from_the_page_and_not_from_the_answers() -> None:
    made = form(field("select", valuesKey="offered"))
    assert check(made, {"a": 2}, {"offered": [1, 2]}) == {"a": 2}
    assert set(problems(made, {"a": 3, "offered": [3]})) == {"a", "offered"}
    assert set(problems(made, {"a": 3, "offered": [3]}, {"offered": [1]})) == {"a", "offered"}


def test_options_can_be_computed() -> None:
    made = form(field("select", valuesExpression="=for i in 1..n return i * 10"))
    assert check(made, {}, {"n": 2}) == {}
    assert problems(made, {"a": "x"}, {"n": 2}) == {"a": ["请从列出的选项中选择"]}


@pytest.mark.parametrize("value", [["7"], [True], [7, 7], [0], 7, [2**63], [-1], [7.0]])
def test_files_are_ids(value: Any) -> None:
    assert problems(form(field("licet-files")), {"a": value}) == {"a": ["文件没有传好，请重新上传"]}


def test_somebody_elses_file_is_refused() -> None:
    made = form(field("licet-files"))
    assert check(made, {"a": [7]}, may_use=lambda number: number == 7) == {"a": [7]}
    assert problems(made, {"a": [7, 8]}, may_use=lambda number: number == 7) == {
        "a": ["有文件不存在或不是您上传的，请重新上传"]
    }


def test_one_file_means_one_file() -> None:
    assert problems(form(field("licet-files", multiple=False)), {"a": [7, 8]}) == {"a": ["最多上传 1 个文件"]}


def test_a_hidden_field_is_neither_wanted_nor_taken() -> None:
    made = form(field(key="kind"), field(**hidden_when('kind != "other"', validate={"required": True})))
    assert check(made, {"kind": "one"}) == {"kind": "one"}
    assert problems(made, {"kind": "one", "a": "x"}) == {"a": ["这一栏现在不能填写"]}
    assert problems(made, {"kind": "one", "a": ""}) == {"a": ["这一栏现在不能填写"]}
    assert problems(made, {"kind": "other"}) == {"a": ["请填写"]}
    assert check(made, {"kind": "other", "a": "x"}) == {"kind": "other", "a": "x"}


def test_what_stands_in_a_hidden_group_is_hidden() -> None:
    made = form(field("checkbox", "more"), {"type": "group", "components": [field()], **hidden_when("not(more)")})
    assert problems(made, {"a": "x"}) == {"a": ["这一栏现在不能填写"]}
    assert check(made, {"more": True, "a": "x"}) == {"more": True, "a": "x"}


def test_a_hidden_field_cannot_unhide_another() -> None:
    made = form(field(key="one", **hidden_when("true")), field(key="two", **hidden_when('one != "open"')))
    assert "one" in problems(made, {"one": "open", "two": "x"})


def test_a_condition_that_cannot_be_computed_hides_nothing() -> None:
    assert check(form(field(**hidden_when("1 +"))), {"a": "x"}) == {"a": "x"}


@pytest.mark.parametrize("more", [{"readonly": True}, {"disabled": True}, {"readonly": "=locked"}])
@pytest.mark.parametrize("value", ["new", "", None, "old"])
def test_a_read_only_field_is_neither_set_nor_wiped(more: dict[str, Any], value: Any) -> None:
    made = form(field(**more))
    assert problems(made, {"a": value}, {"a": "old", "locked": True}) == {"a": ["这一栏只能查看，不能修改"]}
    assert check(made, {}, {"a": "old", "locked": True}) == {}


def test_a_read_only_condition_can_be_open() -> None:
    assert check(form(field(readonly="=locked")), {"a": "x"}, {"locked": False}) == {"a": "x"}


def test_a_field_that_does_not_exist_is_named() -> None:
    sentence = "表单里没有这一栏，请刷新页面后重新填写"
    assert problems(form(field()), {"role": "admin"}) == {"role": [sentence]}
    assert problems(form(field(key="a.b")), {"a": {"b": "x", "c": 1}}) == {"a.c": [sentence]}


def test_dotted_keys_and_groups_with_a_path_nest() -> None:
    made = form(field(key="a.b"), {"type": "group", "path": "g", "components": [field(key="c")]})
    assert check(made, {"a": {"b": "x"}, "g": {"c": "y"}}) == {"a": {"b": "x"}, "g": {"c": "y"}}


ROWS = {
    "type": "dynamiclist",
    "path": "rows",
    "label": "列表",
    "isRepeating": True,
    "components": [field(key="name", validate={"required": True}), field("number", "n")],
}


def test_rows_are_checked_one_by_one() -> None:
    assert check(form(ROWS), {"rows": [{"name": "甲", "n": "2"}]}) == {"rows": [{"name": "甲", "n": 2}]}
    assert problems(form(ROWS), {"rows": [{"name": "甲"}, {"n": "x"}]}) == {
        "rows.1.name": ["请填写"],
        "rows.1.n": ["请填写数字"],
    }


def test_blank_rows_are_dropped() -> None:
    assert check(form(ROWS), {"rows": [{"name": "", "n": None}, {"name": "甲"}, None]}) == {"rows": [{"name": "甲"}]}


def test_a_row_has_no_other_fields() -> None:
    assert list(problems(form(ROWS), {"rows": [{"name": "甲", "x": 1}]})) == ["rows.0.x"]


@pytest.mark.parametrize("value", ["x", {"0": {}}, 3, [{}] * 201])
def test_a_list_is_a_list_of_a_sensible_length(value: Any) -> None:
    assert problems(form(ROWS), {"rows": value}) == {"rows": ["最多 200 行"]}


def test_a_list_can_want_some_rows_and_not_too_many() -> None:
    made = form({**ROWS, "properties": {"licet:min-rows": "1", "licet:max-rows": "2"}})
    assert problems(made, {}) == {"rows": ["至少填写 1 行"]}
    assert problems(made, {"rows": [{"name": "甲"}] * 3}) == {"rows": ["最多 2 行"]}


def test_a_condition_in_a_row_sees_the_row() -> None:
    inner = [field(key="kind"), field(key="why", **hidden_when('this.kind != "other"'))]
    made = form({**ROWS, "components": inner})
    assert problems(made, {"rows": [{"kind": "one", "why": "x"}]}) == {"rows.0.why": ["这一栏现在不能填写"]}
    assert check(made, {"rows": [{"kind": "other", "why": "x"}]}) == {"rows": [{"kind": "other", "why": "x"}]}


def test_a_verdict_is_one_of_the_buttons() -> None:
    made = form(field(), verdicts=[PASS])
    assert problems(made, {"a": "x"}) == {"verdict": ["请用页面下方的按钮提交"]}
    assert problems(made, {"verdict": "approve"}) == {"verdict": ["请用页面下方的按钮提交"]}
    assert check(made, {"a": "x", "verdict": "pass"}) == {"a": "x", "verdict": "pass"}


def test_a_form_without_buttons_takes_no_verdict() -> None:
    assert problems(form(field()), {"verdict": "pass"}) == {"verdict": ["请用页面下方的按钮提交"]}


def test_a_return_needs_its_reason_and_not_the_rest() -> None:
    made = form(
        field(validate={"required": True}),
        field(key="why", **hidden_when('verdict != "return"')),
        verdicts=[PASS, RETURN],
    )
    assert problems(made, {"verdict": "return"}) == {"why": ["请填写"]}
    assert check(made, {"verdict": "return", "why": "不清楚"}) == {"verdict": "return", "why": "不清楚"}
    assert problems(made, {"verdict": "pass", "a": "x", "why": "不清楚"}) == {"why": ["这一栏现在不能填写"]}


def test_a_list_can_be_what_a_verdict_needs() -> None:
    made = form({**ROWS, "path": "why"}, verdicts=[RETURN])
    assert problems(made, {"verdict": "return", "why": [{"name": ""}]}) == {"why": ["至少填写 1 行"]}


def test_every_box_ticked_before_passing() -> None:
    made = form(
        field("licet-ticks", valuesKey="papers", properties={"licet:all": "pass"}),
        verdicts=[PASS, {**RETURN, "needs": []}],
    )
    papers = {"papers": [{"value": "x", "label": "甲"}, {"value": "y", "label": "乙"}]}
    assert problems(made, {"a": ["x"], "verdict": "pass"}, papers) == {"a": ["还有没核对的项目"]}
    assert problems(made, {"a": ["x"], "verdict": "return"}, papers) == {}
    assert problems(made, {"a": ["y", "x"], "verdict": "pass"}, papers) == {}


def test_a_named_check_can_refuse_or_put_right() -> None:
    made = form(field("licet-number", properties={"licet:check": "uscc"}))
    assert problems(made, {"a": "x"}, checks={"uscc": lambda *_: wrong("第 {n} 位不对", n=3)}) == {"a": ["第 3 位不对"]}
    assert check(made, {"a": "x"}, checks={"uscc": lambda value, _: value.upper()}) == {"a": "X"}


def test_a_named_check_sees_the_answers_before_it() -> None:
    made = form(field(key="kind"), field(key="no", properties={"licet:check": "no"}))
    seen: list[Any] = []
    check(made, {"no": "1", "kind": "x"}, checks={"no": lambda value, answers: seen.append((value, dict(answers)))})
    assert seen == [("1", {"kind": "x"})]


def test_a_check_nobody_handed_in_is_not_skipped() -> None:
    with pytest.raises(MissingCheck, match="uscc"):
        check(form(field(properties={"licet:check": "uscc"})), {})


@pytest.mark.parametrize("answers", [None, [], "x", 3])
def test_answers_that_are_no_answers(answers: Any) -> None:
    with pytest.raises(BadAnswer) as bad:
        check(form(field()), answers)
    assert list(bad.value.problems) == [""]
