"""What can be done to a list. Each edit names blocks and flows by their ids in the drawing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ledger.errors import Refused
from workflows.studio.faces.conditions import Row

ON, END = "on", "end"
"""Where a verdict leads: on to what follows, to an end of its own; or the id of an element."""
ONE, ALL, ANY, PERCENT = "one", "all", "any", "percent"
"""How many must agree: one person of the roles, everybody (会签), any one of several asked (或签), a share of them."""
MODES = (ONE, ALL, ANY, PERCENT)


class CannotEdit(Refused):
    """这一步在列表里改不了，请在流程图上修改。"""

    status = 422


class NotThere(CannotEdit):
    """要改的这一步已经不在流程里了，请刷新页面。"""


class NothingFollows(CannotEdit):
    """后面没有步骤，不能在这里放东西。"""


class WaysLeadAway(CannotEdit):
    """“{name}”里有走到别处或就此结束的路，不能整块移动或删除。请先删除里面的分支，或在流程图上修改。"""


class NowhereToMove(CannotEdit):
    """“{name}”已经在最前面或最后面，或旁边的步骤不能换位置。"""


class LastBranch(CannotEdit):
    """“其他情况”的分支不能删除；要先把别的分支设为其他情况。"""


class OnlyWayOn(CannotEdit):
    """只有这条分支通向后面的步骤，不能删除。"""


class NoSuchWay(CannotEdit):
    """没有“{to}”这一步，不同意时回不到那里。"""


@dataclass(frozen=True)
class Asked:
    """What a task asks; None leaves a word as it is, "" takes it away.

    `mode` is one of MODES, with `percent` of those asked; `sla` and `escalate_after` are working days.
    """

    name: str | None = None
    groups: tuple[str, ...] | None = None
    assignee: str | None = None
    mode: str | None = None
    percent: str | None = None
    form: str | None = None
    sla: str | None = None
    escalate_after: str | None = None
    escalate_to: str | None = None
    copy_to: tuple[str, ...] | None = None
    not_by: tuple[str, ...] | None = None
    not_applicant: bool | None = None


@dataclass(frozen=True)
class Way:
    """Where a verdict of a new approval leads: ON, END or an element's id."""

    verdict: str
    label: str
    to: str


@dataclass(frozen=True)
class Change:
    """Other words on a block."""

    block: str
    asked: Asked


@dataclass(frozen=True)
class Insert:
    """A new task behind a block (`after`) or at the head of a way (`way`, its flow).

    `ways` say where the form's verdicts lead, the first that goes on first; with none the task leads on.
    """

    kind: Literal["approve", "fill"]
    asked: Asked
    after: str = ""
    way: str = ""
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class InsertChoice:
    """A new choice: under a condition the task, otherwise nothing."""

    name: str
    label: str
    rows: tuple[Row, ...]
    together: bool
    asked: Asked
    after: str = ""
    way: str = ""


@dataclass(frozen=True)
class AddBranch:
    """A further way of a choice, with a task on it."""

    block: str
    label: str
    rows: tuple[Row, ...]
    together: bool
    asked: Asked = field(default_factory=Asked)


@dataclass(frozen=True)
class Delete:
    """Take a block out; what led to it leads to what followed it."""

    block: str


@dataclass(frozen=True)
class DeleteBranch:
    """Take a way of a choice out with what lies on it."""

    flow: str


@dataclass(frozen=True)
class Move:
    """Change places with the block before or behind."""

    block: str
    down: bool


@dataclass(frozen=True)
class MoveBranch:
    """Change places with the way before or behind: conditions are looked at in this order."""

    flow: str
    down: bool


@dataclass(frozen=True)
class Recondition:
    """Another condition, or another name, of a way."""

    flow: str
    label: str | None = None
    rows: tuple[Row, ...] = ()
    together: bool = True


@dataclass(frozen=True)
class Otherwise:
    """Make a way the one taken when no other fits; the former one gets the condition that says the same."""

    flow: str


Edit: TypeAlias = (
    Change | Insert | InsertChoice | AddBranch | Delete | DeleteBranch | Move | MoveBranch | Recondition | Otherwise
)
