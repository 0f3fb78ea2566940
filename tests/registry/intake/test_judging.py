"""A row becomes a judged certificate: type, holder, fields, term, papers, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.intake.judged import PaperSaid
from registry.intake.judging.plan import KEPT
from registry.intake.known import Learned
from tests.registry.intake.ledger import ID, OFFICER, OPERATOR, OTHER, judged, kinds, known, officer, only, operator

DAY = dt.date


def test_an_operators_row_is_a_certificate_with_its_item() -> None:
    row = operator()
    assert (row.type_code, row.item) == ("P01", "电工作业 低压电工作业")
    assert (row.issued_on, row.valid_until, row.review_on) == (DAY(2025, 3, 1), DAY(2031, 2, 28), DAY(2028, 2, 29))
    assert row.holder is not None and (row.holder.name, row.holder.unit) == ("张三", 2)


def test_a_usual_name_is_read_and_said_once_for_all() -> None:
    found = only(officer(type="安C"))
    assert (found.kind, found.weight, found.case) == ("type_alias", "tidied", "安c")


def test_an_unknown_type_stops_and_keeps_what_can_be_read() -> None:
    row = officer(type="某某神秘凭证", number="2024-17")
    assert (only(row).kind, row.stopped, row.valid_until) == ("unknown_type", True, DAY(2027, 5, 5))


def test_a_section_names_the_type_where_no_column_does() -> None:
    rows = [{"name": "李四", "id_number": OTHER, "number": "苏水安（2024）000001", "valid_until": DAY(2027, 5, 5),
             "_section": section} for section in ("水安",)]
    assert judged(*rows, mapping={"type_code": "P16"})[0].type_code == "P17"


def test_the_trade_of_a_site_operator_is_a_code() -> None:
    row = judged({"name": "李四", "id_number": OTHER, "number": "苏A052025000123", "trade": "塔吊司机",
                  "issued_on": DAY(2025, 1, 2), "valid_until": DAY(2027, 1, 1)}, mapping={"type_code": "P02"})[0]
    assert (row.fields["trade"], row.item, row.findings) == ("05", "05", [])


def test_specialities_are_rows() -> None:
    row = judged({"name": "李四", "id_number": OTHER, "number": "苏232101200345",
                  "speciality": "建筑工程、市政公用工程",
                  "valid_until": DAY(2027, 1, 1)}, mapping={"type_code": "P07"})[0]
    assert [each["speciality"] for each in row.fields["specialities"]] == ["建筑工程", "市政公用工程"]


@pytest.mark.parametrize(("name", "read", "kind"), [
    ("张 三", "张三", "name_space"), ("张\u3000三", "张三", "name_space"), ("张?", "张?", "rare_character"),
    ("张□三", "张□三", "rare_character"), ("", "", "no_holder"),
])
def test_names_are_read(name: str, read: str, kind: str) -> None:
    row = operator(name=name)
    assert row.holder is not None and row.holder.name == read
    assert only(row).kind == kind


def test_a_name_with_a_dot_keeps_it() -> None:
    assert operator(name="阿依古丽·买买提").findings == []


def test_a_former_name_finds_the_company() -> None:
    row = operator(company="江城市第二建筑公司")
    assert row.holder is not None and row.holder.unit == 2
    assert (only(row).kind, only(row).weight, only(row).proposed) == ("old_company", "tidied", "江城建设有限公司")


def test_an_unknown_company_is_a_doubt_with_the_nearest_name() -> None:
    assert only(operator(company="东岭市政工程有线公司")).proposed == "东岭市政工程有限公司"
    assert only(operator(company="毫不相干实业公司")).kind == "unknown_unit"


def test_a_learned_name_is_found() -> None:
    from registry.intake.meaning import fold
    against = known(learned=Learned(units={fold("江建二公司"): 2}))
    row = judged(OPERATOR | {"company": "江建二公司"}, against=against)[0]
    assert row.holder is not None and (row.holder.unit, row.findings) == (2, [])


def test_a_project_is_where_a_person_belongs() -> None:
    row = operator(unit="江城雨花道项目")
    assert row.holder is not None and row.holder.unit == 4


def test_an_end_before_the_issue_stops() -> None:
    assert (only(operator(valid_until=DAY(2024, 1, 1), review_on=None)).kind) == "end_before_issue"


def test_an_issue_to_come_stops() -> None:
    assert only(officer(issued_on=DAY(2027, 1, 1))).kind == "future_issue"


def test_an_end_that_cannot_be_read_stops_but_an_issue_does_not() -> None:
    assert only(officer(valid_until="见原件")).weight == "stop"
    assert only(officer(issued_on="见原件")).weight == "doubt"


def test_a_blank_end_is_entered_as_unknown_with_what_it_may_be() -> None:
    row = officer(valid_until=None)
    assert (only(row).kind, only(row).proposed, row.undated) == ("blank_end", "2027-05-05", True)


def test_what_has_no_end_needs_none() -> None:
    row = judged({"name": "李四", "id_number": OTHER, "number": "2024-1", "type": "职称证书", "valid_until": "长期"})[0]
    assert (row.long, row.undated, kinds(row)) == (True, False, [])
    row = judged({"name": "李四", "id_number": OTHER, "number": "2024-1", "type": "职称证书", "valid_until": None})[0]
    assert (row.undated, kinds(row)) == (False, [])


def test_a_type_with_a_term_is_never_long() -> None:
    row = officer(valid_until="长期")
    assert (only(row).kind, row.undated, row.long) == ("wrong_date", True, False)


def test_a_term_in_one_cell_gives_both_days() -> None:
    row = officer(issued_on=None, valid_until="2024-05-06至2027-05-05")
    assert (row.valid_from, row.valid_until) == (DAY(2024, 5, 6), DAY(2027, 5, 5))
    row = judged({**{k: v for k, v in OFFICER.items() if k != "valid_until"}, "term": "2024-05-06至2027-05-05"})[0]
    assert (row.findings, row.valid_until) == ([], DAY(2027, 5, 5))


def test_a_missing_review_is_told_while_it_lies_ahead() -> None:
    found = only(operator(review_on=None))
    assert (found.kind, found.weight, found.proposed) == ("review_missing", "doubt", "2028-03-01")


@pytest.mark.parametrize("changed", [
    {"issued_on": DAY(2022, 3, 1), "valid_until": DAY(2028, 2, 29)}, {"reviewed_on": DAY(2026, 3, 1)}])
def test_a_review_that_is_done_or_was_due_long_ago_is_not_missing(changed: dict[str, Any]) -> None:
    assert operator(review_on=None, **changed).findings == []


def test_a_review_on_the_last_day_is_doubted_while_the_first_lies_ahead() -> None:
    found = only(operator(review_on=DAY(2031, 2, 28)))
    assert (found.kind, found.proposed) == ("review_is_expiry", "2028-03-01")
    assert operator(review_on=DAY(2028, 2, 29), issued_on=DAY(2022, 3, 1), valid_until=DAY(2028, 2, 29)).findings == []


def test_a_mark_says_that_somebody_has_left() -> None:
    row = judged(OPERATOR | {"_left": True})[0]
    assert (only(row).kind, only(row).column) == ("left_mark", None)
    assert row.holder is not None and row.holder.left


def test_a_note_behind_the_name_says_it_too() -> None:
    row = operator(name="张三（已离职）")
    assert row.holder is not None and (row.holder.name, row.holder.left, kinds(row)) == ("张三", True, ["left_mark"])


@pytest.mark.parametrize(("said", "state"), [
    ("注销", "04"), ("事故调查期间暂扣", "02"), ("有效", "01"), ("临期", "01")])
def test_states_are_read(said: str, state: str) -> None:
    assert (officer(state=said).state, officer(state=said).findings) == (state, [])
    assert officer(remark=f"{said}：持证人申请").state == state


def test_a_formula_without_a_result_stops_where_it_matters() -> None:
    row = judged(OFFICER | {"valid_until": None, "_uncalculated": ("valid_until",)})[0]
    assert "uncalculated" in kinds(row) and row.stopped


def test_a_hidden_sheet_or_row_is_doubted() -> None:
    assert only(judged(OFFICER, hidden=True)[0]).kind == "hidden"
    assert only(judged(OFFICER | {"_hidden": True})[0]).kind == "hidden"


def test_a_column_that_is_kept_lies_under_its_heading() -> None:
    row = judged(OFFICER | {"keep:血型": "=1+1", "keep:籍贯": 7})[0]
    assert {key: value for key, value in row.fields.items() if key.startswith(KEPT)} == {
        f"{KEPT}keep:血型": "=1+1", f"{KEPT}keep:籍贯": "7"}


def test_a_list_of_a_companys_papers_names_each_paper_and_its_place() -> None:
    row = judged({"type": "营业执照", "number": "91320100135800013L", "valid_until": "长期", "keeper": "王五",
                  "place": "三号柜", "originals": 1, "duplicates": 2})[0]
    assert row.holder is not None and (row.holder.kind, row.holder.unit, row.keeper) == ("enterprise", 2, "王五")
    kept = [PaperSaid(kind="original"), *(PaperSaid(kind="duplicate", serial=number) for number in "12")]
    assert row.papers == [msgspec.structs.replace(each, place="三号柜") for each in kept]


def test_a_project_is_named_once_for_its_sheet() -> None:
    row = judged({"type": "施工许可证", "number": "320102202603150101", "issued_on": DAY(2026, 3, 15)},
                 context={"项目名称": "江城雨花道项目"})[0]
    assert row.holder is not None and (row.holder.kind, row.holder.unit) == ("project", 4)


def test_a_machine_has_a_registration_and_an_inspection() -> None:
    first, second = judged({
        "machine": "汽车起重机", "registration_no": "起17苏A00001(26)", "serial": "QY25-1", "model": "QY25",
        "inspected_on": DAY(2025, 6, 1), "inspect_on": DAY(2027, 5, 31)})
    assert (first.type_code, second.type_code, second.part) == ("Q01", "Q02", 1)
    assert (second.number, second.valid_until) == ("起17苏A00001(26)", DAY(2027, 5, 31))
    assert first.holder is not None and first.holder.serial == "QY25-1"


def test_an_inspection_is_not_of_the_day_of_the_registration() -> None:
    first, second = judged({
        "machine": "汽车起重机", "registration_no": "起17苏A00001(26)", "serial": "QY25-1",
        "issued_on": DAY(2020, 1, 2), "inspected_on": DAY(2025, 6, 1), "inspect_on": DAY(2027, 5, 31)})
    assert (first.issued_on, second.issued_on) == (DAY(2020, 1, 2), DAY(2025, 6, 1))


def test_what_a_type_has_no_use_for_is_kept_and_numbers_of_people_masked() -> None:
    row = judged({"number": "6268348", "issued_on": DAY(2026, 1, 5), "valid_until": DAY(2026, 12, 31), "name": "张三",
                  "project": "江城雨花道项目", "keep:联系人": f"李四 {ID}"}, mapping={"type_code": "J06"})[0]
    assert row.fields == {f"{KEPT}name": "张三", f"{KEPT}keep:联系人": "李四 110101********0214"}


def test_a_borrow_register_is_loans() -> None:
    row = judged({"type": "营业执照", "borrower": "张三", "lent_at": "2026.3.5 14:30", "returned_at": DAY(2026, 3, 9),
                  "purpose": "投标", "loan_state": "归还"}, mapping={"content": "loans"})[0]
    assert row.loan is not None and (row.type_code, row.loan.borrower) == ("E01", "张三")
    assert (str(row.loan.lent_at), str(row.loan.returned_at)) == ("2026-03-05 14:30:00", "2026-03-09 00:00:00")


def test_days_of_a_foreign_register_are_read_as_a_person_said() -> None:
    row = judged({"number": "6268348", "issued_on": "12/6/10", "valid_until": "6/6/12", "project": "江城雨花道项目"},
                 mapping={"type_code": "J06", "days": "mdy"})[0]
    assert (row.issued_on, row.valid_until, row.findings) == (DAY(2010, 12, 6), DAY(2012, 6, 6), [])


def test_an_ignored_table_says_nothing() -> None:
    assert judged(OFFICER, mapping={"content": "ignored"}) == []


CELLS = st.one_of(st.none(), st.text(max_size=24), st.integers(-10, 10**18), st.floats(), st.dates(), st.datetimes(),
                  st.booleans(), st.sampled_from((ID, f"T{ID}", "2026-12", "长期", "电工证", "张 三", "1.1E+17")))
FIELDS = ("type", "number", "name", "id_number", "category", "trade", "item", "issued_on", "valid_until", "review_on",
          "company", "unit", "state", "originals", "place", "born_on", "gender", "company_code", "speciality")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)), min_size=1, max_size=3))
def test_no_content_of_cells_raises(rows: list[dict[str, Any]]) -> None:
    for mapping in ({}, {"type_code": "P01"}, {"type_code": "E01"}, {"type_code": "Q02"}, {"content": "loans"}):
        assert len(judged(*rows, mapping=mapping, compared=True)) == len(rows)
