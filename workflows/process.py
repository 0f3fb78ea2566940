"""A shipped process: its drawing and tables, the steps they name, and what an answer at a task leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger.actor import Actor

if TYPE_CHECKING:
    from engine.model import Task
    from workflows.requests import Request

Answers = dict[str, Any]
StepFunction = Callable[[Step], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Act:
    """One person completing one user task: what the functions of `answered` and `checked` get."""

    session: Session
    request: Request
    task: Task
    answers: Answers
    by: Actor


@dataclass(frozen=True)
class Process:
    """A folder under workflows/.

    `steps` are the service tasks of the drawing by type. `checked` refuses answers that only the register can judge
    (BadAnswer); `answered` writes down what an answer means; `given` are the lists and values that a form is drawn
    with. All three go by the form's key, so that a new task that uses a known form needs no programmer. `variables`
    are the names that an instance begins with: the lint warns about any other that the drawing reads and does not set.
    """

    id: str
    name: str
    folder: Path
    steps: Mapping[str, StepFunction]
    checked: Mapping[str, Callable[[Act], None]] = field(default_factory=dict)
    answered: Mapping[str, Callable[[Act], None]] = field(default_factory=dict)
    given: Mapping[str, Callable[[Session, Request], Answers]] = field(default_factory=dict)
    variables: frozenset[str] | None = None

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The drawing and its decision tables, by file name: what is deployed."""
        found = sorted([*self.folder.glob("*.bpmn"), *self.folder.glob("*.dmn")])
        return {path.name: path.read_bytes() for path in found}

    @property
    def diagram(self) -> bytes:
        """The drawing."""
        return self.files[f"{self.id}.bpmn"]
