"""The proof of delivery: everybody, every way, the words as they left, every try; and a hash that a sheet can carry."""

from __future__ import annotations

import datetime as dt
import json

from sqlalchemy import select

from ledger import failpoints
from ledger.actor import Actor
from ledger.db import reading
from ledger.facts import Fact
from registry.alerts import notices, proof
from registry.alerts.letters import contacts, sending
from registry.alerts.letters.model import LetterTry
from registry.alerts.notices import Notice
from registry.alerts.proof import Entry, Told
from registry.certificates.models import Certificate
from tests.registry.alerts.mailing import URL, another, before, eve, lined, reached, sent, who
from tests.registry.alerts.watching import Watch
from tests.registry.alerts.ways import Way
from web.i18n import spoken


def entries(watch: Watch, stage: str = "d60") -> Entry:
    with reading(watch.engine) as session:
        found = next(each for each in proof.entries(session, watch.certificate, spoken) if each.alert.stage == stage)
        session.expunge_all()
        return found


def of(entry: Entry, name: str) -> Told:
    return next(each for each in entry.told if each.name == name)


def test_it_says_who_was_told_by_which_way_in_which_words_and_when(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    sent(watch, app)
    inside, letter = of(entries(watch), "custodian").passages
    assert (inside.channel, inside.sent_at) == ("inapp", watch.now())
    assert letter.words == inside.words and "还有 60 天" in letter.words[0]
    assert (letter.channel, letter.state, letter.sent_at) == ("wecom_app", "sent", watch.now())
    assert [each.outcome for each in letter.tries] == ["sent"] and letter.reference == letter.tries[0].reference != ""


def test_opening_and_acting_stand_in_it(watch: Watch) -> None:
    watch.on(before(61)).on(before(60))
    number = watch.act(lambda session: session.scalars(select(Notice.id).where(
        Notice.person_id == watch.people["custodian"]).order_by(Notice.id.desc())).first())
    watch.now.advance(dt.timedelta(hours=2))
    watch.act(lambda session: notices.read(session, who(watch, "custodian"), number))
    told = {each.name: each.row.opened_at for each in entries(watch).told}
    assert told["custodian"] == watch.now() and told["王建国"] is None


def test_every_try_stands_in_it_also_one_that_we_were_killed_in(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    failpoints.arm("letters.sent.before_record=raise")
    sending.sweep(watch.engine, app.http, spoken, URL)
    failpoints.arm(None)
    watch.now.advance(sending.CLAIM)
    app.provider.faults = ["500"]
    sent(watch, app)
    watch.now.advance(dt.timedelta(minutes=5))
    sent(watch, app)
    letter = of(entries(watch), "custodian").passages[1]
    assert [each.outcome for each in letter.tries] == ["", "unreachable", "sent"]
    assert all(each.why is not None for each in letter.tries if each.outcome == "unreachable")


def test_of_a_letter_about_many_only_what_it_said_of_this_one(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    watch.act(lambda session: contacts.wish(session, who(watch, "custodian"), digest=True, without=[]))
    watch.on(before(62))
    another(watch)
    watch.on(before(61)).on(before(60)).on(before(59), 8)
    sent(watch, app)
    letter = of(entries(watch), "custodian").passages[1]
    assert letter.others >= 1 and letter.listed
    assert "王建国" in letter.words[1] and not any("hr" in words for words in letter.words)


def test_a_room_that_heard_of_it_stands_in_it(watch: Watch, admin: Actor, robot: Way) -> None:
    lined(watch, admin, robot)
    watch.on(before(31)).on(before(30)).on(before(29), 8)
    sent(watch, robot)
    (room,) = entries(watch, "d30").rooms
    assert (room.channel, room.state, room.title) == ("wecom_robot", "sent", "测试渠道") and "30 天" in room.words[0]


def test_words_that_nobody_kept_are_said_again_and_marked(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    sent(watch, app)
    watch.act(lambda session: session.execute(LetterTry.__table__.delete()))
    letter = of(entries(watch), "custodian").passages[1]
    assert not letter.exact and "还有 60 天" in letter.words[0] and letter.state == "sent"


def test_what_the_first_day_summed_up_is_told_as_it_was(watch: Watch) -> None:
    watch.on(before(20))
    told = of(entries(watch, "d30"), "custodian")
    assert "1 张由您负责的证件" in told.passages[0].words[0] and not told.passages[0].listed


def test_its_hash_is_of_all_it_says_and_stays_in_the_ledger(watch: Watch) -> None:
    watch.on(before(61)).on(before(60))
    with reading(watch.engine) as session:
        certificate = session.get_one(Certificate, watch.certificate)
        found = proof.entries(session, watch.certificate, spoken)
        whole = proof.content(certificate, found, at=watch.now(), by="韩立")
        assert proof.content(certificate, found, at=watch.now(), by="韩立") == whole
        assert proof.digest(whole) != proof.digest(proof.content(certificate, found, at=watch.now(), by="许文"))
        assert [each["stage"] for each in json.loads(whole)["alerts"]] == [each.alert.stage for each in found]
    watch.act(lambda session: proof.printed(
        session, session.get_one(Certificate, watch.certificate), proof.digest(whole), by=who(watch, "legal")))
    with reading(watch.engine) as session:
        (kept,) = proof.printings(session, watch.certificate)
        assert isinstance(kept, Fact) and kept.after == {"sha256": proof.digest(whole)}


def test_a_refusal_says_why(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="nobody")
    eve(watch, app)
    watch.on(before(60))
    sent(watch, app)
    letter = of(entries(watch), "custodian").passages[1]
    assert letter.state == "dead" and [each.outcome for each in letter.tries] == ["refused"] and letter.tries[0].code
