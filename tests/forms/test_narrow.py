"""A form narrowed to what is to be corrected: what is open, what is shown, what is put together again."""

from __future__ import annotations

from forms import narrow
from forms.schema import form_of

FORM = form_of({"id": "f", "licet:verdicts": [{"value": "submit", "label": "提交"}], "components": [
    {"id": "a", "type": "textfield", "key": "a", "label": "甲", "validate": {"required": True}},
    {"id": "b", "type": "textfield", "key": "b", "label": "乙", "validate": {"required": True}},
    {"id": "c", "type": "textfield", "key": "c", "label": "丙", "conditional": {"hide": '=a != "x"'}},
    {"id": "l", "type": "dynamiclist", "path": "l", "label": "表", "components": [
        {"id": "n", "type": "textfield", "key": "n", "label": "名"}]},
    {"id": "r", "type": "textfield", "key": "r", "label": "名称", "readonly": True},
]})


def test_only_what_is_shown_and_filled_in_may_be_asked_for() -> None:
    assert [one["value"] for one in narrow.shown(FORM, {"a": "1"}, {})] == ["a", "b", "l"]
    assert [one["value"] for one in narrow.shown(FORM, {"a": "x"}, {})] == ["a", "b", "c", "l"]


def test_the_rest_is_readonly_and_what_an_answer_may_bring_up_stays_open() -> None:
    fields = {str(one["id"]): one for one in narrow.only(FORM, ["a"], {"a": "1"}, {}).fields()}
    assert [key for key, one in fields.items() if not one.get("readonly")] == ["a", "said_a", "c"]
    assert fields["n"]["readonly"] and fields["l"]["allowAddRemove"] is False and "validate" not in fields["b"]
    assert fields["a"]["validate"] == {"required": True}
    assert not any(one.get("readonly") for one in FORM.fields() if one["id"] != "r")


def test_answers_go_over_what_was_there_and_what_they_hide_is_left_out() -> None:
    before = {"a": "x", "b": "2", "c": "3", "l": [{"n": "1"}]}
    clean = {"a": "y", "said_a": "改了", "verdict": "answer"}
    assert narrow.merged(FORM, before, clean, {}) == {"a": "y", "b": "2", "l": [{"n": "1"}]}
    assert narrow.said_of("a", clean) == "改了"


def test_a_field_that_was_emptied_is_empty() -> None:
    assert narrow.merged(FORM, {"a": "x", "b": "2", "c": "3"}, {"a": "x"}, {}, ["a", "c"]) == {"a": "x", "b": "2"}
