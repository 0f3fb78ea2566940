"""Files that somebody brought in: kept with their report until they are opened as a draft, the report for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.drawing import children
from engine.vocabulary import BPMN, read_extensions
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import Conflict, NotFound, Refused
from ledger.facts import record
from workflows.studio import drafts
from workflows.studio.drafts import Draft
from workflows.studio.foreign.opening import parsed
from workflows.studio.foreign.reading import MOST_FILES, read_all
from workflows.studio.foreign.removing import Word, without
from workflows.studio.foreign.report import Report, report_of

MOST_BYTES = 10_000_000
MOST_WAITING = 10
"""Imports of one person that were not opened as drafts: with one more the oldest is gone."""


class NothingToOpen(Conflict):
    """这次导入里没有可以打开的文件，请按报告在原来的工具里重新导出。"""


class NothingSent(Refused):
    """请选择要导入的流程文件（.bpmn、.xml、.dmn 或 .form）。"""

    status = 400


class TooMuchSent(Refused):
    """一次最多导入 {files} 个文件，共 {megabytes} MB，请分几次导入。"""

    status = 413


class Import(Base):
    """What somebody brought in: a report for each file, and the draft that it became."""

    __tablename__ = "process_import"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    reports: Mapped[list[Any]] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_name: Mapped[str] = mapped_column(String(80))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("process_draft.id"), type_=BigId, index=True)

    @property
    def told(self) -> list[Report]:
        """The reports as they were made."""
        return [report_of(one) for one in self.reports]


class ImportedFile(Base):
    """A file of an import while it waits; opened as a draft, its bytes are the draft's."""

    __tablename__ = "process_import_file"

    import_id: Mapped[int] = mapped_column(ForeignKey("process_import.id"), type_=BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


def bring_in(session: Session, files: Mapping[str, bytes], *, by: Actor) -> Import:
    """Read the files and keep what they became. Any bytes are taken; raises NothingSent, TooMuchSent."""
    if not files:
        raise NothingSent
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        raise TooMuchSent(files=MOST_FILES, megabytes=MOST_BYTES // 1_000_000)
    found = read_all(files)
    bodies = {one.name: one.body for one in found if one.body is not None}
    bodies |= {name: body for one in found for name, body in one.forms.items() if name not in bodies}
    made = Import(name=_name(bodies) or next(iter(files))[:200], reports=[one.report.plain() for one in found],
                  at=clock.now(), by_id=by.id, by_name=by.name, draft_id=None)
    session.add(made)
    session.flush()
    session.add_all(ImportedFile(import_id=made.id, name=name, body=body) for name, body in bodies.items())
    _forget(session, by)
    session.flush()
    return made


def waiting(session: Session, by: Actor) -> list[Import]:
    """The newest imports of somebody, newest first."""
    own = select(Import).where(Import.by_id == by.id).order_by(Import.id.desc())
    return list(session.scalars(own.limit(MOST_WAITING)))


def one(session: Session, import_id: int, *, by: Actor) -> Import:
    """An import of one's own, or one that has become a draft. Raises NotFound."""
    found = session.get(Import, import_id)
    if found is None or (found.draft_id is None and found.by_id != by.id):
        raise NotFound
    return found


def of_draft(session: Session, draft: Draft) -> Import | None:
    """Where a draft came from, if it was brought in."""
    return session.scalar(select(Import).where(Import.draft_id == draft.id))


def names_of(session: Session, brought: Import) -> list[str]:
    """The files of an import that wait to be opened."""
    kept = select(ImportedFile.name).where(ImportedFile.import_id == brought.id).order_by(ImportedFile.name)
    return list(session.scalars(kept))


def open_as_draft(session: Session, import_id: int, *, by: Actor) -> Draft:
    """The draft of an import, begun now or before. Raises NotFound, NothingToOpen, drafts.TooMuch."""
    one(session, import_id, by=by)
    brought = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
    if brought.draft_id is not None:
        return drafts.one(session, brought.draft_id)
    rows = session.scalars(select(ImportedFile).where(ImportedFile.import_id == brought.id))
    files = {row.name: row.body for row in rows}
    if not any(name.endswith(".bpmn") for name in files):
        raise NothingToOpen
    draft = drafts.begin(session, name=brought.name, files=files, by=by, process_id=main_process(files),
                         how="imported")
    brought.draft_id = draft.id
    session.execute(delete(ImportedFile).where(ImportedFile.import_id == brought.id))
    record(session, "draft.imported", ("process_draft", draft.id), by=by,
           after={"import": brought.id, "files": sorted(files)})
    session.flush()
    return draft


def remove(session: Session, draft: Draft, chosen: Mapping[str, Iterable[Word]], *, by: Actor) -> int:
    """Take foreign words out of files of a draft; how many places. Raises drafts.NotOpen, BadDiagram."""
    bodies = drafts.files(session, draft)
    changes, gone = dict[str, bytes | None](), 0
    for name, words in chosen.items():
        if name in bodies:
            changed, places = without(bodies[name], words)
            gone += places
            changes |= {name: changed} if places else {}
    if changes:
        drafts.save(session, draft.id, changes, base=draft.revision, by=by, note="删除导入报告中选定的内容")
    return gone


def main_process(files: Mapping[str, bytes]) -> str:
    """The process that the others are called from: executable ones first, then the first; "" when there is none."""
    ids, called = [], set()
    for name in sorted(files):
        if name.endswith(".bpmn"):
            root = parsed(files[name])
            ids += [(one.get("isExecutable") != "true", one.get("id", "")) for one in children(root, BPMN, "process")]
            called |= {read_extensions(call).called or call.get("calledElement")
                       for call in root.iter(f"{{{BPMN}}}callActivity")}
    order = sorted(ids, key=lambda one: (one[0], one[1] in called))
    return order[0][1][:120] if order else ""


def _name(files: Mapping[str, bytes]) -> str:
    """What the main process is called, else its file."""
    wanted = main_process(files)
    for name in sorted(files):
        if name.endswith(".bpmn"):
            for process in children(parsed(files[name]), BPMN, "process"):
                if process.get("id", "") == wanted and process.get("name", "").strip():
                    return " ".join(process.get("name", "").split())[:200]
    return next((name.removesuffix(".bpmn") for name in sorted(files) if name.endswith(".bpmn")), "")


def _forget(session: Session, by: Actor) -> None:
    """The oldest imports that nobody opened go, so that what was only looked at does not pile up."""
    idle = select(Import.id).where(Import.by_id == by.id, Import.draft_id.is_(None)).order_by(Import.id.desc())
    old = list(session.scalars(idle.offset(MOST_WAITING)))
    if old:
        session.execute(delete(ImportedFile).where(ImportedFile.import_id.in_(old)))
        session.execute(delete(Import).where(Import.id.in_(old)))


