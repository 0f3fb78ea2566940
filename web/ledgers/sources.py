"""Where each thing that the register says of a certificate comes from, and how sure we are of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from registry.access.rules import can, visible
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType, Field
from registry.certificates.models import Certificate, Version
from registry.intake.batch import provenance
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.batch.provenance import Source
from registry.intake.mapping import FIELDS
from web.guard import actor
from web.i18n import named, title_words
from web.ledgers.certificate import operation, shown
from web.session import db
from web.stewardship.steward_words import flaw_words, masked
from web.text import plain_day

WAYS = {
    "imported": _l("台账导入"), "corrected": _l("导入后改正"), "request": _l("办理流程"), "entered": _l("人工登记"),
    "system": _l("系统登记"),
}


@dataclass(frozen=True)
class Told:
    """One field: what it says now and where that comes from. `raw` is what stood in the ledger, masked; `place` file,
    sheet and cell; `address` the page of what it comes from; `doubts` open findings about it (words, address)."""

    label: str
    value: str
    way: str
    by: str
    at: dt.datetime | None
    place: str = ""
    raw: str = ""
    changed: bool = False
    sure: float = 1.0
    address: str = ""
    doubts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Said:
    """One field of a certificate: its key in the intake, its name, how it is read from a version, and as words."""

    key: str
    label: str
    read: Callable[[Version], Any]
    words: Callable[[Any], str]


def sources_of(found: Certificate) -> list[Told]:
    """Every field that says something, in the order of the page."""
    known = provenance.sources(db.session(), found)
    makers = Makers(_requests(found), _batches(found))
    doubts = _doubts(found)
    told = []
    for said in _fields(found):
        value = said.read(found.latest)
        if value in (None, "", [], {}):
            continue
        words, open_ones = said.words(value), doubts.get(said.key, ())
        source = known.get(said.key)
        told.append(_imported(said, words, source, found, open_ones) if source is not None and source.how in (
            "imported", "corrected") else _made(said, words, found, makers, open_ones))
    return told


def _imported(
    said: Said, words: str, source: Source, found: Certificate, doubts: tuple[tuple[str, str], ...]
) -> Told:
    raw = masked(source.raw or "", said.key, found.type_code)
    changed = bool(raw) and "".join(raw.split()) != "".join(words.split())
    address = url_for("imports.show", batch_id=source.batch_id) if source.batch_id and can(
        actor(), "import.read") else ""
    sheet = "" if source.file.rpartition(".")[0] == source.sheet else source.sheet  # of a CSV it is the file's name
    return Told(said.label, words, str(WAYS[source.how]), source.by_name, source.at,
                " · ".join(filter(None, (source.file, sheet, source.cell))), raw, changed, source.sure, address,
                doubts)


@dataclass(frozen=True)
class Makers:
    """What made versions: titles of requests by their id, ledgers by the version's id."""

    requests: dict[int, str]
    batches: dict[int, Batch]


def _made(
    said: Said, words: str, found: Certificate, makers: Makers, doubts: tuple[tuple[str, str], ...]
) -> Told:
    """The version that first said what is said now, and what made it."""
    version = _first(found, said)
    if batch := makers.batches.get(version.id):
        place = _("%(file)s，由同一行推得", file=batch.name)
        return Told(said.label, words, str(WAYS["imported"]), version.by_name, version.known_from, place, doubts=doubts)
    if version.request_id:
        title = makers.requests.get(version.request_id, "")
        address = url_for("requests.show", request_id=version.request_id) if title else ""
        return Told(said.label, words, str(WAYS["request"]), version.by_name, version.known_from,
                    title_words(title) or operation(version), address=address, doubts=doubts)
    way, by = (WAYS["entered"], version.by_name) if version.by_id is not None else (WAYS["system"], _("系统"))
    place = _("版本 %(no)s，%(what)s", no=version.label, what=operation(version))
    return Told(said.label, words, str(way), by, version.known_from, place, doubts=doubts)


def _first(found: Certificate, said: Said) -> Version:
    now, first = said.read(found.latest), found.latest
    for version in reversed(found.versions):
        if said.read(version) != now:
            break
        first = version
    return first


def _fields(found: Certificate) -> Iterator[Said]:
    kind = found.type
    yield Said("number", _("编号"), lambda _version: found.number, str)
    yield Said("name", _("持有人"), lambda _version: found.holder_name, str)
    for key, label in (("issued_on", _("发证日期")), ("valid_from", _("有效期起"))):
        yield Said(key, label, _column(key), plain_day)
    yield Said("valid_until", _("有效期至"), lambda one: one.valid_until or one.term, _end)
    yield Said("review_on", _("应复审日期"), _column("review_on"), plain_day)
    yield Said("issuer", _("发证机关"), _column("issuer"), str)
    yield Said("state", _("状态"), _column("state"), lambda value: _(codes.STATES.get(value, value)))
    for field in kind.fields:
        if not field.column:
            yield Said(field.key, named(field), _own(field), _spoken(field))
    yield from _others(found, kind)


def _others(found: Certificate, kind: CertificateType) -> Iterator[Said]:
    """What was kept beside the certificate under a heading of its own."""
    known = {field.key for field in kind.fields}
    for key in found.latest.fields:
        if key not in known:
            yield Said(key, _label(key), lambda one, key=key: one.fields.get(key), str)  # type: ignore[misc]


def _label(key: str) -> str:
    """What a field is called that the type does not name: as in ledgers, or as other types call it."""
    if key in FIELDS:
        return _(FIELDS[key])
    return next((named(field) for kind in types().values() for field in kind.fields if field.key == key), key)


def _column(name: str) -> Callable[[Version], Any]:
    return lambda version: getattr(version, name)


def _own(field: Field) -> Callable[[Version], Any]:
    return lambda version: version.fields.get(field.key)


def _spoken(field: Field) -> Callable[[Any], str]:
    return lambda value: shown(field, value)


def _end(value: Any) -> str:
    return plain_day(value) if isinstance(value, dt.date) else _(codes.TERMS.get(value, value))


def _doubts(found: Certificate) -> dict[str, tuple[tuple[str, str], ...]]:
    """Open findings by field, for whoever may see the queue."""
    if not can(actor(), "steward.read"):
        return {}
    query = visible(select(Flaw), actor()).where(
        Flaw.certificate_id == found.id, Flaw.state == "open", Flaw.weight != "tidied")
    by_field: dict[str, tuple[tuple[str, str], ...]] = {}
    for flaw in db.session.scalars(query.order_by(Flaw.id)):
        told = (flaw_words(flaw.kind), url_for("steward.item", flaw_id=flaw.id))
        by_field[flaw.field] = (*by_field.get(flaw.field, ()), told)
    return by_field


def _batches(found: Certificate) -> dict[int, Batch]:
    """The ledgers that made versions of it."""
    query = select(Row.version_id, Batch).join(Batch, Batch.id == Row.batch_id).where(
        Row.certificate_id == found.id, Row.version_id.is_not(None), Batch.state == "committed")
    return {row[0] or 0: row[1] for row in db.session.execute(query)}


def _requests(found: Certificate) -> dict[int, str]:
    """The titles of the requests that made its versions, as far as one may read them."""
    from workflows.requests import Request, seen_by

    numbers = [version.request_id for version in found.versions if version.request_id]
    if not numbers:
        return {}
    query = select(Request.id, Request.title).where(Request.id.in_(numbers), seen_by(actor()))
    return {row[0]: row[1] for row in db.session.execute(query)}
