"""Where the ways out of a gateway meet again, and which of them is the main one."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.studio.faces.graph import Flow, Scope, kind

INWARD = 1_000_000


def after_choice(scope: Scope, flows: list[Flow], within: str | None) -> str | None:
    """The element where the ways of a choice meet: the one most of what follows lies behind.

    Ways that only end or go back do not count. If the ways do not meet, the one that most lies behind goes on by
    itself, so that a refusal stays a side way of its approval; None where no way is the main one. `within`: where the
    ways around this choice meet; nothing counts as much as getting there.
    """
    ahead = [flow for flow in flows if flow.id not in scope.back]
    goal = scope.reach(within) & -scope.reach(within) if within else 0
    common, seen = 0, 0
    for reach in (scope.reach(flow.target) for flow in ahead):
        common |= seen & reach
        seen |= reach
    if common:
        shared = scope.named(common)
        weights = {each: _weight(scope, scope.reach(each) & goal, scope.ends(each), each) for each in shared}
        if max(weights.values()) >= max(_alone(scope, ahead, flow, goal) for flow in ahead):
            return next(each for each in shared if weights[each] == max(weights.values()))
    ranked = sorted(((_weight(scope, scope.reach(flow.target) & goal, scope.ends(flow.target), flow.target),
                      flow.target) for flow in ahead), reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        more = [target for _, target in ranked if scope.drawn(target) > 1]  # the others are bare ends
        return more[0] if len(more) == 1 else None
    return ranked[0][1] if ranked else None


def _weight(scope: Scope, inward: int, ends: int, each: str) -> int:
    """Ends first; what leads to none still counts more than nothing if it goes back."""
    return (INWARD if inward else 0) + (2 * ends.bit_count() or int(scope.returns(each)))


def _alone(scope: Scope, flows: list[Flow], flow: Flow, goal: int) -> int:
    """How much lies behind one way and behind no other."""
    ends, reach = 0, 0
    for other in flows:
        if other is not flow:
            ends |= scope.ends(other.target)
            reach |= scope.reach(other.target)
    inward = INWARD if scope.reach(flow.target) & goal & ~reach else 0
    return inward + 2 * (scope.ends(flow.target) & ~ends).bit_count()


@dataclass(frozen=True)
class Fork:
    """Ways taken together: where they are joined again, and None or why they cannot be shown side by side."""

    join: str | None
    why: str = ""


def of_fork(scope: Scope, gateway: str) -> Fork:
    """How the ways of a parallel or inclusive gateway meet."""
    flows = scope.out[gateway]
    if any(flow.id in scope.back for flow in flows):
        return Fork(None, "leaves")
    reaches = [scope.reach(flow.target) for flow in flows]
    common = reaches[0]
    for reach in reaches:
        common &= reach
    join = scope.named(common & -common)[0] if common else None
    if join is not None and kind(scope.elements[join]) != kind(scope.elements[gateway]):
        return Fork(None, "no-join")
    behind = scope.reach(join) if join else 0
    own = [reach & ~behind for reach in reaches]
    if sum(bits.bit_count() for bits in own) != _all(own).bit_count():
        return Fork(None, "crossing")
    return Fork(join, _leaks(scope, gateway, set(scope.named(_all(own))), join))


def _all(parts: list[int]) -> int:
    whole = 0
    for bits in parts:
        whole |= bits
    return whole


def _leaks(scope: Scope, gateway: str, region: set[str], join: str | None) -> str:
    """Why ways that are taken together are not closed in themselves; "" where they are."""
    if join is not None:
        if len(scope.out[join]) > 1 or any(flow.source not in region | {gateway} for flow in scope.into[join]):
            return "entered"
    for each in region:
        if any(flow.source not in region and flow.source != gateway for flow in scope.into[each]):
            return "entered"
        if any(flow.target not in region and flow.target != join for flow in scope.out[each]):
            return "leaves"
    return ""
