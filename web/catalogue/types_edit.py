"""Editing a type: the form, what would follow, and publishing. Nothing is kept before it is published."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from registry.access.roles import roles
from registry.certificates import codes, publishing, retiming, windows
from registry.certificates.catalogue import UnknownType, as_of, current, said_on, types
from registry.certificates.editions import TypeEdition
from registry.certificates.kinds import CertificateType, Offset, Window
from registry.certificates.numbers import RULES, check_number
from registry.certificates.publishing import Notice, PublishedMeanwhile, newest
from registry.certificates.type_checks import TRIED, faults
from registry.certificates.type_files import plain
from registry.people.regions import SHORTS
from web.asked import whole_in
from web.catalogue.types import notice
from web.catalogue.types_form import Problems, Values, blank_like, flat, rows, type_from, typed
from web.catalogue.types_words import CHOICES, WORDS, differences
from web.errors import field_problems, problem_text, sentence
from web.guard import actor, needs
from web.i18n import named
from web.session import db
from web.text import work_calendar

bp = Blueprint("types_edit", __name__, url_prefix="/types")
ANSWERING = ("hr", "safety", "legal", "project_manager", "custodian")
"""Roles that may be asked first about a request."""


@dataclass(frozen=True)
class Draft:
    """What a form says: the inputs, the edition it began with, and the day, place and reason."""

    values: Values
    base: CertificateType
    notice: Notice


@bp.get("/<code>/editions/new")
@needs("type.edit")
def edit(code: str) -> str:
    """The form, filled with what holds today in general or in ?province=, or with edition ?base=."""
    session = db.session()
    province = request.args.get("province", "")
    if province and province not in tuple(SHORTS):
        raise NotFound
    base = _base(session, code, request.args.get("base", ""), province)
    last = newest(session, code)
    begin = Notice(None, "", province, after=last.no if last else 0)
    return _form(Draft(_filled(base), base, begin), {})


@bp.get("/new")
@needs("type.edit")
def new() -> str:
    """The form of a type that is not there yet, copied from ?like= without what was verified."""
    db.session().connection()
    like = types().get(request.args.get("like", ""))
    if like is None:
        return render_template("types/new.html", types=types(), families=codes.FAMILIES)
    wanted = request.args.get("code", "").strip().upper()
    base = blank_like(like, wanted if _is_free(wanted, like.family) else _free_code(like.family))
    return _form(Draft(_filled(base), base, Notice(None, "")), {}, like=like.code)


@bp.post("/<code>/editions/preview")
@needs("type.edit")
def preview(code: str) -> ResponseReturnValue:
    """Read the form: every fault at its input, or what the edition would change and move. Nothing is kept."""
    draft = _draft(code)
    try:
        each = _checked(draft)
    except BadAnswer as error:
        return _form(draft, field_problems(error), like=request.form.get("like", "")), 400
    return _form(draft, {}, each=each, like=request.form.get("like", ""))


@bp.post("/<code>/editions")
@needs("type.edit")
def publish(code: str) -> ResponseReturnValue:
    """Publish what was previewed; shown again when it was changed since, or when somebody was faster (409)."""
    session, like = db.session(), request.form.get("like", "")
    draft = _draft(code)
    if done := _done(session, draft, actor()):
        return redirect(url_for("types.edition", code=code, no=done.no), 303)
    try:
        each = _checked(draft)
        if request.form.get("seen") != digest(each, draft.notice):
            return _form(draft, {}, each=each, like=like, refusal=_("预览之后内容又有修改，请再看一遍影响，然后发布。"))
        made = publishing.publish(session, each, draft.notice, by=actor())
    except PublishedMeanwhile as error:
        session.rollback()
        return _form(draft, {}, like=like, refusal=sentence(error), faster=newest(session, code)), error.status
    except BadAnswer as error:
        session.rollback()
        return _form(draft, field_problems(error), like=like), 400
    if draft.notice.corrects:
        flash(_("第 %(wrong)d 版已由第 %(no)d 版更正，立即生效。", wrong=draft.notice.corrects, no=made.no), "ok")
    else:
        day = made.effective_from.isoformat()
        flash(_("第 %(no)d 版已发布，自 %(day)s 起生效。", no=made.no, day=day), "ok")
    return redirect(url_for("types.edition", code=code, no=made.no), 303)


def _done(session: Session, draft: Draft, by: Actor) -> TypeEdition | None:
    """The newest edition, if it is this very wish: the button was pressed twice."""
    each, last = type_from(draft.values, draft.base)[0], newest(session, draft.base.code)
    if each is None or last is None or last.withdrawn_at is not None or last.by_id != by.id:
        return None
    same = (last.effective_from, last.province) == (draft.notice.effective_from, draft.notice.province)
    return last if same and last.content == plain(each) else None


def digest(each: CertificateType, given: Notice) -> str:
    """What was previewed, as a short name: another content, day, place or edition to be corrected has another."""
    said = [plain(each), str(given.effective_from), given.province, given.corrects]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:32]


def _base(session: Session, code: str, no: str, province: str) -> CertificateType:
    session.connection()
    if number := whole_in(no):
        return publishing.edition_of(session, code, number).type
    today = clock.today()
    said = said_on(code, today, province) or next(iter(current().lines.get((code, ""), [])), None)
    if said is None:
        raise UnknownType(code=code)
    if not province:
        return said.type
    return msgspec.structs.replace(as_of(said.type, today, province) or said.type, variants=())


def _draft(code: str) -> Draft:
    session, form = db.session(), request.form
    sent = {key: form[key] for key in form}
    sent["reviewers"] = ", ".join(form.getlist("reviewers"))
    session.connection()
    like = types().get(form.get("like", ""))
    if like is not None and (code, "") in current().lines:
        raise Conflict(_("代码 %(code)s 已被使用，请从它的页面修改，或换一个代码。", code=code))
    if like is not None:
        base = blank_like(like, code)
    else:
        base = _base(session, code, form.get("base", ""), form.get("province", "").strip())
    try:
        given = notice()
    except BadAnswer:
        raise NotFound from None
    return Draft(typed(sent), base, given)


def _checked(draft: Draft) -> CertificateType:
    """The type that the form describes, if it could be published now; BadAnswer with every fault at its input."""
    each, problems = type_from(draft.values, draft.base)
    found: Problems = dict(problems)
    for key, problem in publishing.notice_faults(db.session(), draft.base.code, draft.notice):
        found.setdefault(key, []).append(problem)
    if each is not None:
        strange = [key for key in each.reviewers if key not in roles()]
        if strange or not each.reviewers:
            found.setdefault("reviewers", []).append(Problem("请至少选择一个角色。"))
        try:
            publishing.check(db.session(), each, draft.notice)
        except BadAnswer as error:
            for key, several in error.problems.items():
                if key not in found:
                    found[key] = several
            if isinstance(error, publishing.NothingChanged):
                found["reason"] = [Problem("内容与那一天生效的版本相同，没有可发布的修改。")]
    if found or each is None:
        raise BadAnswer(found)
    return each


def _filled(base: CertificateType) -> Values:
    return flat(base) | {f"variants.{at}": "yes" for at in range(len(base.variants))}


def _form(
    draft: Draft, problems: dict[str, list[str]], *, each: CertificateType | None = None, like: str = "",
    refusal: str = "", faster: TypeEdition | None = None,
) -> str:
    session, code = db.session(), draft.base.code
    present = None
    if each is not None and draft.notice.effective_from is not None:
        said = said_on(code, draft.notice.effective_from, draft.notice.province)
        present = publishing.effective(said.type, draft.notice) if said else None
    last = newest(session, code)
    return render_template(
        "types/edit.html", base=draft.base, values=draft.values, notice=draft.notice, problems=problems, like=like,
        refusal=refusal, faster=faster, after=last.no if last else 0, each=each, rows=rows, words=WORDS,
        begun=publishing.begun_today(session, code, draft.notice.province),
        choices=CHOICES, rules=RULES, provinces=SHORTS, families=codes.FAMILIES,
        answering=[(key, named(roles()[key])) for key in ANSWERING if key in roles()],
        differences=differences(present, each) if each else [], seen=digest(each, draft.notice) if each else "",
        effect=retiming.preview(session, each, draft.notice.effective_from or clock.today(), draft.notice.province)
        if each else None, examples=list(_examples(draft)), base_no=request.values.get("base", ""),
    )


def _examples(draft: Draft) -> Iterator[tuple[dt.date, list[windows.Step]]]:
    """The days of the form's window for three ends of a term; none where the window is nonsense."""
    each, _problems = type_from(draft.values, draft.base)
    if each is None or any(key.startswith("window") for key, _ in faults(each)):
        return
    for ends_on in (dt.date(2027, 12, 31), TRIED[0], TRIED[2]):
        yield ends_on, windows.steps(each, ends_on, work_calendar())


@bp.get("/examples")
@needs("type.edit")
def examples() -> str:
    """A fragment: the days of a window being typed (window.opens, window.opens.unit_of, ...)."""
    shown, wrong = [], ""
    db.session().connection()
    like = types().get(request.args.get("code", "")) or next(iter(types().values()))
    points: dict[str, Offset] = {}
    try:
        for name in ("opens", "hand_in", "target", "closes", "lapses"):
            if text := request.args.get(f"window.{name}", "").strip():
                days = request.args.get(f"window.{name}.unit_of") == "days"
                points[name] = Offset(days_before=int(text)) if days else Offset(months_before=int(text))
        each = msgspec.structs.replace(like, window=msgspec.structs.replace(Window(source="D"), **points))
        wrong = " ".join(problem_text(one) for key, one in faults(each) if key.startswith("window."))
        if not wrong:
            shown = [(day, windows.steps(each, day, work_calendar())) for day in (dt.date(2027, 12, 31), *TRIED[::2])]
    except (ValueError, OverflowError):
        wrong = _("请填整数。")
    return render_template("types/_examples.html", examples=shown, wrong=wrong)


@bp.get("/number-check")
@needs("type.edit")
def number_check() -> str:
    """A fragment: how a number rule judges a number."""
    rule = request.args.get("number.rule", "")
    verdict = check_number(rule, request.args.get("try", "")[:200]) if rule in RULES else None
    return render_template("types/_verdict.html", verdict=verdict)


def _is_free(code: str, family: str) -> bool:
    return bool(re.fullmatch(rf"{family}[0-9]{{2,3}}", code)) and (code, "") not in current().lines


def _free_code(family: str) -> str:
    """The next code of a family that nobody used."""
    taken = {code for code, _ in current().lines}
    return next(code for number in range(1, 1000) if (code := f"{family}{number:02d}") not in taken)

