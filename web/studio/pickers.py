"""What the editors offer to choose from instead of typed ids: roles, steps, forms, decisions, processes, stages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import feel
import feel.dmn
import workflows
from engine import catalog, drawing, lint
from engine.vocabulary import BPMN, read_extensions
from forms import schema
from forms.schema import Form, form_of
from ledger.errors import BadDiagram
from registry.access.retiring import retired
from registry.access.roles import roles
from web.guard import actor, background, needs
from web.i18n import language, say
from web.session import db
from web.studio.drafts import draft_of
from workflows.applying.generated import MAKERS
from workflows.studio import drafts

bp = Blueprint("pickers", __name__, url_prefix="/studio/drafts")
Offered = list[dict[str, Any]]
Root = drawing.Element


@bp.get("/<int:draft_id>/choices")
@needs("process.edit")
@background
def choices(draft_id: int) -> ResponseReturnValue:
    """Everything at once; it changes rarely and is small."""
    session, draft = db.session(), draft_of(draft_id)
    files = drafts.files(session, draft)
    drawings = list(_drawings(files))
    return jsonify(
        roles=_roles(session), steps=_steps(session, drawings), forms=_forms(session, files),
        decisions=_decisions(files), processes=_processes(session, drawings), stages=_named(workflows.stages()),
        outcomes=_named(workflows.outcomes()),
    )


def _drawings(files: Mapping[str, bytes]) -> Iterator[Root]:
    """Those that can be read; the others are being mended."""
    for name, body in files.items():
        if name.endswith(".bpmn"):
            try:
                yield drawing.read(body, name)
            except BadDiagram:
                continue


def _roles(session: Session) -> Offered:
    chinese, gone = language() == "zh", retired(session, "role", actor().group_id)
    return [{"key": key, "name": role.name if chinese else role.name_en}
            for key, role in roles().items() if key not in gone]


def _named(words: Mapping[str, str]) -> Offered:
    return [{"key": key, "name": say(name) if name else ""} for key, name in sorted(words.items())]


def _steps(session: Session, drawings: list[Root]) -> Offered:
    """The steps registered for each process of the draft, called what the drawings call them."""
    offered = []
    for process in (node for root in drawings for node in lint.processes(root)):
        key = str(process.get("id"))
        names = {**_step_names(_deployed(session, key)), **_step_names([process])}
        for step in sorted(catalog.STEPS.get(key, {})):
            offered.append({"process": key, "key": step, "name": say(names[step]) if step in names else ""})
    return offered


def _deployed(session: Session, process_id: str) -> list[Root]:
    found = [one for one in catalog.definitions(session) if one.process_id == process_id]
    return [drawing.read(catalog.diagram(session, one)) for one in found]


def _step_names(roots: list[Root]) -> dict[str, str]:
    """What the service and send tasks that run a step are called."""
    found: dict[str, str] = {}
    for root in roots:
        for task in root.iter(f"{{{BPMN}}}serviceTask", f"{{{BPMN}}}sendTask"):
            step = read_extensions(task).step
            if step and task.get("name"):
                found.setdefault(step, str(task.get("name")))
    return found


def _forms(session: Session, files: Mapping[str, bytes]) -> Offered:
    """The draft's own forms first, then the library's; of a form that each type of certificate has, its common name."""
    own = [form for form in (_read(name, body) for name, body in files.items() if name.endswith(".form")) if form]
    made = [{"key": key, "name": "", "verdicts": [], "own": False} for key in sorted(MAKERS)]
    gone = retired(session, "form", actor().group_id)
    shipped = [schema.load(key) for key in schema.library()
               if key not in gone and not any(key.startswith(f"{maker}-") for maker in MAKERS)]
    return [*(_form(form, own=True) for form in own), *made, *(_form(form, own=False) for form in shipped)]


def _read(name: str, body: bytes) -> Form | None:
    try:
        found = form_of(json.loads(body), name.removesuffix(".form"))
        return found if found.verdicts is not None else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _form(form: Form, *, own: bool) -> dict[str, Any]:
    verdicts = [{"value": one.value, "label": say(one.label)} for one in form.verdicts]
    return {"key": form.key, "name": say(form.title), "verdicts": verdicts, "own": own}


def _decisions(files: Mapping[str, bytes]) -> Offered:
    found: dict[str, feel.dmn.Decision] = {}
    for name, body in files.items():
        if name.endswith(".dmn"):
            try:
                found |= feel.dmn.parse(body).decisions
            except feel.FeelError:
                continue
    return [{"key": key, "name": say(one.name)} for key, one in sorted(found.items())]


def _processes(session: Session, drawings: list[Root]) -> Offered:
    """Those of the draft, and those in force."""
    found = {one.process_id: one.name for one in catalog.definitions(session)}
    found |= {str(node.get("id")): str(node.get("name") or "") for root in drawings for node in lint.processes(root)}
    return [{"key": key, "name": say(name) if name else ""} for key, name in sorted(found.items())]
