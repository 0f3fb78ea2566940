"""The files of a deployment, read: drawings, decision tables, the names of forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import feel.dmn
from engine import drawing, lint
from engine.drawing import Element
from engine.resources import form_key

KINDS = ("只能部署 .bpmn、.dmn 和 .form 文件", "only .bpmn, .dmn and .form files are deployed")
ONE = ("只保留一个，或改名", "keep one, or give it another name")
MEND = ("在决策表编辑器里改正这一格", "mend that cell in the decision table editor")


@dataclass
class Package:
    """The files of a deployment, read."""

    drawings: list[tuple[str, Element]] = field(default_factory=list)
    models: list[feel.dmn.Model] = field(default_factory=list)
    forms: dict[str, bytes] = field(default_factory=dict)
    """The deployment's own forms by key, the name of the file without its ending."""

    def process_ids(self) -> list[str]:
        """The executable processes, those that nobody here calls first."""
        found = [node for _, root in self.drawings for node in lint.processes(root)]
        called = {target for _, root in self.drawings for target in lint.called(root)}
        ids = [str(node.get("id")) for node in found]
        return sorted(ids, key=lambda process_id: process_id in called)


def unpack(files: Mapping[str, bytes]) -> Package:
    """Read the files. Raises BadDiagram for one that is not what its name says."""
    package = Package()
    for name in sorted(files):
        kind = name.rpartition(".")[2].lower()
        if kind == "bpmn":
            package.drawings.append((name, drawing.read(files[name], name)))
        elif kind == "dmn":
            package.models.append(_decisions(files[name], name))
        elif kind == "form":
            _form(package, name, files[name])
        else:
            raise drawing.refuse("file-kind", f"不认识的文件 {name}", f"unknown kind of file {name}", name, fix=KINDS)
    return package


def _form(package: Package, name: str, body: bytes) -> None:
    key = form_key(name)
    if key in package.forms:
        raise drawing.refuse("form", f"有两个表单叫“{key}”", f"two forms are called {key!r}", name, fix=ONE)
    package.forms[key] = body


def _decisions(body: bytes, name: str) -> feel.dmn.Model:
    drawing.read(body, name)
    try:
        return feel.dmn.parse(body)
    except feel.FeelError as error:
        zh, en = error.told("zh"), error.told("en")
        raise drawing.refuse("dmn", zh, en, name, error.line, error.column, fix=MEND) from None
