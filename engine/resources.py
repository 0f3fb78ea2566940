"""The files of deployments, kept by content; which of them a definition consists of."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

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
