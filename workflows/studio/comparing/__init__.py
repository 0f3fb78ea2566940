"""What differs between two versions of a set of files, in people's words: definitions, revisions, uploaded files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.schema import library
from ledger.errors import BadDiagram
from workflows.studio import outline
from workflows.studio.comparing.parts import Change, Part, parts
from workflows.studio.comparing.tables import Cell, Column, Row, Table, tables
from workflows.studio.faces.known import form_of

ADDED, REMOVED, CHANGED, SAME, UNREADABLE = "added", "removed", "changed", "same", "unreadable"


@dataclass(frozen=True)
class File:
    """One file in both versions. `state` is added, removed, changed, same (perhaps written otherwise), or unreadable
    (it differs, and one of the two is no drawing, table or form)."""

    name: str
    kind: str
    state: str
    parts: tuple[Part, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def moved(self) -> tuple[Part, ...]:
        """What is only drawn elsewhere, or stands elsewhere in the order."""
        return tuple(part for part in self.parts if part.state == "moved")

    @property
    def meant(self) -> tuple[Part, ...]:
        """What says something else now."""
        return tuple(part for part in self.parts if part.state != "moved")


def compare(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[File, ...]:
    """Every file of the two versions by name, drawings first."""
    names = sorted({*before, *after}, key=lambda name: ((*outline.KINDS, "").index(outline.kind_of(name)), name))
    titles = _titles({**before, **after})
    return tuple(_file(name, before.get(name), after.get(name), titles) for name in names)


def _titles(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """What forms are called, by their keys: those of the versions, else those of the library."""
    own = [name.removesuffix(".form") for name in files if name.endswith(".form")]
    found = {key: form_of(key, files) for key in dict.fromkeys([*own, *library()])}
    return {key: form.title for key, form in found.items() if form is not None and form.title}


def _file(name: str, before: bytes | None, after: bytes | None, titles: Mapping[str, str]) -> File:
    kind = outline.kind_of(name)
    if before == after:
        return File(name, kind, SAME)
    if before is None or after is None:
        return File(name, kind, ADDED if before is None else REMOVED)
    try:
        old, new = outline.read(name, before), outline.read(name, after)
    except BadDiagram:
        return File(name, kind, UNREADABLE)
    found = parts(old, new, titles)
    return File(name, kind, CHANGED if found else SAME, found, tables(old, new) if kind == "dmn" else ())


__all__ = ["Cell", "Change", "Column", "File", "Part", "Row", "Table", "compare"]
