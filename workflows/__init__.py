"""The shipped processes, by id. Each is a folder: drawing, tables, steps, and a README for its owner."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine import catalog
from forms import schema
from ledger.actor import Actor
from registry.access.roles import roles
from workflows.process import Process

CATALOG: dict[str, Process] = {}


def install() -> None:
    """Make the steps of every shipped process known to the engine; as often as you like."""
    from workflows.application import APPLICATION

    for process in (APPLICATION,):
        CATALOG[process.id] = process
        catalog.provide(process.id, steps=process.steps, variables=process.variables)
    catalog.know_forms(form_known)
    catalog.know_roles(lambda key: key in roles())


def form_known(key: str) -> bool:
    """Whether there is a form of this key, or one for each type of certificate ("apply": "apply-J03", ...)."""
    return any(name == key or name.startswith(f"{key}-") for name in schema.library())


def publish(session: Session, *, by: Actor) -> None:
    """Deploy the shipped drawings; one that has not changed keeps its version."""
    for process in CATALOG.values():
        catalog.deploy(session, process.files, by=by)


install()
