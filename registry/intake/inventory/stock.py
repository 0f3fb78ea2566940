"""What was found in a folder. Files go by their number in `Stock.files`, scans by theirs in `Stock.scans`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import Refused
from registry.certificates import codes
from registry.certificates.kinds import CertificateType
from registry.intake.inventory.score import Score

ENDLESS = ("long", "none", "works")
"""Terms without a day of their own: none at all, or the end of works."""
NEAR = 90  # days before the end of a term
STANDINGS = {
    "valid": "有效", "due": "90 天内到期", "expired": "已过期", "unreviewed": "未按期复审", "long": "长期",
    "undated": "期限不明", "ended": "已停用",
}


@dataclass(slots=True)
class Entry:
    """A certificate as a ledger tells it. `person` tells holders of one name apart; it never leaves the memory."""

    file: int
    sheet: str
    cell: str
    type_code: str
    number: str
    item: str
    holder: str
    holder_kind: str
    person: str
    until: dt.date | None
    review_on: dt.date | None
    long: bool
    state: str
    left: bool
    stopped: bool
    flawed: bool
    links: tuple[str, ...] = ()
    pictures: int = 0
    scans: list[int] = field(default_factory=list)

    @property
    def scanned(self) -> bool:
        """Whether its picture is in the folder, or in the ledger itself."""
        return bool(self.scans or self.pictures)

    def standing(self, on: dt.date, kind: CertificateType | None) -> str:
        """A key of STANDINGS. A missed review counts where it ends the right to rely on a certificate of the type; no
        end is no lack where the type has none."""
        if self.left or self.state not in codes.LIVE:
            return "ended"
        if self.until is not None and self.until < on:
            return "expired"
        if kind and kind.review and kind.review.lapses and self.review_on is not None and self.review_on < on:
            return "unreviewed"
        if self.until is not None:
            return "due" if (self.until - on).days <= NEAR else "valid"
        endless = self.long or (kind is not None and kind.validity is not None and kind.validity.kind in ENDLESS)
        return "long" if endless else "undated"


@dataclass(slots=True, frozen=True)
class Fault:
    """One thing wrong with one cell; `raw` and `proposed` are masked, `text` and `params` as in a Finding."""

    file: int
    sheet: str
    cell: str
    kind: str
    weight: str
    raw: str
    proposed: str
    text: str
    params: dict[str, Any]


@dataclass(slots=True)
class Scan:
    """A PDF or picture. `said`: the text of its first pages, where it has any; `doubtful`: it names a holder of several
    certificates, and does not tell which it is of."""

    name: str
    said: str = ""
    entries: list[int] = field(default_factory=list)
    doubtful: bool = False
    broken: bool = False


@dataclass(slots=True, frozen=True)
class Unread:
    """A file that could not be read, and why."""

    name: str
    why: Refused


@dataclass
class Stock:
    """The whole inventory of a folder on a day. `others` counts files of other kinds by their ending."""

    on: dt.date
    files: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    loans: int = 0
    """Rows of borrow registers."""
    standings: list[str] = field(default_factory=list)
    """Of each entry, a key of STANDINGS."""
    doubles: list[list[int]] = field(default_factory=list)
    """Entries of one type, number and item."""
    score: Score = field(default_factory=Score)

    @property
    def overdue(self) -> list[int]:
        """Entries that are in use though their term or review has passed."""
        return [at for at, each in enumerate(self.standings) if each in ("expired", "unreviewed")]

    @property
    def unscanned(self) -> list[int]:
        """Entries in use of which there is no scan."""
        return [at for at, each in enumerate(self.standings) if each != "ended" and not self.entries[at].scanned]

    @property
    def stray(self) -> list[Scan]:
        """Scans that belong to no certificate of the ledgers."""
        return [scan for scan in self.scans if not scan.entries]
