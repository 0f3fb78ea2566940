"""A project is won: one form for the project, what is built and who is to run it; its permits' drafts follow."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.rules import can, require, visible
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.regions import SHORTS
from registry.people.units import WORKS
from registry.people.winning import won
from registry.people.works import CONTRACTING, SCALES
from registry.rules.effects import barred
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.organisation.sight import chosen, person_of, unit_options
from web.session import db

bp = Blueprint("winning", __name__)
RUNS = ("P06", "P07")
MOST = 200


@bp.get("/projects/won/new")
@needs("unit.edit")
def new() -> ResponseReturnValue:
    """What was won; ?parent= stands there already."""
    return drawn(_winning())


@bp.post("/projects/won")
@needs("unit.edit")
def entered() -> ResponseReturnValue:
    """It is entered; whatever rule R12 asks for before work starts is drafted within seconds."""
    return answered(_winning(), _enter)


def _enter(told: dict[str, Any]) -> str:
    company = chosen(told.pop("parent"))
    for action in ("unit.edit", "works.edit"):
        require(actor(), action, company)
    if barred(db.session(), company):
        raise BadAnswer({"parent": [Problem("该公司的资质过期或被收回，不得承接新项目。")]})
    number = told.pop("manager", None)
    manager = person_of(int(number)) if number else None
    if manager is not None and manager.company_id != company.id:
        raise BadAnswer({"manager": [Problem("请选择中标公司的职工。")]})
    project = won(db.session(), company, by=actor(), manager=manager, province=told.pop("province") or "",
                  post=manager is not None and can(actor(), "person.edit", company), **told)
    flash(_("已登记中标项目“%(name)s”。", name=project.name), "ok")
    return url_for("people.project", unit_id=project.id)


def _managers() -> list[tuple[str, str]]:
    """Constructors that the visitor may see: who can run a project at all (R01)."""
    holds = select(Certificate.holder_person_id).where(Certificate.type_code.in_(RUNS), Certificate.state.in_(LIVE))
    rows = db.session.scalars(visible(select(Person), actor(), model=Person).where(
        Person.id.in_(holds), Person.left_on.is_(None)).order_by(Person.pinyin, Person.id).limit(MOST))
    return [(str(one.id), f"{one.name} {one.id_masked}".strip()) for one in rows]


def _winning() -> Entry:
    managers = _managers()
    asks = [
        Ask("parent", _("中标公司"), "choice", required=True, options=unit_options("unit.edit", "company"),
            value=request.args.get("parent")),
        Ask("name", _("项目名称"), required=True, most=120),
        Ask("code", _("编码"), required=True, most=20, hint=_("集团内不能重复")),
        Ask("province", _("省份简称（不填就同上级）"), "choice", options=[(one, one) for one in SHORTS]),
        Ask("address", _("地址"), most=200),
        Ask("work", _("工程类别"), "choice", required=True, options=[(one, say(one)) for one in WORKS]),
        Ask("contracting", _("承包方式"), "choice", required=True,
            options=[(key, say(words)) for key, words in CONTRACTING.items()], value="general"),
        Ask("scale", _("工程规模"), "choice", options=[(key, say(words)) for key, words in SCALES.items()]),
        Ask("area", _("建筑面积（㎡）"), "amount"),
        Ask("amount", _("合同价（万元）"), "amount"),
        Ask("planning", _("需要规划许可"), "tick", value=True),
        Ask("special_fire", _("特殊建设工程（消防设计审查）"), "tick"),
        Ask("contract_on", _("施工合同签订日期"), "day", value=clock.today()),
    ]  # fmt: skip
    if managers:
        asks.append(Ask("manager", _("拟任项目经理"), "choice", options=managers,
                        hint=_("没有定就不填；任命之后再为他准备许可申请")))
    return Entry(
        _("登记中标项目"), _("登记中标"), url_for("winning.entered"), [(url_for("people.projects"), _("项目"))], asks,
        lead=_("登记后几秒内，系统为项目经理备好开工前所缺许可的申请草稿（规则 R12）。"))
