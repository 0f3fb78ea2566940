"""规则: the tables R01-R15 with basis and mark, which edition is in force, and a new edition of one from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from lxml import etree

from feel.dmn.table import Table
from ledger import clock
from ledger.errors import NotFound
from registry.access.rules import can
from registry.people.regions import SHORTS
from registry.rules import tables
from registry.rules.editions import MOST_BYTES, BadTable, RuleEdition, editions, publish, tables_on, withdraw
from registry.rules.tables import TITLES
from web.asked import whole
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import language, say
from web.session import db

bp = Blueprint("rules", __name__, url_prefix="/rules")
SAID = ("basis", "source", "verified", "severity")


@dataclass(frozen=True)
class Sheet:
    """A decision table as people read it: the columns' names, and for each row its cells, outputs and what it rests on.

    `rows` are (number, note, cells, outputs, severity, basis, source, verified).
    """

    name: str
    inputs: list[str]
    outputs: list[str]
    rows: list[tuple[int, str, list[str], list[str], str, str, str, bool]]

    @property
    def unverified(self) -> int:
        """How many rows are not verified."""
        return sum(not row[-1] for row in self.rows)


@bp.get("")
@needs("rule.read")
def listed() -> str:
    """The fifteen rules: title, tables, how much is unverified, and the edition in force today."""
    now = _in_force("")
    shown = [(rule, title, sheets(now.get(rule, rule)), now.get(rule)) for rule, title in TITLES.items()]
    waiting = [one for one in editions(db.session()) if one.withdrawn_at is None and one.effective_from > clock.today()]
    return render_template("rules.html", shown=shown, editions=_by_digest(), waiting=waiting)


def _in_force(province: str) -> dict[str, str]:
    return dict(tables_on(db.session(), clock.today(), province, clock.now()).editions)


def _by_digest() -> dict[str, RuleEdition]:
    return {one.digest: one for one in editions(db.session())}


def sheets(key: str) -> list[Sheet]:
    """The tables of a rule as shipped ("R11"), or of an edition by its SHA-256."""
    model = tables.model_of(key)
    return [_sheet(name, table) for name, decision in model.decisions.items() for table in decision.tables]


def _sheet(name: str, table: Table) -> Sheet:
    texts = [{number: text for text, number in column.texts.items()} for column in table.columns]
    outputs = [out.name for out in table.outputs if out.name not in SAID]
    rows = []
    for rule in table.rules:
        said = dict(zip((out.name for out in table.outputs), rule.texts, strict=True))
        cells = [texts[place].get(cell, "-") for place, cell in enumerate(rule.cells)]
        told = {key: said.get(key, "").strip('"') for key in SAID}
        rows.append((rule.number, "；".join(rule.annotations), cells, [said[out] for out in outputs],
                     told["severity"], told["basis"], told["source"], told["verified"] == "true"))  # fmt: skip
    return Sheet(name, [column.label for column in table.columns], outputs, rows)


@bp.get("/<rule>")
@needs("rule.read")
def rule(rule: str) -> str:
    """One rule's tables as in force today (?edition= another), its editions, and for who may a way to a new one."""
    _known(rule)
    kept = editions(db.session(), rule)
    asked = request.args.get("edition", type=whole)
    chosen = next((one for one in kept if one.no == asked), None)
    if asked and chosen is None:
        raise NotFound
    key = _in_force("").get(rule, rule) if asked is None else rule
    if chosen is not None:
        key = chosen.digest
        tables.learn(chosen.digest, chosen.content.encode("utf-8"))
    return render_template(
        "rule.html", rule=rule, title=TITLES[rule], sheets=sheets(key), editions=kept, key=key,
        shown_no=next((one.no for one in kept if one.digest == key), 0), may_edit=can(actor(), "rule.edit"),
        text=decided(rule), asked=asked,
    )  # fmt: skip


def decided(rule: str) -> list[str]:
    """What the rule's own file says it decides."""
    tree = etree.fromstring(tables.files()[rule])
    return [str(found.text) for found in tree.findall("{*}decision/{*}description") if found.text]


@bp.get("/<rule>/<int:no>.dmn")
@needs("rule.read")
def file(rule: str, no: int) -> Response:
    """The file of an edition (0: as shipped), to be changed in any DMN editor and published again."""
    _known(rule)
    kept = next((one for one in editions(db.session(), rule) if one.no == no), None)
    if no and kept is None:
        raise NotFound
    response = Response(kept.content.encode("utf-8") if kept else tables.files()[rule], mimetype="application/xml")
    response.headers.set("Content-Disposition", "attachment", filename=f"{rule}-{no}.dmn" if no else f"{rule}.dmn")
    return response


@bp.get("/<rule>/editions/new")
@needs("rule.edit")
def new(rule: str) -> ResponseReturnValue:
    """Choose the file and the day."""
    return drawn(_publishing(_known(rule)))


@bp.post("/<rule>/editions")
@needs("rule.edit")
def published(rule: str) -> ResponseReturnValue:
    """It is checked row by row, and in force from its day on; or all that is wrong with it is shown."""
    entry = _publishing(_known(rule))

    def act(told: dict[str, Any]) -> str:
        content = told["file"].stream.read(MOST_BYTES + 1)
        try:
            made = publish(
                db.session(), rule, content, effective_from=told["effective_from"], reason=told["reason"], by=actor(),
                province=told["province"] or "", until=told["until"],
            )  # fmt: skip
        except BadTable as bad:
            entry.given = {"findings": [one.message_zh if language() == "zh" else one.message_en
                                        for one in bad.findings[:60]]}  # fmt: skip
            entry.above = "rule_findings.html"
            raise
        flash(_("已发布 %(rule)s 第 %(no)d 版，自 %(day)s 起生效。", rule=rule, no=made.no,
                day=made.effective_from.isoformat()), "ok")  # fmt: skip
        return url_for("rules.rule", rule=rule, edition=made.no)

    return answered(entry, act)


@bp.post("/<rule>/editions/<int:no>/withdrawal")
@needs("rule.edit")
def withdrawn(rule: str, no: int) -> ResponseReturnValue:
    """An edition that waits for its day is taken back."""
    kept = next((one for one in editions(db.session(), _known(rule)) if one.no == no), None)
    if kept is None:
        raise NotFound
    withdraw(db.session(), kept, by=actor())
    flash(_("已撤回第 %(no)d 版。", no=no), "ok")
    return redirect(url_for("rules.rule", rule=rule), 303)


def _known(rule: str) -> str:
    if rule not in TITLES:
        raise NotFound
    return rule


def _publishing(rule: str) -> Entry:
    trail = [(url_for("rules.listed"), _("规则")), (url_for("rules.rule", rule=rule), f"{rule} {say(TITLES[rule])}")]
    return Entry(
        _("发布 %(rule)s 的新一版", rule=rule), _("检查并发布"), url_for("rules.published", rule=rule), trail, [
            Ask("file", _("DMN 文件"), "file", required=True, accept=".dmn",
                hint=_("先下载现在的一版，在任意 DMN 编辑器里改，再传上来；空缺、重叠和没有依据的行会逐条指出")),
            Ask("effective_from", _("生效日"), "day", required=True, value=clock.today()),
            Ask("until", _("最后一天（不填就是到下一版为止）"), "day"),
            Ask("province", _("只用于哪个省（不填就是全国）"), "choice", options=[(one, one) for one in SHORTS]),
            Ask("reason", _("修改原因和依据"), "note", required=True, most=300),
        ],
    )  # fmt: skip
