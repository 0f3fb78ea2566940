"""A company at work, its site, and visitors who are signed in: for the tests of the desk pages."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from engine.model import Task
from ledger import clock as clocks
from ledger.db import unit
from registry.access.accounts import Account
from registry.access.sign_ins import WebSession, digest
from registry.people.persons import person_of
from tests.founding import KEY_FILE, Founder
from tests.journeys.company import Company
from web.app import create_app
from web.config import Config
from workflows.applying import opening
from workflows.requests import Request

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


class Visitor:
    """Somebody in front of a browser, signed in; every unsafe request carries the CSRF token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.client.get(address, **more)

    def post(self, address: str, data: Any = None, **more: Any) -> TestResponse:
        headers = {"X-CSRF-Token": self.token, **more.pop("headers", {})}
        return self.client.post(address, data=data, headers=headers, **more)

    def put(self, address: str, told: Any) -> TestResponse:
        return self.client.put(address, json=told, headers={"X-CSRF-Token": self.token})

    def hand_in(self, task: int, answers: dict[str, Any], *, script: bool = False, **more: Any) -> TestResponse:
        """Submit a task as the page does; `script` asks for JSON as task.js does."""
        headers = {"Accept": "application/json"} if script else {"Accept": "text/html"}
        return self.post(f"/tasks/{task}", {"answers": json.dumps(answers), **more}, headers=headers)

    def upload(self, content: bytes = PDF, name: str = "材料.pdf", **more: Any) -> TestResponse:
        headers = {"Accept": "application/json"}
        return self.post("/files", {"file": (BytesIO(content), name)}, headers=headers, **more)


class Town:
    """The company, its site and its database."""

    def __init__(self, engine: Engine, folder: Path, founder: Founder) -> None:
        self.engine = engine
        url = engine.url.render_as_string(hide_password=False)
        config = Config(data=folder / "data", database_url=url, secret="s" * 32, testing=True, limits=False)
        self.company: Company = founder.company(engine)
        config.data.mkdir(exist_ok=True)
        (config.data / "person.key").write_text(KEY_FILE)
        self.app = create_app(config)

    def close(self) -> None:
        """Give the connections back, so that the database can be emptied."""
        from web.session import db

        with self.app.app_context():
            db.engine.dispose()

    def visitor(self, login: str, *, confirmed: bool = True) -> Visitor:
        """`login`'s browser, signed in, a moment ago or earlier (the sign-in page itself has tests of its own)."""
        person_id, token, now = self.company.people[login], secrets.token_urlsafe(32), clocks.now()
        with unit(self.engine) as session:
            account = session.scalar(select(Account).where(Account.person_id == person_id))
            if account is None:
                person = person_of(session, person_id)
                account = Account(person=person, group_id=person.group_id, login=login, password_hash="-")
                session.add(account)
                session.flush()
            session.add(WebSession(
                token_hash=digest(token), account_id=account.id, created_at=now, seen_at=now,
                expires_at=now + timedelta(days=30), confirmed_at=now if confirmed else None,
            ))
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"], cookie["csrf_token"] = token, True, "c" * 40
        signer = URLSafeTimedSerializer(self.app.secret_key or "", salt="wtf-csrf-token")
        return Visitor(client, str(signer.dumps("c" * 40)))

    def request(self, login: str = "applicant", code: str = "J03", holder: str = "project") -> int:
        """A fresh request, in draft; its id."""
        kind = "person" if code.startswith("P") else "unit"
        number = self.company.people[holder] if kind == "person" else self.company.units[holder]
        with unit(self.engine) as session:
            return opening.open_request(session, self.company.actor(session, login), code, kind, number).id

    def open_task(self, request_id: int, element: str | None = None) -> int:
        """The id of the open task of a request (at one element if asked)."""
        with Session(self.engine) as session:
            instance_id = session.get_one(Request, request_id).instance_id
            query = select(Task.id).where(Task.instance_id == instance_id, Task.state == "open").order_by(Task.id)
            if element:
                query = query.where(Task.element_id == element)
            return session.scalars(query).first() or pytest.fail(f"no open task at {element}")

    def row(self, model: type[Any], number: int) -> Any:
        """One row as it is committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get_one(model, number)
