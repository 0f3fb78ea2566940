"""A row understood: the certificate it speaks of, who holds it, and what is wrong with the row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from registry.intake.findings import Finding


class HolderSaid(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who the row says holds it. `unit` is the unit by id: of a person or machine where it belongs, of a company or
    project the holder itself; None where it is not in the register (`unit_name` says how it is called there)."""

    kind: str
    name: str = ""
    id_number: str = ""
    """18 characters in normal form, checked; "" where the row has none that holds."""
    gender: str = ""
    born_on: dt.date | None = None
    phone: str = ""
    post: str = ""
    unit: int | None = None
    unit_name: str = ""
    serial: str = ""
    machine_kind: str = ""
    model: str = ""
    made_on: dt.date | None = None
    left: bool = False
    person_id: int | None = None
    """The person or machine in the register, once matched."""


class PaperSaid(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A paper in the cabinet: a kind of registry.custody.originals.KINDS."""

    kind: str
    serial: str = ""
    place: str = ""


class LoanSaid(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A row of a borrow register (V5)."""

    borrower: str
    returner: str = ""
    handler: str = ""
    lent_at: dt.datetime | None = None
    returned_at: dt.datetime | None = None
    purpose: str = ""
    state: str = ""


class Judged(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One certificate that a row speaks of; a row may speak of several (`part` counts them from 0).

    `number` is in the type's normal form where it holds, else as written. `unfit` findings (weight stop) keep it in
    quarantine. `raw` is the row's values as text, column by column: the provenance of every field, together with
    `came`, which names the column each field was read from. `sure` below 1 marks doubtful fields.
    """

    table: int
    sheet: int
    row: int
    part: int = 0
    type_code: str = ""
    number: str = ""
    item: str = ""
    old_number: str = ""
    issued_on: dt.date | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    review_on: dt.date | None = None
    long: bool = False
    undated: bool = False
    issuer: str = ""
    state: str = "01"
    note: str = ""
    fields: dict[str, Any] = {}
    code: str = ""
    """Our own 台账号, where the ledger is one that we exported."""
    holder: HolderSaid | None = None
    papers: list[PaperSaid] = []
    loan: LoanSaid | None = None
    keeper: str = ""
    came: dict[str, int] = {}
    sure: dict[str, float] = {}
    findings: list[Finding] = []
    raw: list[str] = []

    @property
    def stopped(self) -> bool:
        """Whether it must wait in quarantine."""
        return any(finding.weight == "stop" for finding in self.findings)
