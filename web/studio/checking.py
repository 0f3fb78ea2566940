"""What is wrong in a draft's files, as its editors show it: in the visitor's language, with rows and fields to mark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.findings import Finding
from feel.text import written
from forms import lint
from forms.schema import form_of, label_of
from web.i18n import language, say
from web.studio.form_words import in_words
from workflows.studio import checking
from workflows.studio.checking import Proof

Told = dict[str, Any]
MOST = 400
FORM = ".form"
NAMED = re.compile(r"^“([^”]*)”")
EXAMPLE = re.compile("，例如 |, for example ")


def findings(session: Session, files: Mapping[str, bytes], file: str, group_id: int | None) -> list[Told]:
    """Everything found: what is about `file` before what is about the others, errors first."""
    checked = checking.check(session, files, group_id=group_id)
    found = [_lint(one) for one in (*checked.drawn, *checked.people) if not one.file.endswith(FORM)]
    found += [_proof(one) for one in checked.proofs]
    for name, body in files.items():
        if name.endswith(FORM):
            found += _form(name, body)  # the same as the check says, with the field that each is about
    return sorted(found, key=lambda one: (one["file"] != file, one["severity"] != "error"))[:MOST]


def _told(file: str, severity: str, text: str, **more: Any) -> Told:
    return {"file": file, "severity": severity, "text": text, "element": "", "name": "", "line": 0, "remedy": "",
            "example": "", "rules": [], **more}


def _lint(one: Finding) -> Told:
    chinese = language() == "zh"
    return _told(one.file, one.severity, one.zh if chinese else one.en, element=one.element, name=say(one.name),
                 line=one.line, remedy=one.fix_zh if chinese else one.fix_en)


def _proof(one: Proof) -> Told:
    """The example is a line of its own."""
    told = _lint(one.finding)
    if one.example:
        told["text"] = EXAMPLE.split(told["text"])[0]
    example = "，".join(f"{label} = {written(value, inside=True)}" for label, value in one.example.items())
    return {**told, "rules": list(one.rule_ids), "example": example}


def _form(file: str, body: bytes) -> Iterator[Told]:
    """What forms.lint says; the element is the id of the field that it names."""
    try:
        form = form_of(json.loads(body))
        said = lint.findings(form)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield _told(file, "error", say("这个文件不是表单：读不出来。"))
        return
    ids = {label_of(field): str(field.get("id", "")) for field in form.fields()}
    for one in said:
        named = NAMED.match(one)
        yield _told(file, "error", in_words(one), element=ids.get(named[1], "") if named else "")
