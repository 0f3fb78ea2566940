"""A file as its parts by meaning: what versions are compared and merged by, instead of lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

ROOT = "/"


@dataclass(slots=True)
class Record:
    """One part: an element, a rule, a cell, a form's component.

    `key` is the same in every version of the file ("#" and its id where it has one). `fields` are everything it says
    by name, its kind and the key of what holds it ("parent") among them. `of` is the key of what it belongs to without
    lying in it: a shape to its element, a cell to its column. `layout` parts say only where something is drawn.
    `children` are in the order of the file.
    """

    key: str
    fields: dict[str, str] = field(default_factory=dict)
    of: str = ""
    layout: bool = False
    children: list[str] = field(default_factory=list)

    @property
    def parent(self) -> str:
        """The key of the part that holds it; empty for the root."""
        return self.fields.get("parent", "")

    @property
    def kind(self) -> str:
        """Its kind by the standard's name, without the namespace."""
        return self.fields.get("tag", "").rpartition("}")[2]

    @property
    def id(self) -> str:
        """Its id; empty where it has none."""
        return self.key[1:] if self.key.startswith("#") else ""


@dataclass
class Outline:
    """All parts of a file in its order, the root first. `prefixes` are those of its namespaces, by address; `before`
    is what stands before the root (a comment)."""

    records: dict[str, Record]
    prefixes: dict[str, str] = field(default_factory=dict)
    before: str = ""

    def above(self, key: str) -> Iterator[Record]:
        """The part and those that hold it, from the inside."""
        seen: set[str] = set()
        while key in self.records and key not in seen:
            seen.add(key)
            yield self.records[key]
            key = self.records[key].parent

    def within(self, key: str) -> Iterator[Record]:
        """The part and everything in it, in order."""
        waiting = [key]
        while waiting:
            record = self.records.get(waiting.pop())
            if record is not None:
                yield record
                waiting.extend(reversed(record.children))
