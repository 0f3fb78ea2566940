"""Commands: `flask --app wsgi types export DIR | import DIR --from DAY --reason WHY`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from flask.cli import AppGroup

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer, Refused
from registry.certificates import exchange
from registry.certificates.publishing import Notice
from registry.certificates.type_files import BrokenType
from web.session import db

types = AppGroup("types", help="Certificate types as files.")
DAY = click.DateTime(["%Y-%m-%d"])


@types.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--on", type=DAY, help="As they stand on this day (default: today).")
def export(folder: Path, on: dt.datetime | None) -> None:
    """Write every type into FOLDER, as files like the shipped ones."""
    with reading(db.engine) as session:
        session.connection()
        made = exchange.export(folder, on.date() if on else clock.today())
    click.echo(f"{made} files")


@types.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from", "start", type=DAY, required=True, help="The day from which they hold; not in the past.")
@click.option("--reason", required=True)
def bring_in(folder: Path, start: dt.datetime, reason: str) -> None:
    """Publish an edition of every type of FOLDER that differs; all of them or none."""
    try:
        with unit(db.engine) as session:
            session.connection()
            made = exchange.bring_in(session, folder, Notice(start.date(), reason), by=SYSTEM)
            told = [f"{one.code}{' ' + one.province if one.province else ''}: edition {one.no}" for one in made]
    except BrokenType as error:
        raise click.ClickException(str(error)) from error
    except BadAnswer as error:
        lines = [f"{key}: {problem}" for key, several in error.problems.items() for problem in several]
        raise click.ClickException("\n".join(lines) or str(error)) from error
    except Refused as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(told) or "nothing differs")
