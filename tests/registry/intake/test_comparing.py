"""Rows seen together: repeated, doubled, one person in two ways, what another row settles."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from registry.intake.judged import Judged
from registry.intake.judging.names import alike
from tests.registry.intake.ledger import ID, OFFICER, OPERATOR, OTHER, THIRD, judged, kinds, only

TAIL = f"T{ID[:-1]}5"
HIGH = {"item": "高压电工作业"}


def both(first: dict[str, Any], second: dict[str, Any]) -> tuple[Judged, Judged]:
    one, two = judged(first, second, compared=True)
    return one, two


def test_the_same_row_again_is_left_out() -> None:
    one, two = both(OFFICER, OFFICER)
    assert (one.findings, only(two).kind, only(two).weight) == ([], "repeated_row", "tidied")


def test_another_running_number_does_not_make_another_row() -> None:
    assert only(both(OFFICER | {"sequence": 1}, OFFICER | {"sequence": 2})[1]).kind == "repeated_row"


def test_other_days_are_another_version_and_no_defect() -> None:
    earlier = {"issued_on": dt.date(2021, 5, 6), "valid_until": dt.date(2024, 5, 5)}
    assert [row.findings for row in both(OFFICER, OFFICER | earlier)] == [[], []]


def test_one_number_with_several_items_is_no_defect() -> None:
    assert [row.findings for row in both(OPERATOR, OPERATOR | HIGH)] == [[], []]


def test_a_number_belongs_to_the_row_that_fits_it() -> None:
    wrong = OFFICER | {"name": "王五", "id_number": ID, "issued_on": dt.date(2025, 5, 6),
                       "valid_until": dt.date(2028, 5, 5)}
    one, two = both(wrong, OFFICER)
    assert (only(one).kind, only(one).weight, two.findings) == ("duplicate_number", "stop", [])
    assert only(one).params["name"] == "李四"


def test_where_nothing_tells_whose_a_number_is_neither_row_is_believed() -> None:
    assert [only(row).kind for row in both(OFFICER, OFFICER | {"name": "王五", "id_number": ID})] == [
        "duplicate_number"] * 2


def test_another_persons_number_is_a_duplicate_where_that_person_is_in_the_book() -> None:
    wrong = OPERATOR | {"name": "钱六", "id_number": THIRD}
    one, two = judged(OPERATOR | {"id_number": ID}, wrong, compared=True)
    assert (one.findings, only(two).kind) == ([], "duplicate_number")


@pytest.mark.parametrize("name", ["张三执", "张三照", "张三签", "张三S", "张三G"])
def test_a_tail_that_a_scanner_added_is_one_person_twice(name: str) -> None:
    one, two = both(OPERATOR | {"name": name}, OPERATOR | HIGH)
    assert (only(one).kind, only(one).proposed, two.findings) == ("two_names", "张三", [])
    assert one.holder is not None and one.holder.name == "张三"


def test_the_name_that_stands_most_often_is_believed() -> None:
    once, again = OPERATOR | {"name": "李建国"}, OPERATOR | {"name": "李建国", "item": "其他"}
    found = judged(once, OPERATOR | HIGH | {"name": "李健国"}, again, compared=True)
    assert [kinds(row) for row in found] == [[], ["two_names"], []]
    assert only(found[1]).proposed == "李建国"


def test_one_id_number_of_two_quite_different_people_stops_the_later() -> None:
    one, two = both(OFFICER, OFFICER | {"name": "赵钱孙", "number": "苏建安C2（2024）0000007"})
    assert (one.findings, only(two).kind, only(two).weight) == ([], "id_of_two", "stop")


def test_a_lost_character_is_known_from_another_row() -> None:
    one, two = both(OPERATOR | {"name": "张?"}, OPERATOR | HIGH)
    assert (only(one).kind, only(one).proposed, two.findings) == ("rare_character", "张三", [])


def test_a_number_that_fails_is_settled_by_another_row_of_the_person() -> None:
    one, two = both(OPERATOR | {"number": TAIL}, OPERATOR | HIGH)
    assert (only(one).kind, only(one).weight, only(one).proposed) == ("check_digit", "doubt", f"T{ID}")
    assert (one.number, two.findings) == (f"T{ID}", [])
    assert one.holder is not None and one.holder.id_number == ID


def test_a_number_that_lost_digits_is_only_hinted_at() -> None:
    one, _ = both(OFFICER | {"id_number": "3.20102E+17"}, OFFICER | {"number": "苏建安C2（2024）0000009"})
    assert (only(one).kind, only(one).weight, only(one).proposed, only(one).params) == ("float", "stop", "", {"row": 3})


def test_somebody_without_a_number_is_the_one_of_that_name_in_the_company() -> None:
    title = {"type": "职称证书", "name": "李四", "number": "职-1", "company": "江城建设有限公司"}
    one, two = both(OFFICER, title)
    assert two.holder is not None and (two.holder.id_number, two.findings) == (OTHER, [])


def test_one_of_several_of_a_name_is_not_guessed() -> None:
    title = {"type": "职称证书", "name": "李四", "number": "职-1", "company": "江城建设有限公司"}
    second = OFFICER | {"id_number": ID, "number": "苏建安C2（2024）0000009"}
    assert only(judged(OFFICER, second, title, compared=True)[2]).kind == "ambiguous"
    elsewhere = second | {"company": "东岭市政工程有限公司"}
    assert judged(OFFICER, elsewhere, title, compared=True)[2].findings == []


def test_numbers_that_differ_in_one_place_are_probably_one_certificate() -> None:
    one, two = both(OFFICER, OFFICER | {"number": "苏建安C2（2024）0000007"})
    assert (one.findings, only(two).kind, only(two).weight) == ([], "similar", "doubt")


def test_similar_names_without_id_numbers_are_compared_by_sound_and_shape() -> None:
    plain = {key: value for key, value in OFFICER.items() if key != "id_number"}
    near = plain | {"name": "李建国", "number": "苏建安C2（2024）0000007"}
    assert only(both(near, near | {"name": "李健国", "number": "苏建安C2（2024）0000001"})[1]).kind == "similar"


def test_numbers_given_out_in_one_go_are_not_similar() -> None:
    rows = [OFFICER | {"number": f"苏建安C2（2024）000000{last}"} for last in range(1, 6)]
    assert all(row.findings == [] for row in judged(*rows, compared=True))


def test_several_papers_of_one_day_are_not_similar() -> None:
    post = {"name": "李四", "id_number": OTHER, "type": "八大员", "number": "ZJ2024000001", "category": "施工员",
            "valid_until": dt.date(2027, 5, 5)}
    assert "similar" not in kinds(both(post, post | {"category": "质量员", "number": "ZJ2024000002"})[1])


@pytest.mark.parametrize(("one", "other", "same"), [
    ("张伟", "张伟执", True), ("王未", "王末", True), ("李建国", "李健国", True), ("张伟", "王芳", False),
    ("张伟", "张强", False),
])
def test_how_like_two_names_are(one: str, other: str, same: bool) -> None:
    assert (alike(one, other) >= 0.8) is same


def test_a_finding_names_the_other_rows_sheet_where_it_is_another() -> None:
    from registry.intake.judging import compare
    from tests.registry.intake.ledger import known
    rows = judged(OFFICER) + judged(OFFICER, number=1)
    compare(rows, known())
    assert only(rows[1]).params == {"row": 2, "sheet": 1}
