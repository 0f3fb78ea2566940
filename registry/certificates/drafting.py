"""What a certificate must fulfil before it is entered, and the rows that enter it. Nothing here writes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger import clock
from ledger.errors import BadAnswer, Problem
from ledger.workdays import months_before
from registry.certificates import codes
from registry.certificates.kinds import CertificateType, Field
from registry.certificates.models import FIELDS, NUMBER, Certificate, Holder, Version, new_token
from registry.certificates.numbers import check_number
from registry.certificates.windows import end_of_term, near_from
from registry.people import sealing
from registry.people.identity import check_id_number, mask_id
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.spelling import spell
from registry.people.units import Unit
from registry.writing import clean

Problems = dict[str, list[Problem]]
_PLAIN = {code: None for code in range(128) if not (chr(code).isalnum() or chr(code) == "*")}


class WrongNumber(BadAnswer):
    """证书编号不正确，请看栏目提示。"""


class WrongTerm(BadAnswer):
    """证书日期不正确，请看栏目提示。"""


class WrongHolder(BadAnswer):
    """这种证件不能由该对象持有。"""


class NumberTaken(BadAnswer):
    """同一编号的证件已在册，请看栏目提示。"""


@dataclass(frozen=True)
class Term:
    """The dates of a version, checked: `kind` is dated, long or unknown."""

    kind: str
    valid_from: dt.date | None
    valid_until: dt.date | None
    issued_on: dt.date | None
    review_on: dt.date | None = None

    @property
    def ends_on(self) -> dt.date | None:
        """The last day it may be relied on."""
        return end_of_term(self.valid_until, self.review_on)

    @property
    def holds_from(self) -> dt.date:
        """The day from which the version holds."""
        return self.valid_from or self.issued_on or clock.today()


@dataclass(frozen=True)
class Paper:
    """What stands on the paper beside number and dates."""

    issuer: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    licence_mark: str = ""
    qr: str = ""
    note: str = ""


@dataclass(frozen=True)
class Number:
    """A number as shown, as compared, and (where it names a person) as kept encrypted; `raw` as it was typed."""

    shown: str
    key: str
    sealed: bytes | None = None
    raw: str = ""


def checked_number(kind: CertificateType, text: str, holder: Holder, on: dt.date | None = None) -> Number:
    """The number in normal form; WrongNumber when it breaks the type's rule or is another person's."""
    identity = holder.id_number if isinstance(holder, Person) else None
    verdict = check_number(kind.number.rule, text, identity, on=on)
    if verdict.problem:
        raise WrongNumber({"number": [verdict.problem]})
    value = verdict.value
    if isinstance(holder, Person) and check_id_number(value.removeprefix("T")).ok:
        return Number(mask_id(value), sealing.index(value, NUMBER), sealing.seal(value, NUMBER))
    return Number(value, value, raw=text.strip()[:200])


def missing_number(field: str) -> WrongNumber:
    """The refusal of an empty number at a field."""
    return WrongNumber({field: [Problem("请填写原证书编号。")]})


def checked_term(
    kind: CertificateType, *, valid_from: dt.date | None, valid_until: dt.date | None, issued_on: dt.date | None,
    review_on: dt.date | None = None, undated: bool = False, begun: bool = False,
) -> Term:
    """The dates, completed by the type: a permit that is void unless work starts (建筑法 9) ends after those months,
    but not once it has `begun`.

    WrongTerm: an end before the beginning or the issue, an issue in the future, no end where the type has one.
    `undated` accepts a missing end as unknown (期限不明), for old papers.
    """
    valid_from = valid_from or issued_on
    void = kind.validity.kind == "start_within" and not begun
    if valid_until is None and void and valid_from and kind.validity.months:
        valid_until = months_before(valid_from, -kind.validity.months)
    problems = _wrong_dates(kind, valid_from, valid_until, issued_on, review_on, undated)
    if problems:
        raise WrongTerm(problems)
    if valid_until:
        return Term(codes.DATED, valid_from, valid_until, issued_on, review_on)
    return Term(codes.UNKNOWN if undated else codes.LONG, valid_from, None, issued_on, review_on)


def _wrong_dates(
    kind: CertificateType, valid_from: dt.date | None, valid_until: dt.date | None, issued_on: dt.date | None,
    review_on: dt.date | None, undated: bool,
) -> Problems:
    problems: Problems = {}
    if issued_on and issued_on > clock.today():
        problems["issued_on"] = [Problem("发证日期 {day} 晚于今天，请核对原件。", {"day": issued_on})]
    if valid_until is None:
        if kind.validity.kind in ("months", "dated") and not (undated or kind.validity.open_ended):
            problems["valid_until"] = [Problem("这种证件有有效期，请填写有效期至。")]
    elif valid_from and valid_until < valid_from:
        problems["valid_until"] = [Problem("有效期至早于有效期起 {day}，请核对原件。", {"day": valid_from})]
    elif issued_on and valid_until < issued_on:
        problems["valid_until"] = [Problem("有效期至早于发证日期 {day}，请核对原件。", {"day": issued_on})]
    if review_on and valid_until and review_on > valid_until:
        problems["review_on"] = [Problem("应复审日期晚于有效期至 {day}。", {"day": valid_until})]
    return problems


def checked_holder(kind: CertificateType, holder: Holder) -> Unit:
    """The unit the certificate belongs to by its holder; WrongHolder when the type is held by something else."""
    fits = {
        "person": isinstance(holder, Person),
        "equipment": isinstance(holder, Machine),
        "project": isinstance(holder, Unit) and holder.kind == "project",
        "enterprise": isinstance(holder, Unit) and holder.kind in ("group", "company"),
    }
    if not fits[kind.holder]:
        raise WrongHolder({"holder": [Problem("“{type}”不能由该对象持有。", {"type": kind.name})]})
    return holder if isinstance(holder, Unit) else holder.unit


def require_open(kind: CertificateType, on: dt.date) -> None:
    """WrongHolder when certificates of this type are no longer issued on the day."""
    if kind.closed_from is not None and kind.closed_from <= on:
        raise WrongHolder({"type": [Problem(
            "“{type}”自 {day} 起已停用，不再新发。", {"type": kind.name, "day": kind.closed_from})]})


def item_of(kind: CertificateType, fields: Mapping[str, Any]) -> str:
    """What distinguishes certificates with one number (作业类别, 准操项目): the type's unique fields, joined."""
    parts = [str(fields.get(key) or "") for key in kind.number.unique_by if key != "number"]
    return " ".join(filter(None, parts))[:80]


def personal_parts(fields: Mapping[str, Any], kinds: Iterable[Field]) -> tuple[dict[str, Any], bool]:
    """The fields with every ID number masked, rows included, and whether there was one."""
    by_key, masked, found = {each.key: each for each in kinds}, dict(fields), False
    for key, value in fields.items():
        kind = by_key.get(key)
        if kind and kind.kind == "id_number" and isinstance(value, str) and value:
            masked[key], found = mask_id(value), True
        elif kind and kind.kind == "rows" and isinstance(value, list):
            rows = [personal_parts(row, kind.fields) for row in value if isinstance(row, Mapping)]
            masked[key], found = [row for row, _ in rows], found or any(personal for _, personal in rows)
    return masked, found


def folded(text: str) -> str:
    """Letters, digits and the mask's stars only, in lower case: a search ignores brackets, blanks and widths."""
    if text.isascii():
        return text.lower().translate(_PLAIN)
    return "".join(each for each in clean(text).lower() if each.isalnum() or each == "*")


def search_text(number: str, code: str, holder: Holder, item: str) -> str:
    """What a search looks through: number, our code, holder in characters, pinyin and initials, item."""
    spelt = (holder.pinyin, holder.initials) if isinstance(holder, Person) else spell(holder.name, person=False)
    return search_words(number, code, (holder.name, *spelt), item)


def search_words(number: str, code: str, holder: tuple[str, ...], item: str) -> str:
    """The same of plain words; `holder` is the name with its spellings."""
    return " ".join(filter(None, map(folded, (number, code, *holder, item))))[:400]


def certificate_row(kind: CertificateType, holder: Holder, number: Number, code: str, item: str) -> dict[str, Any]:
    """The columns of a certificate beside those that repeat its last version and the ids; the holder was checked."""
    unit = checked_holder(kind, holder)
    return {
        "group_id": unit.group_id, "unit_path": unit.path, "family": kind.family, "type_code": kind.code, "code": code,
        "check_token": new_token(), "item": item, "number": number.shown, "number_key": number.key,
        "number_sealed": number.sealed, "holder_name": holder.name,
        "search": search_text(number.shown, code, holder, item),
    }


def new_certificate(
    kind: CertificateType, holder: Holder, number: Number, term: Term, code: str, item: str
) -> Certificate:
    """The row of a first version, not in a session; the holder was checked before."""
    certificate = Certificate(
        **certificate_row(kind, holder, number, code, item), unit=checked_holder(kind, holder),
        holder_person=holder if isinstance(holder, Person) else None,
        holder_unit=holder if isinstance(holder, Unit) else None,
        holder_machine=holder if isinstance(holder, Machine) else None,
        version_no=0,
    )
    repeat(certificate, kind, term, codes.VALID)
    return certificate


def renumber(certificate: Certificate, number: Number) -> None:
    """Give the certificate another number; the old one is still found by a search."""
    before = folded(certificate.number)
    certificate.number, certificate.number_key, certificate.number_sealed = number.shown, number.key, number.sealed
    _search_again(certificate, before)


def name_again(certificate: Certificate) -> None:
    """Read the holder's name again; the old one is still found by a search."""
    if certificate.holder_name != certificate.holder.name:
        before, certificate.holder_name = folded(certificate.holder_name), certificate.holder.name
        _search_again(certificate, before)


def _search_again(certificate: Certificate, *before: str) -> None:
    now = search_text(certificate.number, certificate.code, certificate.holder, certificate.item)
    old = [word for word in (*before, *certificate.search.split(" ")) if word and word not in now]
    certificate.search = " ".join([now, *dict.fromkeys(old)])[:400]


def repeat(certificate: Certificate, kind: CertificateType, term: Term, state: str) -> None:
    """Copy what the next version says into the certificate's own columns."""
    certificate.version_no += 1
    for name, value in repeated(kind, term, state).items():
        setattr(certificate, name, value)


def repeated(kind: CertificateType, term: Term, state: str) -> dict[str, Any]:
    """The columns of a certificate that repeat its last version, but for its number."""
    return {"state": state, "term": term.kind, "valid_from": term.valid_from, "valid_until": term.valid_until,
            "review_on": term.review_on, "ends_on": term.ends_on, "due_from": near_from(kind, term.ends_on)}


def new_version(
    certificate: Certificate, operation: str, term: Term, paper: Paper, *, holds_from: dt.date | None = None,
    raw: str = "", request_id: int | None = None, by: tuple[int | None, str] = (None, ""), previous_mark: str = "",
    previous_number: str = "",
) -> Version:
    """The version that the certificate's columns now repeat, linked to the one before; where the operation must name
    the previous 证照标识, the last one there was is carried."""
    before = certificate.versions[-1] if certificate.versions else None
    if operation in codes.CARRY_PREVIOUS_MARK and not previous_mark:
        previous_mark = next((v.licence_mark for v in reversed(certificate.versions) if v.licence_mark), "")
    row = version_row(certificate.type, operation, certificate.state, term, paper, holds_from=holds_from,
                      known_from=clock.now())
    return Version(certificate=certificate, no=certificate.version_no, previous=before, number_raw=raw, **row,
                   previous_mark=previous_mark, previous_number=previous_number, request_id=request_id,
                   by_id=by[0], by_name=by[1])


def version_row(
    kind: CertificateType, operation: str, state: str, term: Term, paper: Paper, *, holds_from: dt.date | None,
    known_from: dt.datetime,
) -> dict[str, Any]:
    """What a version says, as columns: an operation, the state it leads to, a term and a paper."""
    fields, personal = personal_parts(paper.fields, kind.fields)
    return {
        "operation": operation, "state": state, "note": paper.note, "term": term.kind, "valid_from": term.valid_from,
        "valid_until": term.valid_until, "review_on": term.review_on, "issued_on": term.issued_on,
        "issuer": paper.issuer.strip(), "holds_from": holds_from or term.holds_from, "known_from": known_from,
        "licence_mark": paper.licence_mark.strip(), "qr": paper.qr.strip(), "fields": fields,
        "fields_sealed": sealing.seal(json.dumps(dict(paper.fields)), FIELDS) if personal else None,
    }


def unsealed(sealed: bytes) -> dict[str, Any]:
    """A version's fields with ID numbers in clear."""
    clear: dict[str, Any] = json.loads(sealing.unseal(sealed, FIELDS))
    return clear
