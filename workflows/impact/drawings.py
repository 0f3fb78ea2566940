"""Where drawings and tables speak of a role, a form or a type: in versions in force, and in drafts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition
from workflows.studio import drafts
from workflows.studio.drafts import OPEN, Draft

MOST_DRAFTS = 60
Said = Callable[[str, str], bool]
"""Whether an attribute (its name, its value) speaks of what is sought; the text of an element has the name ""."""
GROUPS = frozenset({"candidateGroups", "value", ""})
"""Where roles stand: in an assignment, in the value of a licet: property, in a cell of a table."""


@dataclass(frozen=True)
class Mention:
    """An element that speaks of it, in a version in force (`definition_id`) or in a draft (`draft_id`)."""

    process: str
    element: str
    definition_id: int | None = None
    draft_id: int | None = None


def of_role(role: str) -> Said:
    """A role as a word of its own: "legal" in "legal, legal_head", in ="legal", but not in legal_head."""
    word = re.compile(rf"(?<![\w@-]){re.escape(role)}(?![\w-])")
    return lambda name, value: name in GROUPS and word.search(value) is not None


def of_form(key: str) -> Said:
    """A form by its key, also where an expression names it."""
    word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
    return lambda name, value: name in ("formId", "formKey") and word.search(value) is not None


def of_type(code: str) -> Said:
    """A type's code ("P02") as a word of its own, anywhere."""
    word = re.compile(rf"(?<!\w){re.escape(code)}(?!\w)")
    return lambda _name, value: word.search(value) is not None


def mentions(session: Session, said: Said) -> list[Mention]:
    """Every place, the versions in force first."""
    found = [Mention(one.name, element, definition_id=one.id) for one in _in_force(session)
             for element in elements(catalog.files_of(session, one.id), said)]
    for draft in session.scalars(select(Draft).where(Draft.state == OPEN).order_by(Draft.id.desc()).limit(MOST_DRAFTS)):
        found += [Mention(draft.name, element, draft_id=draft.id)
                  for element in elements(drafts.files(session, draft), said)]
    return found


def _in_force(session: Session) -> Iterable[Definition]:
    return catalog.definitions(session)


def elements(files: Mapping[str, bytes], said: Said) -> list[str]:
    """The names of the elements of these files that speak of it, each once; a file that is no XML says nothing."""
    return list(dict.fromkeys(name for file, body in files.items() if file.endswith((".bpmn", ".dmn"))
                              for name in _elements(body, said)))


def _elements(body: bytes, said: Said) -> Iterator[str]:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return
    for element in root.iter(etree.Element):
        if any(said(str(name), str(value)) for name, value in element.attrib.items()) or (
                element.text and said("", element.text)):
            yield _named(element)


def _named(element: etree._Element) -> str:
    """The nearest element around that people know by name: the task, the table, the process."""
    at: etree._Element | None = element
    fallback = ""
    while at is not None:
        name, known = at.get("name"), at.get("id")
        if name and "zeebe" not in str(at.tag) and not str(at.tag).endswith("sequenceFlow"):
            return name
        fallback = fallback or known or ""
        at = at.getparent()
    return fallback
