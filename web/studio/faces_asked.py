"""What the forms of the list ask for, read as edits. BadAnswer names the field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from flask import request

from ledger.errors import BadAnswer, NotFound, Problem
from web.studio.faces_shown import MODES, Face
from workflows.studio.faces import conditions, known
from workflows.studio.faces.asking import mode_of
from workflows.studio.faces.conditions import NAME, NONE_WANTED, OPERATORS, Row, Value
from workflows.studio.faces.edits import (
    END,
    ON,
    AddBranch,
    Asked,
    Change,
    Edit,
    Insert,
    InsertChoice,
    Recondition,
    Way,
)
from workflows.studio.faces.listing import Block

MOST_NAME, MOST_DAYS, MOST_ROWS = 120, 250, 6
APPLICANT = "=applicant_id"
SEVERAL = re.compile(r"[,，、;；]")
KINDS = ("approve", "fill", "choice")
NAME_WANTED = "请填写名称，最多 120 个字。"
NUMBER_WANTED = "请填 0 到 250 的整数。"
ROLE_WANTED = "请至少选一个角色。"
PERCENT_WANTED = "请填 1 到 100 的数。"
FORM_WANTED = "请选择一份表单。"
ROW_WANTED = "请选择看什么，并填写值。"
ROLES_WANTED = "按角色会签至少要选两个角色。"


@dataclass(frozen=True)
class Opened:
    """Which card is open: a step, a branch, or a place where something is put (`after:` a step or `way:` a flow)."""

    step: str = ""
    way: str = ""
    add: str = ""
    kind: str = ""
    focus: str = ""


def opened(face: Face) -> Opened:
    """What the address, or the form that was sent, has open."""
    said = request.values
    kind = said.get("kind", "") if said.get("kind") in KINDS else ""
    step = said.get("open", "")
    return Opened(step if face.listing.one(step) else "", said.get("way", ""), said.get("add", "") if kind else "",
                  kind, said.get("at", ""))


class Sheet:
    """The fields of one form; `problems` gathers what is wrong with them."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.problems: dict[str, list[Problem]] = {}

    def wrong(self, key: str, text: str) -> None:
        """A field is not filled in as it must be."""
        self.problems.setdefault(key, []).append(Problem(text))

    def done(self) -> None:
        """Raises BadAnswer if anything is wrong."""
        if self.problems:
            raise BadAnswer(self.problems)

    def name(self, key: str = "name", *, required: bool = True) -> str:
        """One line of text."""
        text = " ".join(request.form.get(key, "").split())
        if len(text) > MOST_NAME or (required and not text):
            self.wrong(key, NAME_WANTED)
        return text[:MOST_NAME]

    def days(self, key: str) -> str:
        """Working days, or nothing."""
        text = request.form.get(key, "").strip()
        if text and not (text.isascii() and text.isdecimal() and int(text[:6]) <= MOST_DAYS):
            self.wrong(key, NUMBER_WANTED)
        return text

    def roles(self, key: str) -> tuple[str, ...]:
        """The roles ticked, and those of the drawing that the page cannot tick (held at a place)."""
        return tuple(role for role in request.form.getlist(key) if role.partition("@")[0] in self.face.roles)

    def percent(self) -> str:
        """A share of those asked."""
        text = request.form.get("percent", "").strip()
        if not re.fullmatch(r"\d{1,3}(\.\d)?", text) or not 0 < float(text) <= 100:
            self.wrong("percent", PERCENT_WANTED)
        return text

    def form(self, before: str) -> str:
        """A form that there is; the step's own stays possible."""
        key = request.form.get("form_key", "")
        if key != before and key not in self.face.forms:
            self.wrong("form_key", FORM_WANTED)
        return key

    def rows(self) -> tuple[Row, ...]:
        """The rows of a condition that are filled in; at least one."""
        found = [row for number in range(MOST_ROWS) if (row := self._row(number)) is not None]
        if not found and "row-0" not in self.problems:
            self.wrong("row-0", ROW_WANTED)
        return tuple(found)

    def _row(self, number: int) -> Row | None:
        variable = request.form.get(f"row-{number}-variable", "")
        operator = request.form.get(f"row-{number}-how", "=")
        typed = request.form.get(f"row-{number}-value", "").strip()
        if not variable:
            return None
        if variable not in self.face.variables or not NAME.fullmatch(variable) or operator not in OPERATORS:
            self.wrong(f"row-{number}", ROW_WANTED)
            return None
        if operator in NONE_WANTED:
            return Row(variable, operator)
        values = self._values(variable, operator, typed)
        if not values or len(typed) > MOST_NAME * 4:
            self.wrong(f"row-{number}", ROW_WANTED)
            return None
        return Row(variable, operator, values)

    def _values(self, variable: str, operator: str, typed: str) -> tuple[Value, ...]:
        parts = SEVERAL.split(typed) if operator == "in" else [typed]
        field = self.face.variables[variable]
        said = [field.value_of(part.strip()) for part in parts if part.strip()]
        return tuple(part if field.options else conditions.literal(part) for part in said)


def insertion(face: Face) -> Edit:
    """A new step or condition at a place. NotFound for a place that no page offers."""
    sheet, kind = Sheet(face), request.form.get("kind", "")
    after, way = _place()
    if kind == "choice":
        title, label, rows = sheet.name("title"), sheet.name("label"), sheet.rows()
        asked = _asked(sheet, None, "approve")
        sheet.done()
        return InsertChoice(title, label, rows, _together(), asked, after=after, way=way)
    if kind not in ("approve", "fill"):
        raise NotFound
    person: Literal["approve", "fill"] = "approve" if kind == "approve" else "fill"
    asked = _asked(sheet, None, person)
    ways = _ways(sheet, asked.form or "") if person == "approve" else ()
    sheet.done()
    return Insert(person, asked, after=after, way=way, ways=ways)


def _place() -> tuple[str, str]:
    kind, _colon, key = request.form.get("add", "").partition(":")
    if kind not in ("after", "way") or not key:
        raise NotFound
    return (key, "") if kind == "after" else ("", key)


def _together() -> bool:
    return request.form.get("together") != "any"


def _ways(sheet: Sheet, form: str) -> tuple[Way, ...]:
    """Where each verdict of the form leads: the refusing ones where the page was told, all others on."""
    found = known.form_of(form, sheet.face.files)
    there = {"refused": request.form.get("refused", END), "returned": request.form.get("returned", ON)}
    ways = []
    for one in found.verdicts if found else ():
        to = there["refused"] if one.style == "danger" else there["returned"] if one.style == "warning" else ON
        ways.append(Way(one.value, one.label, to))
    return tuple(ways)


def change(face: Face, element: str) -> Change:
    """Other words on a step."""
    block = face.listing.one(element)
    if block is None:
        raise NotFound
    sheet = Sheet(face)
    if block.work is None:
        asked = Asked(name=sheet.name(required=False), copy_to=sheet.roles("copy_to") if block.kind == "end" else None)
    else:
        asked = _asked(sheet, block, "fill" if block.kind == "fill" else "approve")
    sheet.done()
    return Change(element, asked)


def _asked(sheet: Sheet, block: Block | None, person: str) -> Asked:
    """What a task asks; of an existing one, only what the page could show."""
    work = block.work if block is not None else None
    groups, assignee, mode, percent = _who(sheet, block, person)
    apart = {one.id for one in sheet.face.people}
    kept = tuple(key for key in work.not_by if key not in apart) if work else ()
    return Asked(
        name=sheet.name(), groups=groups, assignee=assignee, mode=mode, percent=percent,
        form=sheet.form(work.form if work else ""), sla=_as_it_was(sheet.days("sla"), work.sla if work else ""),
        escalate_after=sheet.days("escalate_after") if request.form.get("escalate_to") else "",
        escalate_to=_role(sheet, "escalate_to"), copy_to=sheet.roles("copy_to"),
        not_by=(*kept, *(key for key in request.form.getlist("not_by") if key in apart)),
        not_applicant="not_applicant" in request.form,
    )


def _as_it_was(typed: str, before: str) -> str | None:
    """A time limit that the drawing computes is no number: an empty field leaves it."""
    return None if not typed and before and not before.isdecimal() else typed


def _role(sheet: Sheet, key: str) -> str:
    said = request.form.get(key, "")
    return said if said.partition("@")[0] in sheet.face.roles else ""


def _who(sheet: Sheet, block: Block | None, person: str
         ) -> tuple[tuple[str, ...] | None, str | None, str | None, str | None]:
    """Roles, assignee, how many must agree, and the share; None for what stays."""
    who = request.form.get("who", "roles")
    if who == "keep" and block is not None:
        return None, None, None, None
    if who == "applicant":
        return (() if block is not None and block.work and block.work.groups else None), APPLICANT, None, None
    groups = sheet.roles("groups")
    if not groups:
        sheet.wrong("groups", ROLE_WANTED)
    mode = request.form.get("mode", "one") if request.form.get("mode") in MODES else "one"
    if block is not None and block.work is not None and not mode_of(block.work):
        return None, None, None, None
    if mode != "one" and len(groups) < 2:
        sheet.wrong("groups", ROLES_WANTED)
    assignee = "" if block is not None and block.work is not None and block.work.assignee else None
    return groups, assignee, mode, sheet.percent() if mode == "percent" else None


def branch(face: Face, element: str) -> AddBranch:
    """A further branch with a task on it."""
    sheet = Sheet(face)
    label, rows, asked = sheet.name("label"), sheet.rows(), _asked(sheet, None, "approve")
    sheet.done()
    return AddBranch(element, label, rows, _together(), asked)


def condition(face: Face, flow: str) -> Recondition:
    """The name of a branch, and its condition where the page shows one in rows."""
    sheet = Sheet(face)
    label = sheet.name("label", required=False)
    rows = sheet.rows() if request.form.get("rows") else ()
    sheet.done()
    return Recondition(flow, label, rows, _together())
