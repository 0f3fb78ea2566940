"""What may be deployed. Everything the engine would not execute as drawn is refused, with the element and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.drawing import Element
from engine.findings import Finding
from engine.vocabulary import BPMN


@dataclass(frozen=True)
class Surroundings:
    """What a drawing may refer to: registered steps by process id, decisions of the deployment, forms."""

    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decisions: frozenset[str] = frozenset()
    form_known: Callable[[str], bool] | None = None


def processes(root: Element) -> list[Element]:
    """The executable processes of a file."""
    return [node for node in root.iterchildren(f"{{{BPMN}}}process") if node.get("isExecutable") == "true"]


def called(root: Element) -> set[str]:
    """The ids of processes that call activities of this file call."""
    return set()


def examine(drawings: list[tuple[str, Element]], around: Surroundings) -> list[Finding]:
    """Every finding in the drawings of one deployment."""
    return []
