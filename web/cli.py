"""Commands: `flask --app wsgi licet init | sample | admin`, beside Flask-Migrate's `flask --app wsgi db`."""

from __future__ import annotations

import getpass
import sys
from dataclasses import replace
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select, update

from ledger import clock, workdays
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.errors import Refused
from web.catalogue.types_cli import types
from web.config import Config
from web.intake.inventory_cli import inventory
from web.session import db

licet = AppGroup("licet", help="Set up and look after a site.")
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def open_commands(app: Flask) -> None:
    """Add the commands to `flask`."""
    licet.add_command(inventory)
    app.cli.add_command(licet)
    app.cli.add_command(types)
    if click.get_current_context(silent=True) is not None:  # Alembic costs half a second: a web process need not pay it
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(MIGRATIONS))


def _config() -> Config:
    config: Config = current_app.extensions["licet_config"]
    return config


@licet.command()
def init() -> None:
    """Bring the database to the newest version, fill the calendar, publish the shipped processes."""
    from migrations.run import upgrade
    from workflows import publish

    upgrade(_config().database)
    with unit(db.engine) as session:
        workdays.seed(session)
        publish(session, by=SYSTEM)
    click.echo("ready")


@licet.command()
@click.option("--seed", default=2026, show_default=True, help="The same seed makes the same data.")
@click.option("--size", type=click.Choice(("demo", "large")), default="demo", show_default=True,
              help="1,500 certificates or 120,000.")
@click.option("--requests", type=int, help="How many requests to run, if not as many as the size says.")
def sample(seed: int, size: str, requests: int | None) -> None:
    """Load the demonstration group: invented companies, people, certificates, requests. Only into an empty database."""
    from registry.sample import SIZES
    from workflows.sample import load

    chosen = SIZES[size] if requests is None else replace(SIZES[size], requests=requests)
    load(db.engine, _config().files, seed=seed, size=chosen)
    click.echo("sample loaded")


@licet.command()
@click.option("--login", prompt=True)
@click.option("--name", prompt=True, help="The administrator's own name.")
@click.option("--group", "group_name", prompt=True, help="The name of the group of companies.")
def admin(login: str, name: str, group_name: str) -> None:
    """Make the group and its first administrator. The password is asked for (or read from standard input)."""
    from registry.access.accounts import count, create_account
    from registry.access.grants import grant_role
    from registry.people.persons import create_person
    from registry.people.units import create_unit

    password = _asked_password()
    try:
        with unit(db.engine) as session:
            if count(session):
                raise click.ClickException("there are accounts already")
            group = create_unit(session, kind="group", name=group_name, code="G", by=SYSTEM)
            person = create_person(session, unit=group, name=name, by=SYSTEM)
            create_account(session, person, login=login, password=password, by=SYSTEM)
            grant_role(session, person, "administrator", group, by=SYSTEM)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{login} may sign in")


def _asked_password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


@licet.command()
@click.option("--login", prompt=True)
def password(login: str) -> None:
    """Give an account a new password, asked for (or read from standard input), and end its sign-ins."""
    from registry.access.accounts import Account, set_password
    from web.web_session import WebSession

    chosen = _asked_password()
    try:
        with unit(db.engine) as session:
            account = session.scalar(select(Account).where(Account.login == login))
            if account is None:
                raise click.ClickException(f"no account {login}")
            set_password(session, account, chosen, by=SYSTEM)
            running = update(WebSession).where(WebSession.account_id == account.id, WebSession.ended_at.is_(None))
            session.execute(running.values(ended_at=clock.now()))
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{login} has a new password")
