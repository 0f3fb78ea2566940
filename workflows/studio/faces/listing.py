"""What a drawing says, as a list: blocks in order, branches beside each other, and where something can be put."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workflows.studio.faces.conditions import Condition

PEOPLE = ("approve", "fill")
CHOICES = ("choice", "race")
FORKS = ("fork", "several")


@dataclass(frozen=True)
class Work:
    """What a person is asked to do. `groups` are role keys, None where an expression says who (`groups_text`).

    `sla` and `escalate_after` are working days; `ways` are the verdicts that want a signature; `each` is the collection
    of a countersign, None where one person does it; `vote` is its rule.
    """

    groups: tuple[str, ...] | None = ()
    groups_text: str = ""
    assignee: str = ""
    users: str = ""
    form: str = ""
    due: str = ""
    sla: str = ""
    escalate_after: str = ""
    escalate_to: str = ""
    not_by: tuple[str, ...] = ()
    not_applicant: bool = False
    copy_to: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()
    hand_to: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    stage: str = ""
    each: str | None = None
    in_turn: bool = False
    vote: str = ""
    vote_percent: str = ""
    vote_result: str = ""
    gives: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_roles(self) -> bool:
        """Whether a countersign asks one person of each role, as the list writes it."""
        return self.each is not None and self.groups is not None


@dataclass(frozen=True)
class Branch:
    """A way: out of a gateway (id of the flow), past an attached event (its id), or from a start (its id).

    `goes_on`: it meets the block's other ways again. `entry`: the flow at its head, where something can be put.
    """

    id: str
    name: str
    steps: tuple[Block, ...]
    entry: str = ""
    condition: Condition | None = None
    otherwise: bool = False
    goes_on: bool = False
    trigger: str = ""
    interrupts: bool = True

    @property
    def holds_nothing(self) -> bool:
        """Whether nothing is done on this way."""
        return not self.steps


@dataclass(frozen=True)
class Block:
    """One card. `exits` are the flows that lead on to the next block, empty where nothing follows.

    kind: start approve fill decision step script call sub wait choice race fork several merge pass end jump locked.
    `said` are plain words for reading (the table, the step, the moment), `result` is the name that a table or script
    sets. A jump names where it goes (`to`).
    """

    kind: str
    id: str
    name: str
    note: str = ""
    work: Work | None = None
    said: str = ""
    branches: tuple[Branch, ...] = ()
    beside: tuple[Branch, ...] = ()
    inner: tuple[Branch, ...] = ()
    join: str = ""
    exits: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    why: str = ""
    to: str = ""
    back: bool = False
    copy_to: tuple[str, ...] = ()
    result: str = ""

    @property
    def ways(self) -> tuple[Branch, ...]:
        """Every way that lies in this block."""
        return (*self.branches, *self.beside, *self.inner)


@dataclass(frozen=True)
class Listing:
    """A process as a list. The first course is the main one; others begin elsewhere, or whenever something happens."""

    process_id: str
    name: str
    courses: tuple[Branch, ...]
    left_over: Block | None = None

    def blocks(self) -> Iterator[Block]:
        """Every block, in order, those inside others after them."""
        for course in self.courses:
            yield from within(course.steps)
        if self.left_over is not None:
            yield self.left_over

    def one(self, block_id: str) -> Block | None:
        """The block that is this element, unless it lies in a locked one."""
        return next((each for each in self.blocks() if each.id == block_id and each.kind != "jump"), None)

    def branches(self) -> Iterator[tuple[Block, Branch]]:
        """Every way with the block it belongs to."""
        for block in self.blocks():
            for way in block.ways:
                yield block, way


def within(steps: tuple[Block, ...]) -> Iterator[Block]:
    """The blocks of a course and everything in them."""
    for block in steps:
        yield block
        for way in block.ways:
            yield from within(way.steps)


def elements_of(block: Block) -> Iterator[str]:
    """The ids of the elements that a block holds, its own first."""
    for each in within((block,)):
        if each.kind != "jump":
            yield from each.holds or (each.id,)
        if each.join:
            yield each.join
        yield from (way.id for way in each.beside)
