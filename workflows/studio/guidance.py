"""《办事指南》 of a model: who, documents, days, law, read from the drawing, its forms and the types.

Nothing is made up: what the model or the types do not say is left out, and every statement of a type carries its source
and whether somebody has read it there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine import catalog, drawing
from engine.drawing import Element, children
from engine.model import Definition
from engine.rules import names
from engine.vocabulary import BPMN
from forms.schema import FILES, Form, NoForm, form_of, label_of
from ledger.errors import NotFound
from registry.certificates import catalogue
from registry.certificates.kinds import CertificateType
from workflows import CATALOG, outcomes
from workflows.applying import typed
from workflows.applying.generated import MAKERS
from workflows.studio import drafts
from workflows.studio.bringing_in import main_process
from workflows.studio.drafts import Draft
from workflows.studio.passages import APPLICANT, HOLDER, Step, Walk, ends_of, promise_of

BY_TYPE = frozenset({"type_code", "reviewers", "second_by_type", "decision_days", "supplement_days", "family"})
"""Variables that only a certificate's type can fill: a drawing that reads one differs from type to type."""


@dataclass(frozen=True)
class Material:
    """A paper: its name (Chinese, and English where the type says it), whether it must be there, at which step, and
    whether the applicant or holder brings it (else whoever handles the step)."""

    name: str
    name_en: str
    required: bool
    step: str
    own: bool


@dataclass(frozen=True)
class Guidance:
    """What applicants and owners read of a model. `typed`: it differs by type of certificate, `type` is the chosen one.

    `ends` are the outcomes (msgids), `said` what the drawing itself rests silence on. `unnamed_forms`: forms that only
    a type can fill.
    """

    process_id: str
    name: str
    scope: str
    steps: tuple[Step, ...]
    materials: tuple[Material, ...]
    promise: int | None
    ends: tuple[str, ...]
    typed: bool
    type: CertificateType | None = None
    said: tuple[str, ...] = ()
    unnamed_forms: tuple[str, ...] = ()

    @property
    def tasks(self) -> list[Step]:
        """The tasks of people, those of called processes included."""
        return [one for step in self.steps for one in step.all() if one.sort == "task"]


def of_definition(session: Session, definition: Definition, type_code: str = "") -> Guidance:
    """The guidance of a deployed version. Raises NotFound for a type that there is not."""
    return of_files(catalog.files_of(session, definition.id), definition.process_id, type_code)


def of_draft(session: Session, draft: Draft, type_code: str = "") -> Guidance:
    """The guidance that a draft would give. Raises BadDiagram for a drawing that cannot be read, NotFound."""
    files = drafts.files(session, draft)
    return of_files(files, draft.process_id, type_code)


def of_files(files: Mapping[str, bytes], process_id: str, type_code: str = "") -> Guidance:
    """The guidance of a set of files. Raises BadDiagram, NotFound (no such process or type)."""
    roots = [drawing.read(body, name) for name, body in sorted(files.items()) if name.lower().endswith(".bpmn")]
    type_of = _type(type_code) if type_code else None
    forms = _forms(files, process_id, type_code)
    walk = Walk(roots, lambda key, verdict: _label(forms(key), verdict))
    process = walk.processes.get(process_id if process_id in walk.processes else main_process(files))
    if process is None:
        raise NotFound
    steps = walk.steps(str(process.get("id")))
    tasks = [one for step in steps for one in step.all() if one.sort == "task"]
    depends = _by_type(roots, tasks)
    return Guidance(
        process_id, " ".join(process.get("name", "").split()) or process_id, _documentation(process), steps,
        tuple(_materials(tasks, forms, type_of)), promise_of(process),
        tuple(outcomes().get(key, name) or key for key, name in ends_of(process)), depends, type_of,
        unnamed_forms=tuple(dict.fromkeys(one.form for one in tasks if one.form in MAKERS and type_of is None)),
        said=tuple(dict.fromkeys(one.silence[2] for one in tasks if one.silence and one.silence[2])),
    )


def types_offered() -> list[CertificateType]:
    """The types to choose from, by code."""
    return sorted(catalogue.types().values(), key=lambda one: one.code)


def types_by_code() -> Mapping[str, CertificateType]:
    """Every type that there is."""
    return catalogue.types()


def _type(code: str) -> CertificateType:
    found = catalogue.types().get(code)
    if found is None:
        raise NotFound
    return found


Forms = Callable[[str], Form | None]


def _forms(files: Mapping[str, bytes], process_id: str, type_code: str) -> Forms:
    """How a key finds its form: in the model's own files, then as a request of that process and type would."""
    own = {name.rpartition("/")[2].removesuffix(".form"): body for name, body in files.items()
           if name.endswith(".form")}
    renamed = CATALOG[process_id].forms if process_id in CATALOG else {}
    found: dict[str, Form | None] = {}

    def form(key: str) -> Form | None:
        if key not in found:
            found[key] = _form(own, renamed.get(key, key), type_code)
        return found[key]

    return form


def _form(own: Mapping[str, bytes], key: str, type_code: str) -> Form | None:
    if not key or key.startswith("="):
        return None
    try:
        return form_of(json.loads(own[key]), key) if key in own else typed.form_of(key, type_code)
    except (NoForm, NotFound, ValueError, TypeError, AttributeError):
        return None


def _label(form: Form | None, verdict: str) -> str:
    if form is None:
        return ""
    return next((one.label for one in form.verdicts if one.value == verdict), "")


def _materials(tasks: list[Step], forms: Forms, kind: CertificateType | None) -> list[Material]:
    """The papers that are handed in: the file fields of the forms, each once, the applicant's first."""
    english = {one.name: one.name_en for one in kind.documents} if kind else {}
    found: dict[str, Material] = {}
    for task in sorted(tasks, key=lambda one: not _own(one)):
        form = forms(task.form)
        for field in form.fields() if form is not None else ():
            name = label_of(field)
            if field.get("type") in FILES - {"licet-signature"} and name not in found:
                required = bool((field.get("validate") or {}).get("required"))
                found[name] = Material(name, english.get(name, ""), required, task.name, _own(task))
    return list(found.values())


def _own(task: Step) -> bool:
    return any(one.sort in (APPLICANT, HOLDER) for one in task.who)


def _by_type(roots: list[Element], tasks: list[Step]) -> bool:
    read = {name for root in roots for _, name in names.read_in(root, {})}
    return bool(read & BY_TYPE) or any(task.form in MAKERS for task in tasks)


def _documentation(process: Element) -> str:
    for node in children(process, BPMN, "documentation"):
        return " ".join("".join(map(str, node.itertext())).split())
    return ""
