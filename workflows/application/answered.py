"""What answering the forms of application.bpmn asks and leaves behind, beside what filing and registering do."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import BadAnswer, Problem
from registry.certificates import drafting
from registry.certificates.catalogue import type_of
from workflows.application.rules import blocking, faults, registration_faults
from workflows.applying.opening import lock_holder
from workflows.handling import reviewing
from workflows.process import Act


def apply_checked(act: Act) -> None:
    """A1: what the process would send straight back is said at once, while the form is still open."""
    if act.answers.get("verdict") != "submit":
        return
    lock_holder(act.session, act.request)
    act.request.item = drafting.item_of(type_of(act.request.type_code), act.answers)
    problems: dict[str, list[Problem]] = {}
    for fault in blocking(faults(act.session, act.request)):
        problems.setdefault(fault.field, []).append(fault.whole)
    if problems:
        raise BadAnswer(problems)


def applied(act: Act) -> None:
    """A1: keep what was asked for as the next round."""
    if act.answers.get("verdict") == "submit":
        reviewing.asked(act)


def register_checked(act: Act) -> None:
    """A10: the number by its type's rule and free, the dates in order."""
    if problems := registration_faults(act.session, act.request, act.answers):
        raise BadAnswer(problems)


Writes = dict[str, Callable[[Act], None]]
CHECKED: Writes = {"apply": apply_checked, "register": register_checked}
ANSWERED: Writes = {"apply": applied, **reviewing.ANSWERED}
