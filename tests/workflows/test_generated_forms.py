"""Forms made from the data of a type: sound, complete, and every kind of field refused at the field."""

import json

import msgspec
import pytest

from forms.check import check
from forms.contents import entries, prefill, returnable
from forms.lint import findings
from forms.texts import translated
from ledger.errors import BadAnswer
from registry.certificates.catalogue import type_of, types
from registry.certificates.kinds import Field, Option, Review
from tests.forms.making import filled
from workflows.applying.checks import checks_for
from workflows.applying.typed import form_for_kind, form_known, form_of
from workflows.requests import Request

KEYS = ("apply", "register")
CHECKS = checks_for(None, Request(type_code="P14"))


def made(*fields, key="register", code="P14", **more):
    """The form for a type that has these fields."""
    return form_for_kind(key, msgspec.structs.replace(type_of(code), fields=fields, **more))


def element(kind="text", key="thing", **more):
    return Field(key=key, label="某项", label_en="Thing", kind=kind, source="D", **more)


def refused(form, **answers):
    """What is wrong at the fields that were answered."""
    with pytest.raises(BadAnswer) as refusal:
        check(form, {**answers, "verdict": form.verdicts[0].value}, checks=CHECKS)
    found = refusal.value.problems
    return {key: [str(one) for one in found[key]] for key in found if key.split(".")[0] in answers}


@pytest.mark.parametrize("key", KEYS)
def test_the_form_of_every_type_is_sound(key):
    assert {code: found for code in types() if (found := findings(form_of(key, code)))} == {}
    assert form_known(key)


@pytest.mark.parametrize("key", KEYS)
def test_every_check_that_a_form_names_is_known(key):
    for code in types():
        names = {(field.get("properties") or {}).get("licet:check", "") for field in form_of(key, code).fields()}
        assert names - {""} <= CHECKS.keys(), code


@pytest.mark.parametrize(("field", "bad", "says"), [
    (element(required=True), " ", "请填写"), (element(longest=5), "六个字的内容", "最多 5 个字"),
    (element("date"), "26.3.5", "日期要写成 2026-11-22 这样"), (element("number", unit="万元"), "八千", "请填写数字"),
    (element("number"), -1, "不能小于 0"), (element("uscc"), "91110105MA01ABCD5A", "校验码"),
    (element("id_number"), "110101199003070215", "校验码"), (element(rule="XM"), "", None),
    (element(rule="AX"), "JZ安许证字1", "编号应写成"),
    (element("code", options=(Option(value="1", label="甲"),)), "9", "请从列出的选项中选择"),
    (element("date", key="first_issued_on"), "2030-01-01", "不能晚于今天"),
])
def test_bad_input_is_refused_at_its_field(field, bad, says):
    found = refused(made(field), **{field.key: bad})
    assert found == {} if says is None else says in found[field.key][0]


def test_a_row_is_refused_at_its_place():
    rows = element("rows", required=True, fields=(element("uscc", key="code", required=True),))
    form = made(rows)
    assert refused(form, thing=[{"code": "91110105MI01ABCD5F"}]).keys() == {"thing.0.code"}
    assert refused(form, thing=[]) == {"thing": ["至少填写 1 行"]}


def test_a_picture_is_handed_in_with_the_papers():
    form = made(element("image", key="photo", required=True), key="apply")
    [photo] = [field for field in form.fields() if field.get("key") == "doc_photo"]
    assert (photo["validate"], photo["multiple"], photo["accept"]) == ({"required": True}, False, ".jpg,.jpeg,.png")
    assert refused(form, doc_photo=[]) == {"doc_photo": ["请上传文件"]}


def test_the_days_asked_are_those_of_the_kind_of_term():
    days = {kind: {key for key in ("valid_from", "valid_until", "review_on")
                   if key in {field.get("key") for field in form_of("register", code).fields()}}
            for kind, code in
            (("months", "E12"), ("long", "P14"), ("none", "J05"), ("works", "Q01"), ("review", "P01"))}
    assert days["months"] == days["works"] == {"valid_from", "valid_until"}
    assert days["long"] == days["none"] == set() and "review_on" in days["review"]
    assert refused(form_of("register", "E12"), valid_until="") == {"valid_until": ["请填写"]}
    assert refused(form_of("register", "Q01"), valid_from="2026-02-01", valid_until="2026-01-01") == {
        "valid_until": ["不能早于 2026-02-01"]}


def test_a_business_licence_may_be_without_an_end():
    assert refused(form_of("register", "E01"), valid_until="").get("valid_until") is None


def test_a_review_that_lapses_is_asked_for_where_no_field_names_it():
    lapsing = made(key="register", review=Review(months=36, lapses=True, source="D"))
    assert "review_on" in {field.get("key") for field in lapsing.fields()}


def test_what_stands_in_a_persons_file_is_asked_in_no_form():
    for code in ("P01", "P04"):
        asked = {field.get("key") for key in KEYS for field in form_of(key, code).fields()}
        assert not asked & {"name", "gender", "id_number", "born_on", "state", "operation"}


def test_registering_begins_with_what_was_applied_for():
    application = filled(form_of("apply", "P05").schema, {})
    kept = prefill(form_of("register", "P05"), application)
    assert kept["category"] == application["category"] and kept["company"] == application["company"]


def test_fields_and_papers_can_be_returned_and_read():
    form = form_of("apply", "P07")
    assert {"specialities", "doc_photo", "employer_code"} <= {row["value"] for row in returnable(form)}
    read = {entry.path: entry for entry in entries(form, {"specialities": [{"speciality": "建筑工程"}]})}
    assert read["specialities.0.speciality"].section == "注册专业 1"


def test_every_word_can_be_translated_with_its_values():
    form = form_of("apply", "P01")
    said = json.dumps(translated(form.schema, lambda text: f"<{text}>"), ensure_ascii=False)
    assert "licet:says" not in said and '"licet:title": "<<特种作业操作证> 申领>"' in said
    assert '"description": "<例如 <电工作业>>"' in said
