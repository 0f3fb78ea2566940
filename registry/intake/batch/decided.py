"""What people have decided about the rows of a batch, kept for when its file comes back corrected or is judged anew.

The rows themselves are replaced then. Before they are, each decision is written down under what the row is known by:
the whole of its line, or the certificate it speaks of. Both are kept as keyed indexes, what was decided is sealed.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, undefer

from ledger import bulk
from registry.intake.batch.cells import Kept, cell_of, kept_of
from registry.intake.batch.models import Batch, Decision, Flaw, Row
from registry.intake.judged import Judged
from registry.people import sealing

RETURNED = "问题与建议"
"""The heading of the column that a returned file carries: it says nothing of a certificate."""
SEALED = "intake.decision"
OWN = ("number", "registration_no", "name", "id_number", "machine", "serial")
"""The fields that say which certificate a row speaks of, as far as it has a number."""
Marks = tuple[bytes, bytes]
"""What a row is known by: its line, and its certificate (the line again where it has no number)."""


class Settled(msgspec.Struct, array_like=True):
    """A finding that a person has settled: accepted as it is, or dismissed. `field` "" is the whole row's."""

    kind: str
    weight: str
    field: str
    raw: str
    state: str
    by_id: int | None
    at: str


class Written(msgspec.Struct, array_like=True):
    """A cell that a person has corrected. `raw` is what the file says, `place` its column where no field names it."""

    field: str
    place: int
    raw: str
    text: str
    by_id: int | None
    by_name: str
    at: str


class Decided(msgspec.Struct, array_like=True):
    """All that was decided about one row."""

    settled: list[Settled] = []
    written: list[Written] = []
    left_out: bool = False


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Decided]).decode


def marks_of(judged: Judged, headings: Sequence[str]) -> Marks:
    """What a row is known by, as it stands."""
    cells = [raw.strip() for raw, heading in zip(judged.raw, headings, strict=False) if heading != RETURNED]
    line = _digest(str(judged.part), *cells)
    if "number" not in judged.came:
        return line, line
    own = (f"{field}={judged.raw[judged.came[field]]}" for field in OWN if field in judged.came)
    return line, _digest("own", judged.type_code, str(judged.part), *own)


def _digest(*texts: str) -> bytes:
    return hashlib.blake2b("\0".join(texts).rstrip("\0").encode("utf-8", "replace"), digest_size=16).digest()


def key_of(mark: bytes) -> str:
    """What a mark is looked up by."""
    return sealing.index(mark.hex(), SEALED)


def field_of(judged: Judged, column: int | None) -> str:
    """The field that was read from a column, "" for none."""
    return next((name for name, place in judged.came.items() if place == column), "")[:20]


def gathered(session: Session, batch: Batch) -> dict[str, bytes]:
    """All that was decided, packed (see `opened`), by what the rows are known by: from the rows that are about to be
    replaced, else as it was kept when they were."""
    found = {each.mark: sealing.unseal_bytes(each.content, SEALED)
             for each in session.scalars(select(Decision).where(Decision.batch_id == batch.id))}
    if batch.rows_done == 0:
        found |= {mark: _pack(said) for mark, said in _of_rows(session, batch).items()}
    return found


def opened(packed: bytes) -> list[Decided]:
    """What was decided of rows that are known alike, each once."""
    return _unpack(packed)


def keep(session: Session, batch_id: int, decided: Mapping[str, bytes]) -> None:
    """In the transaction that deletes the rows."""
    session.execute(delete(Decision).where(Decision.batch_id == batch_id))
    bulk.write(session, Decision, (
        {"batch_id": batch_id, "mark": mark, "content": sealing.seal_bytes(packed, SEALED)}
        for mark, packed in sorted(decided.items())))


def forget(session: Session, batch_id: int) -> None:
    """The rows are in the register: their file comes back no more."""
    session.execute(delete(Decision).where(Decision.batch_id == batch_id))


def _of_rows(session: Session, batch: Batch) -> dict[str, list[Decided]]:
    found: dict[str, list[Decided]] = defaultdict(list)
    by_row: dict[int, list[Flaw]] = defaultdict(list)
    theirs = (Flaw.batch_id == batch.id, Flaw.state.in_(("accepted", "dismissed")), Flaw.settled_by.is_not(None))
    for flaw in session.scalars(select(Flaw).where(*theirs).order_by(Flaw.id)):
        by_row[flaw.row_id].append(flaw)
    rows = select(Row).where(Row.batch_id == batch.id, or_(
        Row.edited, Row.outcome == "left_out", Row.id.in_(select(Flaw.row_id).where(*theirs))))
    for row in session.scalars(rows.order_by(Row.ordinal).options(undefer(Row.content)).execution_options(
            yield_per=bulk.MANY)):
        kept = kept_of(row)
        settled = list(_settled(by_row[row.id], kept))
        written = [Written(field_of(kept.judged, place), place, edit.raw, kept.judged.raw[place], edit.by_id,
                           edit.by_name, edit.at) for place, edit in kept.edits.items()]
        for line, own in zip(kept.marks[::2], kept.marks[1::2], strict=True):
            found[key_of(line)].append(Decided(settled, written, row.outcome == "left_out"))
            cells = [each for each in settled if each.field]
            if own != line and (cells or written):
                found[key_of(own)].append(Decided(cells, written))
    return found


def _settled(flaws: Sequence[Flaw], kept: Kept) -> Iterator[Settled]:
    for flaw in flaws:
        if flaw.column_no in kept.edits and flaw.state == "accepted":
            continue  # its proposal is what was written
        at = flaw.settled_at.isoformat() if flaw.settled_at else ""
        yield Settled(flaw.kind, flaw.weight, field_of(kept.judged, flaw.column_no), cell_of(flaw)[0], flaw.state,
                      flaw.settled_by, at)
