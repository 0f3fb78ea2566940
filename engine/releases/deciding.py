"""Four eyes: one asks for a release, somebody else decides; what has begun is taken back by one press.

Whether somebody may is not known here (workflows/studio/releasing.py asks the register); that nobody decides on what
they asked for themselves is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.findings import Finding
from engine.model import Definition
from engine.releases import coming
from engine.releases.choosing import candidates, choose
from engine.releases.model import APPROVED, ASKED, ENDED, REFUSED, WITHDRAWN, Release, ReleasePart, ReleaseUnit
from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import AlreadyDone, BadAnswer, BadDiagram, Conflict, NotAllowed, NotFound, Problem
from ledger.facts import record
from ledger.failpoints import fp

Check = Callable[[Mapping[str, bytes]], Sequence[Finding]]
"""What is wrong with the files of a version."""
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
MOST_REASON = 1000
MOST_UNITS = 200
FURTHEST = dt.timedelta(days=366)


class OwnRelease(NotAllowed):
    """发布由您提出，须由另一位流程负责人决定。"""


class AlreadyAsked(AlreadyDone):
    """{by} 已于 {at} 申请在同样的范围发布这一版，正在等待决定。"""


class AlreadyDecided(AlreadyDone):
    """{by} 已于 {at} 决定了这次发布，您的操作没有生效。"""


class AlreadyEnded(AlreadyDone):
    """{by} 已于 {at} 退回或撤回了这次发布，您的操作没有生效。"""


class NotBegun(Conflict):
    """这次发布还没有生效，不能退回；可以撤回。"""


class NothingBefore(Conflict):
    """之前没有生效的版本，退回后就没有版本可用，因此不能退回。"""


class Replaced(Conflict):
    """这一版已被更新的版本取代，不再生效；请退回现在生效的版本。"""


@dataclass(frozen=True)
class Wish:
    """What is asked for: from which Shanghai day, for whom (unit id -> path; none: everybody), why."""

    effective_on: dt.date
    reason: str
    units: Mapping[int, str] = field(default_factory=dict)
    over: bool = False
    draft_id: int | None = None
    draft_revision: int | None = None


def at_once(session: Session, definition: Definition, *, by: Actor) -> Release:
    """Put a version in force for all, now, without asking: how the shipped baseline is published. The first version of
    a process holds for whatever is done in the past's name too (the demonstration's requests, what is entered late)."""
    coming.take_turns(session)
    coming.catch_up(session)
    now = clock.now()
    release = _made(session, definition, Wish(clock.today(), ""), by, now)
    release.state, release.decided_at, release.decided_by, release.decided_by_name = APPROVED, now, by.id, by.name
    others = select(Release.id).where(Release.process_id == definition.process_id, Release.from_at.is_not(None))
    release.from_at = now if session.scalar(others.limit(1)) is not None else BEGINNING
    coming.settle(session, release)
    return release


def ask(session: Session, definition: Definition, wish: Wish, *, by: Actor, check: Check = catalog.check) -> Release:
    """Ask for a version to be released. Raises BadAnswer at the fields, BadDiagram, AlreadyAsked."""
    _check_wish(wish)
    _check_files(session, definition, check)
    coming.take_turns(session)
    for other in session.scalars(select(Release).where(
            Release.definition_id == definition.id, Release.state == ASKED, Release.group_id == by.group_id)):
        if {unit.unit_id for unit in other.units} == set(wish.units):
            raise AlreadyAsked(other.asked_by_name, other.asked_at)
    release = _made(session, definition, wish, by, clock.now())
    record(session, "release.asked", ("process_release", release.id), by=by, group_id=by.group_id,
           about=[("definition", definition.id)], after=_told(release))
    session.flush()
    ring_after_commit(session, "outbox")
    fp("engine.release.asked.before_commit")
    return release


def decide(session: Session, release_id: int, *, approve: bool, remark: str, by: Actor,
           check: Check = catalog.check) -> Release:
    """Approve or refuse what somebody else asked for. In force from 0:00 of its day, or at once when that has passed.

    Raises NotFound, AlreadyDecided (with who and when), OwnRelease, BadDiagram (the files no longer pass), BadAnswer (a
    refusal without a reason).
    """
    coming.take_turns(session)
    release = one(session, release_id)
    if release.state != ASKED:
        who, at = (release.ended_by_name, release.ended_at) if release.state == WITHDRAWN else (
            release.decided_by_name, release.decided_at)
        raise AlreadyDecided(who, at)
    if by.id is not None and by.id == release.asked_by:
        raise OwnRelease
    if approve:
        _check_files(session, session.get_one(Definition, release.definition_id), check)
    elif not remark.strip():
        raise BadAnswer({"remark": [Problem("请写明不同意的理由。")]})
    now = clock.now()
    release.state = APPROVED if approve else REFUSED
    release.decided_at, release.decided_by, release.decided_by_name = now, by.id, by.name
    release.remark = remark.strip()[:MOST_REASON]
    if approve:
        coming.catch_up(session)
        release.from_at = max(clock.start_of_day(release.effective_on), now)
        if release.from_at <= now:
            coming.settle(session, release)
    record(session, "release.approved" if approve else "release.refused", ("process_release", release.id), by=by,
           group_id=release.group_id, about=[("definition", release.definition_id)], after=_told(release))
    session.flush()
    ring_after_commit(session, "outbox")
    fp("engine.release.decided.before_commit")
    return release


def withdraw(session: Session, release_id: int, *, by: Actor, reason: str) -> Release:
    """Take back what has not begun: not decided yet, or approved for a day to come. Raises NotFound, AlreadyEnded,
    AlreadyDecided, Replaced."""
    coming.take_turns(session)
    release = one(session, release_id)
    if release.state in (WITHDRAWN, ENDED):
        raise AlreadyEnded(release.ended_by_name, release.ended_at)
    if release.state == REFUSED or (release.from_at is not None and release.from_at <= clock.now()):
        raise AlreadyDecided(release.decided_by_name, release.decided_at)
    release.from_at = None
    _end(release, WITHDRAWN, by, reason)
    record(session, "release.withdrawn", ("process_release", release.id), by=by, group_id=release.group_id,
           about=[("definition", release.definition_id)], after={**_told(release), "why": release.ended_why})
    session.flush()
    fp("engine.release.withdrawn.before_commit")
    return release


def roll_back(session: Session, release_id: int, *, by: Actor, reason: str) -> Release:
    """Put the version that was in force before back in force, at once, where this release is. Running instances stay.

    Raises NotFound, AlreadyEnded, NotBegun, Replaced (it is in force nowhere), NothingBefore, BadAnswer (no reason).
    """
    coming.take_turns(session)
    release = one(session, release_id)
    if release.state in (WITHDRAWN, ENDED):
        raise AlreadyEnded(release.ended_by_name, release.ended_at)
    if not reason.strip():
        raise BadAnswer({"reason": [Problem("请写明退回的原因。")]})
    if release.from_at is None or release.from_at > clock.now():
        raise NotBegun
    back = before(session, release)
    if not back:
        raise Replaced
    if None in back.values():
        raise NothingBefore
    coming.catch_up(session)
    _end(release, ENDED, by, reason)
    session.flush()
    coming.set_clocks(session, release)
    record(session, "release.rolled_back", ("process_release", release.id), by=by, group_id=release.group_id,
           about=[("definition", release.definition_id)], after={**_told(release), "why": release.ended_why})
    session.flush()
    ring_after_commit(session, "outbox")
    fp("engine.release.rolled_back.before_commit")
    return release


def before(session: Session, release: Release) -> dict[int | None, int | None]:
    """What would be in force without it: definition ids by unit (None: for all), where it is in force itself."""
    begun = candidates(session, release.process_id, clock.now(), group_id=release.group_id)
    places: dict[int | None, tuple[int, ...]] = {unit.unit_id: unit.places for unit in release.units}
    places = places or {None: (release.group_id or 0,)}
    found: dict[int | None, int | None] = {}
    for unit_id, chain in places.items():
        here = choose(begun, chain)
        if here is not None and here.release_id == release.id:
            after = choose((one for one in begun if one.release_id != release.id), chain)
            found[unit_id] = after.definition_id if after else None
    return found


def one(session: Session, release_id: int) -> Release:
    """The release, as it stands. Raises NotFound."""
    found = session.get(Release, release_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def ever_released(session: Session, definition: Definition) -> bool:
    """Whether this version was ever in force for all."""
    pilots = select(ReleaseUnit.release_id)
    query = select(Release.id).join(ReleasePart, ReleasePart.release_id == Release.id).where(
        ReleasePart.definition_id == definition.id, Release.from_at.is_not(None), Release.id.not_in(pilots))
    return session.scalar(query.limit(1)) is not None


def by_people(session: Session, process_id: str) -> bool:
    """Whether people have put a version of theirs in force for all: then a shipped one does not replace it unasked."""
    begun = (one.release_id for one in candidates(session, process_id, clock.now()) if one.unit_id is None)
    query = select(Release.id).where(Release.id.in_(list(begun)), Release.asked_by.is_not(None),
                                     Release.asked_by != Release.decided_by)
    return session.scalar(query.limit(1)) is not None


def _made(session: Session, definition: Definition, wish: Wish, by: Actor, now: dt.datetime) -> Release:
    same = select(Definition).where(Definition.digest == definition.digest).order_by(Definition.id)
    release = Release(
        group_id=by.group_id, process_id=definition.process_id, definition_id=definition.id, draft_id=wish.draft_id,
        draft_revision=wish.draft_revision, over=wish.over, effective_on=wish.effective_on, asked_at=now,
        asked_by=by.id, asked_by_name=by.name, reason=wish.reason.strip()[:MOST_REASON], state=ASKED,
        units=[ReleaseUnit(unit_id=number, path=path) for number, path in sorted(wish.units.items())],
        parts=[ReleasePart(definition_id=each.id, process_id=each.process_id) for each in session.scalars(same)],
    )
    session.add(release)
    session.flush()
    return release


def _check_wish(wish: Wish) -> None:
    today, problems = clock.today(), {}
    if not wish.reason.strip():
        problems["reason"] = [Problem("请写明为什么发布、改了什么。")]
    if wish.effective_on < today:
        problems["on"] = [Problem("生效日期不能早于今天。")]
    elif wish.effective_on > today + FURTHEST:
        problems["on"] = [Problem("生效日期不能晚于一年之后。")]
    if len(wish.units) > MOST_UNITS:
        problems["units"] = [Problem("一次最多选择 {count} 个单位。", {"count": MOST_UNITS})]
    if problems:
        raise BadAnswer(problems)


def _check_files(session: Session, definition: Definition, check: Check) -> None:
    """Looked at again each time: the steps and roles of the house may have changed since."""
    errors = [one for one in check(catalog.files_of(session, definition.id)) if one.severity == "error"]
    if errors:
        raise BadDiagram(errors)


def _end(release: Release, state: str, by: Actor, reason: str) -> None:
    release.state, release.ended_at, release.ended_why = state, clock.now(), reason.strip()[:MOST_REASON]
    release.ended_by, release.ended_by_name = by.id, by.name


def _told(release: Release) -> dict[str, object]:
    return {"process": release.process_id, "definition": release.definition_id, "on": release.effective_on.isoformat(),
            "units": [unit.unit_id for unit in release.units]}


