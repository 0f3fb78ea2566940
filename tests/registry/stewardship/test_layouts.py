"""A company's own columns: learned from its ledger, edited, kept under a name, refused where they make no sense."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.errors import NotAllowed, NotFound
from registry.intake.batch.models import Learning
from registry.intake.stewardship import layouts
from registry.intake.stewardship.layouts import NoLayout, complete, keep, layout_of, learned_from, moved
from registry.people import sealing
from registry.people.units import Unit, create_unit
from tests.registry.stewardship import ledgers

PAIRS = [("工号", "keep"), ("证号", "number"), ("姓 名", "name")]


@pytest.fixture
def company(session: Session, clock: clocks.Fixed) -> Unit:
    sealing.set_key(b"k" * 32)
    group = create_unit(session, kind="group", name="江海集团", code="G", by=SYSTEM)
    return create_unit(session, kind="company", name="江海一建", code="C1", parent=group, by=SYSTEM)


def steward(unit: Unit, role: str = "steward") -> Actor:
    return Actor(id=7, name="管数据的", group_id=unit.group_id, grants=(Grant(role, unit.id, unit.path),))


def test_type_and_our_number_stand_in_every_export_once() -> None:
    assert complete(PAIRS)[-2:] == [("证件种类", "type"), ("台账号", "code")]
    assert complete([("台账号", "keep"), ("种类", "type")])[-1] == ("台账号（2）", "code")
    assert complete([("号", "code"), ("种类", "type")]) == [("号", "code"), ("种类", "type")]


def test_a_layout_is_learned_from_a_ledger_that_came_in(session: Session, company: Unit) -> None:
    columns = [("姓名", "name"), ("姓名", "ignore"), ("", "remark")]
    batch = ledgers.batch(session, company, columns=columns)
    assert learned_from(batch, 0) == [("姓名", "name"), ("姓名（2）", "ignore"), ("列3", "remark")]
    with pytest.raises(NotFound):
        learned_from(batch, 1)


def test_what_its_headings_mean_is_remembered_for_when_it_comes_back(session: Session, company: Unit) -> None:
    keep(session, company, "我们的台账", PAIRS, by=steward(company))
    (learned,) = session.scalars(select(Learning))
    assert (learned.kind, learned.words) == ("table", "工号|证号|姓 名|证件种类|台账号")


@pytest.mark.parametrize(("name", "columns", "wrong"), [
    ("", PAIRS, "name"), ("x" * 61, PAIRS, "name"), ("一", [], "columns"), ("一", [("", "name")], "heading0"),
    ("一", [("a", "name"), ("a", "number")], "heading1"), ("一", [("a|b", "name")], "heading0"),
    ("一", [("a", "nothing")], "field0"), ("一", [(f"c{n}", "keep") for n in range(81)], "columns"),
])
def test_what_makes_no_sense_is_refused(
    session: Session, company: Unit, name: str, columns: layouts.Columns, wrong: str
) -> None:
    with pytest.raises(NoLayout) as refused:
        keep(session, company, name, columns, by=steward(company))
    assert list(refused.value.problems) == [wrong]


def test_a_name_is_taken_once_and_a_layout_can_be_changed_and_dropped(session: Session, company: Unit) -> None:
    me = steward(company)
    first = keep(session, company, "我们的台账", PAIRS, by=me)
    with pytest.raises(NoLayout):
        keep(session, company, " 我们的台账 ", PAIRS, by=me)
    keep(session, company, "我们的台账", moved(PAIRS, 0, 1), by=me, layout=first)
    assert [heading for heading, _ in layout_of(session, me, first.id).pairs] == ["证号", "工号", "姓 名"]
    layouts.drop(session, first, by=me)
    assert layouts.layouts(session, me) == []


def test_others_neither_see_nor_change_it(session: Session, company: Unit) -> None:
    made = keep(session, company, "我们的台账", PAIRS, by=steward(company))
    assert company.parent is not None
    other = create_unit(session, kind="company", name="江海二建", code="C2", parent=company.parent, by=SYSTEM)
    with pytest.raises(NotFound):
        layout_of(session, steward(other), made.id)
    with pytest.raises(NotAllowed):
        keep(session, company, "别人的", PAIRS, by=steward(other))
    with pytest.raises(NotAllowed):
        keep(session, company, "看的", PAIRS, by=steward(company, "auditor"))


@pytest.mark.parametrize(("place", "by", "order"), [
    (0, -1, "abc"), (0, 1, "bac"), (2, 5, "abc"), (1, -9, "bac"), (7, 1, "abc")])
def test_a_column_is_moved_as_far_as_there_is_room(place: int, by: int, order: str) -> None:
    assert "".join(one for one, _ in moved([(letter, "keep") for letter in "abc"], place, by)) == order
