"""A28, A29: every number in every address, swapped for one of another group, company or project, is of nothing.

The demonstration group with requests in every state; whoever tries holds every role there is, but elsewhere. An answer
for what is there and not theirs is the answer for what is not there, and nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from engine.model import Instance, Task, Timer
from engine.usertasks.hands import TaskPlan
from ledger.actor import SYSTEM
from ledger.db import open_database, unit
from ledger.facts import Fact
from registry.access import passwords
from registry.access.accounts import Account
from registry.access.grants import RoleGrant, grant_role
from registry.access.roles import EMPLOYEE, roles
from registry.access.substitutions import Substitution
from registry.certificates.models import Certificate, Scan, Version
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.custody.reservations import Reservation
from registry.people import sealing
from registry.people.machines import Machine
from registry.people.persons import Person, create_person
from registry.people.tenure import Employment
from registry.people.units import Unit, create_unit
from scripts import database
from tests.databases import build
from tests.web.house import PASSWORD, Browser
from web.app import create_app
from web.config import Config
from workflows.requests import Request, RequestFile
from workflows.sharing.comments import Comment
from workflows.sharing.consulting import Consultation

pytestmark = pytest.mark.xdist_group("demonstration")
NOBODY = 10**9
WATCHING = ("auditor", "administrator", "security_administrator")
SENT = {"reason": "出差两周", "to": "1", "text": "你好", "question": "请看", "days": "5", "once": "b" * 22,
        "version": "1", "verdict": "pass", "answers": '{"verdict": "pass"}', "opinion": "可", "how": "end"}


@dataclass(frozen=True)
class Place:
    """The site, its database, and the first of each kind of thing that lies in a company, by the name of its number."""

    app: Flask
    engine: Engine
    there: dict[str, Any]

    def facts(self) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(Fact).where(
                Fact.kind.not_like("account.%"), Fact.kind.not_like("session.%"))) or 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("demonstration")
    config = Config(data=folder, secret="s" * 40, testing=True, limits=False)
    build(config.database)
    (folder / "files").mkdir(exist_ok=True)
    sealing.load_key(folder)
    database.fill(config.database, folder, "demo")
    engine = open_database(config.database)
    with unit(engine) as session:
        there = numbers(session, session.scalars(select(Unit).where(Unit.path == "/1/3/")).one())
        strangers(session)
    yield Place(create_app(config), engine, there)
    engine.dispose()


def numbers(session: Session, company: Unit) -> dict[str, Any]:
    """The first of each kind that lies there."""
    def first(model: type[Any], *where: Any, path: Any = None) -> int:
        inside = [] if path is False else [(model.unit_path if path is None else path).startswith(company.path)]
        found = session.scalars(select(model.id).where(*inside, *where).order_by(model.id)).first()
        assert found is not None, model
        return int(found)

    certificate = first(Certificate, Certificate.id.in_(select(Version.certificate_id).join(Scan)))
    request = first(Request, Request.id.in_(select(Comment.request_id)))
    instance = session.get_one(Request, request).instance_id
    person = first(Person, Person.id.in_(select(RoleGrant.person_id)))
    inside = {"path": False}
    task = first(Task, Task.instance_id == instance, **inside)
    held = session.get_one(Certificate, certificate)
    return {
        "certificate_id": certificate, "person_id": person, "unit_id": first(Unit, Unit.kind == "project",
                                                                             path=Unit.path),
        "machine_id": first(Machine), "original_id": first(Original), "loan_id": first(Loan),
        "reservation_id": first(Reservation), "request_id": request, "instance_id": instance, "task_id": task,
        "question_id": task, "scan_id": first(Scan, Scan.version_id == Version.id,
                                              Version.certificate_id == held.id, **inside),
        "file_id": session.scalars(select(RequestFile.file_id).where(RequestFile.request_id == request)).first(),
        "timer_id": first(Timer, Timer.instance_id.in_(select(Instance.id).where(
            Instance.unit_path.startswith(company.path))), **inside),
        "grant_id": first(RoleGrant, RoleGrant.person_id == person, **inside),
        "row_id": first(Employment, Employment.person_id == person, **inside),
        "substitution_id": first(Substitution), "plan_id": first(TaskPlan, **inside),
        "comment_id": first(Comment, Comment.request_id == request, **inside),
        "consultation_id": first(Consultation, **inside), "kind": "certificate", "number": certificate,
    }


def strangers(session: Session) -> None:
    """Who tries: of another group, another company and another project, each with every role there, those that watch
    apart from those that work."""
    group = create_unit(session, kind="group", name="别家集团", code="X", by=SYSTEM, region="330100", province="浙")
    abroad = create_unit(session, kind="company", name="别家一建", code="X1", parent=group, by=SYSTEM)
    company = session.scalars(select(Unit).where(Unit.path == "/1/9/")).one()
    project = session.scalars(select(Unit).where(Unit.path.startswith("/1/15/"), Unit.kind == "project")).first()
    assert project is not None
    working = [key for key in roles() if key not in (*WATCHING, EMPLOYEE)]
    here = session.scalars(select(Unit).where(Unit.path == "/1/3/")).one()
    watching = [(key, [key]) for key in WATCHING]
    for name, home, held_at, those in (
            ("group", abroad, group, []), ("company", company, company, watching), ("project", project, project, []),
            ("home", here, here, [])):
        for what, held in (("works", working), *those):
            person = create_person(session, unit=home, name=f"外人{name}{what}", by=SYSTEM)
            session.add(Account(person=person, group_id=person.group_id, login=f"{name}-{what}",
                                password_hash=passwords.hashed(PASSWORD)))
            session.flush()
            for role in held:
                grant_role(session, person, role, held_at, by=SYSTEM)


def addresses(place: Place, there: dict[str, Any]) -> Iterator[tuple[str, Rule, str]]:
    adapter = place.app.url_map.bind("localhost")
    for rule in sorted(place.app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.arguments and rule.arguments <= set(there) and rule.arguments - {"kind"}:
            values = {name: there[name] for name in rule.arguments}
            if isinstance(one := rule._converters.get("kind"), AnyConverter):
                values["kind"] = sorted(one.items)[0]
            for method in sorted({"GET", "POST", "PUT", "DELETE"} & (rule.methods or set())):
                yield method, rule, adapter.build(rule.endpoint, values, method=method)


def answered(page: TestResponse) -> tuple[int, str, str]:
    """What an answer tells, without what was asked and what changes with every request."""
    said = page.get_data(as_text=True).replace(page.request.path, "")
    with closing(page):
        text = re.sub(r"\d{6,}", "", re.sub(r'(content|value|nonce)="[^"]*"', "", said))
        return page.status_code, text, page.headers.get("Location", "").replace(page.request.path, "")


def test_the_numbers_are_there_for_whoever_works_there(place: Place) -> None:
    browser = Browser(place.app.test_client())
    assert browser.sign_in("home-works").status_code == 303
    told = {address: browser.get(address).status_code for method, _rule, address in addresses(place, place.there)
            if method == "GET"}
    assert list(told.values()).count(200) > 40, told


@pytest.mark.attack("A28", "A29")
@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize(("whence", "who"), [
    ("group", "works"), ("company", "works"), ("project", "works"), *(("company", key) for key in WATCHING)])
def test_what_lies_elsewhere_is_to_a_stranger_as_if_it_were_not_there(place: Place, whence: str, who: str) -> None:
    browser, before = Browser(place.app.test_client()), place.facts()
    assert browser.sign_in(f"{whence}-{who}").status_code == 303
    token, nothing = browser.token(), {name: NOBODY if isinstance(value, int) else value
                                       for name, value in place.there.items()}
    told: dict[str, list[tuple[int, str, str]]] = {}
    for there in (place.there, nothing):
        for method, rule, address in addresses(place, there):
            page = browser.client.open(address, method=method, headers={"X-CSRFToken": token},
                                       data=None if method == "GET" else SENT)
            told.setdefault(f"{method} {rule.rule}", []).append(answered(page))
    assert len(told) > 150
    assert {rule: [one[0] for one in two] for rule, two in told.items() if two[0] != two[1]} == {}
    assert {rule: two[0][0] for rule, two in told.items() if two[0][0] < 400 and "/x/" not in rule} == {}
    assert place.facts() == before
