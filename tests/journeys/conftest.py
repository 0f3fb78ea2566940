"""A running site with a database and a clock of its own, and a real Chromium that notices everything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
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
from tests.journeys.person import Person
from tests.journeys.site import Site
from web.app import create_app
from web.config import Config

MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=clocks.SHANGHAI)  # a Monday
PATIENT: dict[str, Any] = {"idle": timedelta(days=90), "absolute": timedelta(days=90)}  # journeys outlast a sign-in
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


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


@pytest.fixture
def site(founded: tuple[Path, Company], static: Path, tmp_path: Path) -> Iterator[Site]:
    """The site, served from a thread of this process on a free port; its clock stands until a journey moves it."""
    template, company = founded
    data = tmp_path / "data"
    shutil.copytree(template, data)
    clock = clocks.Fixed(MORNING)
    with clocks.use(clock):
        url = f"sqlite:///{data / 'licet.db'}"
        config = Config(data=data, database_url=url, secret="s" * 32, limits=False, **PATIENT)
        app = create_app(config)
        app.static_folder = str(static)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        made = Site(f"http://127.0.0.1:{server.port}", company, open_database(config.database), clock, config.files)
        yield made
        server.shutdown()
        thread.join()
        made.engine.dispose()


@pytest.fixture
def arrive(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Callable[..., Person]]:
    """arrive("legal") is the legal reviewer, signed in at a desk; arrive("legal", phone=True) holds a phone."""
    people: list[Person] = []

    def come(login: str, *, phone: bool = False) -> Person:
        context = chromium.new_context(
            viewport=PHONE if phone else WIDE, locale="zh-CN", timezone_id="Asia/Shanghai",
            has_touch=phone, is_mobile=phone, reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        person = Person(login, context, site)
        people.append(person)
        person.sign_in()
        return person

    yield come
    for person in people:
        person.leave()
