"""What is known about one type of certificate, and how well.

Every statement carries its source: S(...) read in a law or a quotable page, M measured, D our own rule, K unverified
knowledge. What is not `verified` is shown as 未核实 to whoever administers the types.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ledger.workdays import days_before, months_before

Family = Literal["E", "P", "J", "Q"]
HolderKind = Literal["enterprise", "person", "project", "equipment"]


class Stated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something said about a type; `text` is the Chinese sentence shown beside it."""

    source: str
    verified: bool = False
    text: str = ""


class Basis(Stated, frozen=True, kw_only=True):
    """A law, regulation or standard and its articles ("8", "19-21")."""

    law: str
    articles: tuple[str, ...] = ()


class Validity(Stated, frozen=True, kw_only=True):
    """How long a certificate holds.

    months: `months` from issue · dated: the authority writes the end on it · long: no end (长期) · works: until the
    works, the machine or the site end · start_within: void unless work starts within `months` · none: no term.
    `open_ended`: where an end is the rule, a paper may also say 长期.
    """

    kind: Literal["months", "dated", "long", "works", "start_within", "none"]
    months: int | None = None
    open_ended: bool = False


class Review(Stated, frozen=True, kw_only=True):
    """A check inside the term: every `months`, or `long_months` for those the text names; or from one day of the year
    to another ("01-01"). `lapses`: who misses it may no longer rely on the certificate; the others are duties only,
    reviewed from `opens_days` before their day on (facts 4.6 V1), where that is stated."""

    months: int | None = None
    long_months: int | None = None
    lapses: bool = False
    year_from: str = ""
    year_to: str = ""
    opens_days: int | None = None


class Offset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day counted back from the last day of the term, in calendar months or calendar days, never both."""

    months_before: int = 0
    days_before: int = 0
    source: str = ""

    def before(self, until: dt.date) -> dt.date:
        """The day itself, not yet moved off a holiday (ledger.workdays.roll_back does that)."""
        return days_before(until, self.days_before) if self.days_before else months_before(until, self.months_before)


class Window(Stated, frozen=True, kw_only=True):
    """When to ask for the next term: `opens` first day the authority takes it, `hand_in` our own internal day, `target`
    the day by which the law wants it, `closes` last day it is taken at all, `lapses` the end."""

    opens: Offset | None = None
    hand_in: Offset | None = None
    target: Offset | None = None
    closes: Offset | None = None
    lapses: Offset = Offset()

    def steps(self) -> list[tuple[str, Offset]]:
        """The stated points in their order in time."""
        names = ("opens", "hand_in", "target", "closes", "lapses")
        return [(name, offset) for name in names if (offset := getattr(self, name)) is not None]


class Extension(Stated, frozen=True, kw_only=True):
    """A term that can be lengthened `times` times by at most `months` each."""

    times: int
    months: int


class Change(Stated, frozen=True, kw_only=True):
    """What must be reported or re-applied for, and within how long of it; one of the three periods, or only words."""

    days: int | None = None
    months: int | None = None
    workdays: int | None = None


class Ending(Stated, frozen=True, kw_only=True):
    """What being overdue, lost, suspended or cancelled means; `annuls`: what ran out annuls itself (自行废止);
    `cancelled_first`: what ran out is cancelled (注销) before it is applied for again."""

    annuls: bool = False
    cancelled_first: bool = False


class Decision(Stated, frozen=True, kw_only=True):
    """The authority's periods in working days (行政许可法 82); `assumed` where only the general rule is known."""

    workdays: int
    extension_workdays: int | None = None
    acceptance_workdays: int = 5
    delivery_workdays: int = 10
    assumed: bool = False


class Age(Stated, frozen=True, kw_only=True):
    """Completed years between which a person may hold it; `checkup_after`: a yearly medical from then on; `last_days`:
    so many days before `maximum` is reached no application is taken any more."""

    minimum: int | None = None
    maximum: int | None = None
    checkup_after: int | None = None
    last_days: int | None = None

    def closed_from(self, birth: dt.date) -> dt.date | None:
        """The day from which nothing is applied for any more, for somebody born on a day; None where none is stated."""
        if self.maximum is None or self.last_days is None:
            return None
        return days_before(months_before(birth, -12 * self.maximum), self.last_days)


class Requirement(Stated, frozen=True, kw_only=True):
    """Other certificates that must be valid first: one of `types`, held by `of`, where `when` (words) applies."""

    types: tuple[str, ...]
    of: Literal["holder", "project", "contractor", "employer"]
    when: str = ""


class Document(Stated, frozen=True, kw_only=True):
    """A paper that goes with an application."""

    key: str
    name: str
    name_en: str
    required: bool = True


class Option(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a coded field."""

    value: str
    label: str
    label_en: str = ""


FieldKind = Literal["text", "date", "number", "code", "uscc", "id_number", "file", "image", "rows"]
Column = Literal[
    "", "number", "licence_mark", "issuer", "issued_on", "valid_from", "valid_until", "review_on", "state", "qr", "note"
]


class Field(Stated, frozen=True, kw_only=True):
    """One data element. `column` names where a version keeps it; without one it lies in the version's `fields`.

    `rule` is a number rule of numbers.RULES; `rows` carry their own `fields`; `when` (words) limits an optional one.
    """

    key: str
    label: str
    label_en: str
    kind: FieldKind = "text"
    required: bool = False
    column: Column = ""
    longest: int | None = None
    sample: str = ""
    unit: str = ""
    rule: str = ""
    when: str = ""
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule of the number (numbers.RULES) and what makes a certificate one of its kind: number and field keys."""

    rule: str = "free"
    unique_by: tuple[str, ...] = ("number",)


class Variant(Stated, frozen=True, kw_only=True):
    """What differs in a province (京, 苏, ...) or from a day on; whole sections replace the general ones.

    `pending`: reported but not confirmed to be in force; shown, never applied.
    """

    province: str = ""
    effective_from: dt.date | None = None
    pending: bool = False
    validity: Validity | None = None
    review: Review | None = None
    window: Window | None = None
    change: Change | None = None
    ending: Ending | None = None
    age: Age | None = None
    decision: Decision | None = None


SECTIONS = ("validity", "review", "window", "change", "ending", "age", "decision")
"""What a variant may replace."""


class CertificateType(Stated, frozen=True, kw_only=True):
    """One type of the catalogue. `reviewers` (role keys) and `second_approval` say which lanes answer a request;
    `final` that an ending cannot be taken back, the certificate must be applied for anew.

    From `closed_from` on none is issued any more; those that are held run on.
    """

    code: str
    name: str
    name_en: str
    family: Family
    holder: HolderKind
    issuer: str
    aliases: tuple[str, ...] = ()
    standard: str = ""
    national_code: str = ""
    effective_from: dt.date | None = None
    closed_from: dt.date | None = None
    number: Number = Number()
    validity: Validity
    review: Review | None = None
    window: Window
    extension: Extension | None = None
    change: Change | None = None
    employer: Literal["", "tied", "free", "takeover"] = ""
    ending: Ending | None = None
    age: Age | None = None
    decision: Decision
    reminders: tuple[int, ...]
    retention: Ending
    final: Ending | None = None
    reviewers: tuple[str, ...]
    second_approval: bool
    basis: tuple[Basis, ...] = ()
    requires: tuple[Requirement, ...] = ()
    documents: tuple[Document, ...]
    fields: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] = ()
