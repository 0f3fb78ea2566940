"""The steps of a drawing in words: who does them, in how many days, which ways lead on; called processes inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.drawing import Element, children
from engine.rules.sheet import GATEWAYS, Space, kind, triggers
from engine.vocabulary import BPMN, Extensions, read_extensions

ROLE, APPLICANT, HOLDER, BY_RULE = "role", "applicant", "holder", "rule"
PEOPLE = {"applicant_id": APPLICANT, "holder_id": HOLDER}
SCOPES = frozenset({"subProcess", "adHocSubProcess", "transaction"})
WAITS = {"message": "wait", "timer": "timer", "signal": "wait", "conditional": "wait"}
SAID = re.compile(r'(?:^|[^\w])[\w.]+\s*=\s*"([^"]+)"')
DEEPEST, MOST_WAYS, LONGEST = 4, 12, 80


@dataclass(frozen=True)
class Who:
    """Whose a step is: `sort` role (`key` its key), applicant, holder, or rule (whom a rule names; `key` its FEEL)."""

    sort: str
    key: str = ""


@dataclass(frozen=True)
class Way:
    """A way that leads on: under which conditions (what is asked, what is answered; an answer of "" is any other case),
    to what ("" for an end without a name), whether that ends the whole."""

    conditions: tuple[tuple[str, str], ...]
    to: str
    ends: bool = False


@dataclass(frozen=True)
class Step:
    """A step: `sort` task, call, scope, wait or timer; `days` working days; `silence` (verdict, days, basis) where
    saying nothing means something; `inside` the steps of a called process or sub-process."""

    element: str
    name: str
    sort: str
    who: tuple[Who, ...] = ()
    days: int | None = None
    form: str = ""
    several: bool = False
    not_by: tuple[str, ...] = ()
    silence: tuple[str, str, str] | None = None
    ways: tuple[Way, ...] = ()
    inside: tuple[Step, ...] = ()

    def all(self) -> Iterator[Step]:
        """It and everything inside it."""
        yield self
        for each in self.inside:
            yield from each.all()


Labels = Callable[[str, str], str]
"""(form key, verdict) -> what the button says; "" when it is not known."""


class Walk:
    """The steps of one process among the drawings of a model."""

    def __init__(self, roots: list[Element], labels: Labels) -> None:
        self.processes: dict[str, Element] = {
            str(one.get("id")): one for root in roots for one in children(root, BPMN, "process")}
        self.labels = labels
        self.whole = ""

    def steps(self, process_id: str) -> tuple[Step, ...]:
        """The steps of a process, () when it is not among the drawings."""
        node, self.whole = self.processes.get(process_id), process_id
        return () if node is None else self._scope(node, (process_id,))

    def _scope(self, node: Element, above: tuple[str, ...]) -> tuple[Step, ...]:
        space = Space(node)
        order = _soonest(space)
        found = [one for one in space.elements if _sort(one)]
        found.sort(key=lambda one: (one.get("triggeredByEvent") == "true", order.get(one.get("id", ""), len(order))))
        return tuple(self._step(space, one, above) for one in found)

    def _step(self, space: Space, node: Element, above: tuple[str, ...]) -> Step:
        words, sort, inside = read_extensions(node), _sort(node), tuple[Step, ...]()
        if sort == "call":
            target = words.called or node.get("calledElement", "")
            if target in self.processes and target not in above and len(above) < DEEPEST:
                inside = self._scope(self.processes[target], (*above, target))
        elif sort == "scope":
            inside = self._scope(node, above)
        return Step(
            node.get("id", ""), _called(node), sort, _who(words) if sort == "task" else (), _days(words),
            words.form_id or "", words.loop is not None, tuple(_names(space, words.words("licet:notBy"))),
            _silence(words), tuple(self._ways(space, node, words.form_id or "")), inside)

    def _ways(self, space: Space, node: Element, form: str) -> Iterator[Way]:
        found = list(self._onward(space, node.get("id", ""), (), form, frozenset()))
        for event in space.boundary.get(node.get("id", ""), []):
            found += self._onward(space, event.get("id", ""), (("", _called(event)),), form, frozenset())
        plain = len(found) == 1 and not found[0].conditions and not found[0].ends
        yield from () if plain else dict.fromkeys(found[:MOST_WAYS])

    def _onward(self, space: Space, key: str, said: tuple[tuple[str, str], ...], form: str,
                seen: frozenset[str]) -> Iterator[Way]:
        """Where one comes to from an element, past gateways and what the system does by itself."""
        flows = space.outgoing.get(key, [])
        for flow in flows:
            target = space.by_id.get(flow.get("targetRef", ""))
            if target is None:
                continue
            own = self._condition(space, flow, flows, form)
            asked = " ".join(space.by_id[key].get("name", "").split()) if kind(space.by_id[key]) in GATEWAYS else ""
            now = (*said, (asked, own)) if own is not None and (asked, own) not in said else said
            if _sort(target) or kind(target) == "endEvent":
                ends = kind(target) == "endEvent"
                yield Way(now, target.get("name", "").strip() if ends else _called(target), ends and (
                    space.node.get("id") == self.whole))
            elif target.get("id") not in seen:
                yield from self._onward(space, target.get("id", ""), now, form, seen | {target.get("id", "")})
        for onward in space.links.get(key, []):
            yield from self._onward(space, onward, said, form, seen | {onward})

    def _condition(self, space: Space, flow: Element, beside: list[Element], form: str) -> str | None:
        """What a flow says: its name, else the button that its condition means, else the condition; None when any."""
        if flow.get("name", "").strip():
            return " ".join(flow.get("name", "").split())
        written = next(("".join(map(str, one.itertext())).strip() for one in
                        children(flow, BPMN, "conditionExpression")), "")
        if written:
            verdicts = [self.labels(form, verdict) for verdict in SAID.findall(written)]
            if verdicts and all(verdicts):
                return "、".join(verdicts)
            return written.removeprefix("=").strip()[:LONGEST]
        source = space.by_id.get(flow.get("sourceRef", ""))
        chosen = source is not None and source.get("default") == flow.get("id") and len(beside) > 1
        return "" if chosen else None


def _soonest(space: Space) -> dict[str, int]:
    """How many flows away from a beginning each element is, the shortest way; going back counts for nothing."""
    reached = {key: 0 for key, node in space.by_id.items() if kind(node) == "startEvent"}
    waiting = list(reached)
    for key in waiting:
        attached = [event.get("id", "") for event in space.boundary.get(key, [])]
        for onward in (*space.after(key), *attached):
            if onward in space.by_id and onward not in reached:
                reached[onward] = reached[key] + 1
                waiting.append(onward)
    return reached


def promise_of(root: Element) -> int | None:
    """The working days that a process promises for the whole."""
    for start in root.iter(f"{{{BPMN}}}startEvent"):
        found = read_extensions(start).properties.get("licet:promise", "").strip()
        if found.isascii() and found.isdigit():
            return int(found)
    return None


def ends_of(process: Element) -> list[tuple[str, str]]:
    """(licet:outcome or "", name) of each end of a process."""
    found = [(read_extensions(one).properties.get("licet:outcome", ""), one.get("name", "").strip())
             for one in children(process, BPMN, "endEvent")]
    return list(dict.fromkeys(one for one in found if any(one)))


def _sort(node: Element) -> str:
    """Which sort of step an element is; "" for what nobody outside sees."""
    name = kind(node)
    if name == "userTask":
        return "task"
    if name == "callActivity":
        return "call"
    if name in SCOPES:
        return "scope"
    if name == "receiveTask":
        return "wait"
    if name == "intermediateCatchEvent":
        return next((WAITS[one] for one in triggers(node) if one in WAITS), "")
    return ""


def _called(node: Element) -> str:
    return " ".join(node.get("name", "").split()) or node.get("id", "")


def _who(words: Extensions) -> tuple[Who, ...]:
    found: list[Who] = []
    for text in filter(None, (words.assignee, words.groups, words.users)):
        if text.startswith("="):
            name = text[1:].strip()
            found.append(Who(PEOPLE.get(name, BY_RULE), name))
        elif text in (words.assignee, words.users):
            found.append(Who(BY_RULE, text))
        else:
            keys = [one.strip().partition("@")[0] for one in text.split(",") if one.strip()]
            found += [Who(ROLE, key) for key in dict.fromkeys(keys)]
    return tuple(found)


def _days(words: Extensions) -> int | None:
    written = words.properties.get("licet:sla", "").strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) < 6 else None


def _silence(words: Extensions) -> tuple[str, str, str] | None:
    said = words.properties
    if "licet:silence" not in said:
        return None
    return said["licet:silence"], said.get("licet:silenceAfter", ""), said.get("licet:silenceBasis", "")


def _names(space: Space, ids: list[str]) -> Iterator[str]:
    for key in ids:
        node = space.by_id.get(key)
        yield key if node is None else _called(node)


