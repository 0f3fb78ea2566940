"""Letters: written with their alert, sent once, tried again, summed up, kept back at night, gone with their cause."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger import failpoints
from ledger.actor import SYSTEM, Actor
from ledger.db import reading
from ledger.errors import BadAnswer, NotAllowed, NotFound
from ledger.facts import Fact
from registry.alerts.letters import contacts, lines, sending
from registry.alerts.letters.model import DEAD, DROPPED, PLANNED, SENT, Contact, LetterTry, Line
from registry.certificates.endings import cancel
from registry.certificates.models import Certificate
from registry.people.units import Unit
from tests.registry.alerts.mailing import URL, before, eve, letters, lined, reached, sent, who
from tests.registry.alerts.watching import Watch
from tests.registry.alerts.ways import Way
from web.i18n import spoken

D = dt.date


def test_an_alert_leaves_by_letter_to_whoever_can_be_reached_so_and_once(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan", hr="lisi")
    eve(watch, app)
    known = len(letters(watch))
    watch.on(before(60))
    done = sent(watch, app)[known:]
    assert [(letter.person_id, letter.state, letter.tries) for letter in done] == [(watch.people["custodian"], SENT, 1)]
    assert app.provider.taken[-1]["touser"] == "zhangsan" and "60 天" in str(app.provider.taken[-1])
    before_again = len(app.provider.taken)
    assert sent(watch, app)[-1].state == SENT and len(app.provider.taken) == before_again


def test_nobody_is_disturbed_at_night(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    watch.on(before(61)).on(before(60), 0)
    assert sent(watch, app)[-1].state == PLANNED
    watch.now.move_to(dt.datetime.combine(before(60), dt.time(8), clocks.SHANGHAI))
    assert sent(watch, app)[-1].state == SENT


def test_whoever_wants_one_letter_a_day_gets_one_with_all_of_the_day(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    watch.act(lambda session: contacts.wish(session, who(watch, "custodian"), digest=True, without=[]))
    watch.on(before(61)).on(before(60)).on(before(59), 7)
    kinds = [letter.kind for letter in letters(watch)]
    assert set(kinds) == {"digest"}
    done = sent(watch, app)
    assert done[-1].state == PLANNED
    watch.on(before(59), 8)
    assert sent(watch, app)[-1].state == SENT


def test_a_room_hears_once_a_day_of_everything_below_it(watch: Watch, admin: Actor, robot: Way) -> None:
    lined(watch, admin, robot)
    watch.on(before(31)).on(before(30)).on(before(29), 8)
    done = sent(watch, robot)
    assert {(letter.person_id, letter.kind) for letter in done} == {(None, "digest")}
    assert "30 天" in robot.provider.taken[-1][0]


def test_a_letter_whose_cause_is_gone_does_not_leave(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60), 0)
    watch.act(lambda session: cancel(session, session.get_one(Certificate, watch.certificate), kind="注销",
                                     since=before(61), reason="离岗", by=SYSTEM))
    taken = len(app.provider.taken)
    watch.on(before(60), 9)
    assert sent(watch, app)[-1].state == DROPPED and len(app.provider.taken) == taken


def test_what_cannot_be_delivered_is_tried_after_1_5_and_30_minutes_then_stays_to_be_sent_again(
    watch: Watch, admin: Actor, app: Way
) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    app.provider.faults = ["500"] * 40
    waits = []
    for _ in range(3):
        letter = sent(watch, app)[-1]
        waits.append((letter.next_try_at - watch.now()).total_seconds() / 60)
        watch.now.advance(letter.next_try_at - watch.now())
    assert waits == [1, 5, 30]
    assert (sent(watch, app)[-1].state, letters(watch)[-1].tries) == (DEAD, 4)
    with reading(watch.engine) as session:
        kept = session.scalars(select(LetterTry.outcome).where(LetterTry.letter_id == letters(watch)[-1].id)).all()
        assert kept == ["unreachable"] * 4
    app.provider.faults = []
    assert sent(watch, app)[-1].state == DEAD
    watch.act(lambda session: sending.again(session, admin, letters(watch)[-1].id))
    assert sent(watch, app)[-1].state == SENT


def test_a_refusal_is_not_tried_again_by_itself(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="nobody")
    eve(watch, app)
    watch.on(before(60))
    last = sent(watch, app)[-1]
    assert (last.state, last.tries) == (DEAD, 1) and last.why is not None and "nobody" not in str(last.why)


def test_a_robots_rate_is_kept_across_letters(watch: Watch, admin: Actor, robot: Way) -> None:
    number = lined(watch, admin, robot)
    for _ in range(22):
        watch.act(lambda session: sending.try_out(session, session.get_one(Line, number), by=admin))
        watch.now.advance(dt.timedelta(milliseconds=1))
    states = [letter.state for letter in sent(watch, robot)]
    assert (states.count(SENT), states.count(PLANNED)) == (20, 2)
    watch.now.advance(dt.timedelta(minutes=1))
    assert {letter.state for letter in sent(watch, robot)} == {SENT} and len(robot.provider.taken) == 22


@pytest.mark.parametrize("point", ["letters.claimed.before_commit", "letters.sent.before_record",
                                   "letters.sent.before_commit"])
def test_a_letter_that_is_killed_on_its_way_leaves_under_the_same_key(
    watch: Watch, admin: Actor, app: Way, point: str
) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    taken = len(app.provider.taken)
    failpoints.arm(f"{point}=raise")
    sending.sweep(watch.engine, app.http, spoken, URL)
    failpoints.arm(None)
    watch.now.advance(sending.CLAIM)
    assert sent(watch, app)[-1].state == SENT
    assert len(app.provider.taken) == taken + 1  # the provider knows the key


def test_two_workers_send_a_letter_once(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    eve(watch, app)
    watch.on(before(60))
    taken = _posted(app)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: sending.sweep(watch.engine, app.http, spoken, URL), range(2)))
    assert letters(watch)[-1].state == SENT and _posted(app) == taken + 1


def _posted(way: Way) -> int:
    return sum(asked.method == "POST" for asked in way.provider.asked)


def test_who_has_no_account_but_an_address_is_reached(watch: Watch, admin: Actor, app: Way) -> None:
    lined(watch, admin, app)
    reached(watch, holder="lisi")
    watch.act(lambda session: session.connection().exec_driver_sql(
        f"update account set disabled_at = created_at where person_id = {watch.people['holder']}"))
    watch.on(before(61)).on(before(60))
    assert {each.person_id: each.reach for each in watch.alert("d60").told}[watch.people["holder"]] == "letter"
    assert watch.people["holder"] in {letter.person_id for letter in sent(watch, app) if letter.state == SENT}


def test_addresses_and_secrets_are_sealed_and_in_no_fact(watch: Watch, admin: Actor, app: Way) -> None:
    number = lined(watch, admin, app)
    reached(watch, custodian="zhangsan")
    with reading(watch.engine) as session:
        line, contact = session.get_one(Line, number), session.scalars(select(Contact)).one()
        assert b"corp-secret" not in line.settings and "corp_secret" not in line.shown
        assert b"zhangsan" not in contact.address and contact.shown == "z***n"
        told = str([(fact.before, fact.after) for fact in session.scalars(select(Fact))])
        assert "zhangsan" not in told and "corp-secret" not in told


def test_whoever_moves_a_line_types_its_secrets_again(watch: Watch, admin: Actor, app: Way) -> None:
    number = lined(watch, admin, app)

    def moved(session: Session, **given: str) -> None:
        line = session.get_one(Line, number)
        lines.change(session, line, {**line.shown, "corp_secret": "", **given}, title="x", by=admin, local=True)

    watch.act(lambda session: moved(session, agent_id="1000003"))
    with pytest.raises(BadAnswer) as refused:
        watch.act(lambda session: moved(session, base_url="https://evil.example.org"))
    assert set(refused.value.problems) == {"corp_secret"}
    with reading(watch.engine) as session:
        assert lines.settings_of(session.get_one(Line, number)).corp_secret == app.settings.corp_secret


def test_a_private_address_is_refused_outside_tests(watch: Watch, admin: Actor) -> None:
    for url in ("http://127.0.0.1:6379", "https://user@10.0.0.1", "ftp://example.org"):
        with pytest.raises(BadAnswer):
            watch.act(lambda session, url=url: lines.set_up(  # type: ignore[misc]
                session, "webhook", session.get_one(Unit, admin.group_id), {"base_url": url, "secret": "s" * 24},
                title="x", by=admin))


def test_only_administrators_set_up_lines_and_only_of_their_group(watch: Watch, admin: Actor, app: Way) -> None:
    with pytest.raises(NotAllowed):
        lined(watch, who(watch, "custodian"), app)
    number = lined(watch, admin, app)
    stranger = Actor(99, "别人", 77, admin.grants)
    with reading(watch.engine) as session, pytest.raises(NotFound):
        lines.one(session, stranger, number)
