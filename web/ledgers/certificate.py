"""One certificate as pages show it: found with everything a page needs, its fields named, its term drawn."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from ledger import clock
from ledger.errors import NotFound
from registry.access.lines import Line
from registry.access.rules import visible
from registry.certificates import codes
from registry.certificates.kinds import CertificateType, Field
from registry.certificates.models import Certificate, Scan, Version
from registry.certificates.standing import Finding, Standing
from web.guard import actor
from web.i18n import named, say
from web.session import db
from web.text import masked_number

COLOURS: dict[Standing, str] = {
    Standing.VALID: "good",
    Standing.DUE: "due",
    Standing.EXPIRED: "bad",
    Standing.SUSPENDED: "bad",
    Standing.LEAVING: "due",
    Standing.CANCELLED: "closed",
    Standing.ANNULLED: "closed",
    Standing.REVOKED: "bad",
    Standing.OTHER: "closed",
    Standing.UNDATED: "due",
    Standing.FUTURE: "due",
    Standing.UNKNOWN: "closed",
}
STEPS = {
    "opens": "可以开始办理延续",
    "hand_in": "应交内部材料",
    "target": "应完成申报",
    "closes": "停止受理延续",
    "lapses": "有效期届满",
    "susp_end": "暂扣期限届满，应办理发还", "duty": "开始准备期内复审",
}
PRIVATE = frozenset({"id_number"})
LONG_BAR = 3650  # days drawn for a certificate without an end


def certificate_of(certificate_id: int) -> Certificate:
    """The certificate with its versions, scans, timers and holder (six small queries); NotFound unless visible."""
    versions = selectinload(Certificate.versions)
    query = (
        visible(select(Certificate), actor())
        .where(Certificate.id == certificate_id)
        .options(
            versions.selectinload(Version.scans).joinedload(Scan.file),
            selectinload(Certificate.timers),
            joinedload(Certificate.unit),
            joinedload(Certificate.holder_person),
            joinedload(Certificate.holder_unit),
            joinedload(Certificate.holder_machine),
        )
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def field_rows(
    version: Version, kind: CertificateType, without: frozenset[str] = frozenset()
) -> list[tuple[str, str]]:
    """The version's own fields as (label, value), in the order of the type; what is empty is left out."""
    rows = []
    for field in kind.fields:
        value = version.fields.get(field.key)
        if field.key not in without and not field.column and value not in (None, "", [], {}):
            rows.append((named(field), shown(field, value)))
    return rows


def shown(field: Field, value: Any) -> str:
    """A field's value as people read it: options by name, rows one after the other, ID numbers masked."""
    if field.kind == "rows" and isinstance(value, list):
        return "；".join(
            "，".join(shown(part, row.get(part.key)) for part in field.fields if row.get(part.key)) for row in value
        )
    if field.kind in PRIVATE:
        return masked_number(str(value))
    if field.kind == "code":
        return next((named(option) for option in field.options if option.value == str(value)), say(str(value)))
    if field.kind in {"file", "image"}:
        return _("见扫描件")
    return f"{value} {field.unit}".strip()


def item_of(row: Certificate | Line) -> str:
    """What of a number's several items it is (准操项目, 工种), a coded one by its name."""
    coded = [field for field in row.type.fields if field.key in row.type.number.unique_by and field.kind == "code"]
    return shown(coded[0], row.item) if len(coded) == 1 else row.item


@dataclass(frozen=True)
class Bar:
    """The term from its first to its last day as a bar of 1000 units: how far it has run, and where today stands."""

    colour: str
    run: int
    today: int | None
    open_ended: bool


def bar_of(valid_from: dt.date | None, finding: Finding) -> Bar | None:
    """The bar of a term, or None where there is no first day to draw from."""
    if valid_from is None:
        return None
    today, end = clock.today(), finding.ends_on
    whole = (end - valid_from).days if end else LONG_BAR
    at = round(1000 * (today - valid_from).days / whole) if whole > 0 else 1000
    inside = at if 0 <= at <= 1000 else None
    return Bar(COLOURS[finding.standing], min(max(at, 0), 1000), inside, end is None)


def operation(version: Version) -> str:
    """What was done to make this version, in words."""
    return _(codes.OPERATIONS.get(version.operation, "其他"))
