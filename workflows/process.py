"""A shipped process: its drawing and tables, the steps they name, and what an answer at a task leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger.actor import Actor
from ledger.outbox import Handler

if TYPE_CHECKING:
    from engine.model import Task
    from registry.certificates.models import Certificate
    from registry.people.units import Unit
    from workflows.requests import Request

T = TypeVar("T")
Answers = dict[str, Any]
StepFunction = Callable[[Step], Mapping[str, Any] | None]
Given = Callable[[Session, "Request"], Answers]
HARMLESS = frozenset({
    "prevalidate", "note_silence", "weigh", "check_conditions", "warn_first", "warn_second", "warn_blocked",
    "warn_late", "judge_expiry", "check_successor", "employers", "plan_chain", "count_children", "plan_items", "sum_up",
    "look_up", "remind", "remind_loans", "set_term", "list_items", "split_items", "list_managers", "count_loans",
    "recompute", "note_open_posts", "note_late_proof", "note_late",
})
"""Steps that look, count or remind: they may run again."""
REREADS = frozenset({"prevalidate", "weigh", "employers", "check_successor"})
"""Steps that read what was asked for and need no variables: after a correction in place they look again."""


@dataclass(frozen=True)
class Act:
    """One person completing one user task: what the functions of `answered` and `checked` get."""

    session: Session
    request: Request
    task: Task
    answers: Answers
    by: Actor


@dataclass(frozen=True)
class Choice:
    """Something that may be begun about a certificate now. `why_not` (a msgid with {names} that `params` fill) where
    it is told but not offered; `open` is the request for it that is open already and is offered instead."""

    process_id: str
    name: str
    subtype: str = ""
    about: str = ""
    why_not: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    open: Request | None = None


@dataclass(frozen=True)
class Process:
    """A folder under workflows/.

    `steps` are the service tasks of the drawing by type. `checked` refuses answers that only the register can judge
    (BadAnswer); `answered` writes down what an answer means; `given` are the lists and values that a form is drawn
    with. All three go by the form's key, so that a new task that uses a known form needs no programmer. `variables`
    are the names that an instance begins with: the lint warns about any other that the drawing reads and does not set.

    `calls` are the processes that the drawing calls: they are deployed together with it, and what they know of forms,
    stages and words counts here too, unless it is said again. `forms` puts a form of its own in the place of one that a
    called drawing names ({"register": "register-term"}); what is known of it still goes by the drawing's key.
    `stages` and `outcomes` name what the drawing calls licet:stage and licet:outcome, `words` tell its facts in the
    story of a request, `news` which of them the applicant is told. `reacts` are the handlers of facts that begin it or
    wake it (ledger.outbox). `rereads` are the steps that look again after a correction in place, `repeatable` those
    that may run again when people go back, `again` the forms whose answers may then be given anew: what they leave is
    one more round of what is asked. `choices` says what may be begun about a certificate, `begin` begins one of them;
    `choices_at` and `begin_at` do so for a unit or another request.
    """

    id: str
    name: str
    folder: Path
    steps: Mapping[str, StepFunction] = field(default_factory=dict)
    checked: Mapping[str, Callable[[Act], None]] = field(default_factory=dict)
    answered: Mapping[str, Callable[[Act], None]] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    variables: frozenset[str] | None = None
    calls: tuple[Process, ...] = ()
    forms: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    news: Mapping[str, str] = field(default_factory=dict)
    reacts: Sequence[tuple[str, Handler]] = ()
    repeatable: frozenset[str] = HARMLESS
    rereads: frozenset[str] = REREADS
    again: frozenset[str] = frozenset()
    choices: Callable[[Session, Actor, Certificate], Iterable[Choice]] | None = None
    begin: Callable[[Session, Actor, Certificate, str], Request] | None = None
    choices_at: Callable[[Session, Actor, Unit | Request], Iterable[Choice]] | None = None
    begin_at: Callable[[Session, Actor, Unit | Request, str], Request] | None = None

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The drawing, its decision tables and the processes it calls, by file name: what is deployed."""
        called = {name: content for one in self.calls for name, content in one.files.items()}
        found = sorted([*self.folder.glob("*.bpmn"), *self.folder.glob("*.dmn")])
        return called | {path.name: path.read_bytes() for path in found}

    @property
    def diagram(self) -> bytes:
        """The drawing."""
        return self.files[f"{self.id}.bpmn"]

    def judge(self, form_key: str) -> Callable[[Act], None] | None:
        """What refuses an answer in this form, here or in a called process."""
        return self._of(lambda process: process.checked.get(form_key))

    def write(self, form_key: str) -> Callable[[Act], None] | None:
        """What writes down an answer in this form, here or in a called process."""
        return self._of(lambda process: process.answered.get(form_key))

    def give(self, form_key: str) -> Given | None:
        """What a form is drawn with, here or in a called process."""
        return self._of(lambda process: process.given.get(form_key))

    def again_in(self, form_key: str) -> bool:
        """Whether an answer in this form may be given anew, here or in a called process."""
        return form_key in self.again or any(one.again_in(form_key) for one in self.calls)

    def _of(self, look: Callable[[Process], T | None]) -> T | None:
        own = look(self)
        return own if own is not None else next(
            (found for one in self.calls if (found := one._of(look)) is not None), None)
