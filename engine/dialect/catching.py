"""Events that wait: alone, at an event-based gateway, attached to an activity, or as the start of something.

Clocks, messages and other instances are outside: an event only says what it waits for and is triggered (`trigger`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.dialect.nodes import COMPLETED, STUCK, WAITING, Fault, Flow, Node, Token, spawn, withdraw
from engine.dialect.triggers import AWAITED, ConditionTrigger, TimerTrigger, Trigger, rows_for


class Awaiting(Node):
    """An element with triggers; with `all_of_them` it goes on when every one of them has come (parallelMultiple)."""

    waits: tuple[Trigger, ...] = ()
    all_of_them = False
    _kinds = ""

    def awaits(self, waits: tuple[Trigger, ...], *, all_of_them: bool) -> None:
        """What is drawn inside the event."""
        self.waits, self.all_of_them = waits, all_of_them and len(waits) > 1
        self.looks = any(isinstance(each, ConditionTrigger) for each in waits)
        self._kinds = rows_for(waits)

    def kinds(self) -> str:
        return self._kinds

    def awaited(self, token: Token) -> Iterator[tuple[Awaiting, Trigger]]:
        """Every trigger a waiting token waits for, with the event it belongs to."""
        had = token.internal_data.get("had", ())
        yield from ((self, each) for number, each in enumerate(self.waits) if number not in had)

    def heard(self, token: Token, trigger: Trigger | None) -> bool:
        """Note that a trigger came; True when nothing is missing any more."""
        if not self.all_of_them or trigger is None:
            return True
        had: list[int] = token.internal_data.setdefault("had", [])
        had.append(self.waits.index(trigger))
        return len(had) == len(self.waits)


class CatchEvent(Awaiting):
    """bpmn:intermediateCatchEvent; also bpmn:receiveTask, which waits for its message in the same way."""

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        if not any(isinstance(each, AWAITED) for each in self.waits):
            return True  # the other end of a link: nothing to wait for
        token._set_state(WAITING)
        token.workflow.top_workflow.act.wait(token, self)
        return False

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any], trigger: Trigger | None) -> None:
        """The moment has come, or the message, the signal, the condition."""
        if not self.all_of_them or trigger is None:
            self.hand_on(token, payload)
            return
        try:
            self.take(token, payload, only_named=True)
        except Fault as error:
            if not isinstance(trigger, ConditionTrigger):
                raise  # its timer or its delivery is tried again
            token.internal_data.pop("held", None)
            token.workflow.top_workflow.act.halt(token, STUCK, error)
            return
        if self.heard(token, trigger):
            token.complete()


class EventGateway(Node):
    """bpmn:eventBasedGateway: waits for all its events; the first one decides."""

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        token._set_state(WAITING)
        for flow in self.flows:
            token.workflow.top_workflow.act.wait(token, flow.target)
        return False

    def kinds(self) -> str:
        return " ".join(sorted({kind for flow in self.flows for kind in flow.target.kinds().split()}))

    def awaited(self, token: Token) -> Iterator[tuple[Awaiting, Trigger]]:
        """Every trigger of every event behind the gateway."""
        for flow in self.flows:
            yield from flow.target.awaited(token)

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any], trigger: Trigger | None) -> None:
        """One of the events happened: leave through it."""
        chosen = next((flow.target for flow in self.flows if flow.target.bpmn_id == element_id), None)
        if chosen is None:
            raise Fault(self.bpmn_id, f"没有事件 {element_id}", f"no event {element_id}")
        token._set_state(COMPLETED)
        self.leave(token)
        child = spawn(token, chosen)
        chosen.enter(child)
        chosen.trigger(child, element_id, payload, trigger)


class BoundaryEvent(CatchEvent):
    """bpmn:boundaryEvent: its token hangs below the activity's token until it fires."""

    is_boundary = True
    interrupting = True
    host: Node | None = None

    def arm(self, host: Token, book: Mapping[str, Any] | None = None) -> None:
        """The activity begins: wait beside it (errors, escalations and the like need no waiting)."""
        if self.kinds():
            token = spawn(host, self)
            token.internal_data.update(book or {})
            self._update(token)

    def arrive(self, token: Token) -> bool:
        act = token.workflow.top_workflow.act
        act.number(token)
        token._set_state(WAITING)
        act.wait(token, self)
        return False

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any], trigger: Trigger | None) -> None:
        if not self.heard(token, trigger):
            return
        host, book = token.parent, token.internal_data
        self.enter(token)
        self._step_out(token, host)
        if self.interrupting:
            withdraw(host)
        else:
            again = repeated(book, trigger)
            if again is not None:
                self.arm(host, again)
        token.internal_data = {}
        super().trigger(token, element_id, payload, None)

    def catch(self, host: Token, payload: Mapping[str, Any], *, interrupting: bool | None = None) -> None:
        """The activity ended with an error, or escalated, or was cancelled: this event catches it."""
        token = spawn(host, self)
        self.enter(token)
        self._step_out(token, host)
        if self.interrupting if interrupting is None else interrupting:
            withdraw(host)
        super().trigger(token, self.bpmn_id, payload, None)

    @staticmethod
    def _step_out(token: Token, host: Token) -> None:
        host._children.remove(token.id)
        token.parent = host.parent
        host.parent._children.append(token.id)


def repeated(book: Mapping[str, Any], trigger: Trigger | None) -> dict[str, Any] | None:
    """What an event that does not interrupt remembers when it waits again; None when it has come often enough."""
    if isinstance(trigger, ConditionTrigger):
        return {"held": True}
    if not isinstance(trigger, TimerTrigger):
        return {}
    left = book.get("left")
    if not trigger.repeats or left == 1:
        return None
    return {"left": None if left is None else left - 1, "due": book.get("due")}


class StartEvent(Awaiting):
    """bpmn:startEvent: of a process, a sub-process, or (with a trigger) of an event sub-process."""

    interrupting = True

    def follow(self, token: Token) -> Sequence[Flow]:
        """What came with the trigger becomes variables where the drawing maps it."""
        book = token.workflow.task_tree.internal_data
        if book.get("payload"):
            self.take(token, book["payload"], only_named=True)
        book.pop("payload", None)
        return super().follow(token)


__all__ = ["Awaiting", "BoundaryEvent", "CatchEvent", "EventGateway", "StartEvent", "repeated"]
