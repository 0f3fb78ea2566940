"""Types change from a day on: what a process owner publishes, what is refused, and what it moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger import failpoints, workdays
from ledger.actor import SYSTEM, Actor
from ledger.clock import SHANGHAI, Fixed
from ledger.db import Base, open_database, reading, unit
from ledger.errors import BadAnswer
from ledger.facts import Fact
from registry.alerts import deadlines
from registry.certificates import catalogue, publishing, retiming, windows
from registry.certificates.catalogue import UnknownType, in_force, in_force_of, shipped, type_of, types
from registry.certificates.drafting import WrongHolder
from registry.certificates.editions import TypeEdition
from registry.certificates.kinds import CertificateType, Offset
from registry.certificates.lifecycle import cancel, change, grant
from registry.certificates.models import Certificate, CertificateTimer
from registry.certificates.publishing import (
    AlreadyInEffect,
    NothingChanged,
    Notice,
    PublishedMeanwhile,
    close,
    edition_of,
    publish,
    withdraw,
)
from registry.people.persons import create_person, move_person
from registry.people.units import Unit, create_unit
from tests.registry.organisation import Organisation, organisation

TODAY, SOON, D = dt.date(2026, 11, 22), dt.date(2026, 12, 1), dt.date
OWNER = Actor(id=7, name="测试业主")


def at(clock: Fixed, day: dt.date) -> None:
    clock.move_to(dt.datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI))


def longer(months: int = 36, code: str = "P02") -> CertificateType:
    each = type_of(code)
    return msgspec.structs.replace(each, validity=msgspec.structs.replace(each.validity, months=months))


def opening(months: int, code: str = "P02") -> CertificateType:
    each = type_of(code)
    window = msgspec.structs.replace(each.window, opens=Offset(months_before=months))
    return msgspec.structs.replace(each, window=window)


def put(session: Session, each: CertificateType, on: dt.date = TODAY, **more: Any) -> TypeEdition:
    last = session.scalar(select(TypeEdition.no).where(TypeEdition.code == each.code).order_by(TypeEdition.no.desc()))
    return publish(session, each, Notice(on, "主管部门发布新规定", **{"after": last or 0, **more}), by=OWNER)


def test_an_edition_speaks_from_its_day_and_a_day_before_the_earlier_one_does(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, longer(36), SOON)
    with reading(engine):
        assert type_of("P02").validity.months == 24
        assert in_force_of("P02", D(2026, 11, 30)).validity.months == 24
        assert in_force_of("P02", SOON).validity.months == in_force(SOON)["P02"].validity.months == 36
    at(clock, SOON)
    with reading(engine):
        assert types()["P02"].validity.months == 36


def test_a_published_edition_is_seen_by_another_process_at_its_next_transaction(
    engine: Engine, second_engine: Callable[[], Engine], clock: Fixed
) -> None:
    other = second_engine()
    with reading(other):
        assert type_of("P02").validity.months == 24
    with unit(engine) as session:
        put(session, longer(36))
    with reading(other):
        assert type_of("P02").validity.months == 36


def test_what_is_rolled_back_was_never_said(engine: Engine, clock: Fixed) -> None:
    with pytest.raises(RuntimeError), unit(engine) as session:
        put(session, longer(36))
        raise RuntimeError
    with unit(engine) as session:
        put(session, longer(48))
    with reading(engine):
        assert type_of("P02").validity.months == 48


def test_two_databases_in_one_process_keep_their_own_types(engine: Engine, tmp_path: Any, clock: Fixed) -> None:
    other = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    Base.metadata.create_all(other)
    with unit(engine) as session:
        put(session, longer(36))
    with unit(other) as session:
        put(session, longer(48))
    seen = []
    for one in (engine, other, engine):
        with reading(one):
            session = Session(one)
            session.connection()
            seen.append(type_of("P02").validity.months)
            session.close()
    other.dispose()
    assert seen == [36, 48, 36]
    assert shipped()["P02"].validity.months == 24


def test_a_transaction_asks_the_database_once_for_all_its_questions(engine: Engine, clock: Fixed) -> None:
    from sqlalchemy import event

    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with reading(engine):
        for _ in range(1000):
            type_of("P02"), in_force_of("E03", TODAY)
    assert [each for each in asked if "type_edition" in each] == [catalogue.MARK]


def test_a_province_s_edition_wins_over_the_general_one(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, longer(36), province="京")
        put(session, longer(30), SOON)
    with reading(engine):
        assert (in_force_of("P02", SOON, "京").validity.months, in_force_of("P02", SOON).validity.months) == (36, 30)


def test_the_same_day_and_place_are_taken_once(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, longer(36), SOON)
        put(session, longer(36), SOON, province="京")
        with pytest.raises(BadAnswer) as refusal:
            put(session, longer(48), SOON)
    assert set(refusal.value.problems) == {"effective_from"}


def test_a_withdrawn_edition_gives_its_day_back(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        withdraw(session, put(session, longer(36), SOON), by=OWNER)
        put(session, longer(48), SOON)
    with reading(engine) as session:
        assert in_force_of("P02", SOON).validity.months == 48
        assert [edition_of(session, "P02", no).withdrawn_by_name for no in (1, 2)] == ["测试业主", ""]


def test_what_has_taken_effect_cannot_be_withdrawn(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        edition = put(session, longer(36))
        with pytest.raises(AlreadyInEffect):
            withdraw(session, edition, by=OWNER)


def test_what_began_today_is_corrected_at_once_and_its_days_move_back(
    engine: Engine, clock: Fixed, held: list[int]
) -> None:
    with unit(engine) as session:
        put(session, opening(4))
    deadlines.sweep(engine)
    with unit(engine) as session:
        right = put(session, shipped()["P02"], corrects=1)
        assert (right.no, edition_of(session, "P02", 1).corrected) == (2, True)
    deadlines.sweep(engine)
    assert opens(engine, held[0])[0] == D(2027, 2, 26)
    assert [tuple(row) for row in told(engine, "type.corrected")] == [
        ({"no": 1}, {"type": "P02", "no": 2, "province": "", "from": "2026-11-22"})]


@pytest.mark.parametrize(("begun", "on", "corrects"), [(TODAY, SOON, 1), (SOON, SOON, 1), (TODAY, TODAY, 2)])
def test_only_the_edition_of_today_is_corrected_and_only_for_today(
    engine: Engine, clock: Fixed, begun: dt.date, on: dt.date, corrects: int
) -> None:
    with unit(engine) as session:
        put(session, longer(36), begun)
        with pytest.raises(BadAnswer) as refusal:
            put(session, longer(48), on, corrects=corrects)
    assert set(refusal.value.problems) == {"effective_from"}


@pytest.mark.parametrize("statement", [
    "update type_edition set effective_from = '2020-01-01'", "update type_edition set content = '{}'",
    "delete from type_edition",
])
def test_no_program_changes_or_deletes_an_edition(engine: Engine, clock: Fixed, statement: str) -> None:
    with unit(engine) as session:
        put(session, longer(36))
    with pytest.raises(DBAPIError, match="an edition is never"), unit(engine) as session:
        session.execute(text(statement))


def test_the_second_of_two_owners_learns_who_was_faster(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, longer(36), SOON)
    with pytest.raises(PublishedMeanwhile) as refusal, unit(engine) as session:
        put(session, longer(48), D(2027, 1, 1), after=0)
    assert (refusal.value.params["by"], refusal.value.params["no"]) == ("测试业主", 1)


def test_of_many_owners_at_once_one_publishes(engine: Engine, clock: Fixed) -> None:
    each = longer(36)

    def attempt(day: int) -> bool:
        try:
            with unit(engine) as session:
                session.connection()
                publish(session, each, Notice(D(2027, 1, day), "同时", after=0), by=OWNER)
            return True
        except PublishedMeanwhile:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(1, 5))) == 1
    with reading(engine) as session:
        assert len(session.scalars(select(TypeEdition)).all()) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite nobody comes in between
def test_whom_somebody_forestalls_between_two_looks_reads_who(
    engine: Engine, clock: Fixed, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, notice = publishing.check, Notice(D(2027, 1, 1), "同时", after=0)

    def late(session: Session, each: CertificateType, notice: Notice) -> None:
        monkeypatch.setattr(publishing, "check", look)
        with unit(engine) as other:
            publish(other, each, notice, by=OWNER)
        look(session, each, notice)

    monkeypatch.setattr(publishing, "check", late)
    with pytest.raises(PublishedMeanwhile), unit(engine) as session:
        publish(session, longer(36), notice, by=OWNER)


CASES: list[tuple[dict[str, Any], str]] = [
    ({"on": D(2026, 11, 21)}, "effective_from"), ({"on": None}, "effective_from"),
    ({"on": D(2100, 1, 1)}, "effective_from"), ({"reason": "  "}, "reason"), ({"province": "纽"}, "province"),
]


@pytest.mark.parametrize(("given", "key"), CASES, ids=lambda value: str(value)[:40])
def test_a_notice_is_refused_at_its_field(engine: Engine, clock: Fixed, given: dict[str, Any], key: str) -> None:
    notice = Notice(given.get("on", SOON), given.get("reason", "新规定"), given.get("province", ""))
    with pytest.raises(BadAnswer) as refusal, unit(engine) as session:
        publish(session, longer(36), notice, by=OWNER)
    assert set(refusal.value.problems) == {key}


def broken(**changes: Any) -> CertificateType:
    return msgspec.structs.replace(type_of("P02"), **changes)


def test_nonsense_is_refused_at_its_field_and_nothing_is_kept(engine: Engine, clock: Fixed) -> None:
    each = type_of("P02")
    window = msgspec.structs.replace(each.window, opens=Offset(days_before=30), closes=Offset(days_before=60))
    number = msgspec.structs.replace(each.number, rule="nothing")
    validity = msgspec.structs.replace(each.validity, months=None)
    twice = (*each.documents, each.documents[0])
    with pytest.raises(BadAnswer) as refusal, unit(engine) as session:
        put(session, broken(window=window, number=number, validity=validity, documents=twice, name="二建"))
    assert set(refusal.value.problems) == {
        "window.closes", "number.rule", "validity.months", f"documents[{len(each.documents)}].key", "name"}
    with reading(engine) as session:
        assert session.scalars(select(TypeEdition)).all() == []


def test_an_edition_that_changes_nothing_is_not_published(engine: Engine, clock: Fixed) -> None:
    with pytest.raises(NothingChanged), unit(engine) as session:
        put(session, type_of("P02"))


def test_a_new_type_can_be_added_and_old_papers_of_it_entered(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, msgspec.structs.replace(type_of("P22"), code="P24", name="新证书", aliases=()))
    with reading(engine):
        assert type_of("P24").name == "新证书" and "P24" in in_force(TODAY)
        assert in_force_of("P24", D(2019, 1, 1)).name == "新证书" and "P24" not in in_force(D(2019, 1, 1))


def test_a_type_of_a_coming_day_is_not_known_yet(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        put(session, msgspec.structs.replace(type_of("P22"), code="P24", name="新证书", aliases=()), SOON)
    with reading(engine):
        with pytest.raises(UnknownType):
            type_of("P24")
        with pytest.raises(UnknownType):
            in_force_of("P24", TODAY)
        assert in_force_of("P24", SOON).name == "新证书"


def test_a_closed_type_issues_no_more_and_what_is_held_can_still_be_cancelled(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        held, project = org.worker().id, org.project.id
        close(session, "P02", Notice(TODAY, "取消该证书"), by=OWNER)
    with unit(engine) as session:
        card = session.get_one(Certificate, held)
        assert "P02" not in in_force(TODAY) and "P02" in in_force(D(2026, 11, 21))
        person = create_person(session, unit=session.get_one(Unit, project), name="王建国", by=SYSTEM)
        with pytest.raises(WrongHolder):
            grant(session, "P02", person, number="苏A012026000001", issued_on=TODAY, valid_until=D(2028, 11, 21),
                  issuer="某省住建厅", by=SYSTEM)
        cancel(session, card, kind="注销", since=TODAY, reason="取消", by=SYSTEM)
        assert type_of("P02").closed_from == TODAY


@pytest.fixture
def held(engine: Engine, clock: Fixed) -> list[int]:
    """Three P02 that end on 2027-05-31, with a window from 2027-02-26."""
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        return [org.worker(valid_until=D(2027, 5, 31)).id for _ in range(3)]


def opens(engine: Engine, certificate_id: int) -> tuple[dt.date | None, dt.date | None]:
    with reading(engine) as session:
        waiting = session.scalar(select(CertificateTimer.due_on).where(
            CertificateTimer.certificate_id == certificate_id, CertificateTimer.kind == "opens",
            CertificateTimer.cancelled_at.is_(None)))
        return waiting, session.get_one(Certificate, certificate_id).due_from


def told(engine: Engine, kind: str) -> list[Any]:
    with reading(engine) as session:
        return list(session.execute(select(Fact.before, Fact.after).where(Fact.kind == kind).order_by(Fact.id)))


def test_waiting_days_follow_the_new_window_each_move_a_fact(engine: Engine, clock: Fixed, held: list[int]) -> None:
    with unit(engine) as session:
        effect = retiming.preview(session, opening(4), TODAY)
        put(session, opening(4))
    deadlines.sweep(engine)
    assert {opens(engine, one) for one in held} == {(D(2027, 1, 29), D(2027, 1, 31))}
    moves = told(engine, "certificate.retimed")
    assert [fact.before for fact in moves] == [{"due": "2027-02-26"}] * 3
    assert [fact.after for fact in moves] == [{"step": "opens", "due": "2027-01-29"}] * 3
    assert (effect.certificates, effect.moved) == (3, 3)
    assert [fact.after for fact in told(engine, "type.applied")] == [{"type": "P02", "no": 1, "moved": 3}]
    assert deadlines.sweep(engine) == 0 and len(told(engine, "certificate.retimed")) == 3


def test_a_coming_edition_moves_days_on_its_day(engine: Engine, clock: Fixed, held: list[int]) -> None:
    with unit(engine) as session:
        put(session, opening(4), SOON)
    deadlines.sweep(engine)
    assert opens(engine, held[0])[0] == D(2027, 2, 26)
    at(clock, SOON)
    deadlines.sweep(engine)
    assert opens(engine, held[0])[0] == D(2027, 1, 29)


def test_a_step_that_is_new_waits_and_one_that_is_gone_waits_no_more(
    engine: Engine, clock: Fixed, held: list[int]
) -> None:
    closing = msgspec.structs.replace(type_of("P02").window, closes=Offset(days_before=10))
    with unit(engine) as session:
        put(session, broken(window=closing))
    deadlines.sweep(engine)
    with reading(engine) as session:
        kinds = "select kind from certificate_timer where certificate_id = :id and cancelled_at is null order by kind"
        assert session.scalars(text(kinds), {"id": held[0]}).all() == ["closes", "lapses", "opens"]
    at(clock, SOON)
    with unit(engine) as session:
        put(session, shipped()["P02"], SOON)
    deadlines.sweep(engine)
    with reading(engine) as session:
        assert session.scalars(text(kinds), {"id": held[0]}).all() == ["lapses", "opens"]


def test_a_window_told_of_before_a_change_is_not_told_of_again_when_the_type_changes(
    engine: Engine, clock: Fixed, held: list[int]
) -> None:
    at(clock, D(2027, 2, 26))
    deadlines.sweep(engine)
    with unit(engine) as session:
        change(session, session.get_one(Certificate, held[0]), since=D(2027, 2, 26), by=SYSTEM)
        put(session, longer(36), D(2027, 2, 26))
    deadlines.sweep(engine)
    assert len(told(engine, "certificate.window_opened")) == 3


def test_what_has_ended_waits_for_nothing_when_the_type_changes(engine: Engine, clock: Fixed, held: list[int]) -> None:
    with unit(engine) as session:
        ended = session.get_one(Certificate, held[0])
        cancel(session, ended, kind="注销", since=TODAY, reason="x", by=SYSTEM)
        put(session, opening(4))
        assert retiming.refit(session, ended, workdays.calendar(session)) == 0
    assert opens(engine, held[0])[0] is None


def test_only_the_province_named_is_moved(engine: Engine, clock: Fixed, held: list[int]) -> None:
    with unit(engine) as session:
        assert retiming.preview(session, opening(4), TODAY, "京").moved == 0
        put(session, opening(4), province="京")
    deadlines.sweep(engine)
    assert opens(engine, held[0])[0] == D(2027, 2, 26)


def test_all_waiting_days_of_an_announced_year_follow_it_batch_by_batch(
    engine: Engine, clock: Fixed, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retiming, "BATCH", 2)
    with unit(engine) as session:
        session.add(workdays.CalendarDay(day=D(2027, 2, 28), kind="work", name="补班"))
        workdays.touch(session, 2027, confirmed=True, source="测试通知")
        assert retiming.retime(session, 2027) == held[1]
        assert retiming.retime(session, 2026, held[1]) == retiming.retime(session, 2027, held[1]) is None
    assert {opens(engine, one)[0] for one in held} == {D(2027, 2, 28)}
    assert len(told(engine, "certificate.retimed")) == 3


def test_who_moves_to_a_province_with_another_window_waits_for_its_days(org: Organisation) -> None:
    capital = create_unit(org.session, kind="company", name="北京公司", code="C3", parent=org.group, province="京",
                          by=SYSTEM)
    card = grant(org.session, "P07", org.person(), number="苏232202400001", valid_until=D(2027, 6, 30),
                 issued_on=D(2024, 7, 1), issuer="x", by=SYSTEM)
    assert card.holder_person
    move_person(org.session, card.holder_person, to=capital, by=SYSTEM)
    there = windows.steps(in_force_of("P07", TODAY, "京"), D(2027, 6, 30), workdays.calendar(org.session))
    waiting = {timer.kind: timer.due_on for timer in card.timers if timer.cancelled_at is None}
    assert waiting == {step.kind: step.on for step in there}


def test_a_worker_that_dies_goes_on_after_the_last_batch(
    engine: Engine, clock: Fixed, held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retiming, "BATCH", 1)
    with unit(engine) as session:
        put(session, opening(4))
    assert retiming.sweep(engine, limit=1) == 1
    failpoints.arm("db.before_commit=raise")
    with pytest.raises(failpoints.FailpointHit):
        retiming.sweep(engine)
    failpoints.arm(None)
    while retiming.sweep(engine):
        pass
    assert len(told(engine, "certificate.retimed")) == 3 and len(told(engine, "type.applied")) == 1
