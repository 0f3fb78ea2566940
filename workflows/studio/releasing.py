"""Releasing a draft: who may ask, who may decide, for which companies - what the engine's releases cannot know.

Two pairs of eyes: whoever asks does not decide, nor does anybody who changed the draft. Both need the right to deploy
at every company that it is for; at the whole group where it is for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from engine import catalog
from engine.findings import Finding
from engine.model import Definition, Instance
from engine.releases import choosing, deciding
from engine.releases.model import ASKED, Release
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, BadDiagram, Conflict, NotAllowed, NotFound, Problem
from registry.access.accounts import Account
from registry.access.grants import holders
from registry.access.roles import roles
from registry.access.rules import Thing, can
from registry.people.units import Unit
from workflows.studio import checking, drafts
from workflows.studio.drafts import OPEN, RELEASED, Draft, Revision

DEPLOY = "process.deploy"


class OwnWork(NotAllowed):
    """您修改过这份草稿，须由没有改过它的另一位流程负责人决定。"""


class OutOfReach(NotAllowed):
    """这次发布涉及您权限以外的单位，须由权限覆盖这些单位的流程负责人办理。"""


class NoProcess(Conflict):
    """草稿里没有可以执行的流程，不能发布。"""


@dataclass(frozen=True)
class Asked:
    """What was filled in: from which day, for the whole group or for these units, also for pilots, why."""

    on: dt.date
    reason: str
    unit_ids: Sequence[int] = ()
    whole: bool = False
    over: bool = False


def companies(session: Session, actor: Actor) -> list[Unit]:
    """The companies that the actor may release for, in tree order."""
    query = select(Unit).where(Unit.kind == "company", Unit.group_id == actor.group_id, Unit.closed_on.is_(None))
    return [one for one in session.scalars(query.order_by(Unit.path)) if can(actor, DEPLOY, Thing(one.path))]


def whole_group(actor: Actor) -> bool:
    """Whether the actor may release for everybody in their group."""
    return can(actor, DEPLOY, Thing(f"/{actor.group_id}/"))


def ask_for_draft(session: Session, draft_id: int, asked: Asked, *, by: Actor) -> Release:
    """Make a version of the draft's head and ask for it to be released; the draft stays open until that is decided.

    Raises NotFound, drafts.NotOpen, BadDiagram (with every error), BadAnswer, OutOfReach, deciding.AlreadyAsked.
    """
    draft = drafts.locked(session, drafts.seen(session, draft_id, by=by).id)
    files = drafts.files(session, draft)
    _require_whole(session, files, draft.group_id)
    definition = catalog.add(session, files, by=by)
    return _ask(session, definition, asked, by, (draft.id, draft.revision))


def ask_for_version(session: Session, definition: Definition, asked: Asked, *, by: Actor) -> Release:
    """Ask for a version that is there already: a pilot for more companies or for all, or one that was taken back."""
    return _ask(session, definition, asked, by, None)


def _ask(session: Session, definition: Definition, asked: Asked, by: Actor, draft: tuple[int, int] | None) -> Release:
    units = _units(session, asked, by)
    wish = deciding.Wish(asked.on, asked.reason, {unit.id: unit.path for unit in units}, asked.over, *(draft or ()))
    return deciding.ask(session, definition, wish, by=by, check=_errors(session, by.group_id))


def _units(session: Session, asked: Asked, by: Actor) -> list[Unit]:
    if asked.whole:
        if not whole_group(by):
            raise OutOfReach
        return []
    wanted = set(asked.unit_ids)
    found = [unit for unit in companies(session, by) if unit.id in wanted]
    if not wanted:
        raise BadAnswer({"units": [Problem("请选择全集团，或至少选择一个公司。")]})
    if len(found) != len(wanted):
        raise OutOfReach
    return found


def _errors(session: Session, group_id: int | None) -> Callable[[Mapping[str, bytes]], Sequence[Finding]]:
    return lambda files: checking.check(session, files, group_id=group_id).errors


def _require_whole(session: Session, files: Mapping[str, bytes], group_id: int | None) -> None:
    """A draft with errors cannot be released, and no version is made of it."""
    if found := checking.check(session, files, group_id=group_id).errors:
        raise BadDiagram(found)
    if not any(name.lower().endswith(".bpmn") for name in files):
        raise NoProcess


def decide(session: Session, release_id: int, *, approve: bool, remark: str, by: Actor) -> Release:
    """Approve or refuse as the second person. Raises OwnWork and OutOfReach besides what deciding.decide does."""
    release = one(session, release_id, by)
    if release.state == ASKED:  # what is decided already says so first
        if by.id != release.asked_by and by.id in editors(session, release):
            raise OwnWork
        _require_reach(session, release, by)
    draft = _held(session, release) if approve else None
    decided = deciding.decide(session, release.id, approve=approve, remark=remark, by=by,
                              check=_errors(session, release.group_id))
    if draft is not None and draft.state == OPEN and draft.revision == release.draft_revision:
        draft.state = RELEASED  # one that was changed since it was asked for goes on
        session.flush()
    return decided


def _held(session: Session, release: Release) -> Draft | None:
    """The draft that it was made of, locked: before the release, as where it is asked for."""
    if release.draft_id is None:
        return None
    return session.get(Draft, release.draft_id, with_for_update=True, populate_existing=True)


def withdraw(session: Session, release_id: int, *, reason: str, by: Actor) -> Release:
    """Take back what has not begun: whoever asked, or anybody who could decide on it."""
    release = one(session, release_id, by)
    if by.id is None or by.id != release.asked_by:
        _require_reach(session, release, by)
    return deciding.withdraw(session, release.id, by=by, reason=reason)


def roll_back(session: Session, release_id: int, *, reason: str, by: Actor) -> Release:
    """Put the version before back in force at once; one person is enough. Raises OutOfReach."""
    release = one(session, release_id, by)
    _require_reach(session, release, by)
    return deciding.roll_back(session, release.id, by=by, reason=reason)


def reaches(session: Session, release: Release, actor: Actor) -> bool:
    """Whether the actor may deploy everywhere that a release is for."""
    return all(can(actor, DEPLOY, Thing(path)) for path in _paths(session, release))


def _require_reach(session: Session, release: Release, actor: Actor) -> None:
    if not reaches(session, release, actor):
        raise OutOfReach


def _paths(session: Session, release: Release) -> list[str]:
    """Where a release is for, by the organisation as it is now; what was shipped is for every group."""
    if release.units:
        ids = [unit.unit_id for unit in release.units]
        return list(session.scalars(select(Unit.path).where(Unit.id.in_(ids))))
    if release.group_id is not None:
        return [f"/{release.group_id}/"]
    return list(session.scalars(select(Unit.path).where(Unit.parent_id.is_(None))))


def editors(session: Session, release: Release) -> frozenset[int]:
    """Who changed the draft up to the revision that is to be released; opening it changed nothing."""
    return authors(session, release.draft_id, release.draft_revision or 0) if release.draft_id else frozenset()


def authors(session: Session, draft_id: int, until: int) -> frozenset[int]:
    """Who changed a draft up to a revision."""
    rows = session.scalars(select(Revision.by_id).where(
        Revision.draft_id == draft_id, Revision.number <= until,
        Revision.how != "opened", Revision.aside.is_(False), Revision.by_id.is_not(None)))
    return frozenset(number for number in rows if number is not None)


def deciders(session: Session, release: Release) -> list[int]:
    """The ids of those who could decide on it today."""
    return able(session, _paths(session, release), {release.asked_by, *editors(session, release)})


def able(session: Session, paths: Iterable[str], but: Iterable[int | None]) -> list[int]:
    """Who may deploy at every one of these places today and can sign in, but for some."""
    keys = [key for key, role in roles().items() if role.may(DEPLOY)]
    found: set[int] | None = None
    for path in paths:
        here = set(holders(session, [f"{key}@{place}" for key in keys for place in path.strip("/").split("/")]))
        found = here if found is None else found & here
    found = (found or set()) - set(but)
    shut = select(Account.person_id).where(Account.person_id.in_(found), Account.disabled_at.is_not(None))
    return sorted(found - set(session.scalars(shut)))


def one(session: Session, release_id: int, actor: Actor) -> Release:
    """A release that the actor may see: of their group or of the house. Raises NotFound."""
    found = session.scalar(select(Release).where(Release.id == release_id, _visible(actor)))
    if found is None:
        raise NotFound
    return found


def instead_of(session: Session, release: Release) -> list[int]:
    """The definitions that hold where it is for without it, each once: now, or when it came into force or was asked."""
    at = release.from_at if release.from_at is not None and release.from_at <= clock.now() else clock.now()
    places = [list(unit.places) for unit in release.units] or [[release.group_id or 0]]
    begun = [one for one in choosing.candidates(session, release.process_id, at, group_id=release.group_id)
             if one.release_id != release.id]
    found = (choosing.choose(begun, chain) for chain in places)
    return list(dict.fromkeys(one.definition_id for one in found if one is not None))


def running(session: Session, release: Release) -> int:
    """How many requests run on its version: they stay there whatever is taken back."""
    return session.scalar(select(func.count()).select_from(Instance).where(
        Instance.definition_id == release.definition_id, Instance.ended_at.is_(None))) or 0


def listed(session: Session, actor: Actor) -> Sequence[Release]:
    """Those that people asked for, newest first."""
    query = select(Release).where(_visible(actor), Release.asked_by.is_not(None))
    return session.scalars(query.options(selectinload(Release.units)).order_by(Release.id.desc())).all()


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Of the house or of one's own group."""
    return or_(Release.group_id.is_(None), Release.group_id == actor.group_id)


def units_of(session: Session, releases: Iterable[Release]) -> dict[int, Unit]:
    """The units of pilots, by id."""
    ids = {unit.unit_id for release in releases for unit in release.units}
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))} if ids else {}
