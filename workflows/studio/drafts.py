"""Drafts: what process owners are working on. Every save is a revision that stays; nothing is written over.

A draft's files are kept by content, like those of deployments. Whoever saves says which revision they began with; if
somebody else saved meanwhile, both changes are brought together (merging), and where they contradict each other, what
was sent is kept aside as a revision of its own until somebody has chosen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, UniqueConstraint, exists, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import catalog
from engine.model import Definition
from engine.resources import Resource, keep
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import Conflict, NotFound, Refused
from ledger.facts import record
from ledger.failpoints import fp
from workflows.studio import merging, outline

OPEN, RELEASED, DISCARDED = "open", "released", "discarded"
HOW = {"opened": "由版本打开", "autosaved": "自动保存", "saved": "保存", "merged": "合并", "imported": "导入",
       "restored": "恢复"}
"""How a revision came to be; gettext msgids."""
NAME = re.compile(r"[^./\\][^/\\]{0,113}\.(bpmn|dmn|form)", re.IGNORECASE)
MOST_FILES, MOST_BYTES = 24, 5_000_000
LAST = 2**31 - 1
"""The number of a revision is no larger: its column holds no more."""


class NotOpen(Conflict):
    """这份草稿已经发布或放弃，不能再修改。"""


class NoName(Refused):
    """请给草稿起个名字。"""

    status = 400


class BadName(Refused):
    """文件名“{name}”不能用：须以 .bpmn、.dmn 或 .form 结尾，不超过 120 个字，不含斜杠和控制字符。"""

    status = 400


class TooMuch(Refused):
    """一份草稿最多 {files} 个文件，每个文件不超过 {megabytes} MB。"""

    status = 413


class Draft(Base):
    """A set of files on their way to a new version of a process. `revision` is the head's number.

    `base_id`: the version it was opened from. `group_id`: the root company of whoever began it.
    """

    __tablename__ = "process_draft"
    __table_args__ = (Index("ix_process_draft_state", "state", "id"),)

    id: Mapped[Id]
    process_id: Mapped[str] = mapped_column(String(120), index=True)
    name: Mapped[str] = mapped_column(String(200))
    base_id: Mapped[int | None] = mapped_column(ForeignKey("definition.id"), type_=BigId)
    group_id: Mapped[int | None] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(12), default=OPEN)
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    created_by: Mapped[int | None] = mapped_column(BigId)
    created_by_name: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_by_name: Mapped[str] = mapped_column(String(80))


class Revision(Base):
    """One save of a draft: which files it consists of from then on. `aside`: it contradicts and never was the head.

    `parent` is the number it was made from; `files` is {file name: resource id}. `settled`: for one that was kept
    aside, the head's number when somebody had chosen (0: it was given up).
    """

    __tablename__ = "process_draft_revision"
    __table_args__ = (UniqueConstraint("draft_id", "number"),)

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("process_draft.id"), type_=BigId)
    number: Mapped[int]
    parent: Mapped[int]
    aside: Mapped[bool] = mapped_column(default=False)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    how: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(500), default="")
    files: Mapped[dict[str, Any]] = mapped_column(Json)
    settled: Mapped[int | None]


@dataclass(frozen=True)
class Saved:
    """What became of a save: the head's number now, the files that were merged, what contradicts, and the number under
    which what was sent is kept aside (None where everything arrived)."""

    number: int
    merged: tuple[str, ...] = ()
    conflicts: tuple[merging.Conflict, ...] = ()
    aside: int | None = None


def begin(session: Session, *, name: str, files: Mapping[str, bytes], by: Actor, base: Definition | None = None,
          process_id: str = "", how: str = "opened") -> Draft:
    """A new draft of these files. `process_id` of the main process; the base's where there is one."""
    _measure(files)
    now = clock.now()
    made = Draft(process_id=base.process_id if base else process_id, name=name[:200], base_id=base.id if base else None,
                 group_id=by.group_id, revision=1, created_at=now, created_by=by.id, created_by_name=by.name,
                 changed_at=now, changed_by_name=by.name)
    session.add(made)
    session.flush()
    kept = {file: keep(session, body) for file, body in files.items()}
    _add(session, made, 1, 0, kept, by, how)
    record(session, "draft.opened", ("process_draft", made.id), by=by, after={"process": made.process_id, "how": how})
    session.flush()
    return made


def of_definition(session: Session, definition: Definition, *, by: Actor) -> Draft:
    """A draft of a deployed version: all of its files."""
    return begin(session, name=definition.name, files=catalog.files_of(session, definition.id), by=by, base=definition)


def one(session: Session, draft_id: int) -> Draft:
    """The draft. Raises NotFound."""
    found = session.get(Draft, draft_id)
    if found is None:
        raise NotFound
    return found


def seen(session: Session, draft_id: int, *, by: Actor) -> Draft:
    """The draft, if `by` is of the group it was begun in. Raises NotFound."""
    found = one(session, draft_id)
    if found.group_id not in (None, by.group_id):
        raise NotFound
    return found


def visible(by: Actor) -> Select[Draft]:
    """The drafts of the group that `by` belongs to."""
    return select(Draft).where(or_(Draft.group_id.is_(None), Draft.group_id == by.group_id))


def worked_on(by: Actor) -> ColumnElement[bool]:
    """Whether `by` has saved something of a draft: a condition for `visible`."""
    return exists().where(Revision.draft_id == Draft.id, Revision.by_id == by.id)


def revision(session: Session, draft: Draft, number: int | None = None) -> Revision:
    """A revision by its number, the head without one. Raises NotFound."""
    wanted = draft.revision if number is None else number
    if wanted > LAST:
        raise NotFound
    found = session.scalar(select(Revision).where(Revision.draft_id == draft.id, Revision.number == wanted))
    if found is None:
        raise NotFound
    return found


def revisions(session: Session, draft: Draft) -> list[Revision]:
    """Every revision, newest first."""
    return list(session.scalars(
        select(Revision).where(Revision.draft_id == draft.id).order_by(Revision.number.desc())))


def files(session: Session, draft: Draft, number: int | None = None) -> dict[str, bytes]:
    """The files of a revision by name, the head's without a number. Raises NotFound."""
    return bodies(session, revision(session, draft, number).files)


def save(session: Session, draft_id: int, changes: Mapping[str, bytes | None], *, base: int, by: Actor,
         how: str = "saved", note: str = "") -> Saved:
    """Save files changed since revision `base` (None: the file is gone). Others' changes meanwhile are kept.

    Raises NotOpen, NotFound (no such revision), TooMuch, BadName, BadDiagram.
    """
    draft = locked(session, draft_id)
    began, head = revision_before(session, draft, base), revision(session, draft)
    if base == draft.revision:
        return _advance(session, draft, head, dict(changes), by, how, note)
    before, theirs = bodies(session, began.files, changes), bodies(session, head.files, changes)
    results = {name: merging.merge(name, before.get(name), theirs.get(name), mine) for name, mine in changes.items()}
    conflicts = tuple(conflict for result in results.values() for conflict in result.conflicts)
    if conflicts:
        return Saved(draft.revision, (), conflicts, _set_aside(session, draft, began, changes, by, note))
    touched = tuple(name for name in changes if theirs.get(name) != before.get(name))
    together = {name: result.body for name, result in results.items()}
    saved = _advance(session, draft, head, together, by, "merged" if touched else how, note)
    return Saved(saved.number, touched)


def change(session: Session, draft: Draft, changes: Mapping[str, bytes | None], *, by: Actor, how: str,
           note: str = "") -> Saved:
    """Make these changes to the head, whatever it is; the draft is `locked` by who calls."""
    return _advance(session, draft, revision(session, draft), changes, by, how, note)


def rename(session: Session, draft_id: int, name: str, *, by: Actor) -> Draft:
    """Call the draft something else. Raises NoName, NotOpen."""
    draft = locked(session, draft_id)
    if not name.strip():
        raise NoName
    draft.name = name.strip()[:200]
    record(session, "draft.renamed", ("process_draft", draft.id), by=by, after={"name": draft.name})
    return draft


def revision_before(session: Session, draft: Draft, base: int) -> Revision:
    """The revision that somebody began with. Where it was thinned meanwhile, the one before it: what lies between is
    then in what both have, and contradicts nothing. Raises NotFound for a number that never was."""
    if not 0 < base <= draft.revision:
        raise NotFound
    earlier = select(Revision).where(Revision.draft_id == draft.id, Revision.number <= base, ~Revision.aside)
    found = session.scalar(earlier.order_by(Revision.number.desc()).limit(1))
    if found is None:
        raise NotFound
    return found


def discard(session: Session, draft_id: int, *, by: Actor) -> Draft:
    """Give it up; it and its revisions stay to be read. Raises NotOpen."""
    draft = locked(session, draft_id)
    draft.state = DISCARDED
    record(session, "draft.discarded", ("process_draft", draft.id), by=by)
    return draft


def locked(session: Session, draft_id: int) -> Draft:
    """The open draft, ours until the transaction ends. Raises NotFound, NotOpen."""
    found = session.get(Draft, draft_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    if found.state != OPEN:
        raise NotOpen
    return found


def _advance(session: Session, draft: Draft, head: Revision, changes: Mapping[str, bytes | None], by: Actor, how: str,
             note: str) -> Saved:
    """The next head; the same one where nothing changes."""
    kept = _changed(session, head.files, changes)
    if kept == head.files:
        return Saved(draft.revision)
    number = _next(session, draft)
    _add(session, draft, number, draft.revision, kept, by, how, note)
    draft.revision, draft.changed_at, draft.changed_by_name = number, clock.now(), by.name
    session.flush()
    fp("studio.draft.saved")
    return Saved(number)


def _set_aside(session: Session, draft: Draft, began: Revision, changes: Mapping[str, bytes | None], by: Actor,
               note: str) -> int:
    number = _next(session, draft)
    _add(session, draft, number, began.number, _changed(session, began.files, changes), by, "saved", note, aside=True)
    session.flush()
    return number


def _next(session: Session, draft: Draft) -> int:
    """Asides have numbers too; the draft's row is locked."""
    last = select(Revision.number).where(Revision.draft_id == draft.id).order_by(Revision.number.desc()).limit(1)
    return (session.scalar(last) or 0) + 1


def _add(session: Session, draft: Draft, number: int, parent: int, kept: dict[str, int], by: Actor, how: str,
         note: str = "", *, aside: bool = False) -> None:
    session.add(Revision(draft_id=draft.id, number=number, parent=parent, aside=aside, at=clock.now(), by_id=by.id,
                         by_name=by.name, how=how, note=note[:500], files=kept))


def _changed(session: Session, before: Mapping[str, int], changes: Mapping[str, bytes | None]) -> dict[str, int]:
    """The files after the changes, by name."""
    _measure({name: body for name, body in changes.items() if body is not None})
    kept = {name: number for name, number in before.items() if name not in changes}
    kept |= {name: keep(session, body) for name, body in changes.items() if body is not None}
    if len(kept) > MOST_FILES:
        raise TooMuch(files=MOST_FILES, megabytes=MOST_BYTES // 1_000_000)
    return {name: kept[name] for name in sorted(kept)}


def _measure(files: Mapping[str, bytes]) -> None:
    """Raises TooMuch, BadName, BadDiagram (what is no drawing, table or form)."""
    if len(files) > MOST_FILES or any(len(body) > MOST_BYTES for body in files.values()):
        raise TooMuch(files=MOST_FILES, megabytes=MOST_BYTES // 1_000_000)
    for name, body in files.items():
        if not NAME.fullmatch(name) or not name.isprintable():
            raise BadName(name=name[:120])
        outline.check(name, body)


def bodies(session: Session, kept: Mapping[str, int], only: Collection[str] | None = None) -> dict[str, bytes]:
    """The files of a revision, or some of them. Raises NotFound."""
    wanted = {name: number for name, number in kept.items() if only is None or name in only}
    found = dict(session.execute(select(Resource.id, Resource.body).where(Resource.id.in_(set(wanted.values())))).all())
    if not found.keys() >= set(wanted.values()):  # the revision was thinned since it was read
        raise NotFound
    return {name: found[number] for name, number in wanted.items()}
