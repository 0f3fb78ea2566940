"""Types out as a folder of TOML files, the same as the shipped ones, and in again by the same checks."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.certificates import catalogue
from registry.certificates.editions import TypeEdition
from registry.certificates.publishing import Notice, effective, newest, publish
from registry.certificates.type_files import DEFAULTS, PROVINCES, load, load_provinces, written


def export(folder: Path, on: dt.date) -> int:
    """Write every type as it stands on a day; how many files. An unchanged one is the shipped file, byte for byte.

    What holds in one province lies under provinces/. Files of the same name are replaced, others left alone.
    """
    book, made = catalogue.current(), 0
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(catalogue.FOLDER / DEFAULTS, folder / DEFAULTS)
    for code, province in sorted(book.lines):
        said = book.said(code, on, province)
        if said is None or (province and said is book.said(code, on)):
            continue
        family = said.type.family
        place = folder / PROVINCES / province / family if province else folder / family
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{code}.toml"
        if said.no:
            path.write_text(written(said.type), "utf-8")
        else:
            shutil.copyfile(catalogue.FOLDER / family / path.name, path)
        made += 1
    return made


def bring_in(session: Session, folder: Path, notice: Notice, *, by: Actor) -> list[TypeEdition]:
    """Publish an edition of every type of a folder that reads otherwise than what holds on the notice's day.

    BrokenType names a file that cannot be used; BadAnswer what cannot be published. Then nothing is published.
    """
    found = {("", code): each for code, each in load(folder).items()} | load_provinces(folder)
    made = []
    for (province, code), each in sorted(found.items()):
        last = newest(session, code)
        here = replace(notice, province=province, after=last.no if last else 0)
        said = catalogue.said_on(code, notice.effective_from, province) if notice.effective_from else None
        present = effective(said.type, here) if said else None
        if present != each:
            made.append(publish(session, each, here, by=by))
    return made
