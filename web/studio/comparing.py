"""Two versions beside each other: on the diagram, in the tables, in the forms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, drawing
from engine.model import Definition
from ledger.errors import BadDiagram, NotFound, Refused
from web.asked import whole_in
from web.drawn import drawn
from web.errors import sentence
from web.guard import actor, needs, reads
from web.i18n import language, say
from web.session import db
from web.text import moment
from workflows.studio import comparing, drafts, outline
from workflows.studio.comparing import File
from workflows.studio.drafts import MOST_BYTES, Draft

bp = Blueprint("comparing", __name__, url_prefix="/studio/compare")
SPEC = re.compile(r"v([0-9]{1,18})|d([0-9]{1,18})(?:\.([0-9]{1,9}))?")
STATES = {"added": _l("新增"), "removed": _l("删除"), "changed": _l("修改"), "moved": _l("位置变动")}
ICONS = {"added": "plus", "removed": "trash", "changed": "edit", "moved": "selector"}
MOST_REVISIONS = 30


class NothingSent(Refused):
    """请选择一个 .bpmn、.dmn 或 .form 文件。"""

    status = 400


@dataclass(frozen=True)
class Version:
    """One of the two: how an address names it, what it is called, its files, and the process it is of."""

    spec: str
    name: str
    files: Mapping[str, bytes]
    process_id: str = ""
    draft_id: int | None = None


@bp.get("")
@needs("process.read")
def show() -> str:
    """?before= and ?after=: v12 is definition 12, d5 the head of draft 5, d5.3 its third revision."""
    before, after = (_version(request.args.get(name, "")) for name in ("before", "after"))
    return _page(before, after)


@bp.post("/upload")
@reads
@needs("process.read")
def upload() -> ResponseReturnValue:
    """A version beside a file from somebody's computer. Nothing is kept."""
    after = _version(request.form.get("after", ""))
    sent = request.files.get("file")
    name = ((sent.filename if sent else None) or "").replace("\\", "/").rpartition("/")[2]
    try:
        body = _readable(name, sent.stream.read(MOST_BYTES + 1) if sent else b"")
    except Refused as error:
        found = getattr(error, "findings", ())
        words = " ".join([sentence(error), *(one.text(language())[:300] for one in found[:1])])
        return _page(after, after, problem=words), error.status
    alike = [one for one in after.files if outline.kind_of(one) == outline.kind_of(name)]
    as_name = name if name in after.files or len(alike) != 1 else alike[0]
    before = Version("", _("上传的 %(name)s", name=name), {as_name: body}, after.process_id)
    alone = {as_name: after.files[as_name]} if as_name in after.files else {}
    return _page(before, Version(after.spec, after.name, alone, after.process_id, after.draft_id))


def _readable(name: str, body: bytes) -> bytes:
    """Raises NothingSent, TooMuch, BadDiagram."""
    if not body or not outline.kind_of(name):
        raise NothingSent
    if len(body) > MOST_BYTES:
        raise drafts.TooMuch(files=drafts.MOST_FILES, megabytes=MOST_BYTES // 1_000_000)
    outline.check(name, body)
    return body


def _version(spec: str) -> Version:
    """Raises NotFound for what is not there, or is another group's."""
    found = SPEC.fullmatch(spec)
    if found is None:
        raise NotFound
    session = db.session()
    if found[1]:
        definition = session.get(Definition, int(found[1]))
        if definition is None:
            raise NotFound
        name = _("%(name)s第 %(n)d 版", name=say(definition.name), n=definition.version)
        return Version(spec, name, catalog.files_of(session, definition.id), definition.process_id)
    draft = drafts.seen(session, int(found[2]), by=actor())
    number = whole_in(found[3]) if found[3] else draft.revision
    files = drafts.files(session, draft, number)
    name = _("草稿“%(name)s”第 %(n)d 次保存", name=say(draft.name), n=number)
    return Version(spec, name, files, draft.process_id, draft.id)


def _page(before: Version, after: Version, problem: str = "") -> str:
    found = comparing.compare(before.files, after.files)
    drawings = [one for one in found if one.kind == "bpmn"]
    chosen = request.values.get("file", "")
    shown = next((one for one in drawings if one.name == chosen), None) or next(
        (one for one in drawings if one.state != "same"), next(iter(drawings), None))
    return render_template(
        "studio/compare.html", before=before, after=after, files=found, drawings=drawings, shown=shown, problem=problem,
        marks=_marks(shown), words=STATES, icons=ICONS, choices=_choices(db.session(), before, after),
        sides=[_side(before, shown), _side(after, shown)],
        differs=[one for one in found if one.state != "same"],
        count=sum(len(one.meant) or one.state not in ("same", "changed") for one in found),
    )


def _marks(shown: File | None) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What is marked on the earlier and on the later drawing, by state."""
    earlier, later = defaultdict(list), defaultdict(list)
    for part in shown.parts if shown else ():
        if part.state != "added":
            earlier[part.state].append(part.id)
        if part.state != "removed":
            later[part.state].append(part.id)
    return earlier, later


def _side(version: Version, shown: File | None) -> str | None:
    """The drawing of one side as text for the viewer; None where that version has none."""
    if shown is None or shown.name not in version.files:
        return None
    try:
        drawing.read(version.files[shown.name], shown.name)
    except BadDiagram:
        return None
    return drawn(version.files[shown.name]).get_data(as_text=True)


def _choices(session: Session, *versions: Version) -> list[tuple[str, list[tuple[str, str]]]]:
    """What else can be compared: the process's versions, the drafts' revisions."""
    process = next((one.process_id for one in versions if one.process_id), "")
    found = []
    wanted = select(Definition).where(Definition.process_id == process).order_by(Definition.version.desc())
    newest = session.scalars(wanted.limit(MOST_REVISIONS))
    released = [(f"v{one.id}", _("第 %(n)d 版", n=one.version)) for one in newest]
    if released:
        found.append((_("已发布的版本"), released))
    for draft_id in dict.fromkeys(one.draft_id for one in versions if one.draft_id):
        draft = session.get_one(Draft, draft_id)
        revisions = drafts.revisions(session, draft)[:MOST_REVISIONS]
        found.append((_("草稿“%(name)s”", name=say(draft.name)), [
            (f"d{draft.id}", _("草稿现在的内容")), *((f"d{draft.id}.{one.number}", _told(one)) for one in revisions)]))
    return found


def _told(one: drafts.Revision) -> str:
    return _("第 %(n)d 次 · %(who)s · %(when)s", n=one.number, who=one.by_name, when=moment(one.at))


@bp.app_template_global()
def compare_address(before: str, after: str) -> str:
    """The page that compares two versions, named as `show` says."""
    return url_for("comparing.show", before=before, after=after)
