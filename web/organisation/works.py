"""What a project builds, as it stands from a day on; and new projects and companies."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.rules import require
from registry.people.regions import SHORTS
from registry.people.units import WORKS, Unit, create_unit
from registry.people.works import CONTRACTING, SCALES, restate
from registry.rules.effects import barred
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.organisation.people import works_of
from web.organisation.sight import chosen, unit_of, unit_options
from web.session import db

bp = Blueprint("works", __name__)


@bp.get("/projects/<int:unit_id>/works/new")
@needs("works.edit")
def changing(unit_id: int) -> ResponseReturnValue:
    """What is built, filled in with what is known."""
    return drawn(_stating(unit_of(unit_id, "project", action="works.edit")))


@bp.post("/projects/<int:unit_id>/works")
@needs("works.edit")
def change(unit_id: int) -> ResponseReturnValue:
    """It is so from the day named on."""
    unit = unit_of(unit_id, "project", action="works.edit")

    def act(told: dict[str, Any]) -> str:
        about = {key: value for key, value in told.items() if key != "from_on"}
        restate(db.session(), unit, from_on=told["from_on"], by=actor(), **about)
        flash(_("已登记工程概况。"), "ok")
        return url_for("people.project", unit_id=unit.id)

    return answered(_stating(unit), act)


def _stating(unit: Unit) -> Entry:
    known = works_of(unit)
    built = unit.project

    def now(name: str, otherwise: Any = None) -> Any:
        return getattr(known, name) if known else otherwise

    return Entry(
        _("%(name)s的工程概况", name=unit.name), _("登记"), url_for("works.change", unit_id=unit.id),
        [(url_for("people.projects"), _("项目")), (url_for("people.project", unit_id=unit.id), unit.name)],
        [
            Ask("from_on", _("从哪一天起是这样"), "day", required=True, value=now("from_on", clock.today()),
                hint=_("填原来的日期就是更正；填以后的日期，之前的内容保留到前一天")),
            Ask("work", _("工程类别"), "choice", required=True, options=[(one, say(one)) for one in WORKS],
                value=now("work", built.work if built else None)),
            Ask("contracting", _("承包方式"), "choice", required=True, value=now("contracting"),
                options=[(key, say(words)) for key, words in CONTRACTING.items()]),
            Ask("scale", _("工程规模"), "choice", value=now("scale"),
                options=[(key, say(words)) for key, words in SCALES.items()]),
            Ask("area", _("建筑面积（㎡）"), "amount", value=now("area")),
            Ask("amount", _("合同价（万元）"), "amount", value=now("amount", built.amount_wan if built else None)),
            Ask("workers", _("施工人员数"), "whole", value=now("workers"), hint=_("劳务分包按人数配专职安全员")),
            Ask("phase_of", _("同一工程的名称（分期、分标段时填）"), most=40, value=now("phase_of"),
                hint=_("相邻标段填同一个名称，项目经理可以兼任")),
            Ask("planning", _("需要规划许可"), "tick", value=now("planning", True)),
            Ask("special_fire", _("特殊建设工程（消防设计审查）"), "tick", value=now("special_fire", False)),
            Ask("contract_on", _("施工合同签订日期"), "day", value=now("contract_on")),
            Ask("started_on", _("开工日期"), "day", value=now("started_on", built.started_on if built else None)),
            Ask("stopped_on", _("停工日期"), "day", value=now("stopped_on"), hint=_("复工后清空")),
            Ask("stopped_by_contractor", _("停工由承包方原因造成"), "tick", value=now("stopped_by_contractor", True)),
            Ask("owner_agreed", _("建设单位同意项目经理兼任"), "tick", value=now("owner_agreed", False)),
            Ask("accepted_on", _("竣工验收日期"), "day", value=now("accepted_on")),
        ],
    )  # fmt: skip


@bp.get("/units/new/<any(project, company, department):kind>")
@needs("unit.edit")
def new(kind: str) -> ResponseReturnValue:
    """A new project, company or department; ?parent= stands there already."""
    return drawn(_founding(kind))


@bp.post("/units/<any(project, company, department):kind>")
@needs("unit.edit")
def founded(kind: str) -> ResponseReturnValue:
    """It is set up."""
    return answered(_founding(kind), lambda told: _found(kind, told))


def _found(kind: Any, told: dict[str, Any]) -> str:
    parent = chosen(told["parent"])
    require(actor(), "unit.edit", parent)
    if kind == "project" and barred(db.session(), parent):
        raise BadAnswer({"parent": [Problem("该公司的资质过期或被收回，不得承接新项目。")]})
    project = {"work": told["work"], "address": told["address"]} if kind == "project" else None
    unit = create_unit(
        db.session(), kind=kind, name=told["name"], code=told["code"], by=actor(), parent=parent,
        name_en=told["name_en"], uscc=told.get("uscc") or None, province=told["province"] or "", project=project,
    )  # fmt: skip
    flash(_("已设立%(name)s。", name=unit.name), "ok")
    return url_for("people.project" if kind == "project" else "companies.company", unit_id=(
        unit.id if kind != "department" else unit.company_id or unit.parent_id))


def _founding(kind: str) -> Entry:
    title = {"project": _("新项目"), "company": _("新公司"), "department": _("新部门")}[kind]
    above = {"project": ("company",), "company": ("group", "company"), "department": ("group", "company")}[kind]
    asks = [
        Ask("parent", _("上级单位"), "choice", required=True, options=unit_options("unit.edit", *above),
            value=request.args.get("parent")),
        Ask("name", _("名称"), required=True, most=120),
        Ask("name_en", _("英文名称"), most=160),
        Ask("code", _("编码"), required=True, most=20, hint=_("集团内不能重复")),
        Ask("province", _("省份简称（不填就同上级）"), "choice", options=[(one, one) for one in SHORTS]),
    ]  # fmt: skip
    if kind == "company":
        asks.append(Ask("uscc", _("统一社会信用代码"), most=24))
    if kind == "project":
        asks.append(Ask("work", _("工程类别"), "choice", required=True, options=[(one, say(one)) for one in WORKS]))
        asks.append(Ask("address", _("地址"), most=200))
    trail = [(url_for("people.projects"), _("项目")) if kind == "project" else (url_for("companies.listed"), _("公司"))]
    return Entry(title, _("设立"), url_for("works.founded", kind=kind), trail, asks)
