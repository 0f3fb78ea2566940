"""A play: a small register and cabinet in which random acts happen, sensible and not, while the clock moves on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import Refused
from registry.certificates import lifecycle, specialities, timers
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.people.persons import leave
from registry.people.units import create_unit
from tests.registry.organisation import Organisation, id_number
from tests.registry.sequences import custody
from tests.registry.sequences.custody import Paper
from tests.registry.sequences.model import Card, Entry, Term, data, months

BEGIN = dt.datetime(2024, 3, 4, 9, 0, tzinfo=clock.SHANGHAI)
KINDS = ("P02", "P02", "P02", "J03", "P01", "E03", "P07", "P14")
DAY = dt.timedelta(days=1)
NAMES = ("建筑工程", "市政公用工程")


@dataclass
class Play:
    """One sequence: the register, its cards, and what was tried."""

    org: Organisation
    holders: dict[str, list[Any]]
    clock: Fixed
    random: Random
    cards: list[Card] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    cabinet: bool = False
    """Whether papers are kept and lent, too."""
    tried: list[str] = field(default_factory=list)
    serial: int = 0
    flushed: int = 0
    spoilt: bool = False
    """A refusal came after something was written: a request would be rolled back as a whole, so the sequence ends."""

    @property
    def session(self) -> Session:
        return self.org.session

    @property
    def today(self) -> dt.date:
        return clock.today()

    def around(self, before: int, after: int) -> dt.date:
        """Some day around today."""
        return self.today + dt.timedelta(days=self.random.randint(-before, after))

    def since(self) -> dt.date:
        """The day somebody writes into a form: mostly today, at times long ago or ahead."""
        return self.random.choice((self.today, self.today, self.around(10, 0), self.around(60, 1), self.around(400, 3)))

    def step(self) -> str:
        """Let time pass, try one act; what it came to."""
        if self.cabinet and self.cards and self.random.random() < 0.6:
            return custody.step(self)
        self.pass_time((0, 0, 1, 3, 20, 60, 150, 300))
        act = self.random.choice(ACTS)
        card = self.random.choice(self.cards) if self.cards else None
        before = self.flushed
        said = self.attempt(lambda: act(self, card) if card else grant(self, None), act.__name__)
        self.spoilt = bool(said and (self.flushed != before or self.session.new or self.session.dirty))
        return said

    def pass_time(self, days: tuple[int, ...]) -> None:
        """So many days, and a moment."""
        self.clock.advance(dt.timedelta(days=self.random.choice(days),
                                        seconds=self.random.choice((0, 1, 90, 20000))))

    def attempt(self, act: Callable[[], None], name: str) -> str:
        """The refusal's name, or nothing."""
        self.tried.append(name)
        try:
            act()
        except Refused as refused:
            said = type(refused).__name__
            self.tried[-1] += f": {said}"
            return said
        return ""


def prepare(session: Session, org: Organisation) -> dict[str, list[Any]]:
    """The holders of the play's certificates, and who borrows: colleagues, one who will leave, one of another group."""
    capital = create_unit(session, kind="company", name="京", code="C3", parent=org.group, province="京", by=SYSTEM)
    people = [org.person(unit, id_number=id_number(700 + at)) for at, unit in enumerate((None, capital, org.far))]
    strangers = create_unit(session, kind="group", name="别家集团", code="G2", province="苏", by=SYSTEM)
    staff = [org.person(unit) for unit in (org.safety, org.safety, org.far, org.safety, strangers)]
    leave(session, staff[3], on=BEGIN.date() + 40 * DAY, by=SYSTEM)
    session.flush()
    return {"P": people, "J": [org.project, org.far], "E": [org.company, org.other], "staff": staff}


def number_of(play: Play, code: str, holder: Any) -> str:
    """A new number, or now and then one that is or was in use."""
    used = [number for card in play.cards if card.code == code for number in card.numbers]
    if used and play.random.random() < 0.5:
        return play.random.choice(used)
    play.serial += 1
    at = play.serial
    return {"P02": f"苏A012025{at:06d}", "J03": f"3201022024{at % 12 + 1:02d}1001{at % 90:02d}",
            "P01": f"T{holder.id_number}" if code == "P01" else "", "E03": f"（苏）JZ安许证字〔2024〕{at:06d}",
            "P07": f"苏2322024{at:05d}", "P14": f"ZC-{at}"}[code]


def grant(play: Play, _: Card | None) -> None:
    enter(play, lifecycle.grant, "grant", {})


def bring_in(play: Play, _: Card | None) -> None:
    enter(play, lifecycle.bring_in, "bring_in", {"old_number": "京A012020000001", "old_mark": "1.2.156.3005.2.old"})


def enter(play: Play, verb: Callable[..., Certificate], act: str, more: dict[str, Any]) -> None:
    """A new certificate, mostly with a term that runs, at times one that is over, ahead, unknown or endless."""
    code = play.random.choice(KINDS)
    holder = play.random.choice(play.holders[code[0]])
    issued = play.around(300, 0)
    first = play.random.choice((issued, issued, issued + 30 * DAY))
    last = first + play.random.choice((90, 700, 1000)) * DAY
    unknown = code == "P02" and play.random.random() < 0.1
    item, review, fields = "", None, None
    if code == "P14":
        last_given = None
    elif code == "J03":
        last_given = None
    else:
        last_given = None if unknown else last
    if code == "P01":
        item = play.random.choice(("低压电工作业", "高压电工作业"))
        review = play.random.choice((None, first + 300 * DAY))
        review = review if review is None or review <= last else None
    if code == "P07":
        rows = [{"speciality": each, "valid_from": first.isoformat(), "valid_until": last.isoformat()}
                for each in play.random.sample(NAMES, play.random.randint(0, 2))]
        fields = {"specialities": rows}
    number = number_of(play, code, holder)
    made = verb(play.session, code, holder, number=number, issued_on=issued, valid_from=first, valid_until=last_given,
                review_on=review, undated=unknown, item=item, fields=fields, issuer="某厅", licence_mark=f"m{number}",
                by=SYSTEM, **more)
    begun = code == "J03" and holder.project.started_on is not None
    last_day = months(first, 3) if code == "J03" and not begun else last_given
    lapsed_instead(play)
    card = Card(made, code, numbers=[number])
    card.log.append(Entry(act, clock.now(), first, "01", Term(first, last_day, review, unknown)))
    play.cards.append(card)
    assert made.latest.previous_mark == more.get("old_mark", "")


def lapsed_instead(play: Play) -> None:
    """A number that ran out makes way: whatever lapsed by the way is written into the book."""
    for card in play.cards:
        if card.last.state in ("01", "02", "06") and card.certificate.state == "05":
            assert card.last.term.end is not None and card.last.term.end < play.today
            card.wrote("lapse", clock.now(), card.last.term.end + DAY, "05", card.last.term)


def renew(play: Play, card: Card | None) -> None:
    assert card
    term, choose = card.last.term, play.random.choice
    end = term.end or play.today
    first = choose((end + DAY, end + DAY, end + DAY, play.today, end + 9 * DAY, end - 30 * DAY))
    last = first + choose((60, 88, 400, 1000, -5)) * DAY
    asked, presumed = choose((None, 7)), play.random.random() < 0.2
    version = lifecycle.renew(play.session, card.certificate, valid_from=first, valid_until=last, by=SYSTEM,
                              issued_on=min(first, play.today), issuer="某厅", request_id=asked, presumed=presumed)
    assert term.end is None or first <= term.end + DAY, "a gap between two terms"
    assert term.last is None or last > term.last, "a renewal that lengthens nothing"
    assert all(first > (other.first or dt.date.min) for other in [*card.renewed, term]), "a second renewal for a term"
    assert not (term.first and term.first > play.today), "renewed before the term began"
    limit = data(card.code).get("extension")
    if limit:
        assert len(card.renewed) < limit["times"] and term.end and last <= months(term.end, limit["months"])
    assert version.previous_mark == next((v.licence_mark for v in reversed(card.certificate.versions[:-1])
                                          if v.licence_mark), "")
    card.renewed.append(Term(first, last))
    written(play, card, "renew", version, first, "01", Term(first, last))


def written(play: Play, card: Card, act: str, version: Version, day: dt.date, state: str, term: Term) -> None:
    """Into the book; a version may begin later than was typed, but only where something else turned meanwhile."""
    if version.holds_from != day:
        assert version.holds_from in {entry.day for entry in card.log} and version.holds_from > day
    hidden = [then for before, then in pairwise(card.log)
              if version.holds_from < then.day <= play.today and then.act != "lapse"
              and (then.state, then.term) != (before.state, before.term)]
    assert not hidden or act in ("cancel", "deregister"), f"{act} reaches back behind what turned meanwhile: {hidden}"
    card.wrote(act, clock.now(), version.holds_from, state, term)


def change(play: Play, card: Card | None) -> None:
    assert card
    number = number_of(play, card.code, card.certificate.holder) if play.random.random() < 0.4 else None
    day, fields = play.since(), None
    if card.code == "P07" and play.random.random() < 0.5:
        fields = {"specialities": [{"speciality": each} for each in play.random.sample(NAMES, 1)]}
    version = lifecycle.change(play.session, card.certificate, since=day, by=SYSTEM, number=number, fields=fields,
                               licence_mark=play.random.choice(("", "m2")))
    if number and number not in card.numbers:
        card.numbers.append(number)
    written(play, card, "change", version, day, card.last.state, card.last.term)


def reissue(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    version = lifecycle.reissue(play.session, card.certificate, issued_on=day, reason="遗失", by=SYSTEM)
    written(play, card, "reissue", version, day, card.last.state, card.last.term)


def reviewed(play: Play, card: Card | None) -> None:
    assert card
    day, term = play.since(), card.last.term
    following = play.random.choice((None, day + 300 * DAY, day + 30 * DAY,
                                    lifecycle.next_review(card.certificate.type, day)))
    version = lifecycle.reviewed(play.session, card.certificate, on=day, next_review_on=following, by=SYSTEM)
    assert term.end is None or day <= term.end, "reviewed after its day"
    review = term.review
    if data(card.code).get("review", {}).get("lapses"):
        review = following if following and (term.last is None or following <= term.last) else None
    written(play, card, "reviewed", version, day, "01", Term(term.first, term.last, review, term.unknown))


def suspend(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    until = play.random.choice((None, day + 30 * DAY))
    version = lifecycle.suspend(play.session, card.certificate, since=day, reason="整改", until=until, by=SYSTEM)
    written(play, card, "suspend", version, day, "02", card.last.term)


def give_back(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    before = next((entry.state for entry in reversed(card.log) if entry.state != "02"), "")
    version = lifecycle.give_back(play.session, card.certificate, since=day, by=SYSTEM)
    written(play, card, "give_back", version, day, before, card.last.term)


def send_out(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    version = lifecycle.send_out(play.session, card.certificate, to="浙江省", since=day, by=SYSTEM)
    written(play, card, "send_out", version, day, "06", card.last.term)


def withdraw_sending(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    version = lifecycle.withdraw_sending(play.session, card.certificate, since=day, by=SYSTEM)
    written(play, card, "withdraw_sending", version, day, "01", card.last.term)


def sent_out(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    version = lifecycle.sent_out(play.session, card.certificate, since=day, by=SYSTEM)
    written(play, card, "sent_out", version, day, "04", card.last.term)


def cancel(play: Play, card: Card | None) -> None:
    assert card
    kind, day = play.random.choice(list(lifecycle.ENDINGS)), play.since()
    version = lifecycle.cancel(play.session, card.certificate, kind=kind, since=day, reason="x", by=SYSTEM)
    state = {"注销": "04", "撤销": "03", "吊销": "07", "撤回": "04", "废止": "05"}[kind]
    written(play, card, "deregister" if kind == "注销" else "cancel", version, day, state, card.last.term)


def restore(play: Play, card: Card | None) -> None:
    assert card
    day = play.since()
    version = lifecycle.restore(play.session, card.certificate, since=day, reason="录入错误", by=SYSTEM)
    assert card.code != "E03", "a cancelled safety licence was restored"
    before = card.log[-2]
    written(play, card, "restore", version, day, before.state, before.term)


def start_work(play: Play, card: Card | None) -> None:
    assert card
    day, term = play.since(), card.last.term
    before = card.log[-2].state if card.last.act == "lapse" else card.last.state
    version = lifecycle.start_work(play.session, card.certificate, on=day, by=SYSTEM)
    assert card.code == "J03" and (term.end is None or day <= term.end)
    written(play, card, "start_work", version, day, before, Term(term.first, None))


def lapse(play: Play, card: Card | None) -> None:
    assert card
    if lifecycle.lapse(play.session, card.certificate):
        lapsed_instead(play)
        assert card.last.act == "lapse"


def sweep(play: Play, _: Card | None) -> None:
    """All that is due, as the worker fires it."""
    waiting = select(CertificateTimer.id).where(
        CertificateTimer.fired_at.is_(None), CertificateTimer.cancelled_at.is_(None),
        CertificateTimer.due_at <= clock.now()).order_by(CertificateTimer.due_at, CertificateTimer.id)
    for timer in play.session.scalars(waiting).all():
        timers.fire(play.session, timer)
    play.session.flush()
    lapsed_instead(play)
    assert all(card.last.state not in ("01", "02", "06") or card.last.term.end is None
               or card.last.term.end >= play.today for card in play.cards), "something ran out and did not lapse"


def speciality(play: Play, card: Card | None) -> None:
    """增项, a further term or 减项 of a registration."""
    assert card
    rows = specialities.specialities(card.certificate)
    if rows and play.random.random() < 0.6:
        row = play.random.choice(rows).row
        if play.random.random() < 0.5:
            specialities.drop(play.session, row, since=play.since(), by=SYSTEM)
        else:
            specialities.renew(play.session, row, valid_until=(row.to_on or play.today) + 300 * DAY, by=SYSTEM)
    elif card.code == "P07":
        specialities.add(play.session, card.certificate, play.random.choice(NAMES), by=SYSTEM,
                         valid_from=play.around(100, 10), valid_until=play.random.choice((None, play.around(0, 400))))


ACTS: tuple[Callable[[Play, Card | None], None], ...] = (
    grant, bring_in, renew, renew, renew, change, change, reissue, reviewed, suspend, suspend, give_back, give_back,
    send_out, withdraw_sending, sent_out, cancel, restore, restore, start_work, lapse, sweep, sweep, sweep, sweep,
    speciality,
)
