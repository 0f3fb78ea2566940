"""发布: asked by one, decided by another, in force from a day on for all or for a pilot, taken back by one press."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.findings import Finding
from engine.model import Definition
from engine.releases import deciding
from engine.releases.model import APPROVED, ASKED, ENDED, REFUSED, WITHDRAWN, Release
from engine.releases.standing import Standing, standings
from ledger import clock
from ledger.errors import BadAnswer, BadDiagram, NotFound, Refused
from registry.access.rules import can
from registry.people.persons import Person
from registry.people.units import Unit
from web.asked import day_in, whole_in
from web.errors import field_problems, sentence
from web.freshness import sensitive
from web.guard import actor, needs
from web.session import db
from workflows.studio import checking, drafts, releasing
from workflows.studio.releasing import Asked

bp = Blueprint("releases", __name__, url_prefix="/studio")
MOST_OVER = 40
"""So many that are over are listed."""
STATES = {
    ASKED: ("due", _l("待决定")), "coming": ("due", _l("即将生效")), "whole": ("good", _l("生效中")),
    "replaced": ("closed", _l("已被取代")), REFUSED: ("bad", _l("未同意")), WITHDRAWN: ("closed", _l("已撤回")),
    ENDED: ("closed", _l("已退回")),
}
ORDER = (ASKED, "coming", "whole", "over")
HEADINGS = {ASKED: _l("等待决定"), "coming": _l("即将生效"), "whole": _l("生效中"), "over": _l("已结束")}


@dataclass(frozen=True)
class Shown:
    """A release as people read it: its version, where it stands, for whom."""

    release: Release
    definition: Definition
    state: str
    units: list[Unit]

    @property
    def words(self) -> tuple[str, Any]:
        """Its colour and its word."""
        return STATES[self.state]


def state_of(release: Release, standing: Standing | None) -> str:
    """Where a release stands: a key of STATES."""
    if release.state != APPROVED:
        return release.state
    if release.from_at is not None and release.from_at > clock.now():
        return "coming"
    return "whole" if standing is not None and standing.holds(release) else "replaced"


def shown(session: Session, releases: list[Release]) -> list[Shown]:
    """Releases with what their lines say."""
    found = standings(session, actor().group_id)
    units = releasing.units_of(session, releases)
    ids = {one.definition_id for one in releases}
    versions = {one.id: one for one in session.scalars(select(Definition).where(Definition.id.in_(ids)))}
    return [Shown(one, versions[one.definition_id], state_of(one, found.get(one.process_id)),
                  [units[unit.unit_id] for unit in one.units if unit.unit_id in units]) for one in releases]


@bp.get("/releases")
@needs("process.read")
def index() -> str:
    """What waits to be decided, what is coming, what is in force, and what is over; of one process with ?process=."""
    wanted = request.args.get("process", "")
    session = db.session()
    rows = shown(session, [one for one in releasing.listed(session, actor()) if wanted in ("", one.process_id)])
    parts: dict[str, list[Shown]] = {key: [] for key in ORDER}
    for row in rows:
        parts[row.state if row.state in parts else "over"].append(row)
    more = max(0, len(parts["over"]) - MOST_OVER) if not request.args.get("all") else 0
    parts["over"] = parts["over"][: len(parts["over"]) - more]
    return render_template("studio/releases.html", parts=parts, headings=HEADINGS, more=more, wanted=wanted,
                           reachable={row.release.id for row in parts[ASKED] if _may_decide(session, row.release)})


def _may_decide(session: Session, release: Release) -> bool:
    by = actor()
    return (release.state == ASKED and can(by, "process.deploy") and by.id != release.asked_by
            and by.id not in releasing.editors(session, release) and releasing.reaches(session, release, by))


@bp.get("/releases/<int:release_id>")
@needs("process.read")
def show(release_id: int) -> str:
    """One release: for whom and from when, what changes, what was said, and what can be done with it now."""
    return _page(release_id)


def _page(release_id: int, problems: Mapping[str, list[str]] | None = None, refusal: str = "",
          findings: list[Finding] | None = None) -> str:
    session, by = db.session(), actor()
    release = releasing.one(session, release_id, by)
    [row] = shown(session, [release])
    before, waits = _before(session, release), release.state == ASKED
    deploys = can(by, "process.deploy")
    reach = deploys and releasing.reaches(session, release, by)
    return render_template(
        "studio/release.html", row=row, release=release, before=before,
        changed=_changed(session, before, row.definition), problems=problems or {}, refusal=refusal,
        may_decide=_may_decide(session, release), reach_all=reach,
        own=deploys and by.id == release.asked_by, worked=by.id in releasing.editors(session, release),
        deciders=_names(session, releasing.deciders(session, release)) if waits else [],
        findings=findings or (_errors(session, row.definition) if waits else []),
        draft=session.get(drafts.Draft, release.draft_id) if release.draft_id else None,
    )


def _errors(session: Session, definition: Definition) -> list[Finding]:
    return checking.check(session, catalog.files_of(session, definition.id), group_id=actor().group_id).errors


def _before(session: Session, release: Release) -> Definition | None:
    """The version that is, or was, in force there without it."""
    numbers = releasing.instead_of(session, release)
    return session.get(Definition, numbers[0]) if numbers else None


def _changed(session: Session, before: Definition | None, after: Definition) -> list[tuple[str, str]]:
    """(file, "added" / "removed" / "changed") between two versions."""
    if before is None or before.id == after.id:
        return []
    old, new = (catalog.files_of(session, one.id) for one in (before, after))
    kinds = {name: "added" if name not in old else "removed" if name not in new else "changed"
             for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)}
    return list(kinds.items())


def _names(session: Session, people: list[int]) -> list[str]:
    return list(session.scalars(select(Person.name).where(Person.id.in_(people)).order_by(Person.id)))


@bp.post("/releases/<int:release_id>/decision")
@needs("process.deploy")
@sensitive
def decide(release_id: int) -> ResponseReturnValue:
    """The second person's word: from its day on, or not."""
    approve = request.form.get("verdict") == "approve"

    def act() -> str:
        release = releasing.decide(db.session(), release_id, approve=approve, by=actor(),
                                   remark=request.form.get("remark", ""))
        return _told(release) if approve else _("已记录：不同意发布，并已告知申请人。")

    return _done(release_id, act)


def _told(release: Release) -> str:
    if release.from_at is not None and release.from_at <= clock.now():
        return _("已同意，现在起生效。")
    return _("已同意，%(day)s 零点起生效。", day=release.effective_on.isoformat())


@bp.post("/releases/<int:release_id>/withdrawal")
@needs("process.deploy")
def withdraw(release_id: int) -> ResponseReturnValue:
    """It does not come into force after all."""
    def act() -> str:
        releasing.withdraw(db.session(), release_id, reason=request.form.get("reason", ""), by=actor())
        return _("已撤回，这次发布不会生效。")

    return _done(release_id, act)


@bp.get("/releases/<int:release_id>/return")
@needs("process.deploy")
def confirm(release_id: int) -> str:
    """What taking it back would mean, company by company, before it is done."""
    return _returning(release_id)


def _returning(release_id: int, problems: Mapping[str, list[str]] | None = None, refusal: str = "") -> str:
    session = db.session()
    release = releasing.one(session, release_id, actor())
    [row] = shown(session, [release])
    back = deciding.before(session, release) if row.state == "whole" else {}
    versions = {number: session.get(Definition, number) for number in back.values() if number is not None}
    names = {unit.id: unit.name for unit in row.units}
    lines = [(names.get(unit or 0, ""), versions.get(number or 0)) for unit, number in back.items()]
    return render_template("studio/release_return.html", row=row, release=release, lines=lines, refusal=refusal,
                           problems=problems or {}, running=releasing.running(session, release))


@bp.post("/releases/<int:release_id>/return")
@needs("process.deploy")
def take_back(release_id: int) -> ResponseReturnValue:
    """The version before is in force again, at once; running requests stay where they are."""
    def act() -> str:
        releasing.roll_back(db.session(), release_id, reason=request.form.get("reason", ""), by=actor())
        return _("已退回，之前的版本从现在起重新生效；办理中的申请不受影响。")

    return _done(release_id, act, page=_returning)


def _done(release_id: int, act: Callable[[], str], page: Callable[..., str] = _page) -> ResponseReturnValue:
    """Do it and show the release; or say why not, with nothing done."""
    try:
        words = act()
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return page(release_id, problems), error.status
    except BadDiagram as error:
        found = list(error.findings)
        db.session.rollback()
        return _page(release_id, refusal=sentence(error), findings=found), error.status
    except NotFound:
        raise
    except Refused as error:
        told = sentence(error)
        db.session.rollback()
        return page(release_id, refusal=told), error.status
    flash(words, "ok")
    return redirect(url_for("releases.show", release_id=release_id), 303)


@bp.get("/drafts/<int:draft_id>/release")
@needs("process.deploy")
def ask(draft_id: int) -> str:
    """Ask for a draft to be released: what the check finds first, then from when, for whom and why."""
    return _asking(_of_draft(draft_id))


@bp.post("/drafts/<int:draft_id>/release")
@needs("process.deploy")
def propose(draft_id: int) -> ResponseReturnValue:
    """The draft's head becomes a version that waits for the second person."""
    _of_draft(draft_id)
    return _proposed(lambda told: releasing.ask_for_draft(db.session(), draft_id, told, by=actor()),
                     lambda: _of_draft(draft_id))


@bp.get("/versions/<int:definition_id>/release")
@needs("process.deploy")
def ask_again(definition_id: int) -> str:
    """Ask for a version that is there: for more companies, for all, or once more after it was taken back."""
    return _asking(_of_version(definition_id))


@bp.post("/versions/<int:definition_id>/release")
@needs("process.deploy")
def propose_again(definition_id: int) -> ResponseReturnValue:
    """The same, asked."""
    version = _of_version(definition_id)["definition"]
    return _proposed(lambda told: releasing.ask_for_version(db.session(), version, told, by=actor()),
                     lambda: _of_version(definition_id))


def _of_draft(draft_id: int) -> dict[str, Any]:
    session = db.session()
    draft = drafts.seen(session, draft_id, by=actor())
    return {"draft": draft, "definition": None, "process_id": draft.process_id, "name": draft.name,
            "files": drafts.files(session, draft), "address": url_for("releases.propose", draft_id=draft.id),
            "closed": draft.state != drafts.OPEN}


def _of_version(definition_id: int) -> dict[str, Any]:
    definition = db.session.get(Definition, definition_id)
    if definition is None:
        raise NotFound
    return {"draft": None, "definition": definition, "process_id": definition.process_id, "name": definition.name,
            "files": catalog.files_of(db.session(), definition.id), "closed": False,
            "address": url_for("releases.propose_again", definition_id=definition.id)}


def _asking(of: dict[str, Any], problems: Mapping[str, list[str]] | None = None, refusal: str = "") -> str:
    session, by = db.session(), actor()
    standing = standings(session, by.group_id).get(of["process_id"], Standing())
    found = checking.check(session, of["files"], group_id=by.group_id)
    return render_template(
        "studio/release_ask.html", **of, findings=found.findings, errors=found.errors, problems=problems or {},
        refusal=refusal, companies=releasing.companies(session, by), whole=releasing.whole_group(by),
        tomorrow=clock.today() + dt.timedelta(days=1), today=clock.today(),
        typed=request.form if request.method == "POST" else None,
        pilots=shown(session, list(dict.fromkeys(standing.pilots.values()))), standing=standing,
        waiting=shown(session, [*standing.asked, *standing.coming]), deciders=_able(session, of["draft"]),
    )


def _able(session: Session, draft: drafts.Draft | None) -> list[str]:
    """The names of those who could decide for the whole group, or else for what the actor reaches."""
    by = actor()
    whole = releasing.whole_group(by)
    paths = [f"/{by.group_id}/"] if whole else [one.path for one in releasing.companies(session, by)]
    but = {by.id} | (releasing.authors(session, draft.id, draft.revision) if draft else frozenset())
    return _names(session, releasing.able(session, paths, but))


def _proposed(act: Callable[[Asked], Release], of: Callable[[], dict[str, Any]]) -> ResponseReturnValue:
    try:
        release = act(_read())
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return _asking(of(), problems), error.status
    except NotFound:
        raise
    except Refused as error:
        told = sentence(error)
        db.session.rollback()
        return _asking(of(), refusal=told), error.status
    flash(_("已提出发布申请，等待另一位流程负责人决定。"), "ok")
    return redirect(url_for("releases.show", release_id=release.id), 303)


def _read() -> Asked:
    """What was filled in; a day that is none is one long past, which the field then says."""
    units = [number for text in request.form.getlist("units")[:1000] if (number := whole_in(text)) is not None]
    return Asked(on=day_in(request.form.get("on")) or dt.date(1900, 1, 1), reason=request.form.get("reason", ""),
                 unit_ids=units, whole=request.form.get("reach") == "whole", over=request.form.get("over") == "yes")
