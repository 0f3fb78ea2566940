"""Command: `flask --app wsgi licet inventory DIR --out DIR`, or `./licet inventory DIR`. It needs no database."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click
from flask.cli import with_appcontext

from ledger import clock
from ledger.errors import Refused
from registry.certificates.catalogue import shipped
from registry.intake.inventory import take_stock
from registry.intake.inventory.walking import REPORT
from web.intake.inventory_report import book, pdf
from web.spreadsheet import workbook

PLACE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=PLACE)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=".", show_default=True,
              help="Where the report goes: 证件清单-<day>.xlsx and .pdf.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day (default: today).")
@with_appcontext
def inventory(folder: Path, out: Path, on: dt.datetime | None) -> None:
    """Take stock of FOLDER: its spreadsheets and scans become a report, 《证件清单》. Nothing in FOLDER is changed."""
    day = on.date() if on else clock.today()
    try:
        stock = take_stock(folder, shipped(), day, tell=_tell)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    out.mkdir(parents=True, exist_ok=True)
    name = folder.resolve().name
    for ending, content in (("xlsx", workbook(book(stock, name))), ("pdf", [pdf(stock, name)])):
        click.echo(str(_write(out / REPORT.format(day=day, ending=ending), content)))
    told = f"{len(stock.files)} spreadsheets, {len(stock.entries)} certificates, {len(stock.scans)} scans"
    points = stock.score.points
    click.echo(f"{told}, quality {'-' if points is None else points} of 100")


def _tell(done: int, total: int, name: str) -> None:
    click.echo(f"{done + 1}/{total} {name}", err=True)


def _write(place: Path, content: Iterable[bytes]) -> Path:
    """The whole file or none."""
    handle, draft = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(handle, "wb") as file:
        file.writelines(content)
    os.chmod(draft, 0o640)
    os.replace(draft, place)
    return place
