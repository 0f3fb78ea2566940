"""Commands: `./licet init | sample | admin create | password`, beside Flask-Migrate's `flask --app wsgi db`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.errors import BadAnswer, Refused
from web.catalogue.types_cli import types
from web.config import Config
from web.intake.inventory_cli import inventory
from web.session import db

if TYPE_CHECKING:
    from registry.people.units import Unit

licet = AppGroup("licet", help="Set up and look after a site.")
FIRST = ("administrator", "security_administrator", "auditor")
"""The three who keep an eye on each other (三员分立); a role goes to the first by command, to others in the pages."""
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


@licet.group()
def admin() -> None:
    """The first people of a site, who then make the others."""


@admin.command()
@click.option("--login", prompt=True)
@click.option("--name", prompt=True, help="The administrator's own name.")
@click.option("--group", "group_name", prompt=True, help="The name of the group of companies; made if there is none.")
@click.option("--role", type=click.Choice(FIRST), default=FIRST[0], show_default=True)
def create(login: str, name: str, group_name: str, role: str) -> None:
    """Make the first holder of an administrative role, and the group. The password is asked for twice, or read from
    standard input; it is never an argument, which every process of the machine could read."""
    from registry.access.accounts import create_account
    from registry.access.grants import grant_role
    from registry.people.persons import create_person

    with refusals(), unit(db.engine) as session:
        if _held(session, role):
            raise click.ClickException(f"there is a {role} already, who can make others in the pages")
        group = _group(session, group_name)
        password = _asked_password()
        person = create_person(session, unit=group, name=name, by=SYSTEM)
        create_account(session, person, login=login, password=password, by=SYSTEM)
        grant_role(session, person, role, group, by=SYSTEM)
    click.echo(f"{login} may sign in")


def _held(session: Session, role: str) -> bool:
    """Whether somebody who can sign in holds the role."""
    from registry.access.accounts import Account
    from registry.access.grants import RoleGrant

    held = select(Account).join(RoleGrant, RoleGrant.person_id == Account.person_id).where(
        RoleGrant.role == role, RoleGrant.revoked_at.is_(None))
    return any(account.usable for account in session.scalars(held))


def _group(session: Session, name: str) -> Unit:
    """The group of this name; a new one where there is none at all."""
    from registry.people.units import Unit, create_unit

    groups = session.scalars(select(Unit).where(Unit.kind == "group")).all()
    found = next((group for group in groups if group.name == name.strip()), None)
    if groups and found is None:
        raise click.ClickException(f"no group {name}; there is {', '.join(group.name for group in groups)}")
    return found or create_unit(session, kind="group", name=name, code="G", by=SYSTEM)


@contextmanager
def refusals() -> Iterator[None]:
    """What a lower room refuses, as the last words of a command: with what is wrong with each answer."""
    try:
        yield
    except BadAnswer as refused:
        told = [str(one) for found in refused.problems.values() for one in found]
        raise click.ClickException("\n".join(told)) from None
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused


def _asked_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    asked = getpass.getpass()
    if asked != getpass.getpass("Again: "):
        raise click.ClickException("the two are not the same")
    return asked


@licet.command()
@click.option("--login", prompt=True)
def password(login: str) -> None:
    """Give an account a new password, asked for (or read from standard input), and end its sign-ins."""
    from registry.access.accounts import set_password, with_login

    chosen = _asked_password()
    with refusals(), unit(db.engine) as session:
        account = with_login(session, login)
        if account is None:
            raise click.ClickException(f"no account {login}")
        set_password(session, account, chosen, by=SYSTEM)
    click.echo(f"{login} has a new password")
