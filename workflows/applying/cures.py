"""Which application would cure what a rule says is lacking: the type, the holder, and what its form opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.certificates.models import Holder
from registry.people.units import Unit
from registry.rules.lines import Line
from workflows.applying.opening import holder_of, may_open, may_start

OWN: dict[str, str] = {
    "no_b": "P04", "no_filing": "Q03", "no_use_registration": "Q04", "no_inspection": "Q02", "e02_gone": "E02",
    "e03_without_e02": "E02",
}
"""Lack -> the type to be applied for by whom the line is about."""
CONTRACTORS: dict[str, str] = {"no_e02": "E02", "no_e03": "E03"}
"""Lack of a project -> the type to be applied for by the company that runs it."""
SOMEBODY: dict[str, str] = {
    "no_a": "P03", "short_of_b": "P04", "short_of_officers": "P05", "short_of_staff": "P05", "short_of_c": "P05",
    "short_of_constructors": "P07", "short_of_speciality": "P07",
}
"""Lack -> the type that somebody, still to be chosen, would have to hold."""
TRADES = frozenset({"no_trade", "trade_expired"})


@dataclass(frozen=True)
class Cure:
    """An application to be begun. Without a holder it is chosen first; `prefill` is what the form opens with."""

    type_code: str
    holder: tuple[str, int] | None = None
    prefill: Mapping[str, str] = field(default_factory=dict)


def cure_of(session: Session, actor: Actor, line: Line) -> Cure | None:
    """What this actor can apply for to cure a line; None where no application would, or it is not theirs to begin."""
    found = _cure(session, line)
    if found is None or not may_start(actor, found.type_code):
        return None
    if found.holder is None:
        return found
    holder: Holder = holder_of(session, *found.holder)
    return found if may_open(actor, found.type_code, holder) else None


def _cure(session: Session, line: Line) -> Cure | None:
    about = (line.about.kind, line.about.id)
    if line.lack in TRADES:
        trade = str(line.params["trade"])
        return Cure("P02", about, {"trade": trade}) if trade.isdigit() else Cure("P01", about, {"item": trade})
    if line.lack == "missing_paper":
        return Cure(str(line.params["type"]), about)
    if line.lack == "no_constructor":
        return Cure("P06" if line.data.get("scale") == "large" else "P07", about)
    if line.lack in CONTRACTORS:
        project = session.get(Unit, line.unit)
        return Cure(CONTRACTORS[line.lack], ("unit", project.parent_id)) if project and project.parent_id else None
    if line.lack in SOMEBODY:
        return Cure(SOMEBODY[line.lack])
    return Cure(OWN[line.lack], about) if line.lack in OWN else None
