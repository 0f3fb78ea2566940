"""A running site with a database and a clock of its own, and a real Chromium that notices everything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

import web
from ledger import clock as clocks
from ledger.db import open_database, unit
from tests.databases import SqliteFiles
from tests.journeys.company import Company, found, open_accounts
from tests.journeys.door import Door, Seats
from tests.journeys.person import EXAMINED, Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from web.app import create_app
from web.config import Config

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=clocks.SHANGHAI)  # a Monday
PATIENT: dict[str, Any] = {"idle": timedelta(days=90), "absolute": timedelta(days=90)}  # journeys outlast a sign-in


@pytest.fixture(scope="session")
def founded(sqlite_files: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Company]:
    """A data folder with the company in its database, built once and copied for each journey."""
    folder = tmp_path_factory.mktemp("company")
    with clocks.use(clocks.Fixed(MORNING)):
        create_app(Config(data=folder, database_url=sqlite_files.fresh(folder), secret="s" * 32))
        engine = open_database(f"sqlite:///{folder / 'licet.db'}")
        with unit(engine) as session:
            company = found(session)
            open_accounts(session, company)
        engine.dispose()
    return folder, company


@pytest.fixture(scope="session")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser's files as they were when the tests began: building them anew meanwhile disturbs nobody."""
    return Path(shutil.copytree(Path(web.__file__).parent / "static", tmp_path_factory.mktemp("static") / "static"))


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """One address for all journeys, so that a browser keeps the files it has: behind it, each journey's own site."""
    opened = Door()
    server = make_server("127.0.0.1", 0, opened, threaded=True)
    opened.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield opened
    server.shutdown()
    thread.join()


@pytest.fixture
def site(founded: tuple[Path, Company], static: Path, tmp_path: Path, door: Door) -> Iterator[Site]:
    """The site, with a copy of the database, behind the door; its clock stands until a journey moves it."""
    template, company = founded
    data = tmp_path / "data"
    shutil.copytree(template, data)
    clock = clocks.Fixed(MORNING)
    with clocks.use(clock):
        url = f"sqlite:///{data / 'licet.db'}"
        config = Config(data=data, database_url=url, secret="s" * 32, limits=False, **PATIENT)
        app = create_app(config)
        app.static_folder = str(static)
        made = Site(door.address, company, open_database(config.database), clock, config.files)
        with door.leading_to(app):
            yield made
        app.extensions["licet_live"].stop()
        made.engine.dispose()


@pytest.fixture(scope="session")
def seats(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Seats]:
    """Everybody's browser, at a desk and with a phone; whoever has signed in once stays so in all journeys."""
    base = tmp_path_factory.getbasetemp()
    EXAMINED.share((base if worker_id == "master" else base.parent) / "examined")
    made = Seats(chromium)
    yield made
    made.close()


@pytest.fixture
def arrive(seats: Seats, site: Site) -> Iterator[Arrive]:
    """arrive("legal") is the legal reviewer, signed in at a desk; arrive("legal", phone=True) holds a phone.

    arrive("legal", way="keys", english=True) has no mouse and reads English; arrive("", ...) has no account.
    """
    people: list[Person] = []

    def come(login: str, *, phone: bool = False, way: str = "", english: bool = False) -> Person:
        way = way or ("narrow" if phone else "desk")
        person = seats.taken(login, way, site, english=english) if login else seats.guest(way, site, english=english)
        people.append(person)
        return person

    yield come
    found = [words for person in people for words in person.leave()]
    assert not found, "\n".join(dict.fromkeys(found))
