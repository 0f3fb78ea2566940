"""Which rule holds for a certificate: the one of the nearest unit upward, there of its type before that of all types;
the shipped one where there is none. All rules are read once in a transaction, whoever asks how often."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from registry.alerts.causes import Case
from registry.alerts.model import AlertRule
from registry.alerts.rules import ALWAYS, Rule, Stage, in_order, shipped
from registry.certificates.catalogue import in_force_of, types
from registry.certificates.kinds import CertificateType

KEPT = "licet_alert_rules"
Spot = tuple[str, int, str]
"""Cause, unit, type ("": all types)."""


class Book:
    """The rules that were set, by their spots; a removed one only says since when."""

    def __init__(self, rules: Mapping[Spot, Rule], changed: Mapping[Spot, dt.date]) -> None:
        self.rules, self.changed = rules, changed

    def rule(self, cause: str, path: str, kind: CertificateType | None) -> Rule:
        """The rule for a cause, of a type of certificates (None: of none), at the unit of this path."""
        code = kind.code if kind is not None else ""
        chain = list(spots(cause, path, code))
        since = max((self.changed[spot] for spot in chain if spot in self.changed), default=ALWAYS)
        own = self.holding(cause, path, code)
        return dataclasses.replace(self.rules[own] if own else shipped(cause, kind), since=since)

    def holding(self, cause: str, path: str, code: str) -> Spot | None:
        """Where the rule stands that holds there; None for the shipped one."""
        return next((spot for spot in spots(cause, path, code) if spot in self.rules), None)

    def stages(self, *causes: str) -> tuple[Stage, ...]:
        """Every stage that any rule for one of these causes has, set or shipped."""
        own = {stage for spot, rule in self.rules.items() if spot[0] in causes for stage in rule.stages}
        return in_order(own.union(*(shipped(cause, kind).stages for cause in causes for kind in types().values())))

    def with_rule(self, spot: Spot, rule: Rule | None) -> Book:
        """As it would be with another rule at a spot, or none."""
        rules = {key: each for key, each in self.rules.items() if key != spot}
        return Book({**rules, spot: rule} if rule is not None else rules, {**self.changed, spot: clock.today()})


def spots(cause: str, path: str, code: str) -> Iterator[Spot]:
    """Where a rule for certificates of a type at a unit may stand, the nearest first."""
    for part in reversed(path.strip("/").split("/")):
        if part.isdigit():
            yield from ((cause, int(part), code), (cause, int(part), ""))


def book(session: Session) -> Book:
    """The rules as this transaction sees them."""
    held: tuple[object, Book] | None = session.info.get(KEPT)
    if held is not None and held[0] is session.get_transaction():
        return held[1]
    found = _read(session.scalars(select(AlertRule)))
    session.info[KEPT] = (session.get_transaction(), found)
    return found


def forget(session: Session) -> None:
    """A rule was changed in this transaction: the next question reads them again."""
    session.info.pop(KEPT, None)


def _read(rows: Iterable[AlertRule]) -> Book:
    rules: dict[Spot, Rule] = {}
    changed: dict[Spot, dt.date] = {}
    for row in rows:
        spot = (row.cause, row.unit_id, row.type_code)
        changed[spot] = row.since
        if row.removed_at is None:
            rules[spot] = rule_in(row)
    return Book(rules, changed)


def rule_in(row: AlertRule) -> Rule:
    """What a row says."""
    return Rule(in_order({Stage(before, days) for before, days in row.stages}),
                tuple((within, tuple(keys)) for within, keys in row.ladder), row.patience, row.climbs_within,
                (dt.time.fromisoformat(row.quiet_from), dt.time.fromisoformat(row.quiet_until)), row.since)


def rule_for(session: Session, case: Case) -> Rule:
    """The rule in force today for a case."""
    certificate = case.certificate
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    return book(session).rule(case.cause, certificate.unit_path, kind)


__all__ = ["Book", "Spot", "book", "forget", "rule_for", "rule_in", "spots"]
