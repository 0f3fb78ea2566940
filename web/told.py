"""The lines of a story as people read them: names for keys, words for values, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from forms import contents, schema
from ledger.actor import SYSTEM
from ledger.errors import NotFound
from registry.access.roles import roles
from web.i18n import language, say
from workflows.requests import Request
from workflows.standing import STAGES, Where
from workflows.story import OUTCOMES, Line

Fields = Mapping[str, Mapping[str, Any]]
KEYS = {
    "document_no": _l("文书编号"), "on": _l("日期"), "basis": _l("依据"), "reason": _l("原因"), "ground": _l("原因"),
    "banned_until": _l("此日之前不得再次申请"), "opinion": _l("意见"), "channel": _l("申报渠道"),
    "complaint": _l("可以投诉"),
}
BAD = frozenset({
    "authority.refused", "authority.denied", "task.overdue", "request.returned", "instance.failed", "request.rejected",
})
WARN = frozenset({"authority.supplement", "task.escalated", "authority.silent"})


@dataclass(frozen=True)
class Told:
    """One line of a story, in the visitor's language. `changes` are (what, before or None, after or None)."""

    at: datetime
    who: str
    text: str
    tone: str = ""
    changes: list[tuple[str, str | None, str | None]] = field(default_factory=list)


def tell(lines: Sequence[Line], application: Request) -> list[Told]:
    """The story of a request, ready to be shown."""
    known = application_fields(application)
    return [_told(line, known) for line in lines]


@dataclass(frozen=True)
class Turn:
    """Who acts next: a person or a role, what they do, by when."""

    who: str
    what: str
    due_at: datetime | None
    due_confirmed: bool


def stage_words(stage: str | None) -> str:
    """What a stage is called."""
    return say(STAGES.get(stage or "", stage or ""))


def outcome_words(outcome: str | None) -> str:
    """How a process ended, in words."""
    return say(OUTCOMES.get(outcome or "", outcome or "")) or _("已结束")


def role_words(role: str) -> str:
    """What a role is called."""
    known = roles().get(role)
    return role if known is None else known.name if language() == "zh" else known.name_en


def turns(where: Where) -> list[Turn]:
    """Who acts next, each; the authority while its answer is waited for."""
    found = [
        Turn(one.assignee or role_words(one.role), say(one.name), one.due_at, one.due_confirmed) for one in where.next
    ]
    if not found and where.outcome is None and where.state == "active":
        what = _("答复") if where.waits_until else ""
        found.append(Turn(_("发证机关"), what, where.waits_until, where.waits_confirmed))
    return found


@dataclass(frozen=True)
class Section:
    """A part of a filled-in form: rows of label, text and files (see web.files.described)."""

    title: str
    rows: list[tuple[str, str, list[dict[str, Any]]]]


def filled_in(application: Request, files: Mapping[int, dict[str, Any]]) -> list[Section]:
    """The application as last submitted, to be read; nothing before that. `files` are those the reader may see."""
    if not application.content:
        return []
    form = schema.load(f"apply-{application.type_code}")
    entries = contents.entries(form, application.content, {"holder_name": application.holder_name})
    sections: list[Section] = []
    for one in entries:
        title = _section(one.section)
        if not sections or sections[-1].title != title:
            sections.append(Section(title, []))
        sections[-1].rows.append((say(one.label), say(one.text), [files[n] for n in one.files if n in files]))
    return sections


def _section(title: str) -> str:
    """The group's label; a row of a list carries its number behind it."""
    name, space, number = title.rpartition(" ")
    return f"{say(name)} {number}" if space and number.isdigit() else say(title)


def application_fields(application: Request) -> Fields:
    """The fields of the application's form by key; empty when the form is no longer there."""
    try:
        form = schema.load(f"apply-{application.type_code}")
    except NotFound:
        return {}
    return {one["key"]: one for one in form.fields() if one.get("key")}


def field_label(known: Fields, key: str) -> str:
    """What a field is called; "整份申请" for none in particular."""
    return say(schema.label_of(known[key])) if key in known else (key or _("整份申请"))


def _told(line: Line, known: Fields) -> Told:
    tone = "bad" if line.kind in BAD else "warn" if line.kind in WARN else ""
    params = {key: say(value) if isinstance(value, str) else value for key, value in line.params.items()}
    who = _("系统") if line.who == SYSTEM.name else line.who
    submitted = line.kind == "request.submitted"
    changes = [
        (_key(key, known), _value(known.get(key), line.before[key]) if key in line.before else None,
         _value(known.get(key), line.after[key]) if key in line.after else None)
        for key in {**line.before, **line.after} if (key in known if submitted else key in KEYS)
    ]
    return Told(line.at, who, say(line.text, params), tone, changes)


def _key(key: str, known: Fields) -> str:
    return str(KEYS[key]) if key in KEYS and key not in known else field_label(known, key)


def _value(component: Mapping[str, Any] | None, value: Any) -> str:
    """An answer in words: the option's label, 是 or 否, how many files or rows."""
    if value in (None, "", []):
        return _("空")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    choices = (component or {}).get("values") or []
    options = {one.get("value"): one.get("label") for one in choices if isinstance(one, dict)}
    if isinstance(value, list):
        if all(isinstance(one, int) for one in value):
            return ngettext("%(num)d 个文件", "%(num)d 个文件", len(value))
        if all(isinstance(one, str) for one in value):
            return _("、").join(say(options.get(one) or one) for one in value)
        return ngettext("%(num)d 行", "%(num)d 行", len(value))
    if isinstance(value, dict):
        return ngettext("%(num)d 项", "%(num)d 项", len(value))
    return say(str(options.get(value) or value))
