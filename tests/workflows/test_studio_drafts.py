"""Drafts: every save stays, and of two who save at once nobody loses anything."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine import resources
from ledger.actor import Actor
from ledger.db import unit
from ledger.errors import Conflict, NotFound
from workflows.studio import drafts

ANNA, BO = Actor(1, "安娜", 1), Actor(2, "博", 1)
FILES = {"a.bpmn": b"<a/>", "b.dmn": b"<b/>"}


@pytest.fixture
def draft(session: Session) -> drafts.Draft:
    return drafts.begin(session, name="续期", files=FILES, by=ANNA, process_id="renewal")


def test_a_draft_has_the_files_it_began_with(session: Session, draft: drafts.Draft) -> None:
    assert drafts.files(session, draft) == FILES


def test_every_revision_can_be_read_again(session: Session, draft: drafts.Draft) -> None:
    drafts.save(session, draft.id, {"a.bpmn": b"<a2/>"}, base=1, by=ANNA)
    drafts.save(session, draft.id, {"b.dmn": None, "c.form": b"{}"}, base=2, by=BO)
    assert drafts.files(session, draft, 1) == FILES
    assert drafts.files(session, draft) == {"a.bpmn": b"<a2/>", "c.form": b"{}"}
    told = [(one.number, one.by_name) for one in drafts.revisions(session, draft)]
    assert told == [(3, "博"), (2, "安娜"), (1, "安娜")]


def test_a_save_that_changes_nothing_is_no_revision(session: Session, draft: drafts.Draft) -> None:
    assert drafts.save(session, draft.id, {"a.bpmn": b"<a/>"}, base=1, by=BO).number == 1


def test_changes_of_two_people_to_two_files_both_arrive(session: Session, draft: drafts.Draft) -> None:
    drafts.save(session, draft.id, {"a.bpmn": b"<a2/>"}, base=1, by=ANNA)
    saved = drafts.save(session, draft.id, {"b.dmn": b"<b2/>"}, base=1, by=BO)
    assert saved.conflicts == ()
    assert drafts.files(session, draft) == {"a.bpmn": b"<a2/>", "b.dmn": b"<b2/>"}


def test_what_contradicts_is_kept_aside_and_the_head_stays(session: Session, draft: drafts.Draft) -> None:
    drafts.save(session, draft.id, {"a.bpmn": b"<a x='1'/>"}, base=1, by=ANNA)
    saved = drafts.save(session, draft.id, {"a.bpmn": b"<a x='2'/>"}, base=1, by=BO)
    assert saved.conflicts and saved.aside
    assert drafts.files(session, draft)["a.bpmn"] == b"<a x='1'/>"
    assert drafts.files(session, draft, saved.aside)["a.bpmn"] == b"<a x='2'/>"


def test_a_draft_that_was_given_up_is_not_changed(session: Session, draft: drafts.Draft) -> None:
    drafts.discard(session, draft.id, by=ANNA)
    with pytest.raises(Conflict):
        drafts.save(session, draft.id, {"a.bpmn": b"<a2/>"}, base=1, by=ANNA)


def test_what_there_is_not_is_said(session: Session, draft: drafts.Draft) -> None:
    with pytest.raises(NotFound):
        drafts.one(session, 99)
    with pytest.raises(NotFound):
        drafts.files(session, draft, 7)


@pytest.mark.parametrize("files", [{"a.bpmn": b"x" * (drafts.MOST_BYTES + 1)}, {f"{n}.form": b"" for n in range(25)}])
def test_a_draft_has_bounds(session: Session, draft: drafts.Draft, files: dict[str, bytes]) -> None:
    with pytest.raises(drafts.TooMuch):
        drafts.save(session, draft.id, files, base=1, by=ANNA)


def test_the_same_content_kept_by_several_at_once_is_kept_once(engine: Engine) -> None:
    numbers, together = [], threading.Barrier(4)

    def keep() -> None:
        together.wait()
        with unit(engine) as session:
            numbers.append(resources.keep(session, b"the same"))

    hands = [threading.Thread(target=keep) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(numbers) == 4
    assert len(set(numbers)) == 1
