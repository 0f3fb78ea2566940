"""What people cannot go back past: what was told to somebody outside, or written where it is not written twice.

An element says so itself (licet:final="true", or "false"). Without a word these are final: a registered step that is
not declared repeatable, a message or signal that was thrown, a message that came in, and a user task whose answers
leave something lasting (Hooks.lasting). One rule for return, take back, withdraw and reopening.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.catalog import Plan
from engine.dialect.catching import CatchEvent
from engine.dialect.nodes import Node
from engine.dialect.rounds import Rounds
from engine.dialect.tasks import SendTask, ServiceTask, UserTask
from engine.dialect.throwing import Throwing
from engine.dialect.triggers import MessageTrigger, SignalTrigger
from engine.hooks import HOOKS, REPEATABLE
from engine.model import Task
from engine.returns.backwards import Passed


def node_of(plan: Plan, element_id: str) -> Node | None:
    """The element of a plan's drawings with this id; of one that is done several times, what is done."""
    for spec in (plan.blueprint.spec, *plan.blueprint.inner.values()):
        found = spec.task_specs.get(element_id)
        if isinstance(found, Node):
            return found.inner if isinstance(found, Rounds) else found
    return None


def several(plan: Plan, element_id: str) -> bool:
    """Whether an element is done several times (a loop)."""
    specs = (plan.blueprint.spec, *plan.blueprint.inner.values())
    return any(isinstance(spec.task_specs.get(element_id), Rounds) for spec in specs)


def final(plan: Plan, node: Node, form_key: str | None = None) -> bool:
    """Whether nobody goes back past this element once it was passed. `form_key` is a user task's form."""
    said = node.words.properties.get("licet:final")
    if said is not None:
        return said == "true"
    if isinstance(node, SendTask) and not node.words.step:
        return True
    if isinstance(node, ServiceTask):
        return node.words.step not in repeatable(plan)
    if isinstance(node, UserTask):
        hooks = HOOKS.get(plan.blueprint.process_id)
        return bool(hooks and hooks.lasting and form_key and hooks.lasting(form_key))
    if isinstance(node, Throwing):
        return any(isinstance(each, MessageTrigger | SignalTrigger) for each in node.throws)
    return isinstance(node, CatchEvent) and any(isinstance(each, MessageTrigger) for each in node.waits)


def repeatable(plan: Plan) -> frozenset[str]:
    """The steps that may run again, of a process and of those it calls."""
    names = (plan.blueprint.process_id, *plan.blueprint.inner)
    return frozenset[str]().union(*(REPEATABLE.get(name, frozenset()) for name in names))


def barrier(plan: Plan, passed: Iterable[Passed], tasks: Iterable[Task], *, people: bool = True) -> Node | None:
    """The last element among those passed that is final; None where the way back is free.

    `people`: user tasks count too (reopening passes them).
    """
    forms = {task.token: task.form_key for task in tasks}
    for one in sorted(passed, key=lambda each: each.number, reverse=True):
        node = node_of(plan, one.element_id)
        if node is None or one.how != "completed" or (isinstance(node, UserTask) and not people):
            continue
        if final(plan, node, forms.get(one.number)):
            return node
    return None
