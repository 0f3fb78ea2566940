"""审计: who did what, before and after; narrowed, and as a workbook. For auditors; who takes it out is recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Blueprint, current_app, render_template, request, stream_with_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ledger import clock
from ledger.db import reading
from ledger.facts import Fact, Subject, record
from registry.access.rules import visible
from registry.evidence import audit
from registry.evidence.audit import READ, Wanted
from web.asked import day_in, whole_in
from web.freshness import sensitive
from web.guard import actor, needs
from web.limits import limiter
from web.organisation.seen import KINDS, MOST_FOUND
from web.pages import with_arguments
from web.requests.story import Told, told_of
from web.session import db
from web.spreadsheet import MEDIA_TYPE, Cell, Sheet, workbook
from web.text import moment

bp = Blueprint("audit", __name__, url_prefix="/audit")
SHOWN, MOST_ROWS, AT_ONCE = 50, 100_000, 500
FAMILIES = {
    "certificate": _l("证件"), "request": _l("申请"), "task": _l("待办"), "instance": _l("流程运行"),
    "account": _l("账号"), "role": _l("角色"), "person": _l("人员"), "unit": _l("单位"), "machine": _l("设备"),
    "original": _l("原件"), "loan": _l("借阅"), "alert": _l("到期提醒"), "intake": _l("导入台账"),
    "register": _l("导出台账"), "rule": _l("规则"), "calendar": _l("工作日历"),
}


@bp.get("")
@needs(READ)
def index() -> str:
    """The newest; ?from= ?to= ?of= ?by= ?about= ?personal= narrow it, ?before= goes back."""
    wanted = _wanted(request.args)
    query = audit.facts(actor(), wanted, before=whole_in(request.args.get("before")))
    found = db.session.scalars(query.limit(SHOWN + 1)).all()
    older = with_arguments(before=found[SHOWN - 1].id) if len(found) > SHOWN else None
    return render_template(
        "audit.html", told=told_of(found[:SHOWN]), older=older, newest="before" not in request.args, wanted=wanted,
        about=request.args.get("about", "").strip()[:120], families=FAMILIES,
        narrowed=wanted != Wanted(), most=MOST_ROWS)


@bp.post("/export")
@needs(READ)
@sensitive
@limiter.limit("12 per minute", key_func=lambda: f"audit|{actor().id}")
def export() -> Response:
    """The same as a workbook, at most MOST_ROWS rows; that it was taken out is a fact, without the words typed."""
    wanted, who = _wanted(request.form), actor()
    record(db.session(), audit.EXPORTED, ("person", who.id or 0), by=who, group_id=who.group_id, after={
        "days": [str(day) for day in (wanted.first, wanted.last) if day], "filter": wanted.family,
        "words": bool(wanted.by or wanted.about is not None), "personal": wanted.personal})
    heads = [(_("编号"), 10), (_("时间"), 18), (_("谁"), 14), (_("做了什么"), 24), (_("内容"), 40), (_("改前"), 30),
             (_("改后"), 30)]
    query, engine = audit.facts(who, wanted).limit(MOST_ROWS), db.engine

    def body() -> Iterator[bytes]:
        with reading(engine) as session:
            yield from workbook([Sheet(_("审计"), heads, _rows(session, query))])

    answer: Response = current_app.response_class(stream_with_context(body()), direct_passthrough=False)
    answer.mimetype = MEDIA_TYPE
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{clock.today().isoformat()}.xlsx"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _rows(session: Session, query: Any) -> Iterator[list[Cell]]:
    found = iter(session.scalars(query.execution_options(yield_per=AT_ONCE)))
    while some := list(islice(found, AT_ONCE)):
        for fact, line in zip(some, told_of(some), strict=True):
            yield _row(fact, line)


def _row(fact: Fact, line: Told) -> list[Cell]:
    return [fact.id, moment(fact.at), line.by, line.words, "；".join(line.data),
            "；".join(f"{what} {before}" for what, before, _after in line.changes),
            "；".join(f"{what} {after}" for what, _before, after in line.changes)]


def _wanted(given: Mapping[str, str]) -> Wanted:
    family, about = given.get("of", ""), given.get("about", "").strip()[:120]
    return Wanted(
        _day(given, "from"), _day(given, "to"), family if family in FAMILIES else "", given.get("by", "").strip()[:60],
        _called(about) if about else None, bool(given.get("personal")))


def _day(given: Mapping[str, str], name: str) -> dt.date | None:
    return day_in(given.get(name))


def _called(words: str) -> tuple[Subject, ...]:
    """What the auditor may see and is called so: the code of a certificate, a person's name, a request's number."""
    found: list[Subject] = []
    for key, kind in KINDS.items():
        rows = db.session.scalars(visible(select(kind.model), actor()).where(kind.typed(words)).limit(MOST_FOUND))
        found += [(key, row.id) for row in rows]
    return tuple(found)
