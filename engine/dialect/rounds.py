"""Activities done more than once: multi-instance and standard loop. The loop is the body around the activity's spec."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine import expressions
from engine.dialect.catching import BoundaryEvent
from engine.dialect.climbing import climb
from engine.dialect.nodes import STARTED, Fault, Node, Token, assign, context, spawn, withdraw
from engine.dialect.triggers import EscalationTrigger, SignalTrigger, Trigger
from engine.dialect.voting import Vote

MOST_ROUNDS = 1000


class Rounds(Node):
    """What a loop's body is to the activity inside."""

    inner: Node
    separate = True  # whether each round has variables of its own
    votes = False  # whether what the rounds say is counted as votes

    def weigh(self, child: Token) -> None:
        """A round is about to end: work out what its expressions say, so that one that fails halts the round there.

        The child keeps it ("weighed") for `round_over`, which follows at once. Raises FeelError, Fault.
        """
        raise NotImplementedError

    def pass_over(self, child: Token) -> None:
        """A round ends without its expressions being asked: it yields nothing, and nothing says that it is enough."""
        raise NotImplementedError

    def round_over(self, child: Token) -> None:
        """One round ended."""
        raise NotImplementedError

    def begin_round(self, token: Token, number: int) -> Token:
        """A token for the next round, not yet sent off; `number` counts from 0."""
        child = spawn(token, self.inner)
        child.internal_data["round"] = number
        child.data["loopCounter"] = number + 1
        return child

    def finish(self, token: Token) -> None:
        """Withdraw rounds that still run and go on."""
        for other in [other for other in token.children if other.task_spec is self.inner]:
            withdraw(other)
        token.complete()


class MultiInstance(Rounds):
    """bpmn:multiInstanceLoopCharacteristics: one round for each item of a list, or a number of rounds."""

    thrown: Trigger | None = None  # what a round's end throws (behavior One, None), caught at the boundary

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loop = self.words.loop
        assert loop is not None
        self.takes, self.gives, self.loop = [], [], loop
        self.collection = expressions.formula(loop.collection or loop.cardinality or "[]")
        self.harvest = expressions.formula(loop.output_element) if loop.output_element else None
        self.enough = expressions.formula(loop.condition) if loop.condition else None
        self.vote = Vote(self.words, loop.element) if "licet:vote" in self.words.properties else None
        self.votes = self.vote is not None

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        items = self._items(token)
        if self.vote is not None:
            token.internal_data["votes"] = self.vote.open(token, self, items)
        token.internal_data.update(items=items, begun=0, ended=0, out=[None] * len(items))
        token._set_state(STARTED)
        for _ in range(1 if self.loop.sequential else len(items)):
            self.begin(token)
        if not items:
            self.close(token)
        return False

    def _items(self, token: Token) -> list[Any]:
        found = self.collection(context(token))
        if not self.loop.collection and isinstance(found, (int, Decimal)) and 0 <= found <= MOST_ROUNDS:
            found = list(range(1, int(found) + 1))
        if not isinstance(found, list) or len(found) > MOST_ROUNDS:
            zh, en = f"会签名单须是不超过 {MOST_ROUNDS} 项的列表", f"not a list of at most {MOST_ROUNDS} items"
            raise Fault(self.bpmn_id, zh, en)
        return found

    def begin(self, token: Token) -> None:
        """Start the next round, if one is left."""
        state = token.internal_data
        index = state["begun"]
        if index < len(state["items"]):
            state["begun"] = index + 1
            child = self.begin_round(token, index)
            if self.loop.element:
                child.data[self.loop.element] = state["items"][index]
            self.inner._update(child)

    def weigh(self, child: Token) -> None:
        state = child.parent.internal_data
        out, enough = list(state["out"]), False
        if self.harvest is not None:
            name = self.loop.output_collection or "outputElement"
            found = self.holdable({name: self.harvest(context(child, self._counts(state)))})
            out[child.internal_data["round"]] = found[name]
        if self.enough is not None:
            after = self._counts({**state, "out": out, "ended": state["ended"] + 1})
            enough = self.enough(context(child, after)) is True
        child.internal_data["weighed"] = [out, enough]
        if self.vote is not None:
            self._cast(child, self.vote.said(child.internal_data.pop("verdict", None)))

    def _cast(self, child: Token, said: str) -> None:
        """Fill in the ballot of a round that is about to end; it is enough when that decides the vote."""
        assert self.vote is not None
        index, votes = child.internal_data["round"], [list(vote) for vote in child.parent.internal_data["votes"]]
        votes[index][2] = said
        counted = self.vote.counted(child.parent, self, votes)
        child.internal_data["weighed"] = [child.internal_data["weighed"][0], counted.state != "open", votes]

    def pass_over(self, child: Token) -> None:
        child.internal_data["weighed"] = [list(child.parent.internal_data["out"]), False]
        if self.vote is not None:
            self._cast(child, "left")
        self.round_over(child)

    def round_over(self, child: Token) -> None:
        """Gather the round's result, then go on, stop early, or finish."""
        token, state = child.parent, child.parent.internal_data
        state["out"], enough, *cast = child.internal_data.pop("weighed")
        if cast:
            state["votes"] = cast[0]
        state["ended"] += 1
        self._tell(token, state["ended"])
        self._onward(token, enough)

    def _onward(self, token: Token, enough: bool) -> None:
        state = token.internal_data
        if enough or state["ended"] == len(state["items"]):
            self.close(token)
        elif self.loop.sequential:
            self.begin(token)

    def drop(self, child: Token) -> None:
        """A round ends without a result (its token is withdrawn); who should have voted has left."""
        token, index = child.parent, child.internal_data["round"]
        withdraw(child)
        token.internal_data["ended"] += 1
        decided = False
        if self.vote is not None:
            token.internal_data["votes"][index][2] = "left"
            decided = self.vote.counted(token, self, token.internal_data["votes"]).state != "open"
        self._onward(token, decided)

    def join(self, token: Token, item: Any) -> None:
        """One more round, for an item that the list did not have."""
        state = token.internal_data
        if len(state["items"]) >= MOST_ROUNDS:
            raise Fault(self.bpmn_id, f"会签名单不超过 {MOST_ROUNDS} 项", f"at most {MOST_ROUNDS} items")
        if self.vote is not None:
            state["votes"] = [*state["votes"], self.vote.ballot(token, self, item)]
        state.update(items=[*state["items"], item], out=[*state["out"], None])
        if not self.loop.sequential:
            self.begin(token)

    def replace(self, child: Token, item: Any) -> None:
        """The running round begins again with another item; its weight and veto stay."""
        token, index = child.parent, child.internal_data["round"]
        withdraw(child)
        items = list(token.internal_data["items"])
        items[index] = item
        token.internal_data["items"] = items
        self.again(token, index)

    def again(self, token: Token, index: int) -> None:
        """Begin one round, whichever: nothing else of the loop changes but that its ballot is empty."""
        state = token.internal_data
        if self.vote is not None:
            state["votes"][index][2] = None
        begun = state["begun"]
        state["begun"] = index
        self.begin(token)
        state["begun"] = begun

    def _tell(self, token: Token, ended: int) -> None:
        """The implicit throw of behavior One (after the first round) or None (after every round), BPMN 10.3.8."""
        if self.thrown is None or (self.loop.behavior == "One" and ended > 1):
            return
        for event in self.boundary:
            if any(_same(each, self.thrown) for each in event.waits):
                assert isinstance(event, BoundaryEvent)
                event.catch(token, {}, interrupting=False)
                return
        if isinstance(self.thrown, EscalationTrigger):
            climb(token, self.thrown)

    def _counts(self, state: dict[str, Any]) -> dict[str, Any]:
        counts: dict[str, Any] = {
            "numberOfInstances": len(state["items"]), "numberOfCompletedInstances": state["ended"],
            "numberOfActiveInstances": state["begun"] - state["ended"], "numberOfTerminatedInstances": 0,
        }
        if self.loop.output_collection:
            counts[self.loop.output_collection] = list(state["out"])
        return counts

    def close(self, token: Token) -> None:
        """Set the output collection and go on."""
        gathered, votes = token.internal_data["out"], token.internal_data.get("votes")
        token.internal_data.clear()
        if self.loop.output_collection:
            assign(token, self.loop.output_collection, gathered)
        if self.vote is not None and votes is not None:
            found = self.vote.close(token, self, votes)
            if found is not None:
                assign(token, *found)
        self.finish(token)


def _same(one: Trigger, other: Trigger) -> bool:
    if isinstance(one, SignalTrigger) and isinstance(other, SignalTrigger):
        return one.name == other.name
    return isinstance(one, EscalationTrigger) and isinstance(other, EscalationTrigger) and one.code == other.code


class StandardLoop(Rounds):
    """bpmn:standardLoopCharacteristics: again while the condition holds, tested before or after, at most so often."""

    separate = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loop = self.words.repeat
        assert loop is not None
        self.takes, self.gives, self.repeat = [], [], loop
        self.again = expressions.formula(loop.condition) if loop.condition else None

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        token.internal_data["ended"] = 0
        token._set_state(STARTED)
        if self.repeat.test_before and not self._goes_on(token):
            self._close(token)
        else:
            self.inner._update(self.begin_round(token, 0))
        return False

    def _goes_on(self, token: Token, more: int = 0) -> bool:
        ended = token.internal_data["ended"] + more
        most = MOST_ROUNDS if self.repeat.most is None else self.repeat.most
        seen = context(token, {"loopCounter": ended})
        return ended < most and (self.again is None or self.again(seen) is True)

    def weigh(self, child: Token) -> None:
        child.internal_data["weighed"] = self._goes_on(child.parent, 1)

    def pass_over(self, child: Token) -> None:
        child.internal_data["weighed"] = False
        self.round_over(child)

    def round_over(self, child: Token) -> None:
        token = child.parent
        token.internal_data["ended"] += 1
        if child.internal_data.pop("weighed"):
            self.inner._update(self.begin_round(token, token.internal_data["ended"]))
        else:
            self._close(token)

    def _close(self, token: Token) -> None:
        token.internal_data.clear()
        self.finish(token)


__all__ = ["MultiInstance", "Rounds", "StandardLoop"]
