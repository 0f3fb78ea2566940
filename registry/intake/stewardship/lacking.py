"""What a certificate of the register lacks, as conditions on its row and last version: counted, and listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, and_, false, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType, Field
from registry.certificates.models import Certificate, Scan, Version
from registry.intake.batch.models import Flaw
from registry.intake.stewardship.quality import rules
from registry.intake.stewardship.queue import OPEN
from registry.people.persons import Person

HELD: dict[str, InstrumentedAttribute[Any]] = {
    "issuer": Version.issuer, "issued_on": Version.issued_on, "review_on": Version.review_on,
}
"""The columns of a version that every paper of the type should have said."""
LABELS = {"issuer": "发证机关", "issued_on": "发证日期", "review_on": "应复审日期", "holder_id": "身份证号"}
ASKED = frozenset({"text", "code", "date", "number", "uscc"})


def live() -> ColumnElement[bool]:
    """Certificates that are in use: their numbers are taken."""
    return Certificate.state.in_(codes.LIVE)


def last_version() -> ColumnElement[bool]:
    """The version that the certificate's row repeats."""
    return and_(Version.certificate_id == Certificate.id, Version.no == Certificate.version_no)


def wanted(kind: CertificateType) -> dict[str, ColumnElement[bool]]:
    """For each thing a certificate of the type should say, by its key: the condition that it is not said."""
    found = {"issuer": Version.issuer == "", "issued_on": Version.issued_on.is_(None)}
    if kind.review and kind.review.lapses and kind.review.months:
        found["review_on"] = and_(Version.review_on.is_(None), Certificate.term != codes.UNKNOWN)
    for field in kind.fields:
        if _own(field):
            found[field.key] = _unsaid(field.key)
    if kind.holder == "person":
        nobody = select(Person.id).where(Person.id == Certificate.holder_person_id, Person.id_index.is_not(None))
        found["holder_id"] = ~nobody.exists()
    return found


def label(kind: CertificateType, key: str) -> str:
    """What a key of `wanted` is called: a msgid, or the field's own label."""
    return LABELS.get(key) or next((field.label for field in kind.fields if field.key == key), key)


def _own(field: Field) -> bool:
    return (field.required and not field.column and field.kind in ASKED and not field.when
            and field.key not in rules().elsewhere)


def _unsaid(key: str) -> ColumnElement[bool]:
    value = type_coerce(Version.fields, JSON)[key].as_string()
    return func.coalesce(type_coerce(value, String), "") == ""


def scanned() -> ColumnElement[bool]:
    """The last version has a scan."""
    return select(Scan.id).where(Scan.version_id == Version.id).exists()


def doubted(kinds: frozenset[str] | None = None) -> ColumnElement[bool]:
    """There is an open finding about it, of these kinds."""
    query = select(Flaw.certificate_id).where(
        Flaw.certificate_id.is_not(None), Flaw.state == OPEN, Flaw.weight != "tidied")
    return Certificate.id.in_(query if kinds is None else query.where(Flaw.kind.in_(sorted(kinds))))


def lacks(part: str, today: dt.date, only: Collection[str] | None = None) -> ColumnElement[bool]:
    """The condition that a live certificate (joined to its last version) lacks a part of the score; `only` these types
    need be looked at."""
    if part == "complete":
        kinds = {code: kind for code, kind in types().items() if only is None or code in only}
        each = (and_(Certificate.type_code == code, or_(*wanted(kind).values())) for code, kind in kinds.items())
        return or_(false(), *each)
    return {
        "numbers": doubted(rules().numbers),
        "terms": Certificate.term == codes.UNKNOWN,
        "scans": ~scanned(),
        "settled": doubted(),
        "current": Certificate.ends_on < today,
        "unique": doubted(rules().unique),
    }[part]
