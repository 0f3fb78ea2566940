"""Two at once, and a worker that dies: each certificate ends with one version, nothing is half in the register."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from ledger import failpoints
from ledger.claims import claimed
from ledger.db import reading, unit
from registry.certificates.models import Certificate, Version
from registry.intake import work
from registry.intake.batch.models import Batch, Row
from registry.intake.batch.progress import Teller
from registry.intake.entry import committing
from registry.intake.matching import matched
from registry.intake.preview import staging
from registry.intake.settlement import judging_again, settling
from registry.people.persons import Person
from tests.registry.intake import importing
from tests.registry.intake.desk import Desk, rows_of, sheet, worker
from tests.registry.organisation import id_number

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([importing.__name__])  # the room is loaded once, not by each process


def counts(desk: Desk) -> tuple[int, int, int]:
    """Certificates, versions and people of the ledgers."""
    with reading(desk.engine) as session:
        people = select(func.count()).select_from(Person).where(Person.name.like("张%"))
        return tuple(session.scalar(query) or 0 for query in (
            select(func.count()).select_from(Certificate), select(func.count()).select_from(Version),
            people))  # type: ignore[return-value]


def together(*acts: Callable[[], None]) -> list[BaseException]:
    """Each in a thread of its own; what they raised."""
    raised: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_two_people_importing_the_same_certificates_at_once_end_with_one_version_each(desk: Desk) -> None:
    rows = [worker(serial) for serial in range(1, 9)]
    first, second = desk.preview(rows), desk.preview([*rows, worker(9)])
    desk.ask(first)
    desk.ask(second)
    both, met = threading.Barrier(2, timeout=20), set[int]()

    def meet(name: str) -> None:  # both have matched before either writes
        if name == "intake.codes.after_commit" and threading.get_ident() not in met:
            met.add(threading.get_ident())
            both.wait()

    with failpoints.watched(meet):
        raised = together(*(lambda number=number: committing.commit(
            desk.engine, number, Teller(desk.folder, number)) for number in (first, second)))  # type: ignore[misc]
    assert raised == []
    assert counts(desk) == (9, 9, 9)
    assert {desk.state(first), desk.state(second)} == {"committed"}
    outcomes = sorted([*desk.outcomes(first), *desk.outcomes(second)])
    assert outcomes == ["new"] * 9 + ["same"] * 8


def test_a_custodian_who_enters_the_same_number_at_the_same_moment_is_found(desk: Desk) -> None:
    number = desk.preview([worker(1), worker(2)])
    desk.ask(number)

    def enter(name: str) -> None:
        if name == "intake.codes.after_commit" and not entered:
            entered.append(1)
            with unit(desk.engine) as session:
                org = desk.org(session)
                person = org.person(id_number=id_number(1), name=worker(1)["姓名"])
                org.worker(person, number="苏A012025000001", item="01")

    entered: list[int] = []
    with failpoints.watched(enter):
        desk.work()
    assert desk.state(number) == "committed"
    assert sorted(desk.outcomes(number)) == ["new", "same"] or sorted(desk.outcomes(number)) == ["changed", "new"]
    assert counts(desk)[0] == 2


def test_what_comes_in_while_rows_are_matched_is_not_taken_for_somebody_else_s(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL shows each statement what is committed by then: a number, and not yet the holder looked up before."""
    rows = [worker(1), worker(2)]
    first, second = desk.preview(rows), desk.receive(sheet([*rows, worker(3)]))
    desk.work()
    desk.confirm(second)
    desk.ask(first)
    looked: list[str] = []

    def meanwhile(kind: str) -> Callable[..., Any]:
        look = getattr(matched, kind)

        def looking(*given: Any) -> Any:
            found = look(*given)
            if not looked:
                looked.append(kind)
                committing.commit(desk.engine, first, Teller(desk.folder, first))
            return found

        return looking

    for kind in ("Holders", "_Register"):
        monkeypatch.setattr(matched, kind, meanwhile(kind))
    staging.judge_rows(desk.engine, desk.folder, second, Teller(desk.folder, second))
    assert desk.state(first) == "committed" and desk.outcomes(second) == ["new"] * 3
    desk.ask(second)
    desk.work()
    assert desk.outcomes(second) == ["same", "same", "new"] and counts(desk) == (3, 3, 3)


def test_two_workers_do_not_take_up_one_batch_together(desk: Desk) -> None:
    number = desk.preview([worker(1)])
    claim = (desk.engine, work.CLAIMS, number)
    with claimed(*claim) as mine, claimed(*claim) as other:
        assert mine and other is (desk.engine.dialect.name == "sqlite")  # there the second worker does not start
    with claimed(*claim) as mine:
        assert mine


def sweep(desk: Desk, failpoint: str = "", slice_: int = 5000) -> int | None:
    """A round of the worker in a process of its own; its exit code."""
    alone = PROCESSES.Process(
        target=importing.main, args=(desk.engine.url.render_as_string(False), str(desk.folder), slice_, failpoint))
    alone.start()
    alone.join(60)
    return alone.exitcode


@pytest.mark.processes
@pytest.mark.parametrize("point", ["intake.commit.entering", "intake.commit.before_commit"])
def test_a_worker_killed_in_the_commit_leaves_nothing_and_the_next_commits_once(desk: Desk, point: str) -> None:
    number = desk.preview([worker(serial) for serial in range(1, 6)])
    desk.ask(number)
    assert sweep(desk, f"{point}=kill") == -9
    assert counts(desk) == (0, 0, 0) and desk.state(number) == "committing"
    assert sweep(desk) == 0 and sweep(desk) == 0
    assert counts(desk) == (5, 5, 5) and desk.state(number) == "committed"


@pytest.mark.processes
def test_a_worker_killed_while_rows_are_stored_loses_none_and_stores_none_twice(desk: Desk) -> None:
    number = desk.receive(sheet(worker(serial) for serial in range(1, 8)))
    desk.work()
    desk.confirm(number)
    assert sweep(desk, "intake.slice.after_commit=kill:2", 2) == -9
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).rows_done == 4
    assert sweep(desk, "", 2) == 0
    with reading(desk.engine) as session:
        assert session.scalars(select(Row.ordinal).where(Row.batch_id == number).order_by(Row.ordinal)).all() == [
            *range(7)]
    assert desk.state(number) == "ready"


def test_what_the_register_refuses_at_the_last_moment_waits_for_a_person(desk: Desk) -> None:
    number = desk.preview([worker(1)])
    desk.ask(number)
    def fail(name: str) -> None:
        if name == "intake.commit.entering":
            raise OSError

    with failpoints.watched(fail):
        desk.work()
    with reading(desk.engine) as session:
        batch = session.get_one(Batch, number)
        assert batch.state == "ready" and batch.problem is not None
    assert counts(desk) == (0, 0, 0)


def test_two_people_who_settle_rows_of_one_ledger_at_once_both_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = desk.preview([worker(1), worker(2)])
    both, count = threading.Barrier(2), judging_again.set_outcome

    def meet(*given: Any) -> None:  # both hold what they hold, and write
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        count(*given)

    def leave_out(place: int) -> None:
        with unit(desk.engine) as session:
            settling.leave_out(session, rows_of(session, number)[place], by=desk.by)

    monkeypatch.setattr(judging_again, "set_outcome", meet)
    assert together(lambda: leave_out(0), lambda: leave_out(1)) == []
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).counts["outcomes"] == {"left_out": 2, "new": 0}
