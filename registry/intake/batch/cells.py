"""A row's content at rest: what was judged, sealed whole, and read again. Personal values leave here only unsealed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from registry.intake.batch.models import Flaw, Row
from registry.intake.book import Spot
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.masking import masked as masked
from registry.people import sealing

ROW, CELL = "intake.row", "intake.cell"


class Edit(msgspec.Struct, array_like=True):
    """A cell that a person has corrected: what the file says there, who wrote otherwise, and when (ISO)."""

    raw: str
    by_id: int | None
    by_name: str
    at: str


class Kept(msgspec.Struct, array_like=True):
    """A judged row with what else its record said: the section above it, and cells that lie elsewhere. `marks` is what
    the row is known by (see decided.Marks), as the file has it and, where it was corrected, as it stands now."""

    judged: Judged
    section: str = ""
    left: bool = False
    spots: dict[int, Spot] = {}
    edits: dict[int, Edit] = {}
    marks: list[bytes] = []


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Kept).decode
_unpack_cell = msgspec.msgpack.Decoder(tuple[str, str]).decode


def seal_row(kept: Kept) -> bytes:
    """The content of a Row."""
    return sealing.seal_bytes(_pack(kept), ROW)


def kept_of(row: Row) -> Kept:
    """All that a Row keeps, in clear."""
    return _unpack(sealing.unseal_bytes(row.content, ROW))


def opened(content: bytes) -> Kept:
    """The same for content read without its Row."""
    return _unpack(sealing.unseal_bytes(content, ROW))


def seal_cell(finding: Finding) -> bytes:
    """The content of a Flaw: what stands there and what we would write."""
    return sealing.seal_bytes(_pack((finding.raw[:2000], finding.proposed[:2000])), CELL)


def cell_of(flaw: Flaw) -> tuple[str, str]:
    """(raw, proposed) of a Flaw, in clear."""
    return opened_cell(flaw.content)


def opened_cell(content: bytes) -> tuple[str, str]:
    """The same for content read without its Flaw."""
    return _unpack_cell(sealing.unseal_bytes(content, CELL))


def shown_of(judged: Judged) -> dict[str, Any]:
    """What a list shows of a row, without a personal number."""
    holder = judged.holder
    found: dict[str, Any] = {
        "type": judged.type_code, "number": masked(judged.number), "item": masked(judged.item),
        "holder": masked(holder.name) if holder else "", "kind": holder.kind if holder else "",
        "unit": holder.unit if holder else None, "unit_name": masked(holder.unit_name) if holder else "",
        "issued": judged.issued_on, "from": judged.valid_from, "until": judged.valid_until, "review": judged.review_on,
        "long": judged.long, "code": masked(judged.code),
    }
    return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in found.items() if value}
