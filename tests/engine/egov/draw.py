"""`python -m tests.engine.egov.draw` writes the machines as drawings beside this file.

A state is a user task for its roles, what is done in it the answer `verdict`, a choice behind it leads on. Where the
actions of a state belong to different roles it is a sub-process: a task for each group of roles, all offered at once,
and whoever acts first ends the others. There is no default way: an action that the state does not know is an incident.
Days of the source become working days, rounded up.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from pathlib import Path

from lxml import etree

from tests.engine.drawings import NAMESPACES, end, extensions, flow, gateway, mapping, properties, tag, zeebe
from tests.engine.egov.machines import MACHINES, Machine, Transition
from workflows.studio.foreign.laying import lay_out

FOLDER = Path(__file__).parent
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def process_id(service: str) -> str:
    """The id of a machine's process."""
    return f"egov_{service.replace('.', '_')}"


def drawn(service: str) -> bytes:
    """The drawing of one machine, laid out."""
    machine, messages, inner = MACHINES[service], list[str](), list[str]()
    for state in machine.begins:
        ahead = f"B_{state}"
        message = f"{service}.{state}" if state != "NEW" else ""
        if message:
            messages.append(f'<bpmn:message id="M_{state}" name="{message}"/>')
        inner += [_start(machine, state, message), flow(ahead, state, id=f"L_{ahead}")]
    for state in machine.states:
        inner += _state(machine, state)
    inner += [end(f"End_{state}", outcome=state) for state in sorted(machine.ends)]
    body = (f'<bpmn:definitions {NAMESPACES} id="D_{process_id(service)}" targetNamespace="https://licet.example/egov">'
            f'{"".join(messages)}<bpmn:process id="{process_id(service)}" name="{service}" isExecutable="true">'
            f'{"".join(inner)}</bpmn:process></bpmn:definitions>')
    root = etree.fromstring(body)
    lay_out(root)
    etree.indent(root)
    return HEAD + etree.tostring(root) + b"\n"


def _start(machine: Machine, state: str, message: str) -> str:
    promise = properties(promise=str(ceil(machine.days))) if machine.days else ""
    event = f'<bpmn:messageEventDefinition id="D_{state}" messageRef="M_{state}"/>' if message else ""
    return tag("startEvent", f"B_{state}", extensions(promise), event, name=message or "NEW")


def _state(machine: Machine, state: str) -> list[str]:
    """A state: who acts in it, and the ways that lead on."""
    out = machine.out_of(state)
    groups: dict[frozenset[str], list[Transition]] = defaultdict(list)
    for one in out:
        groups[one.roles].append(one)
    sla = machine.slas.get(state)
    if len(groups) == 1:
        acting = _task(state, next(iter(groups)), sla)
    else:
        acting = _together(state, list(groups), sla)
    ways = [flow(f"G_{state}" if len(out) > 1 else state, _place(machine, one.target),
                 f'=action = "{one.action}"' if len(out) > 1 else "", f"F_{state}_{one.action}") for one in out]
    if len(out) == 1:
        return [acting, *ways]
    return [acting, flow(state, f"G_{state}", id=f"L_{state}"), gateway("exclusive", f"G_{state}"), *ways]


def _place(machine: Machine, state: str) -> str:
    return f"End_{state}" if state in machine.ends else state


def _task(name: str, roles: frozenset[str], sla: float | None) -> str:
    words = [zeebe("assignmentDefinition", candidateGroups=",".join(sorted(roles)))]
    words.append(mapping(gives={"action": "=verdict"}))
    words += [properties(sla=str(ceil(sla)))] if sla else []
    return tag("userTask", name, extensions(*words), name=name)


def _together(state: str, groups: list[frozenset[str]], sla: float | None) -> str:
    """Tasks for several groups of roles at once: the first that is done ends the others."""
    tasks = [(f"{state}_{number}", roles) for number, roles in enumerate(groups, 1)]
    inner = [tag("startEvent", f"{state}_begin"), gateway("parallel", f"{state}_split"),
             flow(f"{state}_begin", f"{state}_split", id=f"L_{state}_begin")]
    for name, roles in tasks:
        inner += [_task(name, roles, sla), flow(f"{state}_split", name, id=f"L_{name}_in"),
                  flow(name, f"{state}_done", id=f"L_{name}_out")]
    inner.append(end(f"{state}_done", f'<bpmn:terminateEventDefinition id="{state}_terminate"/>'))
    return tag("subProcess", state, *inner, name=state)


def main() -> None:
    for service in MACHINES:
        (FOLDER / f"{process_id(service)}.bpmn").write_bytes(drawn(service))


if __name__ == "__main__":
    main()
