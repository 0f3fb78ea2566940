"""What the pages of the cabinet share: originals, loans and copies that one may see, their words and colours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.db import unit
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem, Refused
from ledger.facts import Fact
from registry.access.rules import can, visible
from registry.certificates.models import Certificate, Scan, Version
from registry.custody import copies
from registry.custody.copies import Copy
from registry.custody.loans import CONDITIONS, PURPOSES, Loan
from registry.custody.originals import KINDS, Original
from registry.custody.whereabouts import Place
from registry.people.persons import Person
from registry.people.scope import WITHDRAWN
from registry.people.units import Unit
from web import once
from web.asked import day_in
from web.errors import field_problems, sentence
from web.guard import actor
from web.i18n import say
from web.session import db

bp = Blueprint("custody", __name__)
COLOURS: dict[Place, str] = {
    Place.IN: "good", Place.OUT: "due", Place.OVERDUE: "bad", Place.LOST: "bad", Place.AUTHORITY: "due",
    Place.ELECTRONIC: "good", Place.DESTROYED: "closed",
}
LOADED = (joinedload(Loan.original).joinedload(Original.certificate), joinedload(Loan.person),
          joinedload(Loan.carrier), joinedload(Loan.project))


@bp.app_template_global()
def kind_words(original: Original) -> str:
    """正本, 副本 2"""
    return f"{say(KINDS[original.kind])} {original.serial}".strip()


@bp.app_template_global()
def purpose_words(row: Loan | Copy) -> str:
    """投标：滨江花园二期"""
    note = row.purpose_note
    return _("%(kind)s：%(what)s", kind=say(PURPOSES[row.purpose]), what=note) if note else say(PURPOSES[row.purpose])


@bp.app_template_global()
def condition_words(loan: Loan) -> str:
    """完好, 破损 and what was said about it."""
    words = say(CONDITIONS.get(loan.condition, "")) if loan.condition else ""
    return f"{words} {loan.condition_note}".strip()


@bp.app_template_global()
def place_colour(place: Place) -> str:
    """The state colour of a place."""
    return COLOURS[place]


@bp.app_template_global()
def loan_state(loan: Loan) -> tuple[str, str]:
    """(colour, words) of a loan: when it is due, how late it is, that it is back."""
    if loan.returned_at is not None:
        return "closed", _("已归还")
    if loan.voided_at is not None:
        return "closed", _("已作废")
    late, left = loan.overdue_days(clock.today()), (loan.due_on - clock.today()).days
    if late:
        return "bad", ngettext("逾期 %(num)d 天", "逾期 %(num)d 天", late)
    if left == 0:
        return "due", _("今天归还")
    return ("due" if left == 1 else "good"), ngettext("还有 %(num)d 天", "还有 %(num)d 天", left)


def original_of(original_id: int) -> Original:
    """The original with its certificate and keeper; NotFound unless visible."""
    query = visible(select(Original), actor()).where(Original.id == original_id)
    found = db.session.scalar(query.options(joinedload(Original.certificate), joinedload(Original.keeper_unit)))
    if found is None:
        raise NotFound
    return found


def seen_loans() -> Select[Loan]:
    """The loans one may see: where one may look into the cabinet, and those one answers for or carries."""
    mine = or_(Loan.person_id == actor().id, Loan.carrier_id == actor().id) & ~Loan.unit_path.startswith(WITHDRAWN)
    allowed = visible(select(Loan.id), actor(), model=Loan)
    return select(Loan).where(or_(mine, Loan.id.in_(allowed)))


def loans_of(person: Person) -> list[tuple[Loan, bool]]:
    """What a person must still bring back, and whether its page may be seen; empty clears the exit.

    Whoever lets people go is told of all of it, also of what they may not look at.
    """
    seen, lets_go = seen_loans(), can(actor(), "person.edit", person)
    mine = or_(Loan.person_id == person.id, Loan.carrier_id == person.id)
    running = (select(Loan) if lets_go else seen).where(mine, Loan.returned_at.is_(None), Loan.voided_at.is_(None))
    found = db.session.scalars(running.options(*LOADED).order_by(Loan.id)).all()
    shown = set(db.session.scalars(seen.with_only_columns(Loan.id).where(Loan.id.in_([one.id for one in found]))))
    return [(one, one.id in shown) for one in found]


def loan_of(loan_id: int) -> Loan:
    """The loan with all its page shows; NotFound unless it is one's own or visible."""
    found = db.session.scalar(seen_loans().where(Loan.id == loan_id).options(*LOADED))
    if found is None:
        raise NotFound
    return found


def require_keeper(thing: Original | Loan) -> None:
    """NotAllowed unless the visitor keeps it."""
    if not can(actor(), "custody.keep", thing):
        raise NotAllowed


def own_person() -> Person:
    """The visitor as a person."""
    return db.session.get_one(Person, actor().id)


def wish(kind: str) -> str | None:
    """A key for a fact that is to happen once however often the form arrives; None without a fit name."""
    name = once.given()
    return f"{kind}:{actor().id}:{name}" if name else None


def done_before(key: str | None) -> Fact | None:
    """What the same form did when it arrived before."""
    return db.session.scalar(select(Fact).where(Fact.key == key)) if key else None


def day_of(form: Mapping[str, str], name: str) -> dt.date:
    """A date that must be given; BadAnswer at its field."""
    found = day_in(form.get(name, "").strip())
    if found is None:
        raise BadAnswer({name: [Problem("请填写日期。")]})
    return found


def wrong(error: Refused | None) -> dict[str, Any]:
    """What a page is drawn with after a refusal: what is wrong at each field, or with the whole (`refusal`)."""
    whole = error is not None and not isinstance(error, BadAnswer)
    return {"problems": field_problems(error) if error else {}, "refusal": sentence(error) if error and whole else ""}


def projects() -> list[Unit]:
    """The projects that a loan can be for."""
    query = visible(select(Unit), actor()).where(Unit.kind == "project", Unit.closed_on.is_(None))
    return list(db.session.scalars(query.order_by(Unit.path).limit(300)))


def colleagues() -> Select[Person]:
    """Who of the visitor's group works here today."""
    return visible(select(Person), actor()).where(
        Person.group_id == actor().group_id, or_(Person.left_on.is_(None), Person.left_on >= clock.today()))


def people_called(text: str, most: int = 12) -> list[Person]:
    """Colleagues by a piece of the name, its pinyin or its initials."""
    plain = text.strip().lower().replace(" ", "")
    if not plain:
        return []
    query = colleagues().where(
        or_(Person.name.contains(text.strip(), autoescape=True), Person.pinyin.startswith(plain, autoescape=True),
            Person.initials.startswith(plain, autoescape=True)))
    return list(db.session.scalars(query.options(joinedload(Person.unit)).order_by(Person.pinyin, Person.id)
                                   .limit(most)))


def note_reading(certificate: Certificate, *, scan: Scan | None = None, copy: Copy | None = None) -> None:
    """Write down that a personal certificate's picture was read; a transaction of its own, a GET has none."""
    if certificate.holder_person_id is None:
        return
    with unit(db.engine) as session:
        copies.read(session, session.get_one(Certificate, certificate.id), by=actor(),
                    scan=session.get_one(Scan, scan.id) if scan else None,
                    copy=session.get_one(Copy, copy.id) if copy else None)


def note_file(file_id: int) -> None:
    """The same where a scan is fetched as a file."""
    query = select(Scan).join(Scan.version).join(Version.certificate).where(
        Scan.file_id == file_id, Certificate.holder_person_id.is_not(None))
    scan = db.session.scalar(query.limit(1))
    if scan is not None:
        note_reading(scan.version.certificate, scan=scan)
