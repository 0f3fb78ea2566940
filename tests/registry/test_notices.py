from __future__ import annotations

import pytest
from sqlalchemy import func, select

from ledger.actor import SYSTEM, Actor
from ledger.errors import NotFound
from ledger.facts import Fact, record
from registry.access.accounts import actor_for
from registry.alerts.notices import Notice, notices, notify, read, read_all, unread
from tests.registry.organisation import Organisation


def happened(org: Organisation, number: int = 1) -> Fact:
    return record(org.session, "certificate.window_opened", ("certificate", number), by=SYSTEM, group_id=org.group.id)


@pytest.fixture
def two(org: Organisation) -> list[Actor]:
    return [actor_for(org.session, org.person()) for _ in range(2)]


def told(org: Organisation, actors: list[Actor], fact: Fact) -> int:
    people = [actor.id for actor in actors if actor.id]
    return notify(org.session, people, fact, "{code} 可以办理延续了。", {"code": "LC-P02-000001"})


def test_each_person_is_told_of_a_fact_once_however_often_it_is_delivered(org: Organisation, two: list[Actor]) -> None:
    fact = happened(org)
    assert [told(org, [*two, *two], fact), told(org, two, fact), told(org, [], fact)] == [2, 0, 0]
    assert org.session.scalar(select(func.count()).select_from(Notice)) == 2


def test_a_notice_opens_the_facts_subject_unless_another_is_named(org: Organisation, two: list[Actor]) -> None:
    told(org, two[:1], happened(org, 7))
    notify(org.session, [two[0].id or 0], happened(org, 8), "x", subject=("request", 3))
    shown = notices(org.session, two[0])
    assert [(n.subject_kind, n.subject_id) for n in shown] == [("request", 3), ("certificate", 7)]
    assert shown[1].params == {"code": "LC-P02-000001"}


def test_reading_counts_down_for_the_reader_alone(org: Organisation, two: list[Actor]) -> None:
    for number in range(3):
        told(org, two, happened(org, number))
    read(org.session, two[0], notices(org.session, two[0])[0].id)
    org.session.flush()
    assert [unread(org.session, actor) for actor in two] == [2, 3]
    assert (read_all(org.session, two[0]), unread(org.session, two[0]), unread(org.session, two[1])) == (2, 0, 3)


def test_another_persons_notice_is_not_found(org: Organisation, two: list[Actor]) -> None:
    told(org, two[:1], happened(org))
    with pytest.raises(NotFound):
        read(org.session, two[1], notices(org.session, two[0])[0].id)


def test_notices_come_newest_first_in_pages(org: Organisation, two: list[Actor]) -> None:
    for number in range(5):
        told(org, two, happened(org, number))
    first = notices(org.session, two[0], limit=2)
    second = notices(org.session, two[0], limit=2, before=first[-1].id)
    assert [n.subject_id for n in [*first, *second]] == [4, 3, 2, 1]
    read(org.session, two[0], first[0].id)
    org.session.flush()
    assert [n.subject_id for n in notices(org.session, two[0], only_unread=True)] == [3, 2, 1, 0]
