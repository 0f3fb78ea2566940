"""The list as the page shows it: findings at their cards, what can be moved, and everything in people's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flask import Blueprint
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.findings import Finding
from engine.resources import form_key
from registry.access.roles import EMPLOYEE, roles
from web.i18n import named, say
from workflows.studio.faces import known, units
from workflows.studio.faces.asking import mode_of
from workflows.studio.faces.conditions import NONE_WANTED, Condition, Row, shown
from workflows.studio.faces.known import Variable
from workflows.studio.faces.listing import Block, Branch, Listing, elements_of
from workflows.studio.faces.naming import NAMES
from workflows.studio.faces.reading import WHY

bp = Blueprint("faces", __name__, url_prefix="/studio/drafts/<int:draft_id>/list/<name>")
KINDS: dict[str, LazyString] = {
    "start": _l("开始"), "approve": _l("办理或审批"), "fill": _l("本人填写"), "decision": _l("决策表"),
    "step": _l("自动步骤"), "script": _l("计算"), "call": _l("调用流程"), "sub": _l("子流程"), "wait": _l("等待"),
    "choice": _l("条件分支"), "race": _l("等最先发生的"), "fork": _l("同时进行"), "several": _l("符合的都进行"),
    "merge": _l("汇合"), "pass": _l("直接通过"), "end": _l("结束"), "locked": _l("只能在流程图上修改"),
}
ICONS = {
    "start": "player-play", "approve": "rubber-stamp", "fill": "edit", "decision": "columns", "step": "bolt",
    "script": "bolt", "call": "sitemap", "sub": "folder", "wait": "hourglass", "choice": "route", "race": "hourglass",
    "fork": "columns", "several": "columns", "merge": "link", "pass": "check", "end": "player-pause", "locked": "lock",
}
HOW: dict[str, LazyString] = {
    "=": _l("等于"), "!=": _l("不等于"), "<": _l("小于"), "<=": _l("不大于"), ">": _l("大于"), ">=": _l("不小于"),
    "in": _l("是其中之一"), "contains": _l("包含"), "true": _l("成立"), "false": _l("不成立"), "null": _l("没有填"),
    "not null": _l("填了"),
}
MODES: dict[str, LazyString] = {
    "one": _l("任意一人办理即可（或签）"), "all": _l("每个角色各一人，都要同意（会签）"),
    "any": _l("每个角色各一人，有一人同意即可"), "percent": _l("每个角色各一人，按比例同意"),
}
TRIGGERS: dict[str, LazyString] = {
    "timer": _l("到时间"), "message": _l("收到消息"), "signal": _l("收到信号"), "error": _l("出现差错"),
    "escalation": _l("升级"), "conditional": _l("条件成立"), "terminate": _l("终止全部"), "event": _l("随时可能发生"),
    "compensate": _l("撤回时"),
}


@dataclass(frozen=True)
class Face:
    """A list with what surrounds it in the draft."""

    listing: Listing
    files: Mapping[str, bytes]
    findings: Mapping[str, list[Finding]] = field(default_factory=dict)

    @classmethod
    def of(cls, listing: Listing, files: Mapping[str, bytes], findings: Iterable[Finding], name: str = "") -> Face:
        """The findings by the card that they are about; "" for what stands elsewhere than in this drawing."""
        owner = {(name, key): card for key, card in _cards(listing).items()}
        for block in listing.blocks():
            if block.kind == "decision":
                owner.setdefault(("table", block.said), block.id)
            if block.work is not None and block.work.form:
                owner.setdefault(("form", block.work.form), block.id)
        told: dict[str, list[Finding]] = {}
        for one in findings:
            told.setdefault(owner.get(_about(one, name), ""), []).append(one)
        return cls(listing, files, told)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """What conditions can look at, by name."""
        return {each.name: each for each in known.variables(self.listing, self.files)}

    @cached_property
    def forms(self) -> dict[str, str]:
        """The titles of the forms that a step can use, by key."""
        return dict(known.forms(self.files))

    @cached_property
    def roles(self) -> dict[str, str]:
        """The names of the roles that can be asked, by key."""
        return {key: named(role) for key, role in roles().items() if key != EMPLOYEE}

    @cached_property
    def courses(self) -> list[units.Course]:
        """Every sequence of blocks."""
        return list(units.courses(self.listing))

    @cached_property
    def people(self) -> list[Block]:
        """The steps that people do."""
        return [block for block in self.listing.blocks() if block.work is not None]

    def found(self, key: str) -> list[Finding]:
        """What the check says about a card; errors first."""
        return sorted(self.findings.get(key, ()), key=lambda one: one.severity != "error")

    def errors(self) -> int:
        """How many errors there are in all files."""
        return sum(one.severity == "error" for found in self.findings.values() for one in found)

    def crowded(self) -> bool:
        """Whether the check refuses the drawing for the number of its elements."""
        return any(one.rule == "too-many" for one in self.found(""))

    def movable(self, block: Block, down: bool) -> bool:
        """Whether a block can change places with its neighbour."""
        at = self._place(block)
        return at is not None and units.swap(*at, down) is not None

    def way_movable(self, block: Block, way: Branch, down: bool) -> bool:
        """Whether a branch can change places with the one before or behind it."""
        return units.neighbour(block, way, down) is not None

    def deletable(self, block: Block) -> bool:
        """Whether a block can go."""
        at = self._place(block)
        return at is not None and units.deletable(*at)

    def goes_too(self, block: Block) -> list[str]:
        """What goes with a block that is deleted, by name."""
        at = self._place(block)
        ids = units.held(units.taken(*at)) if at else []
        return [say(one.name) for one in self.listing.blocks() if one.id in ids and one.id != block.id and one.name]

    def _place(self, block: Block) -> tuple[units.Course, int] | None:
        found = ((course, course.at(block.id)) for course in self.courses)
        return next(((course, at) for course, at in found if at is not None), None)


def _cards(listing: Listing) -> dict[str, str]:
    """The card that tells of each element: its block's, or its branch's own."""
    owner = {each: block.id for block in listing.blocks() if block.kind != "jump" for each in elements_of(block)}
    for block, way in listing.branches():
        owner.setdefault(way.id, way.id if way in block.branches else block.id)
    return owner


def _about(one: Finding, name: str) -> tuple[str, str]:
    """What a finding is about: an element of the drawing `name`, a table or a form that its steps use. Other drawings
    of the draft have elements with the same ids."""
    if one.file.lower().endswith(".dmn"):
        return "table", one.element
    if one.file.lower().endswith(".form"):
        return "form", form_key(one.file)
    return (name if one.file in ("", name) else one.file), one.element


@bp.app_template_global()
def face_kind(block: Block) -> str:
    """What sort of card a block is."""
    return str(KINDS.get(block.kind, block.kind))


@bp.app_template_global()
def face_judged(block: Block, following: Block) -> bool:
    """Whether the choice that follows is about this step's verdict: nothing is put between the two."""
    return units.judges(following, block)


@bp.app_template_global()
def face_icon(block: Block) -> str:
    """The card's picture."""
    return ICONS.get(block.kind, "list")


@bp.app_template_global()
def face_role(face: Face, key: str) -> str:
    """A role's name, its key where there is none; with the place where it is held."""
    name, _at, place = key.partition("@")
    return face.roles.get(name, name) + (f" @{place}" if place else "")


@bp.app_template_global()
def face_roles(face: Face, keys: Iterable[str]) -> str:
    """Several roles in one line."""
    return _("、").join(face_role(face, key) for key in keys)


@bp.app_template_global()
def face_who(face: Face, block: Block) -> str:
    """Who does a step."""
    work = block.work
    if work is None:
        return ""
    if work.groups:
        return face_roles(face, work.groups)
    if work.assignee:
        return _("申请人本人") if work.assignee.replace(" ", "") == "=applicant_id" else _("由流程指定的人")
    if work.groups_text:
        known_as = NAMES.get(work.groups_text.removeprefix("=").strip())
        return say(known_as) if known_as else _("由流程算出的角色")
    return _("由流程算出的人") if work.users else _("没有指定")


@bp.app_template_global()
def face_mode(block: Block) -> str:
    """How many must agree; "" where one person does it."""
    work = block.work
    if work is None or work.each is None:
        return ""
    mode = mode_of(work)
    if mode == "percent":
        return _("每个角色各一人，%(percent)s%% 以上同意", percent=work.vote_percent)
    words = MODES.get(mode)
    return str(words) if words is not None else (_("名单上每人一份，按规则计票") if work.vote else _("每一项各办一次"))


@bp.app_template_global()
def face_limit(face: Face, block: Block) -> str:
    """The time limit and what happens after it."""
    work = block.work
    if work is None or not (work.sla or work.due):
        return ""
    days = _("按流程算出的日期")
    if work.sla.isdecimal():
        days = ngettext("%(num)d 个工作日", "%(num)d 个工作日", int(work.sla))
    if not work.escalate_to:
        return days
    who = face_role(face, work.escalate_to)
    if work.escalate_after in ("", "0"):
        return _("%(days)s；逾期告知%(who)s", days=days, who=who)
    return _("%(days)s；逾期 %(late)s 个工作日告知%(who)s", days=days, late=work.escalate_after, who=who)


@bp.app_template_global()
def face_apart(face: Face, block: Block) -> str:
    """Who must not do a step."""
    work = block.work
    if work is None:
        return ""
    names = {one.id: say(one.name) for one in face.people}
    said = [_("办过“%(step)s”的人", step=names.get(key, key)) for key in work.not_by]
    return _("、").join([_("申请人"), *said] if work.not_applicant else said)


@bp.app_template_global()
def face_variable(face: Face, name: str) -> str:
    """What a condition looks at."""
    if name.startswith("count("):
        return _("%(what)s的个数", what=face_variable(face, name[6:-1]))
    found = face.variables.get(name)
    if found is None:
        return name
    return _("“%(step)s”的%(what)s", step=say(found.step), what=say(found.label)) if found.step else say(found.label)


@bp.app_template_global()
def face_row(face: Face, row: Row) -> str:
    """One comparison in words."""
    labels = dict(face.variables[row.variable].options) if row.variable in face.variables else {}
    values = _("、").join(say(labels.get(shown(value), shown(value))) for value in row.values)
    said = f"{face_variable(face, row.variable)} {HOW[row.operator]}"
    return said if row.operator in NONE_WANTED else f"{said} {values}"


@bp.app_template_global()
def face_values(face: Face, row: Row) -> str:
    """The values of a row as they are typed: by their labels."""
    labels = dict(face.variables[row.variable].options) if row.variable in face.variables else {}
    return _("、").join(say(labels.get(shown(value), shown(value))) for value in row.values)


@bp.app_template_global()
def face_condition(face: Face, condition: Condition) -> str:
    """A condition in words; the FEEL text where it is of no simple shape."""
    if not condition.simple:
        return condition.text
    return f" {_('并且') if condition.together else _('或者')} ".join(face_row(face, row) for row in condition.rows)


@bp.app_template_global()
def face_trigger(text: str) -> str:
    """What an event waits for, in words with what the drawing says of it."""
    kind, _space, said = text.partition(" ")
    words = TRIGGERS.get(kind)
    return (f"{words} {said}" if said and kind in ("timer", "conditional") else str(words)) if words else text


@bp.app_template_global()
def face_why(block: Block) -> str:
    """Why a part is locked."""
    return say(WHY.get(block.why, block.why))


@bp.app_template_global()
def face_words(which: str) -> dict[str, LazyString]:
    """The choices of a field: how a condition compares, how many must agree."""
    return {"how": HOW, "modes": MODES}[which]


@bp.app_template_global()
def face_way(way: Branch) -> str:
    """What a branch is called."""
    return say(way.name) or (_("其他情况") if way.otherwise else _("分支"))
