"""Numbers of certificates: one normal form, the type's own rule, the holder's identity."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from registry.certificates.numbers import RULES, UnknownRule, check_number, normal

DAY = dt.date(2026, 11, 22)
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LIKELY = st.sampled_from("TJZ苏安许证字（）()[]【】〔〕　 -–Ｔ０x9.1E+")
WRITTEN = st.text(alphabet=st.one_of(LIKELY, st.characters()), max_size=40)


@given(st.sampled_from(sorted(RULES)), WRITTEN)
def test_writing_a_number_normally_twice_changes_nothing(rule, text):
    once = normal(rule, text)
    assert normal(rule, once) == once


@given(st.sampled_from(sorted(RULES)), WRITTEN)
def test_any_text_gets_a_verdict_and_a_refusal_says_why(rule, text):
    verdict = check_number(rule, text, on=DAY)
    assert verdict.ok == (verdict.problem is None)
    assert "{" not in str(verdict.problem or "") or "{" in text


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_the_example_of_a_rule_fits_it(rule):
    verdict = check_number(rule.key, rule.example, on=DAY)
    assert verdict.ok
    assert verdict.value == rule.example
    assert not verdict.warnings


@pytest.mark.parametrize(
    "text",
    [
        "(苏)JZ安许证字[2023]001234", "（苏）JZ安许证字〔2023〕001234", "（苏）ＪＺ安许证字【２０２３】００１２３４",
        "(苏) JZ安许证字 (2023) 001234\n", "【苏】jz安许证字（2023）001234",
    ],
)
def test_safety_licences_in_any_brackets_are_one_number(text):
    assert check_number("AX", text, on=DAY).value == "（苏）JZ安许证字〔2023〕001234"


def test_the_copy_number_of_a_safety_licence_stays():
    verdict = check_number("AX", "（浙）JZ安许证字〔2026〕000888-02", on=DAY)
    assert verdict.value == "（浙）JZ安许证字〔2026〕000888-02"
    assert verdict.parts["copy"] == "02"


def test_a_permit_number_is_read_into_its_parts():
    verdict = check_number("SG", "320102 20260315 0101", on=DAY)
    assert verdict.parts == {"region": "320102", "issued": "20260315", "kind": "01", "serial": "01"}


@pytest.mark.parametrize(
    ("text", "remark"),
    [("320102203003150101", "晚于今天"), ("320102202603150501", "通常是 01"), ("990102202603150101", "990102")],
)
def test_an_unusual_permit_number_is_remarked_not_refused(text, remark):
    verdict = check_number("SG", text, on=DAY)
    assert verdict.ok
    assert any(remark in str(warning) for warning in verdict.warnings)


def test_a_permit_issued_on_30_february_is_refused():
    assert "不是真实的发证日期" in str(check_number("SG", "320102202602300101", on=DAY).problem)


def test_a_missing_T_is_named():
    assert "请在身份证号前加上 T" in str(check_number("TZ-EM", "110101199003070214", on=DAY).problem)


def test_a_full_width_T_is_forgiven():
    assert check_number("TZ-EM", "ｔ110101199003070214", on=DAY).value == "T110101199003070214"


@pytest.mark.parametrize("rule", ["TZ-EM", "ID"])
def test_the_number_of_another_person_is_refused(rule):
    own, other = "110101199003070214", "320102198511190061"
    typed = ("T" if rule == "TZ-EM" else "") + own
    assert check_number(rule, typed, holder_id_number=own.replace("0214", " 0214"), on=DAY).ok
    verdict = check_number(rule, typed, holder_id_number=other, on=DAY)
    assert "与持证人的身份证号不一致" in str(verdict.problem)


@pytest.mark.parametrize(
    ("rule", "good", "other"),
    [
        ("JZ-1", "京111050700001", "粤244181900678"),
        ("JZ-2", "粤2442018201900678", "苏1322019202001234"),
        ("AG-B", "苏建安B(2022)0012345", "京建安C3（2015）0000001"),
        ("AG-C", "京建安C3（2015）0000001", "苏建安B(2022)0012345"),
        ("ZZ-D", "D132012345", "A132012345"),
        ("ZZ-E", "EW13201234"[:2] + "132012345", "D132012345"),
    ],
)
def test_a_number_of_the_sister_type_is_refused(rule, good, other):
    assert check_number(rule, good, on=DAY).ok
    assert "请核对证书种类" in str(check_number(rule, other, on=DAY).problem)


@pytest.mark.parametrize("rule", ["YD", "GC", "TS", "CMA", "PW", "BA", "XM"])
def test_an_unverified_format_never_refuses(rule):
    verdict = check_number(rule, "2013规（朝）建字0012", on=DAY)
    assert verdict.ok
    assert verdict.warnings


@given(st.text(alphabet=ALNUM, min_size=21, max_size=21), st.text(alphabet=ALNUM, min_size=18, max_size=18),
       st.text(alphabet=ALNUM, min_size=1, max_size=32), st.integers(0, 999), st.data())
def test_one_wrong_character_of_a_licence_mark_is_caught(kind, issuer, serial, version, data):
    fields = kind + issuer + serial + f"{version:03d}"
    mark = f"1.2.156.3005.2.{kind}.{issuer}.{serial}.{version:03d}.{mod_37_36.calc_check_digit(fields)}"
    assert check_number("ECERT", mark, on=DAY).ok
    at = data.draw(st.integers(15, len(mark) - 1).filter(lambda place: mark[place] != "."))
    letter = data.draw(st.sampled_from(ALNUM).filter(lambda each: each != mark[at]))
    assert not check_number("ECERT", mark[:at] + letter + mark[at + 1 :], on=DAY).ok


def test_a_number_from_next_year_is_remarked():
    assert "晚于今年" in str(check_number("TZ-JZ", "苏A032027000123", on=DAY).warnings[0])


def test_a_number_a_spreadsheet_spoiled_is_refused_in_every_rule():
    for rule in RULES:
        assert "末几位已经丢失" in str(check_number(rule, "1.10101E+17", on=DAY).problem)


def test_an_empty_and_an_endless_number_are_refused():
    assert "请填写" in str(check_number("free", " \u3000\u200b", on=DAY).problem)
    assert "不能超过" in str(check_number("free", "9" * 101, on=DAY).problem)


def test_an_unknown_rule_is_an_error_of_ours():
    with pytest.raises(UnknownRule):
        check_number("none", "1")
