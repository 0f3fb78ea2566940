"""导入流程图: files of other tools come in, with a report by element, and are opened as a draft."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ledger.errors import NotFound, Refused
from web.errors import sentence
from web.guard import actor, needs
from web.limits import limiter
from web.session import db
from workflows.studio import bringing_in, drafts
from workflows.studio.bringing_in import MOST_BYTES, Import
from workflows.studio.drafts import Draft
from workflows.studio.foreign import BLOCKING, CONVERTED, MOST_FILES, WARNING
from workflows.studio.foreign.removing import foreign_words

bp = Blueprint("importing", __name__, url_prefix="/studio")
LEVELS = {
    BLOCKING: ("bad", _l("发布前必须处理"), _l("引擎不会照着执行；不处理就不能发布。")),
    WARNING: ("due", _l("保留，不执行"), _l("原样留在文件里，不影响办理，请看一遍是否要紧。")),
    CONVERTED: ("good", _l("已转换"), _l("旁边加了本系统的写法，原来的写法仍在文件里。")),
}
"""Severity -> the colour of its state, its name, what it means."""
MOST_REMOVED = 500


@bp.app_template_global()
def was_imported(draft: Draft) -> bool:
    """Whether a draft began with an import; its menu then leads to the report."""
    return bringing_in.of_draft(db.session(), draft) is not None


@bp.get("/import")
@needs("process.edit")
def new() -> ResponseReturnValue:
    """Choose files; what one brought in before."""
    return _choose()


def _choose(problem: str = "") -> str:
    return render_template("studio/import.html", problem=problem, before=bringing_in.waiting(db.session(), actor()),
                           levels=LEVELS, megabytes=MOST_BYTES // 1_000_000, most=MOST_FILES)


@bp.post("/import")
@needs("process.edit")
@limiter.limit("20 per minute", key_func=lambda: f"import|{actor().id}")
def bring() -> ResponseReturnValue:
    """Read the files; the report is a page of its own. Whatever they hold, there is a report."""
    try:
        made = bringing_in.bring_in(db.session(), _sent(), by=actor())
    except Refused as error:
        db.session.rollback()
        return _choose(sentence(error)), error.status
    return redirect(url_for("importing.show", import_id=made.id), 303)


def _sent() -> dict[str, bytes]:
    """What was uploaded by file name, no more than the verb takes and one byte."""
    files: dict[str, bytes] = {}
    for sent in request.files.getlist("files")[: MOST_FILES + 1]:
        name = (sent.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:200]
        if name:
            number = sum(1 for one in files if one.rpartition("/")[2] == name)
            files[f"{number}/{name}" if number else name] = sent.stream.read(MOST_BYTES + 1)
    return files


@bp.get("/import/<int:import_id>")
@needs("process.edit")
def show(import_id: int) -> ResponseReturnValue:
    """What became of each file, by severity and element."""
    return _report(bringing_in.one(db.session(), import_id, by=actor()))


def _report(brought: Import, draft: Draft | None = None, problem: str = "") -> str:
    session = db.session()
    draft = draft or (drafts.one(session, brought.draft_id) if brought.draft_id else None)
    told = brought.told
    totals = {level: sum(report.counts[level] for report in told) for level in LEVELS}
    return render_template(
        "studio/import_report.html", brought=brought, reports=told, levels=LEVELS, totals=totals, draft=draft,
        problem=problem, openable=any(name.endswith(".bpmn") for name in bringing_in.names_of(session, brought)),
        left=_left(draft) if draft else {}, may_remove=draft is not None and draft.state == drafts.OPEN)


def _left(draft: Draft) -> dict[str, frozenset[tuple[str, str]]]:
    """The foreign words that each file of the draft still holds."""
    files = drafts.files(db.session(), draft)
    return {name: foreign_words(body) for name, body in files.items() if name.endswith(".bpmn")}


@bp.post("/import/<int:import_id>/draft")
@needs("process.edit")
def open_draft(import_id: int) -> ResponseReturnValue:
    """Open the files as a draft; once is enough, a second time leads to the same draft."""
    try:
        draft = bringing_in.open_as_draft(db.session(), import_id, by=actor())
    except Refused as error:
        db.session.rollback()
        return _report(bringing_in.one(db.session(), import_id, by=actor()), problem=sentence(error)), error.status
    flash(_("已作为草稿打开。报告留在草稿里，随时可以再看。"), "ok")
    return redirect(url_for("drafts.show", draft_id=draft.id), 303)


@bp.get("/drafts/<int:draft_id>/import")
@needs("process.edit")
def of_draft(draft_id: int) -> ResponseReturnValue:
    """The report that a draft began with, and which foreign words it still holds."""
    draft, brought = _of(draft_id)
    return _report(brought, draft)


def _of(draft_id: int) -> tuple[Draft, Import]:
    draft = drafts.seen(db.session(), draft_id, by=actor())
    brought = bringing_in.of_draft(db.session(), draft)
    if brought is None:
        raise NotFound
    return draft, brought


@bp.post("/drafts/<int:draft_id>/import/removal")
@needs("process.edit")
def remove(draft_id: int) -> ResponseReturnValue:
    """Take the chosen foreign words out of the draft: `word` is "file number:item number" of the report."""
    draft, brought = _of(draft_id)
    chosen = _chosen(brought)
    try:
        gone = bringing_in.remove(db.session(), draft, chosen, by=actor())
    except Refused as error:
        db.session.rollback()
        draft, brought = _of(draft_id)
        return _report(brought, draft, sentence(error)), error.status
    flash(_("已从草稿中删除 %(n)d 处。", n=gone) if gone else _("没有选择要删除的内容。"), "ok" if gone else "warn")
    return redirect(url_for("importing.of_draft", draft_id=draft_id), 303)


def _chosen(brought: Import) -> dict[str, list[tuple[str, str]]]:
    told, found = brought.told, defaultdict[str, list[tuple[str, str]]](list)
    for written in request.form.getlist("word")[:MOST_REMOVED]:
        file, _colon, number = written.partition(":")
        item = _item(told, file, number)
        if item is not None:
            found[item[0]].append((item[1].element, word_of(item[1])))
    return found


def _item(told: list[Any], file: str, number: str) -> tuple[str, Any] | None:
    if not (file.isdecimal() and number.isdecimal() and len(file) < 4 and len(number) < 6):
        return None
    if int(file) >= len(told) or int(number) >= len(told[int(file)].items):
        return None
    return told[int(file)].name, told[int(file)].items[int(number)]


@bp.app_template_global("imported_word")
def word_of(item: Any) -> str:
    """The foreign word that an item is about, as the file writes it: without an attribute's value."""
    return str(item.word.partition("=")[0])
