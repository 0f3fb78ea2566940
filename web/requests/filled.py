"""Forms as they were filled in: names for keys, words for values, the application to be read, the papers handed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import contents, schema, signing
from ledger.errors import NotFound
from ledger.files import File
from web.errors import problem_text
from web.i18n import say
from web.session import db
from workflows import CATALOG, form_named
from workflows.applying.faults import WARN, fault_of
from workflows.handling.reviewing import content_form
from workflows.joint import people
from workflows.joint.reading import PAPERS
from workflows.requests import Request, RequestFile

FORM_ID = re.compile(r'formId="([^"]+)"')
Fields = Mapping[str, Mapping[str, Any]]
LATER = ("register", "answer")


@dataclass(frozen=True)
class Section:
    """A part of a filled-in form: rows of label and text."""

    title: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Noticed:
    """Something that the system noticed about a request and let pass, in the visitor's language."""

    text: str
    basis: str
    verified: bool


def noticed(application: Request) -> list[Noticed]:
    """What prevalidation (A2) found that does not stop the request."""
    found = [fault_of(one) for one in application.problems]
    return [Noticed(problem_text(one.whole), say(one.basis), one.verified) for one in found if one.severity == WARN]


def application_fields(application: Request) -> Fields:
    """The fields of what the request asks for by key, and those of its registration."""
    asked = {content.form_key for content in application.contents}
    first = next(iter(process_forms(application.process_id)), "")
    forms = ("register", first, *sorted(asked))
    return {key: field for form in forms for key, field in _fields(application, form).items()}


@cache
def process_forms(process_id: str) -> tuple[str, ...]:
    """The keys of the forms that a shipped process and what it calls know, in the order of the folder's own drawing."""
    process = CATALOG[process_id]
    drawn = [key for content in (process.diagram, *process.files.values()) for key in FORM_ID.findall(content.decode())]
    return tuple(dict.fromkeys(drawn))


def _fields(application: Request, key: str) -> Fields:
    """The fields of a form as this request has it; none where there is no such form."""
    try:
        return _by_key(form_named(application, key))
    except NotFound:
        return {}


def _by_key(form: schema.Form) -> Fields:
    return {one.get("key") or one.get("path") or "": one for one in form.fields()}


def field_label(known: Fields, key: str) -> str:
    """What a field is called; "整份申请" for none in particular."""
    return say(schema.label_of(known[key])) if key in known else (key or _("整份申请"))


def value_words(component: Mapping[str, Any] | None, value: Any) -> str:
    """An answer in words: the option's label, 是 or 否, how many files or rows."""
    if value in (None, "", []):
        return _("空")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict):
        return ngettext("%(num)d 项", "%(num)d 项", len(value))
    if not isinstance(value, list):
        return _option(component, value)
    if all(isinstance(one, int) for one in value):
        return ngettext("%(num)d 个文件", "%(num)d 个文件", len(value))
    if all(isinstance(one, str) for one in value):
        return _("、").join(_option(component, one) for one in value)
    return ngettext("%(num)d 行", "%(num)d 行", len(value))


def _option(component: Mapping[str, Any] | None, value: Any) -> str:
    choices = (component or {}).get("values") or []
    labels = {one.get("value"): one.get("label") for one in choices if isinstance(one, dict)}
    return say(str(labels.get(value) or value))


def channel_words(application: Request) -> str:
    """Through which channel it was filed."""
    return value_words(_by_key(schema.load("file")).get("channel"), application.channel)


def filled_in(application: Request) -> list[Section]:
    """The application as last submitted, to be read beside its papers; nothing before the first submission."""
    if not application.content:
        return []
    given = {"holder_name": application.holder_name, "people": people.chosen(db.session(), application)}
    return sections_of(content_form(application), application.content, given)


def sections_of(form: schema.Form, answers: Mapping[str, Any], given: Mapping[str, Any]) -> list[Section]:
    """What was answered in a form, without its files."""
    found: list[Section] = []
    for one in contents.entries(form, answers, given):
        if one.files:
            continue
        title = _title(one.section)
        if not found or found[-1].title != title:
            found.append(Section(title, []))
        found[-1].rows.append((say(one.label), entry_words(one)))
    return found


def entry_words(one: contents.Entry) -> str:
    """What was answered, in the visitor's language; of several options each by itself."""
    return _("、").join(say(part) for part in one.parts) if one.parts else say(one.text)


def _title(section: str) -> str:
    """The group's label; a row of a list carries its number behind it."""
    name, space, number = section.rpartition(" ")
    return f"{say(name)} {number}" if space and number.isdigit() else say(section)


def papers(session: Session, application: Request) -> list[tuple[File, str]]:
    """The files of a request, and the field each came with."""
    query = select(File, RequestFile.what).join(RequestFile, RequestFile.file_id == File.id)
    rows = session.execute(query.where(RequestFile.request_id == application.id).order_by(File.id))
    keys = [content.form_key for content in application.contents]
    keys += [*process_forms(application.process_id), *LATER]
    letters = {number for one in application.authority_answers for number in one.answers.get("files") or []}
    return [(file, _paper(application, ["answer"] if file.id in letters else keys, what))
            for file, what in rows]


def _paper(application: Request, keys: list[str], what: str) -> str:
    if what.startswith("comment:"):
        return _("评论的附件")
    if what == signing.KEY:
        return _("签名")
    if what == PAPERS:
        return _("要会签的证件")
    found = next((fields[what] for key in keys if what in (fields := _fields(application, key))), None)
    return say(schema.label_of(found)) if found else what


def size_words(size: int) -> str:
    """A file's size: 69 B is 1 kB, as people count."""
    return f"{max(1, round(size / 1024))} kB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
