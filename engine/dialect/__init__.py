"""BPMN 2.0 with Zeebe's vocabulary on SpiffWorkflow 3.2.0: parses a drawing into shared, unchanging specs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from engine.dialect.climbing import BpmnError
from engine.dialect.nodes import Fault
from engine.dialect.parser import Dialect
from engine.dialect.scopes import ProcessSpec
from engine.drawing import Element

for _name in ("spiff.workflow", "spiff.task"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Blueprint:
    """A process ready to run: its spec and those of everything it contains or calls, by id."""

    process_id: str
    spec: ProcessSpec
    inner: dict[str, ProcessSpec]


def parse(drawings: Iterable[tuple[str, Element]], process_id: str) -> Blueprint:
    """The blueprint of a process drawn (or called) in `drawings`, a list of (file name, root element)."""
    dialect = Dialect()
    for file, root in drawings:
        dialect.add_bpmn_xml(root, file)
    spec = dialect.get_spec(process_id)
    return Blueprint(process_id, spec, dialect.get_subprocess_specs(process_id))


__all__ = ["Blueprint", "BpmnError", "Fault", "parse"]
