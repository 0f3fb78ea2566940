"""What a list of the register shows, as an Excel workbook or a compact PDF: what one may export, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flask import Blueprint, current_app, render_template, request, stream_with_context
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ledger import clock
from ledger.db import reading
from ledger.facts import record
from registry.access.comparison import every_pair
from registry.access.lines import Day, Line, count_lines, every_line
from registry.certificates import codes
from registry.intake.stewardship import outgoing
from registry.intake.stewardship.layouts import Layout, layout_of
from web.asked import whole_in
from web.freshness import sensitive
from web.guard import actor, needs
from web.i18n import named
from web.ledgers.certificate import item_of
from web.ledgers.certificate_pdf import FONT, printed
from web.ledgers.register_days import asked_in
from web.ledgers.sought import Sought, sought_in
from web.limits import limiter
from web.session import db
from web.spreadsheet import MEDIA_TYPE, Cell, Sheet, workbook
from web.text import moment, plain_day

bp = Blueprint("register_export", __name__)
EXPORT = "certificate.export"
MOST_ROWS, MOST_PRINTED = 200_000, 1_000
"""Rows of a workbook and of a PDF; a file that leaves rows out says so in itself."""
PER_MINUTE = "12 per minute"
NARROW = frozenset({"issued_on", "first_issued_on", "valid_from", "valid_until", "review_on", "reviewed_on", "born_on"})


@bp.post("/certificates/export")
@needs(EXPORT)
@limiter.limit(PER_MINUTE, key_func=lambda: f"export|{actor().id}")
@sensitive
def certificates() -> Response:
    """The list that the form's arguments describe, whole and in its order. format=xlsx or pdf; layout= the columns of
    a company's own ledger instead of ours, as a workbook that may come back."""
    sought, printing = _outlasting(sought_in(request.form)), request.form.get("format") == "pdf"
    layout = _layout()
    columns, name = (layout.whole, layout.name) if layout else ([], "")
    most = MOST_PRINTED if printing else MOST_ROWS
    total = count_lines(db.session(), actor(), sought.filter, sought.day, action=EXPORT)
    _record(sought, "pdf" if printing else "xlsx", min(total, most), _days(sought.day), layout)
    notes = _notes(sought, total, most)

    def made(session: Session) -> Iterator[bytes]:
        lines = every_line(
            session, actor(), sought.filter, sought.day, order=sought.order, limit=most, action=EXPORT
        )
        if columns:
            more = [_explained(notes)] if total > most else []
            yield from workbook([_in_columns(name, columns, outgoing.rows(session, lines, columns)), *more])
        elif printing:
            yield _pdf(sought, list(lines), total)
        else:
            yield from workbook([Sheet(_("证件台账"), headings(), map(cells, lines)), _explained(notes)])

    return _file(made, f"register-{_stamp(sought.day)}", "pdf" if printing else "xlsx")


@bp.post("/certificates/comparison/export")
@needs(EXPORT)
@limiter.limit(PER_MINUTE, key_func=lambda: f"export|{actor().id}")
@sensitive
def comparison() -> Response:
    """The differences between two days as a workbook: each line of the later day, and how it stood before."""
    asked = asked_in(request.form)
    _outlasting(asked.sought)
    _record(asked.sought, "xlsx", None, [*_days(asked.before), *_days(asked.after)])
    first, second = plain_day(asked.before.on), plain_day(asked.after.on)
    notes = [(_("对比"), f"{first} → {second}"), *_notes(asked.sought, None, MOST_ROWS)]

    def made(session: Session) -> Iterator[bytes]:
        pairs = every_pair(
            session, actor(), asked.sought.filter, asked.before, asked.after, only=asked.only, limit=MOST_ROWS,
            action=EXPORT,
        )
        rows = (
            [_(pair.difference.label), *cells(pair.line), _(pair.first.standing.label) if pair.first else "",
             pair.first.ends_on if pair.first else None]
            for pair in pairs
        )
        head = [(_("变化"), 8), *headings(), (_("原状态"), 10), (_("原有效期至"), 12)]
        yield from workbook([Sheet(_("两日对比"), head, rows), _explained(notes)])

    return _file(made, f"comparison-{first}-{second}", "xlsx")


def _outlasting(sought: Sought) -> Sought:
    """The same, its unit readable after the request's session has ended: the file is made only then."""
    if sought.filter.unit is not None:
        db.session.expunge(sought.filter.unit)
    return sought


def _layout() -> Layout | None:
    """The company's own columns that are asked for; NotFound where they are out of reach."""
    text = request.form.get("layout", "")
    if not text:
        return None
    return layout_of(db.session(), actor(), whole_in(text) or 0)


def _in_columns(name: str, columns: Sequence[tuple[str, str]], rows: Iterator[Sequence[Cell]]) -> Sheet:
    """One sheet with headings and rows and nothing else: it is to come back. In Chinese, as the ledger was."""
    return Sheet(name, [(heading, 12 if field in NARROW else 18) for heading, field in columns], rows)


def headings() -> list[tuple[str, int]]:
    """The columns of a workbook with their widths in characters."""
    return [
        (_("台账号"), 18), (_("类别"), 8), (_("证件"), 28), (_("项目"), 18), (_("编号"), 28), (_("持有人"), 20),
        (_("所在单位"), 24), (_("有效期起"), 12), (_("有效期至"), 12), (_("期限"), 10), (_("状态"), 10),
        (_("发证机关"), 24), (_("发证日期"), 12), (_("版本"), 8),
    ]


def cells(line: Line) -> list[Cell]:
    """A line in the order of `headings`."""
    return [
        line.code, _(codes.FAMILIES[line.family]), named(line.type), item_of(line), line.number, line.holder_name,
        line.unit, line.valid_from, line.ends_on, _(codes.TERMS[line.term]), _(line.standing.label), line.issuer,
        line.issued_on, f"{line.version:03d}",
    ]


def _explained(notes: list[tuple[str, str]]) -> Sheet:
    return Sheet(_("说明"), [(_("内容"), 16), ("", 60)], notes)


def _notes(sought: Sought, total: int | None, most: int) -> list[tuple[str, str]]:
    day = sought.day
    notes = [(_("导出人"), actor().name), (_("导出时间"), moment(clock.now())),
             (_("截至"), plain_day(day.on if day else clock.today()))]
    if day and day.known:
        notes.append((_("当时所知"), moment(day.known)))
    if total is not None:
        notes.append((_("行数"), str(min(total, most))))
        if total > most:
            notes.append((_("未列出"), _("共 %(total)s 条，只列出前 %(most)s 条。", total=total, most=most)))
    return notes


def _pdf(sought: Sought, lines: list[Line], total: int) -> bytes:
    html = render_template(
        "register_sheet.html", lines=lines, total=total, on=sought.day.on if sought.day else clock.today(),
        notes=_notes(sought, total, MOST_PRINTED), font=FONT, most=MOST_PRINTED,
    )
    written: bytes = printed(html).write_pdf()
    return written


def _record(
    sought: Sought, kind: str, rows: int | None, days: list[str], layout: Layout | None = None
) -> None:
    """Who took what out: the filter without the words looked for, which may be a person's name or number."""
    plain = {name: value for name, value in sought.arguments.items() if name not in {"q", "on", "known"}}
    after = {"format": kind, "rows": rows, "days": days, "filter": plain, "words": bool(sought.filter.text),
             **({"layout": layout.id} if layout else {})}
    record(db.session(), "register.exported", ("person", actor().id or 0), by=actor(), after=after)


def _days(day: Day | None) -> list[str]:
    return [plain_day(day.on if day else clock.today()), *([moment(day.known)] if day and day.known else [])]


def _stamp(day: Day | None) -> str:
    return plain_day(day.on if day else clock.today())


def _file(made: Callable[[Session], Iterator[bytes]], name: str, ending: str) -> Response:
    """The file, made after the request's one commit in a reading session of its own: no lock waits for it."""
    engine = db.engine

    def body() -> Iterator[bytes]:
        with reading(engine) as session:
            yield from made(session)

    answer: Response = current_app.response_class(stream_with_context(body()), direct_passthrough=False)
    answer.mimetype = MEDIA_TYPE if ending == "xlsx" else "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
