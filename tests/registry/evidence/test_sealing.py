"""The sealer: everything once, in order, nothing lost, nothing of strangers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update

from ledger import deeds
from ledger.actor import SYSTEM
from ledger.chain import Log, Tree, check_consistency, check_inclusion
from ledger.checkpoint import Key, NotSigned, Signer, read, verified
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.deeds import Deed
from ledger.facts import record
from registry.evidence import sealer as sealing
from registry.evidence.model import LogCheckpoint, LogHead, LogLeaf, LogReceipt, LogTile
from registry.evidence.places import Folder
from registry.evidence.sealer import LogBroken, Sealer

SEED = bytes(range(32))


@pytest.fixture(autouse=True)
def key() -> None:
    deeds.set_key(b"w" * 32)


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return Sealer(SEED, [Folder(str(tmp_path / "outside"))])


def happen(engine: Engine, *kinds: str) -> list[int]:
    with unit(engine) as session:
        return [record(session, kind, ("thing", 7), by=SYSTEM, after={"n": 1}).id for kind in kinds]


def order(engine: Engine) -> list[int | None]:
    with reading(engine) as session:
        return list(session.scalars(select(LogLeaf.fact_id).order_by(LogLeaf.seq)))


def note(engine: Engine) -> str:
    with reading(engine) as session:
        return session.scalars(select(LogCheckpoint.note).order_by(LogCheckpoint.size.desc())).first() or ""


def test_facts_are_sealed_once_in_the_order_of_their_deeds(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    facts = happen(engine, "a", "b") + happen(engine, "c")
    assert sealer.sweep(engine) == 2
    assert sealer.sweep(engine) == 0
    facts += happen(engine, "d")
    sealer.sweep(engine)
    assert order(engine) == facts


def test_what_was_there_before_the_log_is_taken_in(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    facts = happen(engine, "a", "b")
    with unit(engine) as session:
        session.execute(text("delete from deed"))
    facts += happen(engine, "c")
    while sealer.sweep(engine):
        pass
    assert sorted(filter(None, order(engine))) == facts


def test_every_head_is_signed_and_each_begins_the_next(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    heads = []
    for count in (1, 3, 300):
        happen(engine, *"x" * count)
        sealer.sweep(engine)
        with reading(engine) as session:
            key = Key.read(session.get_one(LogHead, 1).key)
        heads.append(verified(note(engine), key))
    assert [head.size for head in heads] == [1, 4, 304]
    with reading(engine) as session:
        log = Log(Tree(), 304, lambda *at: sealing.tile(session, *at))
        for before, after in zip(heads, heads[1:], strict=False):
            proof = log.consistency(before.size, after.size)
            check_consistency(Tree(), before.size, after.size, before.root, proof, after.root)
        check_inclusion(Tree(), 2, 304, log.leaf(2), log.inclusion(2), heads[-1].root)


def test_another_key_signs_nothing(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    happen(engine, "a")
    sealer.sweep(engine)
    with pytest.raises(NotSigned):
        verified(note(engine), Signer(read(note(engine)).origin, bytes(32)).key)


def test_a_new_key_is_told_in_the_log(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    happen(engine, "a")
    sealer.sweep(engine)
    old = note(engine)
    later = Sealer(bytes(32), sealer.places)
    happen(engine, "b")
    while later.sweep(engine):
        pass
    with reading(engine) as session:
        told = session.execute(text("select before, after from fact where kind = 'evidence.key_changed'")).one()
        assert session.get_one(LogHead, 1).key in str(told.after)
        verified(note(engine), Key.read(session.get_one(LogHead, 1).key))
    verified(old, Signer(read(old).origin, SEED).key)


def test_a_deed_without_the_writers_code_stays_outside(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    deeds.set_key(b"x" * 32)
    happen(engine, "forged")
    deeds.set_key(b"w" * 32)
    mine = happen(engine, "mine")
    sealer.sweep(engine)
    assert order(engine) == mine
    with reading(engine) as session:
        assert session.scalars(select(Deed.refused).order_by(Deed.id)).all() == ["no writer's code", None]


def test_a_fact_that_was_changed_before_it_was_sealed_stays_outside(
    engine: Engine, clock: Fixed, sealer: Sealer
) -> None:
    happen(engine, "a")
    with unit(engine) as session:
        session.execute(text("update fact set kind = 'b'"))
    sealer.sweep(engine)
    assert order(engine) == []


def test_a_deed_that_is_copied_is_not_sealed_again(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    """Else an old imprint could be made the newest of a row that was put back."""
    with unit(engine) as session:
        deeds.touch(session, "file", 7)
    sealer.sweep(engine)
    with unit(engine) as session:
        session.execute(text("insert into deed (id, at, facts, rows, salts, mac) "
                             "select 90, at, facts, rows, salts, mac from deed"))
    sealer.sweep(engine)
    with reading(engine) as session:
        assert session.get_one(Deed, 90).refused == "copied"
        assert session.get_one(LogHead, 1).size == 1


def test_nothing_is_added_to_a_tree_that_was_changed(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    happen(engine, "a")
    sealer.sweep(engine)
    with unit(engine) as session:
        session.execute(update(LogTile).values(hashes=bytes(32)))
    happen(engine, "b")
    with pytest.raises(LogBroken):
        sealer.sweep(engine)


def test_a_transaction_that_commits_late_is_not_lost(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("there is one writer at a time")
    begun, go = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> None:
        with unit(engine) as session:
            late.append(record(session, "late", ("thing", 1), by=SYSTEM).id)
            begun.set()
            go.wait(20)

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(20)
    early = happen(engine, "early")
    sealer.sweep(engine)
    go.set()
    thread.join()
    sealer.sweep(engine)
    assert late < early
    assert order(engine) == [*early, *late]


def test_two_sealers_take_turns(
    engine: Engine, second_engine: Callable[[], Engine], clock: Fixed, sealer: Sealer
) -> None:
    sealer.sweep(engine)
    facts = [number for _ in range(30) for number in happen(engine, "a", "b")]
    errors: list[Exception] = []

    def work(on: Engine) -> None:
        try:
            while sealer.sweep(on, limit=3):
                pass
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(on,)) for on in (engine, second_engine())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while sealer.sweep(engine):
        pass
    assert errors == []
    assert order(engine) == facts


def test_heads_leave_the_house_and_a_place_that_fails_is_asked_again(
    engine: Engine, clock: Fixed, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text("not a folder")
    sealer = Sealer(SEED, [Folder(str(tmp_path / "outside"))])
    happen(engine, "a")
    sealer.sweep(engine)
    (tmp_path / "outside").unlink()
    sealer.sweep(engine)
    assert sealer.places[0].newest() == note(engine).encode()
    with reading(engine) as session:
        assert session.scalars(select(LogReceipt.size)).all() == [1]


def test_a_part_that_was_rolled_back_is_no_fact(engine: Engine, clock: Fixed, sealer: Sealer) -> None:
    with unit(engine) as session:
        record(session, "a", ("thing", 1), by=SYSTEM)
        part = session.begin_nested()
        record(session, "b", ("thing", 1), by=SYSTEM)
        part.rollback()
    sealer.sweep(engine)
    assert len(order(engine)) == 1


def test_the_log_may_be_hashed_by_sm3(engine: Engine, clock: Fixed) -> None:
    happen(engine, "a")
    Sealer(SEED, algorithm="sm3").sweep(engine)
    with reading(engine) as session:
        assert read(note(engine)).root == Log(Tree("sm3"), 1, lambda *at: sealing.tile(session, *at)).root()
