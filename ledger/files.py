"""Uploaded files, kept under the SHA-256 of their content: written once, never under a name that the sender chose."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import NotFound, TooLarge, WrongKind
from ledger.failpoints import fp

MOST_BYTES = 20 * 1024 * 1024
HEADS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
ENDINGS = {
    "application/pdf": (".pdf",), "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",), "application/ofd": (".ofd",),
}


class EmptyFile(WrongKind):
    """文件是空的，请重新选择。"""


class EndingDiffers(WrongKind):
    """文件内容与扩展名不一致，请确认后再上传。"""


class File(Base):
    """One upload: what the sender called it, and where its content lies."""

    __tablename__ = "file"

    id: Mapped[Id]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(BigId)
    group_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)


def keep(
    session: Session, folder: Path, stream: BinaryIO, name: str, *, by: Actor, limit: int = MOST_BYTES,
    kind: Callable[[bytes, str], str] | None = None,
) -> File:
    """Store an upload of at most `limit` bytes; TooLarge, EmptyFile, WrongKind or EndingDiffers when it is not fit.

    `kind` tells the media type by the first bytes and the name, or refuses (default: PDF, OFD and pictures only).
    The content is on the disk before the row is committed; content without a row is harmless and can be swept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest, size, head, written = _write(folder, stream, limit)
    try:
        name = tidy(name)
        media_type = (kind or kind_of)(head, name)
        target = folder / digest[:2] / digest
        target.parent.mkdir(exist_ok=True)
        os.replace(written, target)
        for place in (target.parent, folder):  # the names, too, must outlive a power cut: the row will
            _settle(place)
    finally:
        written.unlink(missing_ok=True)
    fp("files.written")
    file = File(sha256=digest, name=name, media_type=media_type, size=size, group_id=by.group_id, by_id=by.id,
                at=clock.now())
    session.add(file)
    session.flush()
    return file


def _write(folder: Path, stream: BinaryIO, limit: int) -> tuple[str, int, bytes, Path]:
    digest, size, head = hashlib.sha256(), 0, b""
    handle, place = tempfile.mkstemp(dir=folder, prefix=".part-")
    written = Path(place)
    try:
        with os.fdopen(handle, "wb") as out:
            while piece := stream.read(256 * 1024):
                head, size = head or piece[:4096], size + len(piece)
                if size > limit:
                    raise TooLarge(limit=limit // (1024 * 1024))
                digest.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if not size:
            raise EmptyFile
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size, head, written


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kind_of(head: bytes, name: str) -> str:
    """The media type by the first bytes; refused where the name's ending says something else."""
    kind = next((media for magic, media in HEADS.items() if head.startswith(magic)), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        kind = "image/webp"
    if head.startswith(b"PK\x03\x04") and (b"OFD.xml" in head or name.lower().endswith(".ofd")):
        kind = "application/ofd"
    if kind is None:
        raise WrongKind
    if not name.lower().endswith(ENDINGS[kind]):
        raise EndingDiffers
    return kind


def tidy(name: str) -> str:
    """A sender's file name, fit to be shown: its last part, NFC, no control or direction marks, at most 120 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = clean.rpartition(".")
    return f"{stem[:110]}.{ending[:9]}" if dot else clean[:120] or "file"


def path_of(folder: Path, file: File) -> Path:
    """Where the content lies; NotFound when it is gone."""
    path = folder / file.sha256[:2] / file.sha256
    if not path.is_file():
        raise NotFound
    return path
