"""What stock SpiffWorkflow 3.2.0 does differently, and why: a difference that no entry explains is a bug of ours.

Sections are those of the notes that the engine was designed from ("SpiffWorkflow 3.2.0 as our engine").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.engine.blocks import Block, Branches, Loop, User
from tests.engine.blocks_events import First, Guarded
from tests.engine.blocks_scopes import Ending, Failing, Inside

Above = tuple[Block, ...]


@dataclass(frozen=True)
class Difference:
    """What the model and the library show differently after a step: a variable (`name`), or the tasks (`name` empty).

    `writers` are the blocks that write the variable, each with those around it.
    """

    whole: Block
    name: str
    expected: Any
    shown: Any
    writers: tuple[Above, ...] = ()
    earlier: tuple[Any, ...] = ()  # what the variable was before
    at_end: bool = False
    broken: str = ""
    did: tuple[str, ...] = ()  # the tasks done and the events that happened, the last one now

    @property
    def last(self) -> str:
        return self.did[-1] if self.did else ""

    @property
    def stale(self) -> bool:
        """Whether the library shows what was, or nothing, instead of what is."""
        return self.expected is not None and (self.shown is None or self.shown in self.earlier)


@dataclass(frozen=True)
class StockBug:
    """One wrong or different behaviour, in which construct, and where it is told."""

    name: str
    construct: str
    section: str
    explains: Callable[[Difference], bool]


def _loop_around(above: Above) -> Block | None:
    """The loop that goes round these, with no sub-process of its own between."""
    for block in reversed(above):
        if isinstance(block, Inside):
            return None
        if isinstance(block, Loop):
            return block
    return None


def _early_join(found: Difference) -> bool:
    """A loop with such a join has been gone round; its old tokens are in the way of everything after."""
    if found.name:
        return False
    joins = (above for block, above in found.whole.all() if isinstance(block, Branches) and block.copies)
    loops = [loop for loop in map(_loop_around, joins) if loop is not None]
    return any(found.did.count(_first_task(loop)) > 1 for loop in loops)


def _first_task(loop: Block) -> str:
    return next(one.name for one, _ in loop.all() if isinstance(one, User))


def _inclusive_does_not_wait(found: Difference) -> bool:
    """Somebody is on the way to an inclusive join with something else between, and the join has fired or broken."""
    if found.name or not (found.broken or set(found.shown[0]) - set(found.expected[0])):
        return False
    between = Loop | Branches | First | Guarded
    return any(
        isinstance(block, Branches) and block.kind == "inclusive" and _within(block, found.last)
        and any(isinstance(one, between) for one, _ in block.all() if one is not block)
        for block, _ in found.whole.all())


def _every_handler(found: Difference) -> bool:
    """One sub-process has failed; the tasks that handle another one's failure are shown as well."""
    if found.name:
        return False
    handlers = {block.parts[1].name for block, _ in found.whole.all() if isinstance(block, Failing)}
    expected, shown = set(found.expected[0]), set(found.shown[0])
    return bool(expected & handlers) and bool(shown - expected) and shown - expected <= handlers


def _within(block: Block, did: str) -> bool:
    return any(getattr(one, "name", None) == did.partition("#")[0] for one, _ in block.all())


def _fires_once(found: Difference) -> bool:
    """An exception that says so, at the second message for a boundary event that does not interrupt."""
    return found.broken == f"WorkflowException: This process is not waiting for {found.last}." and any(
        isinstance(block, Guarded) and not block.interrupting and block.name == found.last
        for block, _ in found.whole.all())


def _order_of_rounds(found: Difference) -> bool:
    if not isinstance(found.expected, list) or not isinstance(found.shown, list):
        return False
    done = [each for each in found.expected if each is not None]
    return found.name.startswith("d_out") and sorted(done) == sorted(found.shown)


def _lost_with_its_scope(found: Difference) -> bool:
    if not found.stale:
        return False

    def leaves(block: Block, inside: Block) -> bool:
        guarded = isinstance(block, Guarded) and block.interrupting and isinstance(block.parts[0], Inside)
        return (guarded or isinstance(block, Failing)) and inside is block.parts[0]

    return any(leaves(one, other) for above in found.writers for one, other in zip(above, above[1:], strict=False))


def _last_path_wins(found: Difference) -> bool:
    """Paths work on copies; where they meet, or their scope ends, the copy of the last one is kept whole."""
    if not found.stale:
        return False
    if found.at_end and _strays_in(found.whole):
        return True
    for above in found.writers:
        for number, block in enumerate(above):
            joined_again = isinstance(block, Branches) and block.copies and _loops(above[:number])
            if joined_again or isinstance(block, Ending) or (isinstance(block, Inside) and _strays_in(block)):
                return True
    return False


def _loops(above: Above) -> bool:
    return any(isinstance(one, Loop) for one in above)


def _strays_in(scope: Block) -> bool:
    return any(isinstance(one, Guarded) and not one.interrupting for one, _ in scope.all())


KNOWN = (
    StockBug("a join in a loop fires early", "parallel or inclusive gateway in a loop", "2.1", _early_join),
    StockBug("an inclusive join does not wait for who has something else to pass", "inclusive gateway", "2.1",
             _inclusive_does_not_wait),
    StockBug("a boundary event that does not interrupt hears only the first message", "boundary event", "1.5",
             _fires_once),
    StockBug("an error is caught by every boundary event with its code", "error boundary events", "1.5",
             _every_handler),
    StockBug("results in the order of completion, without those not done", "multi-instance", "1.5", _order_of_rounds),
    StockBug("variables of a failed or interrupted scope are lost", "boundary event of a sub-process", "1.5",
             _lost_with_its_scope),
    StockBug("the last path's copy of the variables wins", "parallel paths", "2.2", _last_path_wins),
)

__all__ = ["KNOWN", "Above", "Difference", "StockBug"]
