"""Rows against the register and against one another: what is new, what changes, what is there already, what must wait.

Nothing is written. The same is asked for the preview and again in the commit's own transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping as Said
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ledger.errors import BadAnswer
from registry.certificates import codes, drafting
from registry.certificates.catalogue import type_of
from registry.certificates.drafting import Number, Term
from registry.certificates.kinds import CertificateType
from registry.certificates.models import NUMBER, Certificate, Version
from registry.intake.batch.reach import Reach
from registry.intake.judged import Judged
from registry.intake.known import Known
from registry.intake.matching.chaining import Key, Match, chained
from registry.intake.matching.differences import OTHER_HOLDER, changes_of, other_holder
from registry.intake.matching.fitting import too_long
from registry.intake.matching.holders import Holders, NewKey, Place
from registry.intake.matching.lookup import chunks
from registry.intake.matching.obstacles import OUTSIDE
from registry.people import sealing
from registry.people.identity import check_id_number, mask_id
from registry.people.scope import WITHDRAWN

ELSEWHERE = "台账号 {code} 的证件不在你可以导入的范围内，请由该单位或上级导入。"
FAMILY_OF = {"person": "P", "enterprise": "E", "project": "J", "equipment": "Q"}


@dataclass
class Matched:
    """All rows of a batch, matched; `chains` names the rows of each certificate that become versions, oldest first."""

    rows: Sequence[Judged]
    matches: list[Match]
    chains: dict[Key, list[int]]
    holders: Holders

    def wanted(self) -> set[NewKey]:
        """The newcomers that some entering row needs."""
        return {held.new for places in self.chains.values() for place in places
                if (held := self.matches[place].held) is not None and held.new is not None}

    def coming(self) -> dict[str, int]:
        """How many of each a commit would make, as things stand."""
        kinds = Counter(key[0] for key in self.wanted())
        return {"people": kinds["id"] + kinds["name"], "units": kinds["project"], "machines": kinds["serial"],
                "certificates": sum(self.matches[places[0]].there is None for places in self.chains.values()),
                "versions": sum(map(len, self.chains.values())), "lent": self._lent(),
                "lapsed": sum(map(self._over, self.chains.values()))}

    def _over(self, places: Sequence[int]) -> bool:
        """Whether the last term that the rows of a certificate tell of has ended."""
        term = self.matches[places[-1]].term
        over = term is not None and term.ends_on is not None and term.ends_on < self.holders.known.today
        return over and self.rows[places[-1]].state in codes.LIVE

    def _lent(self) -> int:
        """Borrowings that run: the register counts days from the import, for the ledger names no day of return."""
        return sum(row.loan is not None and row.loan.returned_at is None and each.outcome == "new"
                   for row, each in zip(self.rows, self.matches, strict=True))


def match(
    session: Session, group_id: int, known: Known, rows: Sequence[Judged], places: Said[int, Place], reach: Reach
) -> Matched:
    """Match rows; `places` says for each table where its new people belong, `reach` what may be made and changed at
    all. Rows that are stopped already stay so."""
    numbers = _Numbers()
    register = _Register(session, group_id, known, rows, numbers)  # first: whoever holds what it found is there too
    holders = Holders(session, group_id, known, rows, places, reach)
    matches = [Match("stopped") if row.stopped else _one(row, holders, register, numbers, known, places[row.table])
               for row in rows]
    return Matched(rows, matches, chained(rows, matches), holders)


class _Numbers:
    """Numbers as they are compared; those that name a person by a keyed index."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], Number] = {}

    def of(self, text: str, person: bool) -> Number:
        """The number; sealing it for keeping is left to the writing."""
        found = self._known.get((text, person))
        if found is None:
            if person and len(text) > 17 and check_id_number(text.removeprefix("T")).ok:
                found = Number(mask_id(text), sealing.index(text, NUMBER))
            else:
                found = Number(text[:100], text[:100])
            self._known[text, person] = found
        return found


class _Register:
    """The certificates that the rows may speak of, by key and by our own code."""

    def __init__(
        self, session: Session, group_id: int, known: Known, rows: Sequence[Judged], numbers: _Numbers
    ) -> None:
        self.group_id = group_id
        self.by_key: dict[Key, list[Found[Any]]] = defaultdict(list)
        self.by_code: dict[str, Found[Any]] = {}
        self._by_number: dict[str, list[Found[Any]]] = defaultdict(list)
        shown = (numbers.of(row.number, _of_person(known, row.type_code)).shown for row in rows if row.number)
        for some in chunks(shown):
            for each in session.execute(_certificates().where(Certificate.number.in_(some))):
                self.by_key[each.type_code, each.number_key, each.item].append(each)
                if each.group_id == group_id:
                    self._by_number[each.number_key].append(each)
        for some in chunks(row.code for row in rows if row.code):
            for each in session.execute(_certificates().where(
                    Certificate.code.in_(some), Certificate.group_id == group_id)):
                self.by_code[each.code] = each

    def find(self, key: Key) -> Found[Any] | None:
        """The live certificate of that number, else the last that ended."""
        return self._standing(self.by_key.get(key, []))

    def lent(self, type_code: str, number: str) -> Found[Any] | None:
        """The same of our group whatever its item; a borrow register names none, and sometimes no type either."""
        return self._standing([each for each in self._by_number.get(number, ())
                               if type_code in ("", each.type_code)])

    def _standing(self, there: list[Found[Any]]) -> Found[Any] | None:
        live = [each for each in there if each.state in codes.LIVE]
        return live[0] if live else max((each for each in there if each.group_id == self.group_id), default=None,
                                        key=lambda each: each.id)


def _certificates() -> Any:
    """Certificates with what their last version says."""
    return select(
        Certificate.id, Certificate.group_id, Certificate.unit_id, Certificate.unit_path, Certificate.code,
        Certificate.type_code, Certificate.number, Certificate.number_key, Certificate.item, Certificate.state,
        Certificate.term, Certificate.valid_from, Certificate.valid_until, Certificate.review_on, Certificate.ends_on,
        Certificate.version_no, Certificate.revision, Certificate.holder_person_id, Certificate.holder_unit_id,
        Certificate.holder_machine_id, Certificate.holder_name, Version.id.label("version_id"), Version.issued_on,
        Version.issuer, Version.fields, Version.holds_from, Version.qr, Version.licence_mark, Version.duty_on,
        Version.suspended_until, Version.fields_sealed, Version.number_raw,
    ).join(Version, and_(Version.certificate_id == Certificate.id, Version.no == Certificate.version_no)).where(
        ~Certificate.unit_path.startswith(WITHDRAWN))


def _of_person(known: Known, type_code: str) -> bool:
    kind = known.types.get(type_code)
    return kind is None or kind.holder == "person"


def _one(
    row: Judged, holders: Holders, register: _Register, numbers: _Numbers, known: Known, place: Place
) -> Match:
    made = Match(findings=list(too_long(row)))
    if any(each.weight == "stop" for each in made.findings):
        made.outcome = "stopped"
        return made
    kind = known.types.get(row.type_code)
    there = register.by_code.get(row.code) if row.code else None
    if there is not None:
        if not holders.reach.holds(there.unit_path, known.types.get(there.type_code)):
            made.stop("out_of_reach", ELSEWHERE, code=there.code)
            return made
        return _known_by_code(made, row, there, known, numbers)
    if kind is None and row.loan is None:
        made.stop("unknown_type", "看不出是哪种证件，请选择种类。")
        return made
    if not row.number:
        made.stop("no_number", "没有证书编号，请补上。")
        return made
    made.number = numbers.of(row.number, kind is None or kind.holder == "person")
    made.key = (row.type_code, made.number.key, row.item[:80])
    if row.loan is not None:
        return _loan(made, row, holders, register, place)
    made.there = register.find(made.key)
    assert kind is not None
    _hold(made, row, kind, holders, place)
    if made.outcome == "new":
        made.term = _term(made, row, kind)
    if made.outcome == "new" and made.there is not None:
        _against(made, row, made.there, register.group_id, holders.reach)
    return made


def _known_by_code(made: Match, row: Judged, there: Found[Any], known: Known, numbers: _Numbers) -> Match:
    """A row of a ledger that we exported ourselves: whatever it does not say, or says masked, stands as it was."""
    made.there, made.key = there, (there.type_code, there.number_key, there.item)
    kind = known.types[there.type_code]
    if row.number and row.number != there.number and "*" not in row.number:
        made.number = numbers.of(row.number, kind.holder == "person")
        if made.number.key == there.number_key:
            made.number = None
    if said := other_holder(row, there):
        made.stop("two_names", OTHER_HOLDER, code=there.code, holder=there.holder_name, name=said)
        return made
    made.term = _laid_over(made, row, there)
    if made.outcome == "new":
        made.changes = changes_of(row, there, made.term, made.number)
        made.outcome = "changed" if made.changes else "same"
    return made


def _hold(made: Match, row: Judged, kind: CertificateType, holders: Holders, place: Place) -> None:
    if row.holder is None or FAMILY_OF.get(row.holder.kind) != FAMILY_OF[kind.holder]:
        made.stop("no_holder", "没有持有人，请补上。")
        return
    made.held, wrong = holders.of(row.holder, place)
    if wrong is not None and wrong.weight != "stop":
        wrong.column = row.came.get("name")
        made.findings.append(wrong)
    elif wrong is not None:
        made.stop(wrong.kind, wrong.text, **wrong.params)
        return
    held = made.held
    if held and held.unit and not holders.reach.holds(held.unit.path, kind):
        made.stop("out_of_reach", OUTSIDE, name=held.unit.name)
        return
    fits = ("group", "company") if kind.holder == "enterprise" else ("project",)
    if kind.holder in ("enterprise", "project") and held and held.new is None and held.unit and (
            held.unit.kind not in fits):
        made.stop("unknown_unit", "“{type}”不能由{holder}持有。", type=kind.name, holder=held.name)


def _term(made: Match, row: Judged, kind: CertificateType) -> Term | None:
    lapses = kind.review is not None and kind.review.lapses
    review, made.duty = (row.review_on, None) if lapses else (None, row.review_on)
    if row.long and row.valid_until is None:
        return Term(codes.LONG, row.valid_from or row.issued_on, None, row.issued_on, review)
    try:
        return drafting.checked_term(
            kind, valid_from=row.valid_from, valid_until=row.valid_until, issued_on=row.issued_on,
            review_on=review, undated=row.undated)
    except BadAnswer as wrong:
        for problems in wrong.problems.values():
            for problem in problems[:1]:
                made.stop("wrong_date", problem.text, **{key: str(value) for key, value in problem.params.items()})
    return None


def _laid_over(made: Match, row: Judged, there: Found[Any]) -> Term:
    """The term of a certificate with what a row says of it."""
    until = row.valid_until or there.valid_until
    kind = there.term
    if row.valid_until is not None:
        kind = codes.DATED
    elif row.long:
        kind, until = codes.LONG, None
    lapses = there.review_on is not None or _lapses(there)
    review = (row.review_on or there.review_on) if lapses else None
    made.duty = None if lapses else row.review_on or there.duty_on
    term = Term(kind, row.valid_from or there.valid_from, until, row.issued_on or there.issued_on, review)
    if term.valid_from and term.valid_until and term.valid_until < term.valid_from:
        made.stop("end_before_issue", "有效期至早于有效期起 {day}，请核对原件。", day=term.valid_from.isoformat())
    return term


def _lapses(there: Found[Any]) -> bool:
    review = type_of(there.type_code).review
    return review is not None and review.lapses


def _against(made: Match, row: Judged, there: Found[Any], group_id: int, reach: Reach) -> None:
    """A certificate of that number is there; of one out of reach nothing is told but that."""
    if there.group_id != group_id or not reach.holds(there.unit_path):
        made.stop("duplicate_number", "该编号已由其他单位登记，请核对原件。")
    elif not _same_holder(made, there):
        made.stop("duplicate_number", "该编号已登记为 {code}（{holder}），请核对是否重复。", code=there.code,
                  holder=there.holder_name)
    elif there.state in codes.LIVE or there.state == codes.LAPSED:
        _follows(made, row, there)
    elif made.term and there.ends_on and made.term.holds_from > there.ends_on:
        made.there = None  # that one is over; this is another of the same number, begun afterwards
    else:
        made.stop("wrong_value", "在册证件 {code} 已是“{state}”，请核对原件。", code=there.code,
                  state=codes.STATES.get(there.state, there.state))


def _same_holder(made: Match, there: Found[Any]) -> bool:
    held = made.held
    if held is None or held.id is None:
        return False
    column = {"person": there.holder_person_id, "equipment": there.holder_machine_id}
    return bool(column.get(held.kind, there.holder_unit_id) == held.id)


def _follows(made: Match, row: Judged, there: Found[Any]) -> None:
    assert made.term is not None
    begun: dt.date | None = there.valid_from
    if made.term.valid_until and begun and made.term.valid_until <= begun:
        made.outcome = "same"  # an earlier term: the register knows a later one
        return
    term = _laid_over(made, row, there)
    if made.outcome != "new":
        return
    made.term, made.changes = term, changes_of(row, there, term, None)
    made.outcome = "changed" if made.changes else "same"


def _loan(made: Match, row: Judged, holders: Holders, register: _Register, place: Place) -> Match:
    assert row.loan is not None and made.key is not None
    made.there = register.lent(row.type_code, made.key[1])
    if made.there is not None and not holders.reach.holds(made.there.unit_path, type_of(made.there.type_code)):
        made.stop("out_of_reach", ELSEWHERE, code=made.there.code)
        return made
    made.borrower, wrong = holders.borrower(row.loan.borrower, place)
    if wrong is not None:
        made.stop(wrong.kind, wrong.text, **wrong.params)
    elif row.loan.lent_at is None:
        made.stop("wrong_date", "没有借出时间，请补上。")
    return made
