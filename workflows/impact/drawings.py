"""Where drawings and tables speak of a role, a form or a type: in versions that are used, and in drafts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Instance
from engine.releases.model import Release
from engine.releases.standing import Standing, standings
from workflows.studio import drafts
from workflows.studio.drafts import OPEN, Draft

MOST_DRAFTS = 60
GROUPS = frozenset({"candidateGroups", "value", ""})
"""Where roles stand: in an assignment, in the value of a licet: property, in a cell of a table."""


@dataclass(frozen=True)
class Said:
    """Whether an attribute (its name, its value) speaks of what is sought; the text of an element has the name "". It
    does not where `key` does not stand in it."""

    key: str
    speaks: Callable[[str, str], bool]

    def perhaps(self, body: bytes) -> bool:
        """Whether a file is worth being read: most are not, and reading them is what takes the time."""
        return self.key.encode() in body or b"&#" in body or b"\0" in body


@dataclass(frozen=True)
class Mention:
    """An element that speaks of it, in a version that is used (`definition_id`) or in a draft (`draft_id`)."""

    process: str
    element: str
    definition_id: int | None = None
    draft_id: int | None = None


def of_role(role: str) -> Said:
    """A role as a word of its own: "legal" in "legal, legal_head", in ="legal", but not in legal_head."""
    word = re.compile(rf"(?<![\w@-]){re.escape(role)}(?![\w-])")
    return Said(role, lambda name, value: name in GROUPS and word.search(value) is not None)


def of_form(key: str) -> Said:
    """A form by its key, also where an expression names it."""
    word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
    return Said(key, lambda name, value: name in ("formId", "formKey") and word.search(value) is not None)


def of_type(code: str) -> Said:
    """A type's code ("P02") as a word of its own, anywhere."""
    word = re.compile(rf"(?<!\w){re.escape(code)}(?!\w)")
    return Said(code, lambda _name, value: word.search(value) is not None)


def mentions(session: Session, said: Said) -> list[Mention]:
    """Every place, the newest versions first; an element that several versions of a process have is told once."""
    found: dict[tuple[str, str], Mention] = {}
    for one in _used(session):
        for element in elements(catalog.files_of(session, one.id), said):
            found.setdefault((one.name, element), Mention(one.name, element, definition_id=one.id))
    drafted = []
    for draft in session.scalars(select(Draft).where(Draft.state == OPEN).order_by(Draft.id.desc()).limit(MOST_DRAFTS)):
        drafted += [Mention(draft.name, element, draft_id=draft.id)
                    for element in elements(drafts.files(session, draft), said)]
    return [*found.values(), *drafted]


def _used(session: Session) -> list[Definition]:
    """The newest version of each process, those in force or on the way there, and those that something runs on."""
    ids = {one.id for one in catalog.definitions(session)}
    for group_id in session.scalars(select(Release.group_id).distinct()):
        ids.update(number for standing in standings(session, group_id).values() for number in _versions(standing))
    running = select(Instance.id).where(Instance.definition_id == Definition.id, Instance.ended_at.is_(None)).exists()
    return list(session.scalars(select(Definition).where(or_(Definition.id.in_(ids), running)).order_by(
        Definition.name, Definition.id.desc())))


def _versions(standing: Standing) -> Iterator[int]:
    for release in (standing.whole, *standing.pilots.values(), *standing.coming, *standing.asked):
        if release is not None:
            yield from (part.definition_id for part in release.parts)


def elements(files: Mapping[str, bytes], said: Said) -> list[str]:
    """The names of the elements of these files that speak of it, each once; a file that is no XML says nothing."""
    return list(dict.fromkeys(name or known for known, name in speaking(files, said)))


def speaking(files: Mapping[str, bytes], said: Said) -> list[tuple[str, str]]:
    """(id, name) of those elements, each once, by the element around them that people know by name."""
    return list(dict.fromkeys(found for file, body in files.items() if file.endswith((".bpmn", ".dmn"))
                              and said.perhaps(body) for found in _elements(body, said)))


def _elements(body: bytes, said: Said) -> Iterator[tuple[str, str]]:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return
    for element in root.iter(etree.Element):
        if any(said.speaks(str(name), str(value)) for name, value in element.attrib.items()) or (
                element.text and said.speaks("", element.text)):
            yield _named(element)


def _named(element: etree._Element) -> tuple[str, str]:
    """The nearest element around that people know by name: the task, the table, the process."""
    at: etree._Element | None = element
    fallback = ""
    while at is not None:
        name, known = at.get("name"), at.get("id")
        if name and "zeebe" not in str(at.tag) and not str(at.tag).endswith("sequenceFlow"):
            return known or "", name
        fallback = fallback or known or ""
        at = at.getparent()
    return fallback, ""
