"""The lines of a story as people read them: names for keys, words for values, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from forms import schema
from ledger.actor import SYSTEM
from ledger.errors import NotFound
from web.i18n import say
from workflows.requests import Request
from workflows.story import Line

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
