"""A draft's process as an approval list: cards in order, edited one at a time by people who do not draw.

Every change is a revision of the draft, made from the revision that the page showed. Who changed something meanwhile
keeps it: both are brought together, or what was sent is kept aside and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.rules.structure import MOST_ELEMENTS
from ledger.errors import BadAnswer, NotFound, Refused
from registry.access.rules import can
from web.asked import whole
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.session import db, keep
from web.studio import faces_asked, faces_outline
from web.studio.drafts import draft_of
from web.studio.faces_shown import Face, bp
from workflows.studio import checking, drafts
from workflows.studio.drafts import Draft, Saved
from workflows.studio.faces import edits, reading, writing
from workflows.studio.faces.edits import Edit


class MeanwhileChanged(Refused):
    """别人刚刚改了同一处，您的修改没有并入，已另存为第 {aside} 次修订。请看过现在的内容再改。"""

    status = 409


class NothingToUndo(Refused):
    """没有可以撤销的修改。"""

    status = 409


def _body(draft: Draft, name: str, number: int | None = None) -> bytes:
    """A drawing of the draft. NotFound for a file that it has not, or that is no drawing."""
    kept = drafts.files(db.session(), draft, number)
    if name not in kept or not name.endswith(".bpmn"):
        raise NotFound
    return kept[name]


def _base(draft: Draft) -> int:
    """The revision that the page showed, the head where it says none."""
    return request.form.get("base", type=whole) or draft.revision


def _process(body: bytes) -> str:
    """The process that the page is about: the one asked for, else the file's first."""
    there = [process_id for process_id, _name in reading.processes_in(body)]
    wanted = request.values.get("process") or (there[0] if there else "")
    if wanted not in there:
        raise NotFound
    return wanted


@bp.get("")
@needs("process.read")
def show(draft_id: int, name: str) -> ResponseReturnValue:
    """The list; ?open= a step, ?way= a branch, ?add= a place and ?kind= what to put there open a card to be edited."""
    return _page(draft_of(draft_id), name)


def _page(draft: Draft, name: str, refusal: Refused | None = None) -> Response:
    files = drafts.files(db.session(), draft)
    body = _body(draft, name)
    found = checking.check(db.session(), files, group_id=draft.group_id).findings
    face = Face.of(reading.read(body, _process(body)), files, found, name)
    problems = field_problems(refusal) if refusal is not None else {}
    at = faces_asked.opened(face)
    answer = make_response(render_template(
        "studio/faces/show.html", draft=draft, name=name, face=face, processes=reading.processes_in(body),
        at=at, page=faces_outline.of(face.listing, at, request.args.get("page", type=whole)),
        most_elements=MOST_ELEMENTS, typed=request.values if request.values.get("typed") else None, problems=problems,
        refusal=sentence(refusal) if refusal is not None and not problems else "", main_file=name,
        aside=refusal.params.get("aside") if isinstance(refusal, MeanwhileChanged) else None,
        undoable=draft.revision > 1, mends=draft.state == drafts.OPEN and can(actor(), "process.edit", None),
    ))
    answer.status_code = refusal.status if refusal is not None else 200
    return answer


def _edit(draft_id: int, name: str, asked: Callable[[Face], Edit], note: str, stay: str = "") -> ResponseReturnValue:
    """Make one edit and save it; the page again with the reason where it cannot be made."""
    draft = draft_of(draft_id)
    try:
        base = _base(draft)
        body = _body(draft, name, base)
        process_id = _process(body)
        face = Face.of(reading.read(body, process_id), drafts.files(db.session(), draft, base), [])
        made = writing.write(body, process_id, [asked(face)])
        saved = drafts.save(db.session(), draft.id, {name: made}, base=base, by=actor(), note=note)
    except BadAnswer as error:
        return _page(draft, name, error)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        db.session.rollback()
        return _page(draft_of(draft_id), name, error)
    return _done(draft, name, process_id, saved, stay)


def _done(draft: Draft, name: str, process_id: str, saved: Saved, stay: str = "") -> Response:
    """To the list, which says that it is saved; `stay` is the card that keeps the focus. What contradicts others'
    changes is kept aside, and the page says so."""
    if saved.conflicts:
        keep()
        return _page(draft, name, MeanwhileChanged(aside=saved.aside))
    address = url_for("faces.show", draft_id=draft.id, name=name, process=process_id, saved=saved.number,
                      merged=1 if saved.merged else None, at=stay or None, _anchor=f"b-{stay}" if stay else None)
    return make_response(redirect(address, 303))


@bp.post("/steps")
@needs("process.edit")
def insert(draft_id: int, name: str) -> ResponseReturnValue:
    """Put a new approval, a form to fill in, or a condition at a place."""
    return _edit(draft_id, name, faces_asked.insertion, _("加了一步"))


@bp.post("/steps/<element>")
@needs("process.edit")
def change(draft_id: int, name: str, element: str) -> ResponseReturnValue:
    """Other words on a step."""
    return _edit(draft_id, name, lambda face: faces_asked.change(face, element), _("改了一步"), element)


@bp.post("/steps/<element>/removal")
@needs("process.edit")
def remove(draft_id: int, name: str, element: str) -> ResponseReturnValue:
    """Take a step out."""
    return _edit(draft_id, name, lambda _face: edits.Delete(element), _("删了一步"))


@bp.post("/steps/<element>/place")
@needs("process.edit")
def move(draft_id: int, name: str, element: str) -> ResponseReturnValue:
    """One place up or down."""
    down = request.form.get("to") == "down"
    return _edit(draft_id, name, lambda _face: edits.Move(element, down), _("移动了一步"), element)


@bp.post("/steps/<element>/ways")
@needs("process.edit")
def add_branch(draft_id: int, name: str, element: str) -> ResponseReturnValue:
    """A further branch of a choice."""
    return _edit(draft_id, name, lambda face: faces_asked.branch(face, element), _("加了一条分支"), element)


@bp.post("/ways/<flow>")
@needs("process.edit")
def condition(draft_id: int, name: str, flow: str) -> ResponseReturnValue:
    """The name and condition of a branch."""
    return _edit(draft_id, name, lambda face: faces_asked.condition(face, flow), _("改了条件"), flow)


@bp.post("/ways/<flow>/removal")
@needs("process.edit")
def remove_branch(draft_id: int, name: str, flow: str) -> ResponseReturnValue:
    """Take a branch out with what lies on it."""
    return _edit(draft_id, name, lambda _face: edits.DeleteBranch(flow), _("删了一条分支"))


@bp.post("/ways/<flow>/place")
@needs("process.edit")
def move_branch(draft_id: int, name: str, flow: str) -> ResponseReturnValue:
    """One place earlier or later among the branches."""
    down = request.form.get("to") == "down"
    return _edit(draft_id, name, lambda _face: edits.MoveBranch(flow, down), _("移动了一条分支"), flow)


@bp.post("/ways/<flow>/otherwise")
@needs("process.edit")
def otherwise(draft_id: int, name: str, flow: str) -> ResponseReturnValue:
    """The branch taken where no other fits."""
    return _edit(draft_id, name, lambda _face: edits.Otherwise(flow), _("换了“其他情况”"), flow)


@bp.post("/undo")
@needs("process.edit")
def undo(draft_id: int, name: str) -> ResponseReturnValue:
    """Back to what this drawing was before the last change that the page shows. What was undone stays a revision."""
    draft = draft_of(draft_id)
    process_id = _process(_body(draft, name))
    base = _base(draft)
    try:
        before = _before(draft, name, base)
        saved = drafts.save(db.session(), draft.id, {name: before}, base=base, by=actor(), how="restored",
                            note=_("撤销"))
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        db.session.rollback()
        return _page(draft_of(draft_id), name, error)
    return _done(draft, name, process_id, saved)


def _before(draft: Draft, name: str, base: int) -> bytes:
    """The drawing as it was before the change that made it what revision `base` has. NothingToUndo."""
    every = {one.number: one for one in drafts.revisions(db.session(), draft)}
    at = every.get(base)
    while at is not None and at.how == "restored":
        at = next((one for number, one in sorted(every.items(), reverse=True) if number < at.number and not one.aside
                   and one.files.get(name) == at.files.get(name)), None)
    kept = at.files.get(name) if at is not None else None
    while at is not None and at.files.get(name) == kept:
        at = every.get(at.parent)
    if at is None or name not in at.files:
        raise NothingToUndo
    return _body(draft, name, at.number)
