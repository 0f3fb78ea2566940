"""Filters that people keep."""

from __future__ import annotations

import pytest

from ledger.actor import SYSTEM
from ledger.errors import NotAllowed, NotFound
from registry.access.filters import MOST, NotSaved, drop_filter, save_filter, saved_filters
from tests.registry.organisation import Organisation


def test_a_filter_is_its_persons_alone(org: Organisation) -> None:
    mine, other = org.actor("hr"), org.actor("hr", name="王旁人")
    kept = save_filter(org.session, mine, " 临期　电工 ", {"standing": "due", "type": "P02"})
    assert [(each.name, each.arguments) for each in saved_filters(org.session, mine)] == [
        ("临期 电工", {"standing": "due", "type": "P02"})]
    assert list(saved_filters(org.session, other)) == []
    with pytest.raises(NotFound):
        drop_filter(org.session, other, kept.id)
    drop_filter(org.session, mine, kept.id)
    assert list(saved_filters(org.session, mine)) == []


def test_the_same_name_again_replaces_it(org: Organisation) -> None:
    mine = org.actor("hr")
    for letter in "EP":
        save_filter(org.session, mine, "我的", {"family": letter})
    assert [each.arguments for each in saved_filters(org.session, mine)] == [{"family": "P"}]


def test_a_filter_needs_a_name_a_person_and_room(org: Organisation) -> None:
    mine = org.actor("hr")
    for name in ("", "  ", "长" * 41):
        with pytest.raises(NotSaved):
            save_filter(org.session, mine, name, {})
    with pytest.raises(NotAllowed):
        save_filter(org.session, SYSTEM, "系统", {})
    for number in range(MOST):
        save_filter(org.session, mine, f"第{number}个", {})
    with pytest.raises(NotSaved):
        save_filter(org.session, mine, "再一个", {})
