"""What stands beside a task or on the page of a request; every module of a panel appends its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from workflows.requests import Request

Place = Literal["task", "request"]


@dataclass(frozen=True)
class Panel:
    """`given` makes what the template reads as `panel`, None where there is nothing to show; the task is None on the
    page of a request. It must not write: the page is a GET."""

    place: Place
    order: int
    template: str
    given: Callable[[Session, Actor, Request, Task | None], dict[str, Any] | None]


PANELS: list[Panel] = []


def panels_of(
    place: Place, session: Session, actor: Actor, request: Request, task: Task | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The panels of a place that have something to show, in order: (template, what it reads)."""
    shown = sorted((panel for panel in PANELS if panel.place == place), key=lambda panel: panel.order)
    found = ((panel.template, panel.given(session, actor, request, task)) for panel in shown)
    return [(template, given) for template, given in found if given is not None]
