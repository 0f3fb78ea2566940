"""Hostile uploads: how long they take to be refused, and how much memory the whole process needs for it.

Each file is checked in a process of its own, forked from one that has loaded the engine, under limits of the operating
system: 10 s of processor time, 1 GB of address space.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from bench.measure import Figure
from engine import catalog

SECONDS, MEGABYTES = 2, 200
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d">'
)
END = "</definitions>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
Make = Callable[[], bytes]


def process(*inner: str) -> bytes:
    """An executable process around what is drawn."""
    return f'{HEAD}<process id="P" isExecutable="true">{"".join(inner)}</process></definitions>'.encode()


def flow(number: int, source: str, target: str, text: str = "") -> str:
    said = f'<conditionExpression xsi:type="tFormalExpression">{text}</conditionExpression>' if text else ""
    return f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{said}</sequenceFlow>'


def chosen(text: str) -> bytes:
    """A choice with one long condition."""
    return process('<startEvent id="S"/><exclusiveGateway id="G" default="f2"/><endEvent id="E"/><endEvent id="F"/>',
                   flow(0, "S", "G"), flow(1, "G", "E", text), flow(2, "G", "F"))


def crowd(kind: str, nodes: int, flows: int) -> bytes:
    """Many elements, joined to each other at will."""
    names = [f"n{number}" for number in range(nodes)]
    drawn = [f'<{kind} id="{name}"/>' for name in names]
    joined = [flow(number, names[number * 7 % nodes], names[number * 31 % nodes]) for number in range(flows)]
    return process('<startEvent id="S"/><endEvent id="E"/>', *drawn, *joined, flow(flows, "S", "n0"))


def ladder(steps: int) -> bytes:
    """Parallel branches that split again and again, and never join; the last leads nowhere."""
    drawn = "".join(f'<parallelGateway id="g{n}"/><manualTask id="t{n}"/><endEvent id="e{n}"/>' for n in range(steps))
    ahead = "".join(flow(3 * n, f"g{n}", f"t{n}") + flow(3 * n + 1, f"t{n}", f"e{n}")
                    + flow(3 * n + 2, f"g{n}", f"g{n + 1}") for n in range(steps))
    return process('<startEvent id="S"/>', flow(10**6, "S", "g0"), drawn, ahead)


def many(times: int, each: str, *once: str) -> bytes:
    """The same elements again and again, numbered, and some more."""
    return process(*once, *(each.replace("{n}", str(number)) for number in range(times)))


BUSY = '<startEvent id="S"/><manualTask id="A"/><endEvent id="E"/>' + flow(-1, "S", "A") + flow(-2, "A", "E")
LINK = '<intermediate{}Event id="{}{{n}}"><linkEventDefinition name="x"/></intermediate{}Event>'
FOUR_EYES = (
    '<userTask id="u{n}"><extensionElements><zeebe:properties xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">'
    '<zeebe:property name="licet:notBy" value="x"/></zeebe:properties></extensionElements></userTask>'
)
UNDONE = '<boundaryEvent id="b{n}" attachedToRef="A"><compensateEventDefinition/></boundaryEvent>'
REFERRING = '<intermediateCatchEvent id="c{n}"><eventDefinitionRef>g9</eventDefinitionRef></intermediateCatchEvent>'
RAISED = '<errorEventDefinition errorRef="x"/>'
RISING = (
    f'<subProcess id="p{{n}}" triggeredByEvent="true"><startEvent id="s{{n}}">{RAISED}</startEvent>'
    f'<endEvent id="e{{n}}">{RAISED}</endEvent><sequenceFlow id="f{{n}}" sourceRef="s{{n}}" targetRef="e{{n}}"/>'
    "</subProcess>"
)
THROWN = '<subProcess id="p{n}"><endEvent id="e{n}"><errorEventDefinition errorRef="x"/></endEvent></subProcess>'
PROCESS = '<process id="p{n}" isExecutable="true"><startEvent id="s{n}"/></process>'
MESSAGE = '<messageFlow id="m{n}" sourceRef="a" targetRef="b"/>'
FILES: dict[str, Make] = {
    "entities": lambda: f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l11;</x>'.encode(),
    "one entity many times": lambda: f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]><x>{"&a;" * 50_000}</x>'.encode(),
    "external entity": lambda: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "external schema": lambda: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "100 MB": lambda: b"<x>".ljust(100_000_000),
    "100,000 nodes": lambda: HEAD.encode() + b"<y/>" * 100_000 + b"</definitions>",
    "100,000 attributes": lambda: ("<x" + "".join(f' a{n}="1"' for n in range(100_000)) + "/>").encode(),
    "100,000 levels": lambda: b"<x>" * 100_000 + b"</x>" * 100_000,
    "UTF-16": lambda: f'<?xml version="1.0" encoding="utf-16"?>{HEAD}</definitions>'.encode("utf-16"),
    "UTF-7": lambda: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>',
    "XInclude": lambda: process('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
    "a long condition": lambda: chosen("=" + "1+" * 400_000 + "1"),
    "a deep condition": lambda: chosen("=" + "(" * 400_000 + "1" + ")" * 400_000),
    "a long text": lambda: chosen('="' + "a" * 1_500_000 + '"'),
    "every task joined to many": lambda: crowd("manualTask", 1_900, 15_000),
    "every gateway joined to many": lambda: crowd("parallelGateway", 1_900, 15_000),
    "every choice joined to many": lambda: crowd("exclusiveGateway", 1_900, 15_000),
    "branches of branches": lambda: ladder(320),
    "choices of everything": lambda: crowd("exclusiveGateway", 600, 1_300),
    "joins of everything": lambda: crowd("parallelGateway", 600, 1_300),
    "waits for everything": lambda: crowd("inclusiveGateway", 600, 1_300),
    "ids all alike": lambda: process('<manualTask id="a"/>' * 19_000),
    "links all alike": lambda: many(950, LINK.format("Throw", "a", "Throw") + LINK.format("Catch", "b", "Catch")),
    "many on one task": lambda: many(1_900, UNDONE, BUSY),
    "many thrown errors": lambda: many(950, THROWN),
    "processes in one another": lambda: process(*(f'<subProcess id="s{n}">' for n in range(50)),
                                                '<manualTask id="t"/>' * 10_000, "</subProcess>" * 50),
    "thousands of processes": lambda: (HEAD + "".join(PROCESS.format(n=n) for n in range(4_000)) + END).encode(),
    "message flows": lambda: many(15_000, MESSAGE).replace(b"process", b"collaboration"),
    "references everywhere": lambda: many(1_900, REFERRING).replace(
        b"<process", "".join(f'<signal id="g{n}"/>' for n in range(14_000)).encode() + b"<process"),
    "errors in event sub-processes": lambda: many(600, RISING),
    "four eyes everywhere": lambda: many(1_900, FOUR_EYES),
}  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What one check took: processor seconds, the peak of resident memory in MB, and the rules that refused."""

    seconds: float
    megabytes: float
    rules: list[str]


def taken(make: Make) -> Taken:
    """Check one file in a process of its own. Raises OSError when that dies (a limit was passed, or it crashed)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _check(make, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    _, status, used = os.wait4(child, 0)
    if status != 0 or not text:
        raise OSError(f"the check ended with {status}")
    seconds, rules = text.split(" ", 1)
    return Taken(float(seconds), used.ru_maxrss / 1024, rules.split(","))


def _check(make: Make, writing: int) -> None:
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        body = make()
        begun = time.process_time()
        found = [one.rule for one in catalog.check({"d.bpmn": body}) if one.severity == "error"]
        spent = time.process_time() - begun
        os.write(writing, f"{spent} {','.join(sorted(set(found)))}".encode())
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def figures() -> Iterator[Figure]:
    measured = {name: taken(make) for name, make in FILES.items()}
    slowest = max(measured, key=lambda name: measured[name].seconds)
    largest = max(measured, key=lambda name: measured[name].megabytes)
    missed = [name for name, each in measured.items() if not each.rules[0]]
    yield Figure(f"hostile_xml: the slowest of {len(FILES)} is refused ({slowest})", measured[slowest].seconds, "s",
                 SECONDS)
    yield Figure(f"hostile_xml: the largest of {len(FILES)}, whole process ({largest})", measured[largest].megabytes,
                 "MB", MEGABYTES)
    yield Figure("hostile_xml: accepted", len(missed), "files", 0)


def main() -> None:
    """Print what each file took, as one JSON object: for tests, whose own process is too large to be forked from."""
    print(json.dumps({name: _told(make) for name, make in FILES.items()}))


def _told(make: Make) -> dict[str, object]:
    try:
        return asdict(taken(make))
    except OSError as error:
        return {"died": str(error)}


if __name__ == "__main__":
    main()
