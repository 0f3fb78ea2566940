"""`flask licet …`: what sets a site up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import open_database
from ledger.workdays import CalendarYear
from registry.access.accounts import Account, authenticate
from tests.web.house import Browser
from web.app import Licet, create_app
from web.config import Config
from web.session import db


@pytest.fixture
def site(blank_url: str, tmp_path: Path) -> Iterator[Licet]:
    """A site before its first command: no table."""
    app = create_app(Config(data=tmp_path, database_url=blank_url, secret="s" * 40, testing=True, limits=False))
    yield app
    with app.app_context():
        db.engine.dispose()


def runner(site: Licet) -> FlaskCliRunner:
    return site.test_cli_runner()


def admin(site: Licet, password: str = "four green cranes", login: str = "chief", group: str = "江海集团",
          role: str = "administrator") -> Result:
    words = ["licet", "admin", "create", "--login", login, "--name", "孙立", "--group", group, "--role", role]
    return runner(site).invoke(args=words, input=f"{password}\n")


def test_init_brings_tables_calendar_and_processes_and_may_be_repeated(site: Licet, blank_url: str) -> None:
    for _ in range(2):
        done = runner(site).invoke(args=["licet", "init"])
        assert done.exit_code == 0, done.output
    engine = open_database(blank_url)
    with Session(engine) as session:
        assert session.get_one(CalendarYear, 2026).confirmed and not session.get_one(CalendarYear, 2027).confirmed
    engine.dispose()


def test_the_first_administrator_is_made_once_and_can_sign_in(site: Licet, blank_url: str) -> None:
    runner(site).invoke(args=["licet", "init"])
    weak = admin(site, "short")
    assert weak.exit_code == 1 and "10 到 200 个字符" in weak.output
    assert admin(site).exit_code == 0
    assert admin(site).exit_code == 1
    engine = open_database(blank_url)
    with Session(engine) as session:
        assert [account.login for account in session.scalars(select(Account))] == ["chief"]
        assert authenticate(session, "chief", "four green cranes") is not None
    engine.dispose()
    browser = Browser(site.test_client())
    assert browser.sign_in("chief").status_code == 303
    assert browser.get("/calendar/2026").status_code == 200


def test_the_three_administrators_are_made_one_by_one_in_the_same_group(site: Licet) -> None:
    runner(site).invoke(args=["licet", "init"])
    assert admin(site).exit_code == 0
    other = admin(site, login="safe", group="别家集团", role="security_administrator")
    assert other.exit_code == 1 and "江海集团" in other.output
    assert admin(site, login="safe", role="security_administrator").exit_code == 0
    taken = admin(site, login="chief", role="auditor")
    assert taken.exit_code == 1 and "登录名" in taken.output
    assert "security_administrator already" in admin(site, login="x", role="security_administrator").output


def test_a_password_is_no_argument_of_a_command(site: Licet) -> None:
    for command in (["admin", "create"], ["password"]):
        shown = runner(site).invoke(args=["licet", *command, "--help"])
        assert shown.exit_code == 0 and "--password" not in shown.output
    assert runner(site).invoke(args=["licet", "admin", "create", "--password", "x"]).exit_code == 2


def test_a_site_without_accounts_says_how_the_first_is_made(site: Licet) -> None:
    runner(site).invoke(args=["licet", "init"])
    assert "licet admin create" in site.test_client().get("/login").text
    admin(site)
    assert "licet admin create" not in site.test_client().get("/login").text


@pytest.mark.asvs("6.3.2")
def test_no_account_exists_before_somebody_makes_one(site: Licet) -> None:
    runner(site).invoke(args=["licet", "init"])
    browser = Browser(site.test_client())
    for login, password in (("admin", "admin"), ("admin", "licet-demo-2026"), ("root", "")):
        assert browser.sign_in(login, password).status_code == 401


def test_the_demonstration_accounts_are_listed_only_in_a_demonstration(
    site: Licet, tmp_path: Path, blank_url: str
) -> None:
    runner(site).invoke(args=["licet", "init"])
    loaded = runner(site).invoke(args=["licet", "sample", "--requests", "1"])
    assert loaded.exit_code == 0, loaded.output
    assert "licet-demo-2026" not in site.test_client().get("/login").text
    demo = create_app(
        Config(data=tmp_path, database_url=blank_url, secret="s" * 40, testing=True, limits=False, demo=True)
    )
    text = demo.test_client().get("/login").text
    assert "custodian" in text and "licet-demo-2026" in text
    with demo.app_context():
        db.engine.dispose()


def test_a_new_password_by_command_ends_the_account_s_sign_ins(site: Licet) -> None:
    runner(site).invoke(args=["licet", "init"])
    admin(site)
    browser = Browser(site.test_client())
    browser.sign_in("chief")
    done = runner(site).invoke(args=["licet", "password", "--login", "chief"], input="five grey herons fly\n")
    assert done.exit_code == 0, done.output
    assert browser.get("/").status_code == 302
    assert browser.sign_in("chief").status_code == 401
    assert browser.sign_in("chief", "five grey herons fly").status_code == 303


def test_a_new_password_for_nobody_says_so(site: Licet) -> None:
    runner(site).invoke(args=["licet", "init"])
    done = runner(site).invoke(args=["licet", "password", "--login", "nobody"], input="five grey herons fly\n")
    assert done.exit_code == 1 and "nobody" in done.output
