"""The one sealer: takes deeds in order, makes their facts leaves of the log, signs its head, sends it out.

Deeds are taken by id, as far as they can be seen. That is not the order in which transactions began: one that commits
late, with lower ids, is sealed late. Of two that wrote the same row the later has the higher id (it waited for the
row), so the last imprint of a row is that of its last state.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.orm import Session

from ledger import bulk, clock, deeds, weighty
from ledger.actor import SYSTEM
from ledger.canonical import fact_leaf, row_leaf
from ledger.chain import Growing, Tree
from ledger.checkpoint import Checkpoint, Signer, read
from ledger.db import reading, unit
from ledger.deeds import Deed
from ledger.facts import record
from registry.evidence import beginning
from registry.evidence.model import LogCheckpoint, LogDeed, LogHead, LogLeaf, LogReceipt, LogShape, LogTile
from registry.evidence.places import Place

log = logging.getLogger("licet.sealer")
MOST = 2000  # deeds in one transaction
_FIRST = update(Deed.__table__).where(Deed.__table__.c.id == bindparam("of")).values(  # type: ignore[arg-type]
    first=bindparam("to"), refused=bindparam("why"))
KEY_CHANGED = "evidence.key_changed"


class LogBroken(RuntimeError):
    """The tree in the database is not the one whose head was signed: nothing is added to it."""


@dataclass
class Sealer:
    """Who signs, by which hash, and where heads go."""

    seed: bytes
    places: Sequence[Place] = ()
    algorithm: str = "sha256"
    host: str = "licet.internal"

    def sweep(self, engine: Engine, limit: int = MOST) -> int:
        """Seal what is written, then send the head out; how many deeds."""
        with reading(engine) as session:
            waiting = session.scalar(select(Deed.id).where(Deed.first.is_(None)).limit(1)) is not None
            begun = session.get(LogHead, 1) is not None
        done = 0
        if waiting or not begun:
            with unit(engine) as session:
                done = self.seal(session, limit)
        self.send(engine)
        return done

    def seal(self, session: Session, limit: int = MOST) -> int:
        """Seal so many deeds in this transaction. The head's row is the lock: there is one sealer at a time."""
        head = session.get(LogHead, 1, with_for_update=True) or beginning.begin(session, self)
        signer = self._signer(session, head)
        waiting = session.scalars(
            select(Deed).where(Deed.first.is_(None)).order_by(Deed.id).limit(limit)).all()
        if not waiting:
            return 0
        _Round(session, head, signer).take(waiting)
        return len(waiting)

    def _signer(self, session: Session, head: LogHead) -> Signer:
        """A key that is not the one of before is told in the log itself: its facts are the history of keys."""
        signer = Signer(head.origin, self.seed)
        if str(signer.key) != head.key:
            record(session, KEY_CHANGED, ("log", 1), by=SYSTEM, before={"key": head.key},
                   after={"key": str(signer.key), "from": head.size})
            head.key = str(signer.key)
        return signer

    def send(self, engine: Engine) -> None:
        """Give the newest head to every place that does not have it; a place that fails is asked again next time."""
        with reading(engine) as session:
            newest = session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()
            if newest is None:
                return
            size, note = newest.size, newest.note.encode()
            had = set(session.scalars(select(LogReceipt.place).where(LogReceipt.size == size)))
        for place in self.places:
            if place.name in had:
                continue
            try:
                receipt = place.give(size, note)
            except OSError as error:
                log.warning("the head of %s leaves did not get to %s: %s", size, place.name, type(error).__name__)
                continue
            with unit(engine) as session:
                session.merge(LogReceipt(size=size, place=place.name, at=clock.now(), receipt=receipt))


@dataclass
class _Round:
    """One transaction's work."""

    session: Session
    head: LogHead
    signer: Signer
    leaves: list[dict[str, Any]] = field(default_factory=list)

    def take(self, waiting: Sequence[Deed]) -> None:
        session, head = self.session, self.head
        tree = Tree(head.algorithm)
        growing = Growing(tree, head.size, lambda level, number: tile(session, level, number))
        self._look_back(growing)
        facts = dict(deeds.read_facts(session.connection(), [each for deed in waiting for each in deed.facts]))
        known = self._known(list(facts))
        twice = self._twice(waiting)
        marks, taken = [], list[dict[str, Any]]()
        for deed in waiting:
            why = self._wrong(deed, facts, known, twice)
            if why:
                log.error("deed %s is not the house's own (%s): it stays outside the log", deed.id, why)
                marks.append({"of": deed.id, "to": -deed.id, "why": why})
                continue
            marks.append({"of": deed.id, "to": growing.size, "why": None})
            taken.append({"mac": deed.mac, "deed_id": deed.id})
            known.update(deed.facts)
            for fact_id, row, content in contents(deed, facts):
                digest = tree.leaf(content)
                self.leaves.append({"seq": growing.size, "deed_id": deed.id, "fact_id": fact_id, "row": row,
                                    "seal": self.signer.leaf(growing.size, digest)})
                growing.add(digest)
        bulk.write(session, LogLeaf, self.leaves)
        bulk.write(session, LogDeed, taken)
        session.connection().execute(_FIRST, marks)
        self._keep_shapes({mark[0] for deed in waiting for mark in deed.rows})
        self._grow(growing)

    def _look_back(self, growing: Growing) -> None:
        """What is stored must still be what was signed last: nothing is built on a tree that somebody changed."""
        last = self.session.get(LogCheckpoint, self.head.size)
        if self.head.size and (last is None or read(last.note).root != growing.root()):
            raise LogBroken

    def _wrong(
        self, deed: Deed, facts: Mapping[int, Any], known: set[int], twice: set[bytes]
    ) -> str | None:
        """Why a deed is not sealed."""
        if missing := [number for number in deed.facts if number not in facts]:
            return f"fact {missing[0]} is gone"
        if again := [number for number in deed.facts if number in known]:
            return f"fact {again[0]} is sealed"
        if deed.mac in twice:
            return "copied"
        leaves = [fact_leaf(facts[number][0], facts[number][1], deed.salts) for number in deed.facts]
        if deed.mac != deeds.code(deed.at, leaves, deed.rows, deed.salts):
            return "no writer's code"
        return None

    def _known(self, numbers: Sequence[int]) -> set[int]:
        found = set[int]()
        for begin in range(0, len(numbers), deeds.AT_ONCE):
            some = numbers[begin:begin + deeds.AT_ONCE]
            found.update(self.session.scalars(select(LogLeaf.fact_id).where(LogLeaf.fact_id.in_(some))))
        return found

    def _twice(self, waiting: Sequence[Deed]) -> set[bytes]:
        """Codes that were sealed before, or stand in two deeds of these."""
        codes = [deed.mac for deed in waiting]
        found = {mac for mac, count in Counter(codes).items() if count > 1}
        for begin in range(0, len(codes), deeds.AT_ONCE):
            some = codes[begin:begin + deeds.AT_ONCE]
            found.update(self.session.scalars(select(LogDeed.mac).where(LogDeed.mac.in_(some))))
        return found

    def _keep_shapes(self, names: set[str]) -> None:
        for name in names & weighty.TABLES.keys():
            of = deeds.shape(name)
            if self.session.get(LogShape, of.name) is None:
                self.session.add(LogShape(name=of.name, of=of.table, keys=of.keys, columns=of.columns))

    def _grow(self, growing: Growing) -> None:
        session, head = self.session, self.head
        if growing.size == head.size:
            return
        for (level, number), hashes in growing.tiles().items():
            session.merge(LogTile(level=level, number=number, hashes=hashes))
        head.size = growing.size
        note = self.signer.note(Checkpoint(head.origin, head.size, growing.root()))
        session.add(LogCheckpoint(size=head.size, at=clock.now(), note=note))


def contents(deed: Deed, facts: Mapping[int, Any]) -> Iterator[tuple[int | None, str | None, bytes]]:
    """The leaves of a deed, its facts before its rows: (fact, None, leaf), (None, "table/key", leaf)."""
    for number in deed.facts:
        fact, about = facts[number]
        yield number, None, fact_leaf(fact, about, deed.salts, deed.erased)
    for mark in deed.rows:
        yield None, f"{mark[0]}/{mark[1]}", row_leaf(deed.id, deed.at, mark)


def tile(session: Session, level: int, number: int) -> bytes:
    """A tile as it is stored; nothing if there is none."""
    return session.scalar(select(LogTile.hashes).where(LogTile.level == level, LogTile.number == number)) or b""
