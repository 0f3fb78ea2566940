"""The shipped processes, by id. Each is a folder: drawing, tables, steps, and a README for its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from engine import catalog
from engine.hooks import Hooks
from engine.model import Instance, Task
from engine.releases import deciding
from engine.resources import forms_of
from forms.schema import Form
from ledger.actor import Actor
from registry.access.roles import roles
from registry.alerts import planning, progress
from registry.alerts.spans import Day
from workflows.applying.typed import deployed, form_known, form_of, kept, seen, verdicts_of
from workflows.process import Process
from workflows.requests import Request

CATALOG: dict[str, Process] = {}


def install() -> None:
    """Make the steps of every shipped process known to the engine; as often as you like."""
    import workflows.absence.reading  # noqa: F401 - why a substitute may read a request
    import workflows.imports  # noqa: F401 - what the undoing of an import looks for
    from workflows.annual import ANNUAL
    from workflows.application import APPLICATION
    from workflows.borrowing import BORROWING
    from workflows.cancellation import CANCELLATION
    from workflows.clearing import CLEARING
    from workflows.duty import DUTY
    from workflows.joint import JOINT
    from workflows.leaving import LEAVING
    from workflows.loss import LOSS
    from workflows.over_age import OVER_AGE
    from workflows.registration import REGISTRATION
    from workflows.renewal import RENEWAL
    from workflows.review import REVIEW
    from workflows.submission import SUBMISSION
    from workflows.suspension import SUSPENSION
    from workflows.transfer import PARTS, TRANSFER

    for called in (SUBMISSION, REGISTRATION, CLEARING, *PARTS):
        catalog.provide(called.id, steps=called.steps, variables=called.variables, repeatable=called.repeatable)
    for process in (
        APPLICATION, RENEWAL, TRANSFER, CANCELLATION, SUSPENSION, REVIEW, BORROWING, LOSS, LEAVING, DUTY, ANNUAL,
        OVER_AGE, JOINT,
    ):
        CATALOG[process.id] = process
        catalog.provide(process.id, steps=process.steps, variables=process.variables, repeatable=process.repeatable,
                        hooks=_hooks(process))
    catalog.know_forms(form_known)
    catalog.know_verdicts(verdicts_of)
    catalog.know_form_files(seen)
    catalog.know_roles(lambda key: key in roles())
    progress.told_by(_under_way)
    planning.joined_by(_nearing)


def _under_way(session: Session, certificate_id: int) -> progress.Progress | None:
    from workflows import alerting

    return alerting.under_way(session, certificate_id)


def _nearing(session: Session, day: Day) -> None:
    from workflows import nearing

    nearing.plan(session, day)


def _hooks(process: Process) -> Hooks:
    """What the engine asks of a process; the rooms that answer are loaded when it does (they need the catalogue)."""

    def basis(session: Session, instance: Instance, task: Task) -> Mapping[str, str]:
        from workflows.handling import basis

        return basis.parts(session, instance, task)

    def silent(session: Session, task: Task, verdict: str) -> None:
        from workflows.handling import silence

        silence.silent(session, task, verdict)

    def lasting(form_key: str) -> bool:
        from workflows.handling import basis

        return basis.lasting(process, form_key)

    def rightful(session: Session, task: Task) -> bool:
        from workflows.absence import ending

        return ending.rightful(session, task)

    def applied(session: Session, task: Task) -> bool:
        from workflows.handling import duties

        return duties.applied(session, task)

    def entitled(session: Session, task: Task, actor: Actor) -> bool:
        from workflows.handling import duties

        return duties.entitled(session, task, actor)

    return Hooks(basis=basis, lasting=lasting, silent=silent, rightful=rightful, applied=applied, entitled=entitled)


def form_for(request: Request, key: str) -> Form:
    """The form that a request's drawing, or one that it calls, means by a key: the one that it began with."""
    return _deployed(request, key) or form_named(request, CATALOG[request.process_id].forms.get(key, key))


def form_named(request: Request, name: str) -> Form:
    """The form of this name for a request; `name` may carry the type ("apply-J03"), as contents keep it."""
    key = name.removesuffix(f"-{request.type_code}") if request.type_code else name
    session = object_session(request)
    found = kept(session, request.forms, key, request.type_code) if session is not None else None
    return _deployed(request, key) or found or form_of(key, request.type_code)


def _deployed(request: Request, key: str) -> Form | None:
    """The form of this key that came with the version the request runs on."""
    session = object_session(request)
    if session is None:
        return None
    version = request.instance.definition_id if request.instance is not None else session.scalar(
        select(Instance.definition_id).where(  # its first steps still run
            Instance.group_id == request.group_id, Instance.business_key == request.number))
    return None if version is None else deployed(forms_of(session, version), key, request.type_code)


def publish(session: Session, *, by: Actor) -> None:
    """Deploy the shipped drawings; one that has not changed keeps its version. Where people have released a version of
    their own, a new shipped one is added only: putting it in force is for them to ask and decide."""
    for process in CATALOG.values():
        put = catalog.add if deciding.by_people(session, process.id) else catalog.deploy
        put(session, process.files, by=by)


@cache
def stages() -> Mapping[str, str]:
    """What every licet:stage is called (msgids)."""
    return _told(lambda process: process.stages)


@cache
def outcomes() -> Mapping[str, str]:
    """What every licet:outcome is called (msgids)."""
    return _told(lambda process: process.outcomes)


@cache
def words() -> Mapping[str, str]:
    """How the facts of single processes are told (msgids)."""
    return _told(lambda process: process.words)


@cache
def news() -> Mapping[str, str]:
    """Which facts of single processes the applicant is told, and how (msgids)."""
    return _told(lambda process: process.news)


def _told(of: Callable[[Process], Mapping[str, str]]) -> Mapping[str, str]:
    """One process may name what another names too, but not differently."""
    found: dict[str, str] = {}
    for process in (part for each in CATALOG.values() for part in (*each.calls, each)):
        for key, text in of(process).items():
            if found.setdefault(key, text) != text:
                raise ValueError(f"{process.id}: {key} is {text!r} here and {found[key]!r} elsewhere")
    return found


install()
