"""The page of a thing, by its kind and id: for notices, stories and search results."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

PLACES: dict[str, tuple[str, str]] = {
    "certificate": ("register.certificate", "certificate_id"),
    "person": ("people.person", "person_id"),
    "unit": ("companies.place", "unit_id"),
    "machine": ("machines.machine", "machine_id"),
    "calendar": ("calendar.year", "year"),
    "request": ("requests.show", "request_id"),
    "task": ("tasks.show", "task_id"),
    "original": ("originals.original", "original_id"),
    "loan": ("loans.loan", "loan_id"),
    "copy": ("copies.copy", "copy_id"),
    "substitution": ("absence.one", "substitution_id"),
    "intake": ("imports.show", "batch_id"),
    "process_release": ("releases.show", "release_id"),
    "alerts": ("alerts.mine", "page"),
}
"""Kind of a fact's subject -> endpoint and the name of its argument."""


def place_of(kind: str, number: int) -> str | None:
    """The address of the page of ("certificate", 7), or None where there is no page for it."""
    endpoint, argument = PLACES.get(kind, ("", ""))
    if endpoint not in current_app.view_functions:
        return None
    where: dict[str, Any] = {argument: number}
    return url_for(endpoint, **where)
