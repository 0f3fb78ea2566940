"""How a certificate stands on a day, as known at an instant: computed from its versions, never typed. Pure.

A version says how things stand from `holds_from` on. Of the versions known at the instant, the one learnt last that
already holds on the day decides; so what is learnt later overrides, and how it looked before can still be asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from ledger import clock
from ledger.errors import fill
from registry.certificates import codes
from registry.certificates.catalogue import as_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate
from registry.certificates.windows import end_of_term, near_from


class Standing(StrEnum):
    """What people read as the state of a certificate."""

    VALID = "valid"
    DUE = "due"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    LEAVING = "leaving"
    CANCELLED = "cancelled"
    ANNULLED = "annulled"
    REVOKED = "revoked"
    OTHER = "other"
    UNDATED = "undated"
    FUTURE = "future"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """A gettext msgid."""
        return LABELS[self]

    @property
    def usable(self) -> bool:
        """Whether the certificate may be relied on."""
        return self in (Standing.VALID, Standing.DUE)


LABELS: dict[Standing, str] = {
    Standing.VALID: "有效", Standing.DUE: "临期", Standing.EXPIRED: "失效", Standing.SUSPENDED: "暂扣",
    Standing.LEAVING: "办理转出", Standing.CANCELLED: "注销", Standing.ANNULLED: "撤销", Standing.REVOKED: "吊销",
    Standing.OTHER: "其他", Standing.UNDATED: "期限不明", Standing.FUTURE: "未生效", Standing.UNKNOWN: "无记录",
}
BY_STATE = {
    codes.SUSPENDED: Standing.SUSPENDED, codes.ANNULLED: Standing.ANNULLED, codes.CANCELLED: Standing.CANCELLED,
    codes.LAPSED: Standing.EXPIRED, codes.LEAVING: Standing.LEAVING, codes.REVOKED: Standing.REVOKED,
    codes.OTHER: Standing.OTHER, codes.WITHDRAWN: Standing.UNKNOWN,
}
ENDED = frozenset({codes.ANNULLED, codes.CANCELLED, codes.LAPSED, codes.REVOKED, codes.WITHDRAWN})


class Held(Protocol):
    """What of a version decides; models.Version has it."""

    no: int
    state: str
    note: str
    term: str
    valid_from: dt.date | None
    valid_until: dt.date | None
    review_on: dt.date | None
    holds_from: dt.date
    known_from: dt.datetime


@dataclass(frozen=True)
class Why:
    """Why it stands so: the rule's key, a sentence (msgid) with its data, and the article it rests on."""

    rule: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    article: str = ""

    def __str__(self) -> str:
        return fill(self.text, self.params)


@dataclass(frozen=True)
class Finding:
    """The answer: the standing, why, the version that decided (None: none known), and days to the end of the term."""

    standing: Standing
    why: Why
    version: int | None = None
    ends_on: dt.date | None = None
    days_left: int | None = None


def standing(
    versions: Iterable[Held], *, on: dt.date, known: dt.datetime | None = None, kind: CertificateType | None = None
) -> Finding:
    """How the chain stands on the day `on`, as known at the instant `known` (default: all that is known).

    `kind` brings the type's window (when "near" begins) and the article; without it 60 days count as near.
    """
    learnt = [version for version in versions if known is None or version.known_from <= known]
    if not learnt:
        return Finding(Standing.UNKNOWN, Why("unknown", "当时还没有这份证件的记录。"))
    holding = [version for version in learnt if version.holds_from <= on]
    if not holding:
        begins = [version.holds_from for version in learnt if version.state not in ENDED]
        first = min(begins or (version.holds_from for version in learnt))
        return Finding(Standing.FUTURE, Why("future", "自 {day} 起生效。", {"day": first}))
    found = _of_version(max(holding, key=lambda version: version.no), on, kind)
    return _renewed_ahead(found, learnt, on, kind) if found.standing is Standing.DUE else found


def _renewed_ahead(found: Finding, learnt: Iterable[Held], on: dt.date, kind: CertificateType | None) -> Finding:
    """Near its end, but a next term is already known whose own end is not near: nothing need be done.

    A renewal leaves no gap, so whatever lengthens the chain later follows on this term; what stands before the
    deciding version in the chain was overridden by it.
    """
    assert found.version is not None
    coming = [v for v in learnt if v.no > found.version and v.holds_from > on and v.state == codes.VALID
              and not _near(_ends(v), on, kind)]
    if not coming:
        return found
    last = max(coming, key=lambda version: version.no)
    data = {"until": found.ends_on, "next": last.valid_until or "长期", "version": f"{last.no:03d}"}
    why = Why("renewed", "有效至 {until}，已延续至 {next}（版本 {version}）。", data, found.why.article)
    return Finding(Standing.VALID, why, found.version, found.ends_on, found.days_left)


def _ends(version: Held) -> dt.date | None:
    return end_of_term(version.valid_until, version.review_on)


def _near(ends_on: dt.date | None, on: dt.date, kind: CertificateType | None) -> bool:
    near = _near_day(ends_on, kind)
    return near is not None and near <= on


def _near_day(ends_on: dt.date | None, kind: CertificateType | None) -> dt.date | None:
    """The day from which an end is near."""
    if ends_on is None:
        return None
    return near_from(kind, ends_on) if kind else ends_on - dt.timedelta(days=60)


def of(certificate: Certificate, *, on: dt.date | None = None, known: dt.datetime | None = None) -> Finding:
    """How a certificate stands: today unless `on` is given."""
    return standing(certificate.versions, on=on or clock.today(), known=known, kind=kind_of(certificate))


def of_row(certificate: Certificate, on: dt.date) -> Finding:
    """How a certificate stands today by the columns beside its chain: for lists, without reading anything else. The
    end is near from its `due_from` on, as for the filters (access.standing_columns); no article is named."""
    return _of_version(_Row(certificate), on, None)


def kind_of(certificate: Certificate) -> CertificateType:
    """The type as it is in force today where the certificate lies: provinces open the window on days of their own."""
    kind = certificate.type
    if not kind.variants:
        return kind
    return as_of(kind, clock.today(), certificate.unit.province) or kind


class _Row:
    """A certificate's own columns in the shape of its last version."""

    def __init__(self, row: Certificate) -> None:
        self.no, self.state, self.note, self.term = row.version_no, row.state, "", row.term
        self.valid_from, self.valid_until, self.review_on = row.valid_from, row.valid_until, row.review_on
        self.holds_from, self.known_from = row.valid_from or dt.date.min, row.created_at
        self.due_from = row.due_from


def _of_version(version: Held, on: dt.date, kind: CertificateType | None) -> Finding:
    ends_on = _ends(version)
    left = (ends_on - on).days if ends_on else None
    found, why = _judge(version, on, ends_on, left, kind)
    return Finding(found, why, version.no, ends_on, left)


def _judge(
    version: Held, on: dt.date, ends_on: dt.date | None, left: int | None, kind: CertificateType | None
) -> tuple[Standing, Why]:
    article = _article(kind)
    if version.state in ENDED:
        return BY_STATE[version.state], _by_state(version, article)
    if version.no == 1 and version.valid_from and on < version.valid_from:  # a later term follows the one before
        return Standing.FUTURE, Why("future", "自 {day} 起生效。", {"day": version.valid_from}, article)
    if ends_on and left is not None and left < 0:
        return Standing.EXPIRED, _expired(version, ends_on, -left, article)
    if version.state != codes.VALID:
        return BY_STATE.get(version.state, Standing.OTHER), _by_state(version, article)
    if ends_on is None or left is None:
        return _without_end(version, article)
    return _running(version, on, ends_on, left, kind, article)


def _running(
    version: Held, on: dt.date, ends_on: dt.date, left: int, kind: CertificateType | None, article: str
) -> tuple[Standing, Why]:
    near = version.due_from if isinstance(version, _Row) else _near_day(ends_on, kind)
    data = {"until": ends_on, "days": left, "near": near, "version": f"{version.no:03d}"}
    if near is not None and on >= near:
        return Standing.DUE, Why("window", "有效至 {until}，还有 {days} 天；自 {near} 起应办理延续。", data, article)
    return Standing.VALID, Why("term", "有效至 {until}，还有 {days} 天。", data, article)


def _expired(version: Held, ends_on: dt.date, days: int, article: str) -> Why:
    data = {"until": ends_on, "days": days, "version": f"{version.no:03d}"}
    if version.review_on == ends_on and version.valid_until != ends_on:
        return Why("review", "应于 {until} 前复审，已逾期 {days} 天，逾期未复审的失效。", data, article)
    return Why("term", "有效期至 {until}，已过期 {days} 天。", data, article)


def _without_end(version: Held, article: str) -> tuple[Standing, Why]:
    data = {"version": f"{version.no:03d}"}
    if version.term == codes.UNKNOWN:
        return Standing.UNDATED, Why("undated", "没有登记有效期，需要核对原件。", data, article)
    return Standing.VALID, Why("long", "长期有效。", data, article)


def _by_state(version: Held, article: str) -> Why:
    data = {"from": version.holds_from, "state": codes.STATES.get(version.state, "撤销导入"), "note": version.note,
            "version": f"{version.no:03d}"}
    if version.note:
        return Why("state", "自 {from} 起{state}（版本 {version}）：{note}。", data, article)
    return Why("state", "自 {from} 起{state}（版本 {version}）。", data, article)


def _article(kind: CertificateType | None) -> str:
    """The type's first basis as people cite it: 安全生产许可证条例 第7、9条."""
    if kind is None or not kind.basis:
        return ""
    basis = kind.basis[0]
    return f"《{basis.law}》第{'、'.join(basis.articles)}条" if basis.articles else f"《{basis.law}》"
