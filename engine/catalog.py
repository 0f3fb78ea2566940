"""Deployed processes and what they are given to work with: steps, FEEL functions, decision tables, forms.

A deployment is a set of files (.bpmn, .dmn, .form), kept by content. The same content again is the same definition;
anything else is a new version. Instances stay on the version they started with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

import feel.dmn
from engine import expressions, lint
from engine.dialect import Blueprint, parse
from engine.findings import Finding
from engine.hooks import HOOKS, REPEATABLE, Hooks
from engine.messaging import start_events
from engine.model import Definition, Instance
from engine.package import Package, unpack
from engine.resources import DefinitionFile, Resource, digest_of, forget_forms, keep
from engine.rules.names import unprovided
from engine.rules.sheet import Sheet
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadDiagram, NotFound
from ledger.facts import record
from ledger.failpoints import fp
from ledger.remembered import Remembered


@dataclass
class Step:
    """What a step (the function behind a service task) is handed. It returns variables to set, or None."""

    session: Session
    actor: Actor
    instance_id: int
    element_id: str
    variables: dict[str, Any]

    @property
    def instance(self) -> Instance:
        """The instance's row."""
        return self.session.get_one(Instance, self.instance_id)


@dataclass(frozen=True)
class FormSeen:
    """What a form among the files of a deployment says: its verdicts, and what is wrong with it in both languages."""

    verdicts: frozenset[str]
    flaws: tuple[tuple[str, str], ...] = ()


Do = Callable[[Step], Mapping[str, Any] | None]
DEPLOYED = "engine_deployed"
STEPS: dict[str, dict[str, Do]] = {}
VARIABLES: dict[str, frozenset[str]] = {}
_form_known: list[Callable[[str], bool]] = []
_role_known: list[Callable[[str], bool]] = []
_verdicts_of: list[Callable[[str], frozenset[str] | None]] = []
_form_seen: list[Callable[[str, bytes], FormSeen]] = []
_advised: Remembered[tuple[Finding, ...]] = Remembered(200)


def provide(process_id: str, *, steps: Mapping[str, Do] | None = None,
            functions: Mapping[str, Callable[..., Any]] | None = None, variables: Iterable[str] | None = None,
            repeatable: frozenset[str] = frozenset(), hooks: Hooks | None = None) -> None:
    """Give a process its steps (by zeebe:taskDefinition type) and add FEEL functions (by name, for every process).

    `variables` are the names that whoever starts it and its steps provide; said once, the lint warns about any other
    name that the drawing reads and does not set. `repeatable` are the steps that may run again when people go back
    before them; `hooks` see engine/hooks.py.
    """
    _advised.forget()
    STEPS.setdefault(process_id, {}).update(steps or {})
    expressions.FUNCTIONS.update(functions or {})
    if variables is not None:
        VARIABLES[process_id] = frozenset(variables)
    if repeatable:
        REPEATABLE[process_id] = repeatable
    if hooks is not None:
        HOOKS[process_id] = hooks


def know_forms(known: Callable[[str], bool]) -> None:
    """Say which form keys exist; until somebody does, form keys are not checked at deployment."""
    _advised.forget()
    _form_known[:] = [known]


def know_verdicts(of: Callable[[str], frozenset[str] | None]) -> None:
    """Say which verdicts a form has (None: not known); until somebody does, verdicts that are named are not checked."""
    _advised.forget()
    _verdicts_of[:] = [of]


def know_form_files(seen: Callable[[str, bytes], FormSeen]) -> None:
    """Say how to read a form that comes with a deployment (key, bytes); until somebody does, none is looked into."""
    _advised.forget()
    _form_seen[:] = [seen]


def know_roles(known: Callable[[str], bool]) -> None:
    """Say which roles exist; until somebody does, roles are not checked at deployment."""
    _advised.forget()
    _role_known[:] = [known]


def check(files: Mapping[str, bytes]) -> list[Finding]:
    """Everything wrong with the files, worst first; empty means they can be deployed."""
    try:
        package = unpack(files)
    except BadDiagram as error:
        return error.findings
    forms = _forms(package)
    return [*lint.examine(package.drawings, _surroundings(package, forms)), *_flaws(forms), *_unprovided(package)]


def checked(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """What `check` says; looked at once for each content of the files: nothing else that it depends on changes but by
    the verbs above."""
    return _advised.of(digest_of(files), lambda: tuple(check(files)))


def advice(session: Session, definition: Definition) -> tuple[Finding, ...]:
    """What `check` says about the files of a deployed process."""
    return _advised.of(definition.digest, lambda: tuple(check(files_of(session, definition.id))))


def _unprovided(package: Package) -> list[Finding]:
    """Warnings about names that nothing provides."""
    decisions = {name: model for model in package.models for name in model.decisions}
    sheets = (Sheet(file, root, lint.Surroundings()) for file, root in package.drawings)
    return [found for sheet in sheets for found in unprovided(sheet, VARIABLES, decisions)]


def _forms(package: Package) -> dict[str, FormSeen]:
    """The forms of the deployment, looked into."""
    return {key: _form_seen[0](key, body) for key, body in package.forms.items()} if _form_seen else {}


def _flaws(forms: Mapping[str, FormSeen]) -> list[Finding]:
    """A form that cannot be drawn and checked as it says is refused, like a drawing."""
    return [Finding("form", zh, en, "在表单编辑器里改正", "mend it in the form editor", name=key, file=f"{key}.form")
            for key, seen in forms.items() for zh, en in seen.flaws]


def _surroundings(package: Package, forms: Mapping[str, FormSeen]) -> lint.Surroundings:
    known = _form_known[0] if _form_known else None
    verdicts_of = _verdicts_of[0] if _verdicts_of else None
    return lint.Surroundings(
        steps={process_id: frozenset(steps) for process_id, steps in STEPS.items()},
        decisions=frozenset(name for model in package.models for name in model.decisions),
        form_known=None if known is None else lambda key: key in package.forms or known(key),
        role_known=_role_known[0] if _role_known else None,
        verdicts_of=None if verdicts_of is None else (
            lambda key: forms[key].verdicts if key in forms else verdicts_of(key)),
    )


def deploy(session: Session, files: Mapping[str, bytes], *, by: Actor) -> Definition:
    """Add the files and put them in force for all at once, unless they ever were: for the shipped baseline; what people
    make waits for a second pair of eyes (releases/deciding.py). Returns and raises as `add`."""
    from engine.releases import deciding

    made = add(session, files, by=by)
    if not deciding.ever_released(session, made):
        deciding.at_once(session, made, by=by)
    return made


def add(session: Session, files: Mapping[str, bytes], *, by: Actor) -> Definition:
    """Keep the files as a version that is not in force yet; the same files again are the same version.

    Returns the definition of the main process. Raises BadDiagram with every error found.
    """
    package = unpack(files)
    forms = _forms(package)
    found = [*lint.examine(package.drawings, _surroundings(package, forms)), *_flaws(forms)]
    errors = [one for one in found if one.severity == "error"]
    if errors:
        raise BadDiagram(errors)
    digest = digest_of(files)
    plans = {process_id: assemble(package, process_id) for process_id in package.process_ids()}
    _take_turns(session)
    made = [_added(session, plan, digest, files, package, by) for plan in plans.values()]
    return made[0]


def known(session: Session, files: Mapping[str, bytes]) -> Definition | None:
    """The version that consists of just these files, if there is one."""
    same = select(Definition).where(Definition.digest == digest_of(files))
    return session.scalars(same.order_by(Definition.id).limit(1)).first()


def _take_turns(session: Session) -> None:
    """One deployment at a time until it commits: the second sees the first's version. Readers and starts go on."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE definition IN SHARE ROW EXCLUSIVE MODE"))


def _added(session: Session, plan: Plan, digest: str, files: Mapping[str, bytes], package: Package,
           by: Actor) -> Definition:
    process_id = plan.blueprint.process_id
    same = select(Definition).where(Definition.process_id == process_id, Definition.digest == digest)
    found = session.scalar(same)
    if found is not None:
        return found
    last = session.scalar(select(func.max(Definition.version)).where(Definition.process_id == process_id)) or 0
    made = Definition(process_id=process_id, version=last + 1, name=plan.blueprint.spec.title, digest=digest,
                      deployed_at=clock.now(), deployed_by=by.name)
    session.add(made)
    session.flush()
    session.info[DEPLOYED] = True
    home = next(name for name, root in package.drawings
                if process_id in {node.get("id") for node in lint.processes(root)})
    for name, body in files.items():
        session.add(DefinitionFile(definition_id=made.id, name=name, resource_id=keep(session, body),
                                   main=name == home))
    start_events.know(session, made, plan.blueprint, by.group_id or 0)
    record(session, "definition.deployed", ("definition", made.id), by=by,
           after={"process": process_id, "version": made.version, "digest": digest})
    session.flush()
    fp("engine.deploy.before_commit")
    return made


@dataclass(frozen=True)
class Plan:
    """What an instance runs by: the blueprint, the decisions, the steps."""

    blueprint: Blueprint
    decisions: Mapping[str, feel.dmn.Model]

    def names(self) -> dict[str, str]:
        """What the drawing calls its elements, by id."""
        specs = (self.blueprint.spec, *self.blueprint.inner.values())
        return {node.bpmn_id: node.bpmn_name for spec in specs for node in spec.task_specs.values() if node.bpmn_name}

    @cached_property
    def kept_apart(self) -> frozenset[str]:
        """The elements whose doers must not do some other task (licet:notBy)."""
        specs = (self.blueprint.spec, *self.blueprint.inner.values())
        return frozenset(name for spec in specs for node in spec.task_specs.values()
                         for name in node.words.words("licet:notBy"))

    @cached_property
    def not_applicants(self) -> frozenset[str]:
        """The elements that nobody does who applied (licet:notApplicant)."""
        specs = (self.blueprint.spec, *self.blueprint.inner.values())
        return frozenset(node.bpmn_id for spec in specs for node in spec.task_specs.values()
                         if node.words.properties.get("licet:notApplicant") == "true")

    def step(self, kind: str) -> Do | None:
        """The function registered for a step of this process."""
        return STEPS.get(self.blueprint.process_id, {}).get(kind) or next(
            (steps[kind] for name in self.blueprint.inner if kind in (steps := STEPS.get(name, {}))), None)


def assemble(package: Package, process_id: str) -> Plan:
    """The plan of one process of a package."""
    decisions = {name: model for model in package.models for name in model.decisions}
    return Plan(parse(package.drawings, process_id), decisions)


def latest(session: Session, process_id: str) -> Definition:
    """The newest definition of a process; whether it is in force, engine/releases says. Raises NotFound."""
    newest = select(Definition).where(Definition.process_id == process_id).order_by(Definition.version.desc()).limit(1)
    found = session.scalar(newest)
    if found is None:
        raise NotFound()
    return found


def definitions(session: Session) -> list[Definition]:
    """The newest definition of every process, by name."""
    newest = select(func.max(Definition.id)).group_by(Definition.process_id)
    return list(session.scalars(select(Definition).where(Definition.id.in_(newest)).order_by(Definition.name)))


def diagram(session: Session, definition: Definition | int) -> bytes:
    """The drawing (BPMN XML) of a definition."""
    number = definition if isinstance(definition, int) else definition.id
    return session.scalars(
        select(Resource.body).join(DefinitionFile, DefinitionFile.resource_id == Resource.id)
        .where(DefinitionFile.definition_id == number, DefinitionFile.main)
    ).one()


def names_of(session: Session, definition_id: int) -> list[str]:
    """The names of the files of a definition."""
    named = select(DefinitionFile.name).where(DefinitionFile.definition_id == definition_id)
    return list(session.scalars(named.order_by(DefinitionFile.name)))


def files_of(session: Session, definition_id: int) -> dict[str, bytes]:
    """Every file of a definition by name."""
    rows = session.execute(
        select(DefinitionFile.name, Resource.body).join(Resource, DefinitionFile.resource_id == Resource.id)
        .where(DefinitionFile.definition_id == definition_id)
    )
    return {row.name: row.body for row in rows}


_plans: WeakKeyDictionary[Engine, dict[int, Plan]] = WeakKeyDictionary()
_parsed: dict[tuple[str, str], Plan] = {}
_lock = threading.Lock()
MOST_PLANS = 500


def plan(session: Session, definition_id: int) -> Plan:
    """The plan of a definition, parsed once per process of the operating system and shared by all instances."""
    with _lock:
        known = _plans.setdefault(session.get_bind().engine, {})
    found = known.get(definition_id)
    if found is None:
        row = session.get_one(Definition, definition_id)
        key = (row.digest, row.process_id)
        found = _parsed.get(key) or assemble(unpack(files_of(session, definition_id)), row.process_id)
        if len(_parsed) >= MOST_PLANS:
            _parsed.clear()
            known.clear()
        _parsed[key] = known[definition_id] = found
    return found


def _undeployed(session: Session, *_: Any) -> None:
    """A deployment was rolled back: its number may be given to another one."""
    if session.info.pop(DEPLOYED, False):
        with _lock:
            _plans.pop(session.get_bind().engine, None)
        forget_forms(session.get_bind().engine)


event.listen(Session, "after_soft_rollback", _undeployed)
