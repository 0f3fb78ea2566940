"""The event stream: it says "look" to whom a change concerns, to nobody else, and never what it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from ledger import clock as clocks
from ledger.actor import Actor
from ledger.db import unit
from ledger.facts import Fact
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_inbox import submit
from web.desk import live
from web.desk.live import Watch


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "BEAT", 0.3)
    monkeypatch.setattr(live, "EVERY", 0.2)


class Line:
    """One open stream, read on a thread of its own until it is closed."""

    def __init__(self, visitor: Visitor) -> None:
        self.answer = visitor.get("/inbox/events")
        self.heard: list[str] = []
        self._parts = iter(self.answer.response)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        for part in self._parts:
            self.heard.append(part if isinstance(part, str) else part.decode())

    def looked(self, seconds: float = 3.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any("look" in part for part in self.heard):
                return True
            time.sleep(0.02)
        return False


@pytest.fixture
def watch(town: Town) -> Iterator[Watch]:
    found: Watch = town.app.extensions["licet_live"]
    yield found
    found.stop()
    if found._thread is not None:
        found._thread.join(5)


def test_whoever_is_offered_a_task_is_told_and_nobody_else(town: Town, watch: Watch) -> None:
    legal, stranger, custodian = (Line(town.visitor(login)) for login in ("legal", "stranger", "custodian"))
    submit(town)
    assert legal.looked()
    assert not stranger.looked(0.5) and not custodian.looked(0.1)
    assert {part for part in legal.heard if "retry" not in part} <= {"event: look\ndata:\n\n", ":\n\n"}


def test_colleagues_are_told_that_a_task_is_gone(town: Town, watch: Watch) -> None:
    task = submit(town)
    colleague = Line(town.visitor("legal2"))
    town.visitor("legal").post(f"/tasks/{task}/claim")
    assert colleague.looked()


def test_what_another_process_wrote_is_found_without_redis(town: Town, watch: Watch) -> None:
    """No bell of this process rings: the clock makes it look."""
    legal = Line(town.visitor("legal"))
    town.app.extensions["licet_bell"] = None
    submit(town)
    assert legal.looked()


def test_there_are_fewer_streams_than_threads(town: Town, watch: Watch) -> None:
    watch.most = 1
    Line(town.visitor("legal"))
    full = town.visitor("legal2").get("/inbox/events")
    assert full.status_code == 503 and full.headers["Retry-After"] == "60"


def test_whoever_opens_many_pages_takes_the_places_of_their_own_only(town: Town, watch: Watch) -> None:
    watch.most = 8
    legal, many = town.visitor("legal"), live.OWN // 2 + 1
    first = Line(legal)
    others = [legal.get("/inbox/events") for _ in range(many)]
    assert {one.status_code for one in others} == {200}
    first.thread.join(3)
    assert not first.thread.is_alive() and first.heard[-1] == f"retry: {live.LATER}\n\n"
    assert town.visitor("legal2").get("/inbox/events").status_code == 200
    assert len([one for one in watch._streams if one.person_id == town.company.people["legal"]]) == 4


def test_a_database_that_is_away_takes_no_place(town: Town) -> None:
    watch, nowhere = Watch("", 8), create_engine("sqlite://")  # no table there
    for _ in range(2):
        with pytest.raises(OperationalError):
            watch.open(Actor(1, "某人"), nowhere)
    assert watch._streams == []


def test_what_is_committed_late_is_not_overlooked(town: Town, watch: Watch) -> None:
    """Facts have their numbers before they are committed: a long act's come when hundreds of others are there."""
    long_ago, since = 1_000, 1_600
    with unit(town.engine) as session:
        session.add(fact(since))
    line = Line(town.visitor("legal"))
    with unit(town.engine) as session:
        session.add(fact(since + 1))
    watch.nudge()
    assert wait_for(lambda: since + 1 in watch._seen) and not line.looked(0.1)
    with unit(town.engine) as session:
        session.add(fact(long_ago, to=town.company.people["legal"]))
    watch.nudge()
    assert line.looked()


def fact(number: int, **after: int) -> Fact:
    return Fact(id=number, at=clocks.now(), kind="task.transferred", subject_kind="instance", subject_id=0,
                actor_name="某人", after=after)


def wait_for(happened: Callable[[], bool], seconds: float = 3.0) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    return happened()


def test_a_page_that_went_away_gives_its_place_back(town: Town, watch: Watch) -> None:
    watch.most = 1
    first = town.visitor("legal").get("/inbox/events")
    first.close()
    assert town.visitor("legal2").get("/inbox/events").status_code == 200


def test_every_stream_ends_when_the_process_is_told_to_stop(town: Town, watch: Watch) -> None:
    lines = [Line(town.visitor(login)) for login in ("legal", "hr")]
    watch.stop()
    for line in lines:
        line.thread.join(2)
        assert not line.thread.is_alive()
    assert town.visitor("legal2").get("/inbox/events").status_code == 503


def test_a_stream_keeps_no_sign_in_alive_and_needs_one(town: Town, watch: Watch) -> None:
    assert town.app.test_client().get("/inbox/events").status_code in (302, 401)
    for view in ("live.events", "inbox.part", "inbox.numbers"):
        assert town.app.view_functions[view].is_background  # type: ignore[attr-defined]


def test_without_streams_nobody_reads_facts(town: Town, watch: Watch) -> None:
    line = town.visitor("legal").get("/inbox/events")
    reader = watch._thread
    assert reader is not None
    line.close()
    watch.nudge()
    reader.join(5)
    assert not reader.is_alive() and watch._thread is None
