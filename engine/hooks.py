"""What a process tells the engine about its business: on what an approval rests, what silence means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from engine.model import Instance, Task
from ledger.actor import Actor

if TYPE_CHECKING:
    from engine.run import Act


@dataclass(frozen=True)
class Hooks:
    """`basis` gives the parts that an approval rests on, {part: digest} (none for a task that never outlives a return);
    `silent` completes a task with a verdict that nobody gave, through its form and everything that a completion means;
    `lasting` says whether what an answer in a form (by its key) wrote down cannot be written again; `rightful` whether
    whoever completed a task is still held to have had the right to; `applied` whether somebody applied in a completed
    task, whose hand it was in (then they are kept apart as the applicant is); `entitled` whether whoever holds a task
    may still do it."""

    basis: Callable[[Session, Instance, Task], Mapping[str, str]] | None = None
    silent: Callable[[Session, Task, str], None] | None = None
    lasting: Callable[[str], bool] | None = None
    rightful: Callable[[Session, Task], bool] | None = None
    applied: Callable[[Session, Task], bool] | None = None
    entitled: Callable[[Session, Task, Actor], bool] | None = None


HOOKS: dict[str, Hooks] = {}
"""By process id; a process without any keeps no basis and lets no silence decide."""
REPEATABLE: dict[str, frozenset[str]] = {}
"""By process id: the step types that do no harm when they run again (a check, a look-up)."""
CHILDREN: dict[str, Callable[[Session, Act, Task, Mapping[str, Any]], None]] = {}
"""By role: what follows when a task that is no drawn one is completed (its answers); its token stays with its host."""
AFTERWARDS: dict[str, Callable[[Session, Task, Actor], None]] = {}
"""By role: what follows in the same transaction once the act is over."""
