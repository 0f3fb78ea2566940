"""Substitutes: who may be appointed, for how long it counts, and whose roles come with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.errors import BadAnswer, NotAllowed
from registry.access.accounts import Account, actor_for
from registry.access.appointing import appoint, found
from registry.access.grants import grant_role
from registry.access.substitutions import AlreadyOver, Substitution, end, expand, lapsed, standing_in
from registry.people import sealing
from registry.people.persons import Person, create_person, leave
from registry.people.units import Unit, create_unit

DAY = dt.timedelta(days=1)
PROCESSES = frozenset({"application"})


class Office:
    """Four colleagues and a stranger; 韩梅 approves, 李雷 keeps the certificates."""

    def __init__(self, session: Session) -> None:
        self.session = session
        place = {"kind": "group", "by": SYSTEM, "region": "330100", "province": "浙"}
        self.group = create_unit(session, name="集团", code="G", **place)
        other = create_unit(session, name="别家", code="X", **place)
        self.han, self.li, self.wang, self.zhao = (self.person(name) for name in ("韩梅", "李雷", "王芳", "赵云"))
        self.stranger = self.person("路人", other)
        grant_role(session, self.han, "approver", self.group, by=SYSTEM)
        grant_role(session, self.li, "custodian", self.group, by=SYSTEM)

    def person(self, name: str, place: Unit | None = None, account: bool = True) -> Person:
        one = create_person(self.session, unit=place or self.group, name=name, by=SYSTEM)
        if account:
            self.session.add(Account(person=one, group_id=one.group_id, login=f"u{one.id}", password_hash="-"))
        self.session.flush()
        return one

    def appoint(self, person: Person, substitute: Person, first: int = 0, last: int = 6, **more: Any) -> Substitution:
        """From so many days from now until so many days from now, both counted."""
        start, by = clock.start_of_day(clock.today()), more.pop("by", None) or actor_for(self.session, person)
        return appoint(self.session, person, substitute, by=by, from_at=start + first * DAY,
                       until_at=start + (last + 1) * DAY, **more)

    def refusal(self, *given: Any, **more: Any) -> str:
        with pytest.raises(BadAnswer) as refused:
            self.appoint(*given, **more)
        return str(next(iter(refused.value.problems.values()))[0])


@pytest.fixture
def office(session: Session, clock: clock.Fixed) -> Office:
    sealing.set_key(b"k" * 32)
    return Office(session)


def test_a_substitute_has_the_roles_of_the_absent_while_it_lasts(office: Office, clock: clock.Fixed) -> None:
    office.appoint(office.han, office.li, 1, 2, processes=PROCESSES)
    for days, expected in ((0, False), (1, True), (1, True), (1, False)):
        clock.advance(days * DAY)
        away = actor_for(office.session, office.li).stands_for
        assert bool(away) is expected
        if away:
            assert (away[0].id, away[0].processes) == (office.han.id, PROCESSES)
            assert f"approver@{office.group.id}" in away[0].groups


def test_it_does_not_pass_on_from_one_substitute_to_the_next(office: Office) -> None:
    office.appoint(office.han, office.li)
    office.appoint(office.li, office.wang)
    assert [one.id for one in standing_in(office.session, office.wang.id)] == [office.li.id]


def test_two_appointments_for_one_person_count_as_one(office: Office) -> None:
    office.appoint(office.han, office.li, processes={"application"})
    office.appoint(office.han, office.li, processes={"leaving"})
    assert standing_in(office.session, office.li.id)[0].processes == {"application", "leaving"}
    office.appoint(office.han, office.wang, processes={"leaving"})
    office.appoint(office.wang, office.li, 0, 0)
    assert [one.id for one in standing_in(office.session, office.li.id)] == [office.han.id, office.wang.id]


def test_what_the_substitute_may_not_hold_stays_away(office: Office) -> None:
    office.appoint(office.han, office.wang)
    grant_role(office.session, office.han, "legal", office.group, by=SYSTEM)
    grant_role(office.session, office.wang, "auditor", office.group, by=SYSTEM)
    groups = actor_for(office.session, office.wang).stands_for[0].groups
    assert f"legal@{office.group.id}" in groups
    assert f"approver@{office.group.id}" not in groups


def test_each_refusal_says_what_to_do_instead(office: Office) -> None:
    han, li, wang = office.han, office.li, office.wang
    assert "由本人代理自己" in office.refusal(han, han)
    assert "没有找到这个人" in office.refusal(han, office.stranger)
    assert "结束日期早于开始日期" in office.refusal(han, li, 5, 3)
    assert "已经过去" in office.refusal(han, li, -5, -1)
    assert "最多 180 天" in office.refusal(han, li, 0, 180)
    assert "没有可用的账号" in office.refusal(han, office.person("新人", account=False))
    leave(office.session, wang, on=clock.today() + 3 * DAY, by=SYSTEM)
    assert "王芳 在这段时间内不全在职" in office.refusal(han, wang)
    office.appoint(han, li, 0, 2)
    assert "已经安排 李雷 代理到" in office.refusal(han, li, 2, 4)


def test_nobody_appoints_themselves_for_somebody_else(office: Office) -> None:
    grant_role(office.session, office.zhao, "hr_head", office.group, by=SYSTEM)
    head = actor_for(office.session, office.zhao)
    assert "不能把自己安排为别人的代理人" in office.refusal(office.han, office.zhao, by=head)
    assert office.appoint(office.han, office.li, by=head).made_by == office.zhao.id
    with pytest.raises(NotAllowed):
        office.appoint(office.han, office.wang, by=actor_for(office.session, office.li))


def test_roles_that_check_each_other_do_not_meet_in_one_hand(office: Office) -> None:
    grant_role(office.session, office.wang, "administrator", office.group, by=SYSTEM)
    grant_role(office.session, office.zhao, "auditor", office.group, by=SYSTEM)
    assert "不能代理" in office.refusal(office.wang, office.zhao)


def test_a_circle_is_refused_only_while_all_of_it_is_away(office: Office) -> None:
    office.appoint(office.li, office.wang, 0, 3)
    office.appoint(office.wang, office.zhao, 3, 9)
    assert "绕成一圈" in office.refusal(office.zhao, office.li, 3, 5)
    assert office.appoint(office.zhao, office.li, 4, 5)


def test_notices_go_to_both(office: Office) -> None:
    office.appoint(office.han, office.li, processes=PROCESSES)
    han, li = office.han.id, office.li.id
    assert expand(office.session, [han, office.zhao.id], "application") == [han, office.zhao.id, li]
    assert expand(office.session, [han], "leaving") == [han]


def test_it_ends_once_by_hand_or_by_time_or_with_the_last_day(office: Office, clock: clock.Fixed) -> None:
    by_hand, by_time, last_day = (office.appoint(office.han, one) for one in (office.li, office.wang, office.zhao))
    end(office.session, by_hand, by=SYSTEM)
    with pytest.raises(AlreadyOver):
        end(office.session, by_hand, by=SYSTEM)
    leave(office.session, office.zhao, on=clock().date(), by=SYSTEM)
    clock.advance(DAY)
    assert lapsed(office.session, 10) == [last_day]
    clock.advance(6 * DAY)
    assert lapsed(office.session, 10) == [by_time, last_day]


def test_colleagues_are_found_by_name_and_only_those_who_could(office: Office) -> None:
    office.person("没账号", account=False)
    assert {one.name for one in found(office.session, office.han, "")} == {"李雷", "王芳", "赵云"}
    assert [one.name for one in found(office.session, office.han, "ll")] == ["李雷"]
    assert found(office.session, office.han, "%") == []
