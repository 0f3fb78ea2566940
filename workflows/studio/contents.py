"""What a draft consists of: its main drawing, the forms it names, what can be added, and a drawing to begin with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import catalog, drawing, lint
from engine.model import Definition
from engine.releases import choosing
from engine.vocabulary import BPMN, read_extensions
from forms.schema import LIBRARY, library
from ledger.actor import Actor
from ledger.errors import BadDiagram, Conflict, NotFound, Refused
from registry.access.retiring import retired
from workflows.studio import drafts
from workflows.studio.drafts import Draft, Saved

PROCESS_ID = re.compile(r"[a-z][a-z0-9_-]{1,59}")


class BadProcessId(Refused):
    """流程编号用小写英文字母开头，只含小写字母、数字、- 和 _，2 到 60 个字。"""

    status = 400


class KnownProcess(Conflict):
    """已经有编号为“{process}”的流程了，请从它的当前版本开始修改，或换一个编号。"""


class FileThere(Conflict):
    """草稿里已经有文件“{name}”，请先改名或删除。"""


class FormRetired(Conflict):
    """表单“{form}”已停用，不能再加入流程。"""


class NothingToAdd(Refused):
    """请选择要加入的文件、表单或流程。"""

    status = 400


def main_file(files: Mapping[str, bytes], process_id: str) -> str:
    """The name of the drawing of the process itself; the first drawing where none is; empty without a drawing."""
    drawings = [name for name in sorted(files) if name.lower().endswith(".bpmn")]
    marks = tuple(f"id={quote}{process_id}{quote}".encode() for quote in "\"'")
    return next((name for name in drawings if any(mark in files[name] for mark in marks)), next(iter(drawings), ""))


def forms_named(files: Mapping[str, bytes]) -> list[str]:
    """The keys of the forms that the drawings name, sorted; of a drawing that cannot be read, none."""
    found: set[str] = set()
    for name, body in files.items():
        if name.lower().endswith(".bpmn"):
            try:
                root = drawing.read(body, name)
            except BadDiagram:
                continue
            found.update(filter(None, (read_extensions(task).form_id for task in root.iter(f"{{{BPMN}}}userTask"))))
    return sorted(found)


def blank(session: Session, *, name: str, process_id: str, by: Actor) -> Draft:
    """A draft of a new process: a start, one task, an end. Raises NoName, BadProcessId, KnownProcess."""
    if not name.strip():
        raise drafts.NoName
    if not PROCESS_ID.fullmatch(process_id):
        raise BadProcessId
    if session.scalar(select(func.count()).where(Definition.process_id == process_id)):
        raise KnownProcess(process=process_id)
    files = {f"{process_id}.bpmn": drawn(process_id, name.strip()[:200])}
    return drafts.begin(session, name=name.strip(), files=files, by=by, process_id=process_id)


def add_form(session: Session, draft_id: int, key: str, *, by: Actor) -> Saved:
    """Add a form of the library under its key. Raises NotFound, FormRetired, FileThere, NotOpen."""
    if key not in library():
        raise NotFound
    if key in retired(session, "form", by.group_id):
        raise FormRetired(form=key)
    return add(session, draft_id, {f"{key}.form": (LIBRARY / f"{key}.form").read_bytes()}, by=by)


def add_process(session: Session, draft_id: int, process_id: str, *, by: Actor) -> Saved:
    """Add the drawing of another process in the version in force, to be called. Raises NotFound, FileThere, NotOpen."""
    definition = choosing.current(session, process_id, by.group_id or 0)
    name, body = f"{process_id}.bpmn", catalog.diagram(session, definition)
    return add(session, draft_id, {name: body}, by=by)


def add(session: Session, draft_id: int, files: Mapping[str, bytes], *, by: Actor) -> Saved:
    """Add files that are not there yet. Raises NothingToAdd, FileThere, and what `drafts.save` raises."""
    if not files:
        raise NothingToAdd
    draft = drafts.locked(session, draft_id)
    there = drafts.revision(session, draft).files
    for name in files:
        if name in there:
            raise FileThere(name=name)
    return drafts.change(session, draft, files, by=by, how="saved")


def remove_file(session: Session, draft_id: int, name: str, *, by: Actor) -> Saved:
    """Take a file out of the draft; older revisions keep it. Raises NotFound, NotOpen."""
    draft = drafts.locked(session, draft_id)
    if name not in drafts.revision(session, draft).files:
        raise NotFound
    return drafts.change(session, draft, {name: None}, by=by, how="saved")


def rename_file(session: Session, draft_id: int, name: str, new: str, *, by: Actor) -> Saved:
    """Call a file something else. Raises NotFound, FileThere, BadName, NotOpen."""
    draft = drafts.locked(session, draft_id)
    files = drafts.files(session, draft)
    if name not in files:
        raise NotFound
    if new in files and new != name:
        raise FileThere(name=new)
    if new.rpartition(".")[2].lower() != name.rpartition(".")[2].lower():
        raise drafts.BadName(name=new[:120])
    return drafts.change(session, draft, {name: None, new: files[name]}, by=by, how="saved")


def titles(files: Mapping[str, bytes]) -> dict[str, str]:
    """What the drawings call their processes, by file name."""
    found = {}
    for name, body in files.items():
        if name.lower().endswith(".bpmn"):
            try:
                named = (str(node.get("name") or "") for node in lint.processes(drawing.read(body, name)))
                found[name] = next(filter(None, named), "")
            except BadDiagram:
                found[name] = ""
    return found


def drawn(process_id: str, name: str) -> bytes:
    """A start, a task for an approver, an end."""
    shapes = (("Start_1", 160, 102, 36, 36), ("Task_1", 250, 80, 100, 80), ("End_1", 412, 102, 36, 36))
    edges = (("Flow_1", 196, 250), ("Flow_2", 350, 412))
    return BLANK.format(
        process=process_id, name=escape(name),
        shapes="".join(f'<bpmndi:BPMNShape id="{each}_di" bpmnElement="{each}"><dc:Bounds x="{x}" y="{y}" '
                       f'width="{w}" height="{h}"/></bpmndi:BPMNShape>\n      ' for each, x, y, w, h in shapes),
        edges="".join(f'<bpmndi:BPMNEdge id="{each}_di" bpmnElement="{each}"><di:waypoint x="{a}" y="120"/>'
                      f'<di:waypoint x="{b}" y="120"/></bpmndi:BPMNEdge>\n      ' for each, a, b in edges),
    ).encode()


BLANK = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" \
xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" \
xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" \
id="Definitions_{process}" targetNamespace="https://licet.example/workflows">
  <bpmn:process id="{process}" name="{name}" isExecutable="true">
    <bpmn:startEvent id="Start_1" name="开始"><bpmn:outgoing>Flow_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="Task_1" name="审批">
      <bpmn:extensionElements>
        <zeebe:userTask/>
        <zeebe:formDefinition formId="approve"/>
        <zeebe:assignmentDefinition candidateGroups="approver"/>
        <zeebe:properties><zeebe:property name="licet:sla" value="3"/></zeebe:properties>
      </bpmn:extensionElements>
      <bpmn:incoming>Flow_1</bpmn:incoming>
      <bpmn:outgoing>Flow_2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="End_1" name="结束"><bpmn:incoming>Flow_2</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1"/>
    <bpmn:sequenceFlow id="Flow_2" sourceRef="Task_1" targetRef="End_1"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="Diagram_1">
    <bpmndi:BPMNPlane id="Plane_1" bpmnElement="{process}">
      {shapes}{edges}</bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
