"""What is in force of every process: for all, and where a pilot runs; and what is about to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from engine.releases.choosing import Candidate, choose
from engine.releases.model import APPROVED, ASKED, Release
from ledger import clock


@dataclass
class Standing:
    """Of one process: the release that holds for all, those of pilots by unit id, those coming and asked for."""

    whole: Release | None = None
    pilots: dict[int, Release] = field(default_factory=dict)
    coming: list[Release] = field(default_factory=list)
    asked: list[Release] = field(default_factory=list)

    def holds(self, release: Release) -> bool:
        """Whether a release is in force anywhere."""
        return release is self.whole or release in self.pilots.values()

    def names(self, definition_id: int) -> str:
        """What a version is: "whole" (in force for all), "pilot", "coming", "asked", or "" for none of these."""
        for name, releases in (("whole", [self.whole]), ("pilot", self.pilots.values()), ("coming", self.coming),
                               ("asked", self.asked)):
            if any(one is not None and definition_id in {part.definition_id for part in one.parts} for one in releases):
                return name
        return ""


def standings(session: Session, group_id: int | None, *, process_id: str | None = None) -> dict[str, Standing]:
    """By process id (of called ones too), for a group now; three statements however many there are."""
    now = clock.now()
    found: dict[str, Standing] = {}
    releases: dict[str, list[Release]] = {}
    for release in _live(session, group_id, now, process_id):
        for part in release.parts:
            standing = found.setdefault(part.process_id, Standing())
            if release.state == ASKED:
                standing.asked.append(release)
            elif release.from_at is not None and release.from_at > now:
                standing.coming.append(release)
            else:
                releases.setdefault(part.process_id, []).append(release)
    for one, begun in releases.items():
        _choose(found[one], begun, group_id or 0)
    return found


def _live(session: Session, group_id: int | None, now: dt.datetime, process_id: str | None) -> Sequence[Release]:
    query = select(Release).where(
        Release.state.in_((ASKED, APPROVED)), or_(Release.ended_at.is_(None), Release.ended_at > now))
    if group_id is not None:
        query = query.where(or_(Release.group_id.is_(None), Release.group_id == group_id))
    if process_id is not None:
        query = query.where(Release.process_id == process_id)
    loaded = query.options(selectinload(Release.parts), selectinload(Release.units))
    return session.scalars(loaded.order_by(Release.from_at, Release.id)).all()


def _choose(standing: Standing, begun: Sequence[Release], group_id: int) -> None:
    by_id = {release.id: release for release in begun}
    rows = [Candidate(one.id, one.definition_id, one.from_at, one.over, unit)
            for one in begun if one.from_at is not None
            for unit in (*(held.unit_id for held in one.units), *(() if one.units else (None,)))]
    won = choose((row for row in rows if row.unit_id is None), (group_id,))
    standing.whole = by_id[won.release_id] if won else None
    for unit in {held.unit_id: held for one in begun for held in one.units}.values():
        here = choose(rows, unit.places)
        if here is not None and here.unit_id == unit.unit_id:
            standing.pilots[unit.unit_id] = by_id[here.release_id]
