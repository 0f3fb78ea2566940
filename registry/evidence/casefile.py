"""One certificate's case file for a court or an inspection: a ZIP that checks itself without the house.

It holds the certificate's facts and rows, what opens their commitments (and no other's), the proofs that they are in
the log, the log's signed head, the documents, and the verifier. What is not sealed yet is not in it.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from ledger import deeds
from ledger.actor import Actor
from ledger.canonical import OPENED, label, row_label, salt_of
from ledger.chain import Log, Tree
from ledger.db import Base, Json
from ledger.deeds import Deed
from ledger.errors import Conflict
from ledger.facts import FactAbout, record
from ledger.files import File, path_of
from registry.access.rules import require
from registry.certificates.models import Certificate, Scan, Version
from registry.custody.originals import Original
from registry.evidence.model import LogCheckpoint, LogHead, LogLeaf
from registry.evidence.sealer import tile

VERIFIER = Path(__file__).resolve().parents[2] / "licet_verify.py"
EXPORTED = "evidence.case_exported"


class NotSealed(Conflict):
    """该证件的记录还没有封存，请稍后再导出。"""


def export(session: Session, certificate: Certificate, folder: Path, *, by: Actor) -> bytes:
    """The ZIP. NotAllowed without the right to audit; that it was made is a fact."""
    require(by, "audit.read", certificate)
    kept = session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)).first()
    rows = {table: list(found) for table, found in _rows_of(session, certificate)}
    leaves = _leaves(session, certificate, rows, kept.size) if kept else []
    if kept is None or not any(leaf.fact_id for leaf in leaves):
        raise NotSealed
    head = session.get_one(LogHead, 1)
    log = Log(Tree(head.algorithm), kept.size, lambda *at: tile(session, *at))
    said = {
        "certificate": certificate.id, "size": kept.size, "key": head.key,
        "rows": [leaf.row.split("/", 1) for leaf in leaves if leaf.row],
        "proofs": {str(leaf.seq): [base64.b64encode(each).decode() for each in log.inclusion(leaf.seq)]
                   for leaf in leaves},
        "tables": _tables(session, leaves, rows),
    }
    held = {"case.json": json.dumps(said, ensure_ascii=False, indent=1).encode(), "checkpoint": kept.note.encode(),
            "licet_verify.py": VERIFIER.read_bytes(), **_documents(session, certificate, folder)}
    record(session, EXPORTED, ("certificate", certificate.id), by=by, group_id=certificate.group_id,
           after={"code": certificate.code, "entries": len(leaves), "size": kept.size})
    return _packed(held)


def _rows_of(session: Session, certificate: Certificate) -> Iterator[tuple[Table, Iterable[Any]]]:
    """The rows that the certificate consists of."""
    mine = select(Version.id).where(Version.certificate_id == certificate.id)
    shown = select(Scan.file_id).where(Scan.version_id.in_(mine))
    of: list[tuple[Any, ColumnElement[bool]]] = [
        (Certificate, Certificate.id == certificate.id), (Version, Version.certificate_id == certificate.id),
        (Scan, Scan.version_id.in_(mine)), (File, File.id.in_(shown)),
        (Original, Original.certificate_id == certificate.id)]
    for model, condition in of:
        table = Base.metadata.tables[model.__tablename__]
        yield table, session.connection().execute(select(table).where(condition)).mappings().all()


def _leaves(session: Session, certificate: Certificate, rows: dict[Table, list[Any]], size: int) -> list[LogLeaf]:
    """The entries of its facts, and of the last imprint of each of its rows."""
    about = select(FactAbout.fact_id).where(FactAbout.kind == "certificate", FactAbout.subject_id == certificate.id)
    names = [f"{table.name}/{deeds.shape(table.name).key(row)}" for table, held in rows.items() for row in held]
    last = select(func.max(LogLeaf.seq)).where(LogLeaf.row.in_(names), LogLeaf.seq < size).group_by(LogLeaf.row)
    wanted = or_(LogLeaf.fact_id.in_(about), LogLeaf.seq.in_(last))
    return list(session.scalars(select(LogLeaf).where(wanted, LogLeaf.seq < size).order_by(LogLeaf.seq)))


def _tables(session: Session, leaves: list[LogLeaf], rows: dict[Table, list[Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows as the verifier reads them from a database, of deeds only what belongs to these leaves."""
    numbers = [leaf.fact_id for leaf in leaves if leaf.fact_id is not None]
    told = {leaf.row for leaf in leaves}
    read = session.connection().execute
    tables = Base.metadata.tables
    conditions: dict[str, ColumnElement[bool]] = {
        "fact": tables["fact"].c.id.in_(numbers), "fact_about": tables["fact_about"].c.fact_id.in_(numbers),
        "log_leaf": tables["log_leaf"].c.seq.in_([leaf.seq for leaf in leaves]), "log_head": and_(True)}
    found = {name: _plain(tables[name], read(select(tables[name]).where(condition)).mappings())
             for name, condition in conditions.items()}
    deed_rows = session.scalars(select(Deed).where(Deed.id.in_({leaf.deed_id for leaf in leaves}))).all()
    found["deed"] = _plain(tables["deed"], (_part(deed, set(numbers), told) for deed in deed_rows))
    shapes = {mark[2] for deed in deed_rows for mark in deed.rows if f"{mark[0]}/{mark[1]}" in told}
    found["log_shape"] = _plain(tables["log_shape"], read(
        select(tables["log_shape"]).where(tables["log_shape"].c.name.in_(shapes))).mappings())
    for table, held in rows.items():
        of = deeds.shape(table.name)
        found[table.name] = _plain(table, (row for row in held if f"{table.name}/{of.key(row)}" in told))
    return found


def _part(deed: Deed, numbers: set[int], told: set[str | None]) -> dict[str, Any]:
    """A deed with the salts of these facts and rows only: nothing else of it can be opened."""
    rows = [mark for mark in deed.rows if f"{mark[0]}/{mark[1]}" in told]
    names = [label(number, column) for number in deed.facts if number in numbers for column in OPENED]
    names += [row_label(mark[0], mark[1]) for mark in rows]
    erased = deed.erased or {}
    return {"id": deed.id, "at": deed.at, "facts": [number for number in deed.facts if number in numbers], "rows": rows,
            "salts": {name: salt_of(deed.salts, name).hex() for name in names if name not in erased},
            "erased": erased, "mac": b"", "first": deed.first, "refused": deed.refused}


def _plain(table: Table, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Cells as text: JSON as it is written, bytes as \\x and hex, moments with their zone."""
    names = [column.name for column in table.columns]
    nested = {column.name for column in table.columns if isinstance(column.type, Json)}

    def cell(name: str, value: Any) -> Any:
        if name in nested:
            return json.dumps(value)
        if isinstance(value, bytes | memoryview):
            return "\\x" + bytes(value).hex()
        return value.isoformat() if isinstance(value, dt.date) else value

    return [{name: cell(name, row[name]) for name in names} for row in rows]


def _documents(session: Session, certificate: Certificate, folder: Path) -> dict[str, bytes]:
    mine = select(Scan.file_id).join(Version).where(Version.certificate_id == certificate.id)
    files = session.scalars(select(File).where(File.id.in_(mine)).order_by(File.id))
    return {f"documents/{file.id}-{file.name}": path_of(folder, file).read_bytes() for file in files}


def _packed(held: dict[str, bytes]) -> bytes:
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in held.items()}
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as case:
        for name, content in {"manifest.json": json.dumps(sums, ensure_ascii=False, indent=1).encode(), **held}.items():
            case.writestr(name, content)
    return out.getvalue()
