"""The checks that a form may name (`licet:check`), bound to the type and holder of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import Problem
from registry.certificates.numbers import RULES, check_number
from registry.people.identity import check_id_number, check_uscc
from registry.people.persons import Person
from registry.verdict import Verdict
from workflows.applying.opening import holder_of
from workflows.requests import Request

Check = Callable[[Any, Mapping[str, Any]], Problem | str | None]


NAMED = frozenset({*(f"rule-{key}" for key in RULES), "cn-id", "uscc", "licence-id", "certificate-number"})
"""What a form may name."""


def checks_for(session: Session, request: Request) -> dict[str, Check]:
    """Every named check, ready for the answers of this request's forms; "rule-XM" is the rule XM of the catalogue."""
    rule = request.kind.number.rule if request.kind else "free"

    def own_number(text: Any, _answers: Mapping[str, Any]) -> Problem | str:
        holder = holder_of(session, request.holder_kind, request.holder_id)
        identity = holder.id_number if isinstance(holder, Person) else None
        return _told(check_number(rule, text, identity, on=clock.today()))

    return {
        **{f"rule-{key}": _by_rule(key) for key in RULES},
        "cn-id": lambda text, _: _told(check_id_number(text)),
        "uscc": lambda text, _: _told(check_uscc(text)),
        "licence-id": lambda text, _: _told(check_number("ECERT", text)),
        "certificate-number": own_number,
    }


def _by_rule(key: str) -> Check:
    return lambda text, _answers: _told(check_number(key, text))


def _told(verdict: Verdict) -> Problem | str:
    return verdict.problem or verdict.value
