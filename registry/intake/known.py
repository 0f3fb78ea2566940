"""What a ledger is read against, gathered once: the types, the units by every name they have had, what was learned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.certificates.kinds import CertificateType


@dataclass(frozen=True)
class UnitKnown:
    """A unit of the register."""

    id: int
    kind: str
    name: str
    company_id: int | None
    path: str
    province: str = ""
    uscc: str = ""
    former: tuple[str, ...] = ()


@dataclass
class Learned:
    """What people of this company have corrected before, by the words as written (folded by meaning.fold)."""

    columns: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    tables: dict[str, bytes] = field(default_factory=dict)
    """Whole mappings by the table's signature, as JSON."""


@dataclass
class Known:
    """Pure data: judging asks no database."""

    today: dt.date
    types: Mapping[str, CertificateType]
    units: Mapping[int, UnitKnown]
    unit_id: int
    """The unit the ledger is brought into."""
    learned: Learned = field(default_factory=Learned)
