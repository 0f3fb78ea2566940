"""《办事指南》 of a process: a page and a PDF, made from the model itself, so that they cannot disagree with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.model import Definition
from engine.releases import choosing
from engine.releases.standing import standings
from ledger import clock
from ledger.errors import NotFound
from registry.access.roles import roles
from registry.access.rules import can
from web.guard import actor, needs
from web.i18n import language, named, say
from web.ledgers.certificate_pdf import FONT, printed
from web.limits import limiter
from web.session import db
from workflows.studio import drafts, guidance
from workflows.studio.guidance import Guidance
from workflows.studio.passages import APPLICANT, HOLDER, ROLE, Step, Way, Who

bp = Blueprint("guidance", __name__)
HOLDS = ("whole", "pilot")
PEOPLE = {APPLICANT: _l("申请人"), HOLDER: _l("持证人")}
HOLDERS = {"enterprise": _l("企业"), "person": _l("人员"), "project": _l("项目"), "equipment": _l("设备")}
OF = {"holder": _l("持证主体"), "project": _l("所在项目"), "contractor": _l("施工单位"), "employer": _l("用人单位")}


def _definition(definition_id: int) -> Definition:
    """The version, for whoever may read processes; the one in force also for whoever may start requests."""
    found = db.session.get(Definition, definition_id)
    if found is None:
        raise NotFound
    if not can(actor(), "process.read", None) and not _applies(found):
        raise NotFound
    return found


def _applies(definition: Definition) -> bool:
    return can(actor(), "request.start", None) and definition.id in _here(definition.process_id)


def _here(process_id: str) -> list[int]:
    """The versions in force where one holds a role, the nearest first."""
    chains = [tuple(int(step) for step in reversed(grant.path.split("/")) if step) for grant in actor().grants]
    found = [choosing.in_force(db.session(), process_id, chain, group_id=actor().group_id)
             for chain in sorted(set(chains), key=len, reverse=True)]
    return [number for number in found if number is not None]


@bp.get("/guidance/<process_id>")
def in_force(process_id: str) -> ResponseReturnValue:
    """To the guidance of the version in force; ?type= stays."""
    here = _here(process_id[:120])
    if not here:
        raise NotFound
    return redirect(url_for("guidance.page", definition_id=_definition(here[0]).id, type=_asked() or None))


@bp.get("/processes/<int:definition_id>/guidance")
def page(definition_id: int) -> ResponseReturnValue:
    """What applicants need to know of a version; ?type= of which certificate."""
    definition = _definition(definition_id)
    found = guidance.of_definition(db.session(), definition, _asked())
    return render_template("studio/guidance.html", definition=definition, draft=None, **_told(found, definition))


@bp.get("/processes/<int:definition_id>/guidance.pdf")
@limiter.limit("30 per minute", key_func=lambda: f"guidance|{actor().id}")
def pdf(definition_id: int) -> Response:
    """The same on paper, with version and date on each page."""
    definition = _definition(definition_id)
    found = guidance.of_definition(db.session(), definition, _asked())
    html = render_template("studio/guidance_sheet.html", definition=definition, at=clock.now(), font=FONT,
                           **_told(found, definition))
    answer = make_response(printed(html).write_pdf())
    answer.mimetype = "application/pdf"
    name = f"{definition.process_id}-v{definition.version}{f'-{found.type.code}' if found.type else ''}-guidance.pdf"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@bp.get("/studio/drafts/<int:draft_id>/guidance", endpoint="of_draft")
@needs("process.read")
def of_draft(draft_id: int) -> ResponseReturnValue:
    """What the draft would say, as it is now."""
    draft = drafts.seen(db.session(), draft_id, by=actor())
    try:
        found = guidance.of_draft(db.session(), draft, _asked())
    except NotFound:
        if _asked():
            raise
        return render_template("studio/guidance_none.html", draft=draft), 422
    return render_template("studio/guidance.html", definition=None, draft=draft, **_told(found, None))


def _asked() -> str:
    return request.args.get("type", "").strip()[:8]


def _told(found: Guidance, definition: Definition | None) -> dict[str, Any]:
    return {
        "guide": found, "types": guidance.types_offered() if found.typed else [], "way": way_words, "who": who_words,
        "in_force": definition is not None and _holds(definition),
        "holder_words": HOLDERS, "of_words": OF, "listed_types": listed_types, "listed": listed,
    }


def _holds(definition: Definition) -> bool:
    """Whether the version is in force anywhere in the group."""
    found = standings(db.session(), actor().group_id).get(definition.process_id)
    return found is not None and found.names(definition.id) in HOLDS


def listed_types(codes: tuple[str, ...]) -> str:
    """The names of types of which any will do."""
    known = guidance.types_by_code()
    return _("或").join(str(named(known[code])) if code in known else code for code in codes)


def listed(names: tuple[str, ...]) -> str:
    """Names of the drawing in the visitor's language, one after the other."""
    return _("、").join(say(name) for name in names)


def who_words(step: Step) -> str:
    """Whose a step is, in words; each once."""
    return _("、").join(dict.fromkeys(_who(one) for one in step.who)) or _("由流程指定的人")


def _who(one: Who) -> str:
    if one.sort == ROLE:
        role = roles().get(one.key)
        return one.key if role is None else role.name if language() == "zh" else role.name_en
    return str(PEOPLE.get(one.sort) or _("由流程指定的人"))


def way_words(way: Way) -> tuple[str, str]:
    """(under which conditions, where to) of a way."""
    conditions = [_condition(asked, said) for asked, said in way.conditions]
    where = say(way.to) if way.to else _("结束") if way.ends else _("这一部分结束")
    return _("，").join(conditions), _("结束：%(what)s", what=where) if way.ends and way.to else where


def _condition(asked: str, said: str) -> str:
    answer = say(said) if said else _("其他情况")
    if not asked:
        return answer
    if asked[-1:] in "？?":
        return _("%(question)s %(answer)s", question=say(asked), answer=answer)
    return _("%(question)s：%(answer)s", question=say(asked), answer=answer)
