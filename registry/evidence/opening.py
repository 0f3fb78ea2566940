"""Before the house opens: the log must still hold what it held when its last head left the house."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine, inspect

from ledger.chain import Log, ProofFails, Tree
from ledger.checkpoint import Checkpoint, NotSigned, read
from ledger.db import open_database, reading
from registry.evidence import sealer
from registry.evidence.model import LogHead
from registry.evidence.places import Place, places
from registry.people import sealing

VARIABLE, FILE = "LICET_EVIDENCE_KEY", "evidence.key"
ALGORITHM = "LICET_EVIDENCE_HASH"


class LogLost(SystemExit):
    """The database does not hold the log whose head is kept outside."""


def opened(url: str, data: Path, site: str = "") -> tuple[Engine, sealer.Sealer]:
    """The database of a worker, checked, and the sealer that works on it. Raises LogLost."""
    sealing.load_key(data)
    engine = open_database(url)
    outside = places(data)
    check(engine, outside)
    seed = sealing.kept_key(data / FILE, VARIABLE)
    host = urlsplit(site).hostname or "licet.internal"
    return engine, sealer.Sealer(seed, outside, os.environ.get(ALGORITHM, "sha256"), host)


def check(engine: Engine, outside: Iterable[Place]) -> None:
    """Hold the log against the newest head of each place. Raises LogLost, which says what is wrong and what to do."""
    for place in outside:
        note = place.newest()
        if note is None:
            continue
        try:
            head = read(note.decode())
        except (NotSigned, UnicodeDecodeError):
            raise LogLost(f"{place.name}: the newest file there is no checkpoint. "
                          "Put the right one back, or take the file away.") from None
        if why := _missing(engine, head):
            raise LogLost(
                f"Licet does not start: {why} (the head of {head.size} entries is kept at {place.name}). An older "
                "backup was restored, or rows were taken out. Restore a newer backup; to go on with what there is, "
                "move the files out of that place: the gap stays provable by them.")


def _missing(engine: Engine, kept: Checkpoint) -> str | None:
    if not inspect(engine).has_table(LogHead.__tablename__):
        return "the database has no log at all"
    with reading(engine) as session:
        head = session.get(LogHead, 1)
        if head is None:
            return "the log's head is missing"
        if head.origin != kept.origin:
            return f"the database holds another log, {head.origin}, not {kept.origin}"
        if head.size < kept.size:
            return f"the log has shrunk to {head.size} entries"
        try:
            root = Log(Tree(head.algorithm), head.size, lambda *at: sealer.tile(session, *at)).root(kept.size)
        except ProofFails:
            return "parts of the log's tree are missing"
    return None if root == kept.root else f"the first {kept.size} entries are not those that were sealed"
