"""设备: the list, one machine, and what happens to it: entered, installed, taken down, given elsewhere, scrapped."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.errors import NotFound
from registry.access.rules import can, require, visible
from registry.certificates.models import Certificate
from registry.people.machines import Installation, Machine, create_machine, install, relocate, scrap, take_down
from registry.people.scope import subtree
from registry.people.units import Unit
from web.asked import whole
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.organisation.people import held_by
from web.organisation.sight import chosen, machine_of, unit_of, unit_options
from web.pages import cut
from web.requests.story import tell
from web.session import db

bp = Blueprint("machines", __name__)
EDIT = "machine.edit"
KINDS = ("塔式起重机", "施工升降机", "物料提升机", "汽车起重机", "履带起重机", "叉车", "压力容器", "全站仪", "经纬仪")


@bp.get("/machines")
@needs("machine.read")
def listed() -> str:
    """The machines one may see; ?q= finds a piece of name, model or serial, ?unit= a place, ?scrapped=yes all."""
    query = visible(select(Machine), actor())
    if text := request.args.get("q", "").strip()[:60]:
        parts = (Machine.name, Machine.kind, Machine.model, Machine.serial)
        query = query.where(or_(*(part.contains(text, autoescape=True) for part in parts)))
    if (unit_id := request.args.get("unit", type=whole)) is not None:
        low, high = subtree(unit_of(unit_id).path)
        query = query.where(Machine.unit_path >= low, Machine.unit_path < high)
    if request.args.get("scrapped") != "yes":
        query = query.where(Machine.scrapped_on.is_(None))
    found = cut(db.session(), query.order_by(Machine.unit_path, Machine.id), joinedload(Machine.unit))
    units = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "project"))).order_by(Unit.path).limit(800)
    ids = [one.id for one in found.rows]
    return render_template(
        "machines.html", listed=found, held=held_by(Certificate.holder_machine_id, ids), may_add=can(actor(), EDIT),
        units=db.session.scalars(units).all(), standing=_standing(ids),
    )  # fmt: skip


def _standing(ids: list[int]) -> dict[int, str]:
    """Where each machine is installed today, by the site's name."""
    query = select(Installation.machine_id, Unit.name).join(Unit, Unit.id == Installation.unit_id)
    query = query.where(Installation.machine_id.in_(ids), Installation.holding(clock.today(), clock.now()))
    return dict(db.session.execute(query).all())


@bp.get("/machines/<int:machine_id>")
@needs("machine.read")
def machine(machine_id: int) -> str:
    """One machine: what it is, where it stands and stood, its certificates and its story."""
    found = machine_of(machine_id)
    held = visible(select(Certificate), actor()).where(Certificate.holder_machine_id == found.id)
    stood = select(Installation, Unit).join(Unit, Unit.id == Installation.unit_id).where(
        Installation.machine_id == found.id, Installation.known_until.is_(None))
    return render_template(
        "machine.html", machine=found, may_edit=can(actor(), EDIT, found),
        certificates=db.session.scalars(held.order_by(Certificate.valid_until, Certificate.id)).all(),
        stood=[(row[0], row[1]) for row in db.session.execute(stood.order_by(Installation.from_on.desc()))],
        told=tell(("machine", found.id)),
    )  # fmt: skip


def _trail(found: Machine | None = None) -> list[tuple[str, str]]:
    top = [(url_for("machines.listed"), _("设备"))]
    return [*top, (_home(found), found.name)] if found else top


def _home(found: Machine) -> str:
    return url_for("machines.machine", machine_id=found.id)


@bp.get("/machines/new")
@needs(EDIT)
def new() -> ResponseReturnValue:
    """Enter a machine."""
    return drawn(_entering())


@bp.post("/machines")
@needs(EDIT)
def enter() -> ResponseReturnValue:
    """It is entered."""
    return answered(_entering(), _enter)


def _enter(told: dict[str, Any]) -> str:
    unit = chosen(told.pop("unit"))
    require(actor(), EDIT, unit)
    made = create_machine(db.session(), unit=unit, by=actor(), **told)
    flash(_("已登记%(name)s。", name=made.name), "ok")
    return _home(made)


def _entering() -> Entry:
    return Entry(_("登记新设备"), _("登记"), url_for("machines.enter"), _trail(), [
        Ask("kind", _("设备种类"), "choice", required=True, options=[(one, say(one)) for one in KINDS]),
        Ask("name", _("名称"), required=True, hint=_("例如：1号塔吊")),
        Ask("model", _("型号"), most=60),
        Ask("serial", _("出厂编号"), required=True, most=60),
        Ask("made_on", _("出厂日期"), "day"),
        Ask("unit", _("由哪个单位管理"), "choice", required=True, options=unit_options(EDIT, "company", "project")),
    ])  # fmt: skip


@bp.get("/machines/<int:machine_id>/installation/new")
@needs(EDIT)
def installing(machine_id: int) -> ResponseReturnValue:
    """Say where it was put up."""
    return drawn(_installing(machine_of(machine_id, EDIT)))


@bp.post("/machines/<int:machine_id>/installation")
@needs(EDIT)
def installed(machine_id: int) -> ResponseReturnValue:
    """It stands there from the day on; the site answers for it."""
    found = machine_of(machine_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        site = chosen(told["site"])
        require(actor(), EDIT, site)
        company = chosen(told["company"]) if told["company"] else None
        install(db.session(), found, site, from_on=told["from_on"], company=company, by=actor())
        if found.unit_id != site.id:
            relocate(db.session(), found, to=site, by=actor())
        flash(_("已登记安装。"), "ok")
        return _home(found)

    return answered(_installing(found), act)


def _installing(found: Machine) -> Entry:
    return Entry(_("安装%(name)s", name=found.name), _("登记安装"), url_for("machines.installed", machine_id=found.id),
                 _trail(found), [
        Ask("site", _("安装到哪个项目"), "choice", required=True, value=request.args.get("unit"),
            options=unit_options(EDIT, "project", among=found.group_id)),
        Ask("company", _("安装单位"), "choice", options=unit_options("unit.read", "company", among=found.group_id),
            hint=_("须有资质和安全生产许可证；集团外的单位请先登记为公司")),
        Ask("from_on", _("安装日期"), "day", required=True, value=clock.today()),
    ])  # fmt: skip


@bp.get("/installations/<int:row_id>/end")
@needs(EDIT)
def taking_down(row_id: int) -> ResponseReturnValue:
    """Name the last day on the site."""
    return drawn(_taking_down(*_installation(row_id)))


@bp.post("/installations/<int:row_id>/end")
@needs(EDIT)
def taken_down(row_id: int) -> ResponseReturnValue:
    """It is taken down."""
    row, found = _installation(row_id)

    def act(told: dict[str, Any]) -> str:
        take_down(db.session(), row, on=told["to_on"], by=actor())
        flash(_("已登记拆卸。"), "ok")
        return _home(found)

    return answered(_taking_down(row, found), act)


def _installation(row_id: int) -> tuple[Installation, Machine]:
    row = db.session.get(Installation, row_id)
    if row is None or row.known_until is not None:
        raise NotFound
    return row, machine_of(row.machine_id, EDIT)


def _taking_down(row: Installation, found: Machine) -> Entry:
    address = url_for("machines.taken_down", row_id=row.id)
    return Entry(_("拆卸%(name)s", name=found.name), _("登记拆卸"), address, _trail(found), [
        Ask("to_on", _("最后一天"), "day", required=True, value=clock.today()),
    ])  # fmt: skip


@bp.get("/machines/<int:machine_id>/scrapping")
@needs(EDIT)
def scrapping(machine_id: int) -> ResponseReturnValue:
    """Say why it is scrapped."""
    return drawn(_scrapping(machine_of(machine_id, EDIT)))


@bp.post("/machines/<int:machine_id>/scrapping")
@needs(EDIT)
def scrapped(machine_id: int) -> ResponseReturnValue:
    """It is scrapped."""
    found = machine_of(machine_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        scrap(db.session(), found, on=told["on"], reason=told["reason"], by=actor())
        flash(_("已登记报废；它的证件请办理注销。"), "ok")
        return _home(found)

    return answered(_scrapping(found), act)


def _scrapping(found: Machine) -> Entry:
    return Entry(_("报废%(name)s", name=found.name), _("登记报废"), url_for("machines.scrapped", machine_id=found.id),
                 _trail(found), [
        Ask("on", _("报废日期"), "day", required=True, value=clock.today()),
        Ask("reason", _("原因"), "note", required=True, most=200),
    ], question=_("报废后不能再安装和办理新证。"))  # fmt: skip
