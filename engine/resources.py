"""The files of deployments, kept by content; which of them a definition consists of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, ForeignKey, LargeBinary, String, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, BigId, Id


class Resource(Base):
    """A file of a deployment, kept once by its content."""

    __tablename__ = "resource"

    id: Mapped[Id]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class DefinitionFile(Base):
    """Which files a definition consists of; `main` marks the drawing of the process itself."""

    __tablename__ = "definition_file"

    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), type_=BigId)
    main: Mapped[bool] = mapped_column(default=False)


_forms: WeakKeyDictionary[Engine, dict[int, Mapping[str, bytes]]] = WeakKeyDictionary()


def forms_of(session: Session, definition_id: int) -> Mapping[str, bytes]:
    """The forms that came with a version, by key; read once in each process, for a version never changes."""
    known = _forms.setdefault(session.get_bind().engine, {})
    if definition_id not in known:
        rows = session.execute(
            select(DefinitionFile.name, Resource.body).join(Resource, DefinitionFile.resource_id == Resource.id)
            .where(DefinitionFile.definition_id == definition_id, DefinitionFile.name.endswith(".form")))
        known[definition_id] = {form_key(name): body for name, body in rows}
    return known[definition_id]


def forget_forms(engine: Engine) -> None:
    """A deployment was rolled back: its number may be given to another one."""
    _forms.pop(engine, None)


def form_key(name: str) -> str:
    """The key of a form by the name of its file."""
    return name.rpartition("/")[2].removesuffix(".form")


def digest_of(files: Mapping[str, bytes]) -> str:
    """What a set of files is known by: their names and what is in them."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return whole.hexdigest()


def keep(session: Session, body: bytes) -> int:
    """The number under which this content is kept; of two who keep the same at once, both get the same number. Nobody
    removes it until the transaction ends (workflows/studio/leftovers.py)."""
    sha256 = hashlib.sha256(body).hexdigest()
    known = select(Resource.id).where(Resource.sha256 == sha256).with_for_update(read=True, key_share=True)
    if (found := session.scalar(known)) is not None:
        return found
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    session.execute(insert(Resource).values(sha256=sha256, body=body).on_conflict_do_nothing())
    return session.scalars(known).one()
