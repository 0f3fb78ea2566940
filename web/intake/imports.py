"""导入台账: the ledgers that came in, bringing one in, and the page of each: how far it is and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage

from ledger.errors import BadAnswer, Conflict, NotFound, Problem, Refused
from registry.access.rules import can, require, visible
from registry.intake.batch import progress
from registry.intake.batch.models import STATES, WORKING, Batch
from registry.intake.preview import mapping_acts, receiving
from registry.people.persons import Person
from registry.people.units import Unit
from web import once
from web.asked import whole
from web.entry import taken
from web.errors import field_problems, sentence
from web.files import check_share, folder
from web.guard import actor, background, needs, reads
from web.intake import imports_told
from web.pages import SIZE, cut
from web.requests.story import tell
from web.session import db, write

bp = Blueprint("imports", __name__, url_prefix="/imports")
GROUPS = {
    "mine": (_l("等人处理"), ("mapping", "ready")),
    "working": (_l("处理中"), WORKING),
    "committed": (_l("已入库"), ("committed",)),
    "over": (_l("已撤销、停下或不能读取"), ("undone", "cancelled", "refused")),
}
COLOURS = {
    "mapping": "due", "ready": "due", "committed": "good", "undone": "closed", "cancelled": "closed", "refused": "bad",
}
"""State -> the colour of its word; the states in which a worker is busy have none."""
MOST_FILES, MOST_UNITS = 20, 2000
MEGABYTES = receiving.MOST_BYTES // 2**20


class NotNow(Conflict):
    """这个导入批次现在是“{state}”，不能进行这一步。"""


def batch_of(batch_id: int, action: str | None = None, *options: Any) -> Batch:
    """The batch; NotFound where it is out of reach, NotAllowed where one may see it but not do `action`."""
    query = visible(select(Batch), actor()).where(Batch.id == batch_id)
    found = db.session.scalar(query.options(joinedload(Batch.unit), joinedload(Batch.file), *options))
    if found is None:
        raise NotFound
    if action:
        require(actor(), action, found)
    return found


@bp.app_template_global()
def import_colour(batch: Batch) -> str:
    """The state colour of a batch, "" while a worker is busy with it."""
    return COLOURS.get(batch.state, "")


@bp.get("")
@needs("import.read")
def listed() -> str:
    """The batches one may see, newest first. ?state= one of GROUPS, ?q= a part of the file's name"""
    query = visible(select(Batch), actor()).order_by(Batch.id.desc())
    if words := request.args.get("q", "").strip()[:60]:
        query = query.where(Batch.name.icontains(words, autoescape=True))
    chosen = GROUPS.get(request.args.get("state", ""))
    if chosen:
        query = query.where(Batch.state.in_(chosen[1]))
    found = cut(db.session(), query, joinedload(Batch.unit))
    return render_template(
        "imports/index.html", listed=found, groups=GROUPS, states=STATES, may_import=can(actor(), "import.make"),
        busy=[batch.id for batch in found.rows if busy(batch)],
    )


@bp.get("/still")
@needs("import.read")
@background
def still() -> Response:
    """What the list asks for by itself: ?busy= are batches that a worker was busy with (7,8); once it is done with one
    of them, the list is loaded anew."""
    numbers = [int(one) for one in request.args.get("busy", "").split(",")[:SIZE] if one.isdecimal() and len(one) < 10]
    found = db.session.scalars(visible(select(Batch), actor()).where(Batch.id.in_(numbers))).all()
    answer = Response(status=204)
    if not all(map(busy, found)) or len(found) < len(set(numbers)):
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.get("/new")
@needs("import.make")
def new() -> str:
    """The form for bringing ledgers in."""
    return _form()


def _form(problems: dict[str, list[str]] | None = None, refused: Sequence[tuple[str, str, int | None]] = ()) -> str:
    return render_template(
        "imports/new.html", units=importing_units(), problems=problems or {}, refused=refused, form=request.form,
        megabytes=MEGABYTES, endings=", ".join(receiving.KINDS), once=once.given() or once.fresh(),
    )


def importing_units() -> list[Unit]:
    """The units into which one may bring a ledger, from the top."""
    query = visible(select(Unit), actor(), action="import.make").where(Unit.closed_on.is_(None))
    return list(db.session.scalars(query.order_by(Unit.path).limit(MOST_UNITS)))


@bp.post("")
@needs("import.make")
def receive() -> ResponseReturnValue:
    """Take in one or several files. What can be taken is taken; the others are named with the reason."""
    token = once.given()
    row = taken(token) if token else None
    if isinstance(row, str):
        return redirect(row, 303)
    try:
        unit, sent = _sent()
    except BadAnswer as error:
        db.session.rollback()
        return _form(field_problems(error)), 400
    made, refused = [], []
    for one in sent:
        try:
            with db.session.begin_nested():
                made.append(receiving.receive(db.session(), folder(), one.stream, one.filename or "",  # type: ignore[arg-type]
                                              unit=unit, by=actor()))
        except Refused as error:
            refused.append((one.filename or "", sentence(error), getattr(error, "batch_id", None)))
    if not made:
        db.session.rollback()
        return _form(refused=refused), 400
    for name, words, _same in refused:
        flash(f"{name}：{words}", "bad")
    address = url_for("imports.show", batch_id=made[0].id) if len(made) == 1 else url_for("imports.listed")
    if len(made) > 1:
        flash(_("已收到 %(n)d 个文件，正在读取。", n=len(made)), "ok")
    if row is not None:
        row.address = address
    return redirect(address, 303)


def _sent() -> tuple[Unit, list[FileStorage]]:
    problems: dict[str, list[Problem]] = {}
    wanted = request.form.get("unit", type=whole)
    unit = next((one for one in importing_units() if one.id == wanted), None)
    if unit is None:
        problems["unit"] = [Problem("请选择单位。")]
    sent = [one for one in request.files.getlist("files") if one.filename]
    if not sent:
        problems["files"] = [Problem("请选择要导入的表格。")]
    elif len(sent) > MOST_FILES:
        problems["files"] = [Problem("一次最多 {most} 个文件。", {"most": MOST_FILES})]
    if unit is None or problems:
        raise BadAnswer(problems)
    check_share(db.session(), actor(), len(sent))
    return unit, sent


@bp.get("/<int:batch_id>")
@needs("import.read")
def show(batch_id: int) -> str:
    """One ledger: where it is on its way, what was found, what to do next."""
    return page(batch_of(batch_id))


def page(batch: Batch, refusal: str = "", again_problems: Sequence[str] = ()) -> str:
    """The page of a batch, with what stood in the way of an act, or is wrong with the file that came back."""
    return render_template(
        "imports/batch.html", batch=batch, refusal=refusal, progress=progress.of(folder(), batch),
        working=busy(batch), states=STATES, sums=imports_told.sums(batch), tables=imports_told.tables(batch),
        told=tell(("intake", batch.id), without=("intake.settled",)), megabytes=MEGABYTES,
        may_import=can(actor(), "import.make", batch),
        endings=", ".join(receiving.KINDS), outcomes=imports_told.outcomes(batch),
        again_problems=again_problems, committed_by=_name(batch.committed_by),
    )


def _name(person_id: int | None) -> str:
    found = db.session.get(Person, person_id) if person_id else None
    return found.name if found else ""


def busy(batch: Batch) -> bool:
    """Whether a worker has something to do for it."""
    return batch.state in WORKING or bool(batch.errands)


@bp.get("/<int:batch_id>/progress")
@needs("import.read")
@background
def moving(batch_id: int) -> Response:
    """A fragment that asks for itself: how far the worker is. ?state= is what the page shows; another loads it anew."""
    batch = batch_of(batch_id)
    answer = make_response(render_template(
        "imports/_progress.html", batch=batch, progress=progress.of(folder(), batch), working=busy(batch),
        states=STATES, may_import=can(actor(), "import.make", batch)))
    if batch.state != request.args.get("state") or not busy(batch):
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/<int:batch_id>/cancel")
@needs("import.make")
@reads
def cancel(batch_id: int) -> ResponseReturnValue:
    """Stop it; what was read stays, and it can go on from there. A worker at work is told by a file: on SQLite it holds
    the one write lock for as long as it commits, and who wants to stop just that must not wait for it."""
    batch = batch_of(batch_id, "import.make")
    if batch.state not in WORKING:
        write()
        batch = batch_of(batch_id, "import.make")
    return done(batch, lambda: progress.cancel(folder(), batch, actor()), _("已要求停下，正在做的一步结束后停止。")
                if busy(batch) else _("已停下，随时可以继续。"))


@bp.post("/<int:batch_id>/resume")
@needs("import.make")
def resume(batch_id: int) -> ResponseReturnValue:
    """Go on where it was stopped."""
    batch = batch_of(batch_id, "import.make")
    return done(batch, lambda: mapping_acts.resume(db.session(), batch, by=actor()), _("继续处理。"))


def done(batch: Batch, act: Any, words: str, address: str = "") -> ResponseReturnValue:
    """Do it and show the batch; or its page with what stood in the way."""
    number = batch.id
    try:
        act()
    except Conflict as error:
        said, status = sentence(error), error.status
        db.session.rollback()
        return page(batch_of(number), said), status
    flash(words, "ok")
    return redirect(address or url_for("imports.show", batch_id=number), 303)
