"""The files of deployments, kept by content; which of them a definition consists of."""

from __future__ import annotations

import hashlib

from sqlalchemy import ForeignKey, LargeBinary, String, select
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


def keep(session: Session, body: bytes) -> int:
    """The number under which this content is kept; of two who keep the same at once, both get the same number."""
    sha256 = hashlib.sha256(body).hexdigest()
    known = select(Resource.id).where(Resource.sha256 == sha256)
    if (found := session.scalar(known)) is not None:
        return found
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    session.execute(insert(Resource).values(sha256=sha256, body=body).on_conflict_do_nothing())
    return session.scalars(known).one()
