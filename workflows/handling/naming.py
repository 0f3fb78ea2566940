"""Whether an applicant reads who handles a request by name, or only by role: the process says so (licet:showNames)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine import catalog, drawing
from engine.model import Definition
from engine.vocabulary import BPMN, SHOW_NAMES, read_extensions
from ledger.actor import Actor
from workflows.requests import Request

_shown: dict[tuple[str, str], bool] = {}


def hidden_from(session: Session, request: Request, reader: Actor) -> bool:
    """Whether this reader is told roles and not names: the applicant, where the drawing they run on says so."""
    if reader.id is None or reader.id != request.applicant_id or request.instance is None:
        return False
    return not shown(session, request.instance.definition_id, request.process_id)


def shown(session: Session, definition_id: int, process_id: str) -> bool:
    """What a deployed drawing says; true where it says nothing. Each is read once, known by what it is and not by the
    number that a database gave it."""
    key = (process_id, session.get_one(Definition, definition_id).digest)
    if key not in _shown:
        _shown[key] = _says(session, definition_id, process_id) != "false"
    return _shown[key]


def _says(session: Session, definition_id: int, process_id: str) -> str:
    for name, body in catalog.files_of(session, definition_id).items():
        if name.endswith(".bpmn"):
            for process in drawing.children(drawing.read(body, name), BPMN, "process"):
                if process.get("id") == process_id:
                    return read_extensions(process).properties.get(SHOW_NAMES, "").strip()
    return ""
