"""What the files of a draft say, part by part; versions are compared and merged by it."""

from __future__ import annotations

from engine import drawing
from workflows.studio.outline import forms, writing, xml
from workflows.studio.outline.records import ROOT, Outline, Record

KINDS = ("bpmn", "dmn", "form")


def kind_of(name: str) -> str:
    """"bpmn", "dmn" or "form" by the ending of a file's name; empty for anything else."""
    ending = name.rpartition(".")[2].lower()
    return ending if ending in KINDS else ""


def read(name: str, body: bytes) -> Outline:
    """The parts of a file. Raises BadDiagram when it is not what its name says."""
    return forms.read(body, name) if kind_of(name) == "form" else xml.read(body, name)


def check(name: str, body: bytes) -> None:
    """Raises BadDiagram for a file that cannot be read, as what its name says."""
    if kind_of(name) == "form":
        forms.parsed(body, name)
    else:
        drawing.read(body, name)


def write(name: str, outline: Outline) -> bytes:
    """The file that has these parts."""
    return forms.write(outline) if kind_of(name) == "form" else writing.write(outline)


__all__ = ["KINDS", "ROOT", "Outline", "Record", "kind_of", "read", "write"]
