"""证件种类: what is known about each type, how well, and every edition of it. Read here; changed in types_edit.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import BadAnswer, Problem, Refused
from registry.access.rules import can
from registry.certificates import codes
from registry.certificates.catalogue import as_of, current, doubts, in_force_of, said_on, shipped, statements
from registry.certificates.editions import Said, TypeEdition, editions, pending
from registry.certificates.kinds import CertificateType
from registry.certificates.numbers import RULES
from registry.certificates.publishing import Notice, close, edition_of, withdraw
from registry.certificates.type_files import written
from registry.people.regions import SHORTS
from web.asked import day_in, whole
from web.catalogue.types_words import ahead, differences, listed, place, role, shown, word
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.session import db

bp = Blueprint("types", __name__, url_prefix="/types")


@dataclass(frozen=True)
class Row:
    """A type in the list: as it stands today, or the edition by which it begins on a later day."""

    said: Said
    doubts: int
    statements: int
    waiting: int

    @property
    def type(self) -> CertificateType:
        """What the edition says."""
        return self.said.type


@bp.record
def _words(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        type_word=word, type_shown=shown, type_place=place, type_ahead=ahead, type_role=role, type_listed=listed)


@bp.get("", endpoint="index")
@needs("type.read")
def listed_types() -> str:
    """Every type by family, with what is not verified about it and the editions that wait for their day."""
    family, sought = request.args.get("family", ""), request.args.get("q", "").strip().casefold()
    found = [row for row in _rows(db.session()) if (not family or row.type.family == family) and _fits(row, sought)]
    if request.args.get("doubts"):
        found = [row for row in found if row.doubts]
    return render_template("types/index.html", rows=found, families=codes.FAMILIES,
                           may_edit=can(actor(), "type.edit", None), today_=clock.today())


def _rows(session: Session) -> list[Row]:
    session.connection()  # the catalogue is asked in a transaction
    waiting, today = pending(session, clock.today()), clock.today()
    rows = []
    for code, where in sorted(current().lines):
        said = said_on(code, today) or current().lines[code, where][0]
        if not where:
            rows.append(Row(said, len(doubts(said.type)), sum(1 for _ in statements(said.type)), waiting.get(code, 0)))
    return rows


def _fits(row: Row, sought: str) -> bool:
    each = row.type
    words = (each.code, each.name, each.name_en, *each.aliases, each.issuer, each.number.rule)
    return all(any(part in word.casefold() for word in words) for part in sought.split())


@bp.get("/<code>")
@needs("type.read")
def show(code: str) -> str:
    """One type as it stands on a day in a province: the card, what is not verified, the law, and its editions."""
    session = db.session()
    held = editions(session, code)
    day = day_in(request.args.get("on")) or _first_day(code)
    province = request.args.get("province", "")
    each = in_force_of(code, day, province)
    return render_template(
        "types/show.html", type=each, said=said_on(code, day, province), day=day, province=province,
        provinces=_provinces(code, each), editions=held, state_of=_state_of, doubts=doubts(each), rules=RULES,
        families=codes.FAMILIES, baseline=code in shipped(), may_edit=can(actor(), "type.edit", None),
    )


def _first_day(code: str) -> dt.date:
    """Today, or the day from which a type that is still to come holds; UnknownType."""
    line = current().lines.get((code, ""))
    return max(clock.today(), line[0].effective_from) if line else clock.today()


def _provinces(code: str, each: CertificateType) -> list[str]:
    """The provinces in which something differs."""
    own = {where for known, where in current().lines if known == code and where}
    general = current().lines.get((code, ""), [])
    return sorted(own | {one.province for said in general for one in said.type.variants if one.province})


def _state_of(edition: TypeEdition) -> tuple[str, str]:
    """How an edition stands today: colour and word."""
    today = clock.today()
    if edition.withdrawn_at is not None:
        return "closed", _("已更正") if edition.corrected else _("已撤回")
    if edition.effective_from > today:
        return "due", _("待生效")
    said = said_on(edition.code, today, edition.province)
    return ("good", _("生效中")) if said and said.no == edition.no else ("closed", _("已被替代"))


@bp.get("/<code>/editions/<int:no>")
@needs("type.read")
def edition(code: str, no: int) -> str:
    """One edition: who, when, why, and what it says otherwise than the one before."""
    session = db.session()
    found = edition_of(session, code, no)
    before = _before(session, found)
    return render_template(
        "types/edition.html", edition=found, type=found.type, before=before, standing=_state_of(found),
        differences=differences(before.type if before else None, found.type),
        may_edit=can(actor(), "type.edit", None), today_=clock.today(),
    )


def _before(session: Session, found: TypeEdition) -> Said | None:
    """What held on the day before in the same place, as far as it was published earlier."""
    held = [one for one in editions(session, found.code) if one.withdrawn_at is None and one.no != found.no
            and one.province == found.province and one.effective_from < found.effective_from]
    if held:
        last = max(held, key=lambda one: one.effective_from)
        return Said(last.effective_from, last.no, last.type)
    general = said_on(found.code, found.effective_from) if found.province else None
    if general is None:
        baseline = shipped().get(found.code)
        general = Said(dt.date.min, 0, baseline) if baseline else None
    if general is None or not found.province:
        return general
    return Said(general.effective_from, general.no,
                as_of(general.type, found.effective_from, found.province) or general.type)


@bp.post("/<code>/editions/<int:no>/withdrawal")
@needs("type.edit")
def take_back(code: str, no: int) -> ResponseReturnValue:
    """Withdraw an edition that has not begun."""
    withdraw(db.session(), edition_of(db.session(), code, no), by=actor())
    flash(_("第 %(no)d 版已撤回，不会生效。", no=no), "ok")
    return redirect(url_for("types.show", code=code), 303)


@bp.get("/<code>/file.toml")
@needs("type.read")
def file(code: str) -> Response:
    """The type as it stands today, as a file of the catalogue."""
    db.session().connection()
    body = written(in_force_of(code, _first_day(code)))
    response = Response(body, mimetype="application/toml")
    response.headers.set("Content-Disposition", "attachment", filename=f"{code}.toml")
    return response


@bp.get("/<code>/closing")
@needs("type.edit")
def closing(code: str) -> str:
    """Ask from which day no more certificates of the type are issued, and why."""
    held = editions(db.session(), code)
    return render_template("types/closing.html", type=in_force_of(code, _first_day(code)), problems={}, refusal="",
                           given={"after": held[0].no if held else 0})


@bp.post("/<code>/closing")
@needs("type.edit")
def end(code: str) -> ResponseReturnValue:
    """Close a type from a day on; what is held runs on."""
    session = db.session()
    try:
        made = close(session, code, notice(), by=actor())
    except Refused as error:
        session.rollback()
        page = render_template(
            "types/closing.html", type=in_force_of(code, _first_day(code)), problems=field_problems(error),
            refusal="" if isinstance(error, BadAnswer) else sentence(error), given=request.form)
        return page, error.status
    flash(_("自 %(day)s 起不再新发这种证件。", day=made.effective_from.isoformat()), "ok")
    return redirect(url_for("types.show", code=code), 303)


def notice() -> Notice:
    """Day, place, reason, who checked, and which edition was seen or is to be corrected, as a form sends them."""
    form = request.form
    day = day_in(form.get("effective_from"))
    province = form.get("province", "").strip()
    if province and province not in tuple(SHORTS):
        raise BadAnswer({"province": [Problem("请从列表中选择。")]})
    return Notice(day, form.get("reason", ""), province, form.get("verified_by", ""),
                  form.get("after", 0, type=whole), form.get("corrects", 0, type=whole))
