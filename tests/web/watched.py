"""A small process for the pages of the cockpit: a task with a deadline, a choice that may fail, a message awaited."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import catalog, instances
from engine.model import Incident, Instance, Task, Timer
from engine.usertasks import tasks
from ledger import jobs
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import unit
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    flow,
    flows,
    gateway,
    loop,
    message,
    start,
    task,
    timer,
)
from tests.journeys.company import Company
from worker import long_work

CLERK = Actor(900, "办事员", 1)
TASK = task("A", groups="hr", gives={"verdict": "=verdict"})
REST = (gateway("exclusive", "G"), flow("G", "M", '=verdict = "ok"', id="yes"),
        flow("G", "E", '=verdict = "no"', id="no"), catch("M", message("m")))
FIRST = drawing(start(), TASK, boundary("T", "A", timer("timeDuration", "P20D"), interrupting=False), end("L"), *REST,
                end(), flows("S A G", "M E", "T L"), id="watched", messages={"m": "answer.came"})
SECOND = drawing(start(), TASK, *REST, task("C"), end(), flows("S A G", "M C E"), id="watched",
                 messages={"m": "answer.came"})
RENAMED = drawing(start(), task("B", groups="hr", gives={"verdict": "=verdict"}), *REST, end(),
                  flows("S B G", "M E"), id="watched", messages={"m": "answer.came"})


CROWD = drawing(start(), task("A", loop("=[1, 2, 3, 4]", "one"), groups="hr", gives={"verdict": "=verdict"}), end(),
                flows("S A E"), id="watched")
"""The task is there for each of four at once."""


def laid_out(body: bytes) -> bytes:
    """The same drawing with a picture: its elements in a row, flows as straight lines."""
    from lxml import etree

    root = etree.fromstring(body)
    process = root.find("{*}process")
    assert process is not None
    nodes = [one for one in process if one.get("id") and not one.tag.endswith("sequenceFlow")]
    at = {one.get("id"): (100 + 150 * n, 120 + 80 * (n % 2)) for n, one in enumerate(nodes)}
    drawn = "".join(
        f'<di:BPMNShape id="{key}_di" bpmnElement="{key}"><dc:Bounds x="{x}" y="{y}" width="{w}" height="{h}"/>'
        "</di:BPMNShape>" for one in nodes for key in [one.get("id")] for x, y in [at[key]]
        for w, h in [(100, 80) if one.tag.endswith("Task") else (40, 40)])
    drawn += "".join(
        f'<di:BPMNEdge id="{one.get("id")}_di" bpmnElement="{one.get("id")}"><dd:waypoint x="{at[a][0] + 20}" '
        f'y="{at[a][1] + 20}"/><dd:waypoint x="{at[b][0] + 20}" y="{at[b][1] + 20}"/></di:BPMNEdge>'
        for one in process if one.tag.endswith("sequenceFlow")
        for a, b in [(one.get("sourceRef"), one.get("targetRef"))])
    spaces = ('xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
              'xmlns:dd="http://www.omg.org/spec/DD/20100524/DI"')
    plane = f'<di:BPMNPlane id="plane" bpmnElement="{process.get("id")}">{drawn}</di:BPMNPlane>'
    picture = f'<di:BPMNDiagram id="picture" {spaces}>{plane}</di:BPMNDiagram>'.encode()
    return body.replace(b"</bpmn:definitions>", picture + b"</bpmn:definitions>")


class Watched:
    """Instances of that process at the units of a company."""

    def __init__(self, engine: Engine, company: Company) -> None:
        self.engine, self.company = engine, company
        self.first = self.deploy(laid_out(FIRST))

    def deploy(self, body: bytes) -> int:
        with unit(self.engine) as session:
            return catalog.deploy(session, {"watched.bpmn": body}, by=SYSTEM).id

    def start(self, place: str = "company", title: str = "巡检", key: str = "K-1", **variables: Any) -> int:
        """Begun at a unit; its id."""
        with unit(self.engine) as session:
            at = self.company.unit(session, place)
            places = [int(part) for part in reversed(at.path.strip("/").split("/"))]
            return instances.start(session, "watched", by=CLERK, group_id=at.group_id, places=places,
                                   business_key=key, title=title, variables=variables).id

    def answer(self, it: int, verdict: str) -> None:
        """Somebody does task A; another verdict than ok or no is an incident."""
        with unit(self.engine) as session:
            held = session.get_one(Instance, it)
            by = Actor(901, "李人事", held.group_id, tuple(Grant("hr", one, "/") for one in held.places))
            found = session.scalars(select(Task.id).where(
                Task.instance_id == it, Task.state == "open").order_by(Task.id).limit(1)).one()
            tasks.complete(session, found, by, {"verdict": verdict})

    def troubled(self, place: str = "company", **variables: Any) -> int:
        """One that has come to the choice and cannot choose."""
        it = self.start(place, **variables)
        self.answer(it, "maybe")
        return it

    def row(self, it: int) -> Instance:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get_one(Instance, it)

    def states(self, *them: int) -> list[str]:
        return [self.row(it).state for it in them]

    def incident(self, it: int) -> Incident:
        """Its newest incident."""
        with Session(self.engine, expire_on_commit=False) as session:
            wanted = select(Incident).where(Incident.instance_id == it).order_by(Incident.id.desc()).limit(1)
            return session.scalars(wanted).one()

    def timer(self, it: int) -> Timer:
        with Session(self.engine, expire_on_commit=False) as session:
            return session.scalars(select(Timer).where(Timer.instance_id == it)).one()

    def work(self) -> int:
        """What the worker for long work does."""
        return jobs.sweep(self.engine, long_work())
