"""A founded company, and requests that walk through it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.certificates import lifecycle
from registry.people import sealing
from registry.people.persons import person_of
from tests.founding import Founder
from tests.journeys.company import Company
from tests.workflows.acts import entrust
from tests.workflows.cabinet import MONDAY, Cabinet
from tests.workflows.coverage import Reached
from tests.workflows.passage import Passage
from tests.workflows.walk import Walk
from workflows.applying import choices


@pytest.fixture(autouse=True)
def key() -> None:
    sealing.set_key(b"k" * 32)


@pytest.fixture
def company(engine: Engine, clock: Fixed, founder: Founder) -> Company:
    """A group with somebody for every lane."""
    return founder.company(engine)


@pytest.fixture
def walk(engine: Engine, company: Company, clock: Fixed, tmp_path: Path, noted: Reached) -> Callable[..., Walk]:
    """Opens a request: walk("E03")."""

    def begin(code: str = "J03") -> Walk:
        noted.cases.append(case := Walk(engine, company, tmp_path / "files", clock, code))
        return case

    return begin


GRANTS = {
    "E03": ("company", {"number": "（浙）JZ安许证字〔2026〕000777", "valid_until": dt.date(2028, 12, 31)}),
    "E02": ("company", {"number": "D233012345", "valid_until": dt.date(2030, 12, 31)}),
    "E01": ("company", {"number": "91330100MA27XL8A79", "undated": True}),
    "J03": ("project", {"number": "330109202601050101", "undated": True}),
    "P06": ("worker", {"number": "浙133200800001", "valid_until": dt.date(2028, 12, 31)}),
    "P04": ("worker", {"number": "浙建安B（2026）0012345", "valid_until": dt.date(2028, 12, 31)}),
    "P07": ("worker", {"number": "苏232101200345", "valid_until": dt.date(2028, 12, 31)}),
    "P02": ("worker", {"number": "浙A012026000001", "valid_until": dt.date(2027, 12, 31), "item": "01"}),
}


@pytest.fixture
def holding(engine: Engine, company: Company) -> Callable[..., int]:
    """Grants a certificate of a type, issued at the beginning of 2026: holding("E03"); its id."""

    def grant(code: str, login: str = "", **more: object) -> int:
        name, said = GRANTS[code]
        given = {"issued_on": dt.date(2026, 1, 5), "valid_from": dt.date(2026, 1, 5), "issuer": "某厅", **said, **more}
        with unit(engine) as session:
            holder = (company.unit(session, name) if name in company.units
                      else person_of(session, company.people[login or name]))
            return lifecycle.grant(session, code, holder, by=SYSTEM, **given).id  # type: ignore[arg-type]

    return grant


@pytest.fixture
def noted(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Reached]:
    """Notes what this test's cases visited, before its database goes; see coverage."""
    base = tmp_path_factory.getbasetemp()
    reached = Reached((base if worker_id == "master" else base.parent) / "reached")
    yield reached
    reached.note(request.node)


@pytest.fixture
def begun(
    engine: Engine, company: Company, clock: Fixed, tmp_path: Path, noted: Reached
) -> Callable[[str, int, str, str], Passage]:
    """Begins a process at a certificate as somebody would: begun("transfer", certificate id, "a", "hr")."""

    def begin(process_id: str, number: int, subtype: str, login: str) -> Passage:
        case = Passage(engine, company, tmp_path / "files", clock)
        case.begin(lambda session: choices.begin(session, company.actor(session, login), number, process_id, subtype))
        noted.cases.append(case)
        return case

    return begin


@pytest.fixture
def changing(begun: Callable[..., Passage]) -> Callable[..., Passage]:
    """Begins a change: changing(certificate id, "a", "hr")."""
    return lambda number, subtype, login="hr": begun("transfer", number, subtype, login)


@pytest.fixture
def cancelling(begun: Callable[..., Passage]) -> Callable[..., Passage]:
    """Begins a cancellation: cancelling(certificate id, "legal", "passive")."""
    return lambda number, login="legal", subtype="": begun("cancellation", number, subtype, login)


@pytest.fixture
def suspending(begun: Callable[..., Passage]) -> Callable[..., Passage]:
    """Begins a suspension."""
    return lambda number, login="custodian": begun("suspension", number, "", login)


@pytest.fixture
def staffed(engine: Engine, company: Company) -> None:
    """More people of human resources: one of the other company, a head at the group, a second one here."""
    with unit(engine) as session:
        for login, role, place in (("stranger", "hr", "other"), ("vice", "hr_head", "group"),
                                   ("legal2", "hr", "company"), ("owner", "hr_head", "company")):
            entrust(session, company, login, role, place)
@pytest.fixture
def cabinet(engine: Engine, company: Company, clock: Fixed, tmp_path: Path) -> Cabinet:
    """Papers to borrow and to lose, on a Monday."""
    clock.move_to(MONDAY)
    return Cabinet(engine, company, tmp_path / "files", clock)
