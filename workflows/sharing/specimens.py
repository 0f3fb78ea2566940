"""How a signature comes about: drawn on the spot, from the specimen that its owner keeps (签名存档), or typed.

Every picture that signs something was made here, by whoever signs, for one decision: nobody signs with a file that
came in otherwise, and what is told of it (`how`) is what was done. The specimen itself is nobody's file to open: it is
shown and used only by its owner, after the password or soon after it (web/specimens.py).
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock, files
from ledger.actor import SYSTEM, Actor
from ledger.db import Base, BigId, Instant
from ledger.errors import BadAnswer, Conflict, NotAllowed, Problem
from ledger.facts import record
from ledger.files import File
from workflows.sharing import pictures

DRAWN, STORED, TYPED, UPLOADED = "drawn", "stored", "typed", "uploaded"
WAYS = (DRAWN, STORED, TYPED)
USUAL = (DRAWN, STORED)
"""What a drawing allows that says nothing of it (`licet:signatureBy`)."""
NAME = "signature.png"


class NoSpecimen(Conflict):
    """您还没有存档签名。请先到“我的账号”存一个，或在这里手写。"""


class Specimen(Base):
    """The signature that somebody keeps for use: `how` it was made is drawn or uploaded."""

    __tablename__ = "signature_specimen"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False)
    group_id: Mapped[int] = mapped_column(BigId)
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"))
    how: Mapped[str] = mapped_column(String(8))
    at: Mapped[dt.datetime] = mapped_column(Instant)


class Made(Base):
    """A picture made to sign one decision with: `how` is drawn, stored or typed."""

    __tablename__ = "signature_made"

    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"), primary_key=True, autoincrement=False)
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    how: Mapped[str] = mapped_column(String(8))
    at: Mapped[dt.datetime] = mapped_column(Instant)


# the specimen
def of(session: Session, actor: Actor) -> Specimen | None:
    """The actor's own."""
    return None if actor.id is None else session.get(Specimen, actor.id)


def keep(session: Session, folder: Path, content: bytes, how: str, *, by: Actor) -> Specimen:
    """Keep a signature, in place of the one before. Raises BadPicture."""
    if by.id is None or by.group_id is None:
        raise NotAllowed
    nobodys = replace(SYSTEM, group_id=by.group_id)  # no address leads to it
    file = files.keep(session, folder, BytesIO(pictures.clean(content)), NAME, by=nobodys)
    found = of(session, by)
    if found is None:
        found = Specimen(person_id=by.id, group_id=by.group_id, file_id=file.id, how=how, at=clock.now())
        session.add(found)
    else:
        before, found.file_id, found.how, found.at = found.file_id, file.id, how, clock.now()
        session.flush()
        session.delete(session.get_one(File, before))
    session.flush()
    record(session, "signature.kept", ("person", by.id), by=by, group_id=by.group_id, after={"how": how})
    return found


def remove(session: Session, *, by: Actor) -> None:
    """Keep none any more; what was signed with it stays signed. Raises NoSpecimen."""
    found = of(session, by)
    if found is None or by.id is None:
        raise NoSpecimen()
    file = session.get_one(File, found.file_id)
    session.delete(found)
    session.flush()
    session.delete(file)
    record(session, "signature.removed", ("person", by.id), by=by, group_id=by.group_id)


def picture_of(session: Session, folder: Path, actor: Actor) -> Path:
    """Where the actor's own specimen lies. Raises NoSpecimen, NotFound."""
    found = of(session, actor)
    if found is None:
        raise NoSpecimen()
    return files.path_of(folder, session.get_one(File, found.file_id))


# for one decision
def drawn(session: Session, folder: Path, content: bytes, *, by: Actor) -> File:
    """What was just drawn. Raises BadPicture."""
    return _made(session, folder, pictures.clean(content), DRAWN, by)


def stored(session: Session, folder: Path, *, by: Actor) -> File:
    """A copy of the actor's specimen; who asks has seen to it that it is them. Raises NoSpecimen."""
    return _made(session, folder, picture_of(session, folder, by).read_bytes(), STORED, by)


def typed(session: Session, folder: Path, content: bytes, name: str, *, by: Actor) -> File:
    """The actor's name as they typed it, and the picture of it. Raises BadAnswer at "name", BadPicture."""
    if _plain(name) != _plain(by.name):
        raise BadAnswer({"name": [Problem("请输入您自己的姓名：{name}。", {"name": by.name})]})
    return _made(session, folder, pictures.clean(content), TYPED, by)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _made(session: Session, folder: Path, content: bytes, how: str, by: Actor) -> File:
    if by.id is None or by.group_id is None:
        raise NotAllowed
    file = files.keep(session, folder, BytesIO(content), NAME, by=by)
    session.add(Made(file_id=file.id, group_id=by.group_id, person_id=by.id, how=how, at=clock.now()))
    session.flush()
    return file
