"""A small group of companies with a site, and browsers that sign in at its door."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access import passwords
from registry.access.accounts import Account
from registry.access.grants import grant_role
from registry.certificates.lifecycle import grant
from registry.people import sealing
from registry.people.persons import Person, create_person
from registry.people.units import Unit, create_unit
from tests.founding import Founder
from web.app import create_app
from web.config import Config

PASSWORD = "four green cranes"
STAFF = {
    "custodian": ("custodian", "company"),
    "hr": ("hr", "company"),
    "legal": ("legal", "company"),
    "owner": ("process_owner", "group"),
    "guard": ("guard", "project"),
    "stranger": ("custodian", "other"),
    "worker": (None, "project"),
}
"""Login -> role and the unit it is held at; "other" is another group, whose things nobody here may see."""
ID_NUMBER = "110101199003070214"


Held = tuple[dict[str, int], dict[str, int], dict[str, int]]
"""The numbers of units, people and certificates, by name."""


@cache
def _hash() -> str:
    """Made once: hashing is slow on purpose."""
    return passwords.hashed(PASSWORD)


class House:
    """The rows by name, the application, and a count of the statements it sends."""

    def __init__(self, engine: Engine, folder: Path, founder: Founder | None = None, *, found: bool = True,
                 **settings: Any) -> None:
        sealing.set_key(b"k" * 32)
        self.engine = engine
        held: Held = ({}, {}, {}) if not found else founder.once("house", engine, _found) if founder else _found(engine)
        self.units, self.people, self.certificates = held
        url = engine.url.render_as_string(hide_password=False)
        (folder / "person.key").write_text("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")  # the same key, in base64
        self.config = Config(
            **{"data": folder, "database_url": url, "secret": "s" * 40, "testing": True, "limits": False, **settings}
        )
        self.app: Flask = create_app(self.config)
        self.app.config["PROPAGATE_EXCEPTIONS"] = False

    def close(self) -> None:
        """Give the connections back, so that the database can be emptied."""
        from web.session import db

        self.app.extensions["licet_live"].stop()
        with self.app.app_context():
            db.engine.dispose()

    def browser(self, login: str | None = None) -> Browser:
        """A browser; signed in if a login is named."""
        made = Browser(self.app.test_client())
        if login:
            answer = made.sign_in(login)
            assert answer.status_code == 303, answer.text
        return made

    def statements(self) -> list[str]:
        """A list that fills with every SQL statement the application sends from now on."""
        from web.session import db

        seen: list[str] = []
        with self.app.app_context():
            event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        return seen


def _found(engine: Engine) -> Held:
    """The rows of a house; which units, people and certificates there are."""
    with unit(engine) as session:
        return _rows(session)


def _rows(session: Session) -> Held:
    workdays.seed(session)
    group = create_unit(session, kind="group", name="江海集团", code="G", by=SYSTEM, region="320100", province="苏")
    company = create_unit(session, kind="company", name="江海一建", code="C1", parent=group, by=SYSTEM)
    project = create_unit(
        session, kind="project", name="滨江路改造", code="P1", parent=company, by=SYSTEM, project={"work": "市政"}
    )
    other = create_unit(session, kind="group", name="别家集团", code="X", by=SYSTEM, region="330100", province="浙")
    elsewhere = create_unit(
        session,
        kind="project",
        name="别家项目",
        code="P9",
        by=SYSTEM,
        parent=create_unit(session, kind="company", name="别家一建", code="X1", parent=other, by=SYSTEM),
    )
    people: dict[str, int] = {}
    places: dict[str, Unit] = {"group": group, "company": company, "project": project, "other": other}
    for login, (role, place) in STAFF.items():
        person = create_person(
            session, unit=places[place], name=f"测试{login}", by=SYSTEM, joined_on=dt.date(2020, 1, 1)
        )
        session.add(Account(person=person, group_id=person.group_id, login=login, password_hash=_hash()))
        if role:
            grant_role(session, person, role, places[place], by=SYSTEM, from_on=dt.date(2020, 1, 1))
        people[login] = person.id
    welder = create_person(
        session, unit=project, name="王建国", by=SYSTEM, id_number=ID_NUMBER, phone="13812345678"
    )
    foreigner = create_person(session, unit=elsewhere, name="赵外人", by=SYSTEM)
    people |= {"welder": welder.id, "foreigner": foreigner.id}
    units = {name: place.id for name, place in {**places, "elsewhere": elsewhere}.items()}
    certificates = {
        "permit": _permit(session, project, "320102202603150101"),
        "foreign": _permit(session, elsewhere, "330109202101210222"),
        "trade": _trade(session, welder, "苏A012025000123"),
    }
    return units, people, certificates


class Browser:
    """A client that keeps its cookie and shows the CSRF token of the page it saw last."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.client.get(address, **more)

    def token(self) -> str:
        """The token in the page's head, as the scripts read it."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/login", follow_redirects=True).text)
        assert found
        return found[1]

    def post(self, address: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token(), **(data or {})}, **more)

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        return self.post("/login", {"login": login, "password": password, **more})


def _permit(session: Session, project: Unit, number: str) -> int:
    return grant(
        session, "J03", project, number=number, issued_on=dt.date(2026, 3, 15), issuer="某区住建局", by=SYSTEM
    ).id


def _trade(session: Session, person: Person, number: str) -> int:
    return grant(
        session,
        "P02",
        person,
        number=number,
        issued_on=dt.date(2025, 2, 1),
        valid_from=dt.date(2025, 2, 1),
        valid_until=dt.date(2027, 1, 31),
        issuer="某省住建厅",
        by=SYSTEM,
    ).id
