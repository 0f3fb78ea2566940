"""What contradicts is kept until somebody has chosen; what is old is thinned; files have names."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.resources import Resource
from forms import schema
from ledger import clock as clocks
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.errors import BadDiagram, NotFound
from tests.workflows.drafting import ANNA, BO, NAME, begun, contradiction, drawn
from workflows.applying import typed
from workflows.studio import contents, drafts, history, settling
from workflows.studio.rehearsing import Rehearsal


def text(session: Session, draft: drafts.Draft) -> str:
    return drafts.files(session, draft)[NAME].decode()


def test_what_was_kept_aside_is_taken_in_as_chosen(session: Session) -> None:
    draft, saved = contradiction(session)
    question, = settling.questions(session, draft, settling.waiting(session, draft)[0])
    assert (question.element, question.mine, question.theirs) == ("Task_1", "乙", "甲")
    settling.settle(session, draft.id, saved.aside or 0, {question.key: "mine"}, by=BO)
    assert 'name="乙"' in text(session, draft)
    assert 'value="7"' in text(session, draft)
    assert settling.waiting(session, draft) == []


def test_what_nobody_has_chosen_changes_nothing(session: Session) -> None:
    draft, saved = contradiction(session)
    left = settling.settle(session, draft.id, saved.aside or 0, {}, by=BO)
    assert len(left.conflicts) == 1
    assert 'name="甲"' in text(session, draft)
    assert settling.counts(session, [draft.id]) == {draft.id: 1}


def test_it_is_settled_once(session: Session) -> None:
    draft, saved = contradiction(session)
    settling.give_up(session, draft.id, saved.aside or 0, by=BO)
    with pytest.raises(settling.Settled):
        settling.settle(session, draft.id, saved.aside or 0, {}, by=ANNA)
    with pytest.raises(NotFound):
        settling.settle(session, draft.id, 1, {}, by=ANNA)


def test_two_who_save_at_the_same_base_at_once_lose_nothing(engine: Engine) -> None:
    with unit(engine) as session:
        draft_id = begun(session).id
    together = threading.Barrier(2)

    def save(body: bytes) -> None:
        together.wait()
        with unit(engine) as session:
            drafts.save(session, draft_id, {NAME: body}, base=1, by=BO)

    hands = [threading.Thread(target=save, args=(body,)) for body in (drawn("甲"), drawn(days=9))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    with unit(engine) as session:
        found = text(session, drafts.one(session, draft_id))
    assert 'name="甲"' in found
    assert 'value="9"' in found


def test_an_older_revision_is_restored_as_a_new_one(session: Session) -> None:
    draft = begun(session)
    contents.add_form(session, draft.id, "approve", by=ANNA)
    assert history.restore(session, draft.id, 1, by=BO).number == 3
    assert list(drafts.files(session, draft)) == [NAME]
    assert "approve.form" in drafts.files(session, draft, 2)


def autosaves(engine: Engine, clock: Fixed) -> int:
    """Six of Bo's, a quarter of an hour apart, from ten o'clock on."""
    with unit(engine) as session:
        draft = begun(session)
        for number in range(6):
            drafts.save(session, draft.id, {NAME: drawn(f"第{number}")}, base=draft.revision, by=BO, how="autosaved")
            clock.advance(timedelta(minutes=15))
        return draft.id


def test_autosaves_of_one_person_are_one_line(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        draft = drafts.one(session, autosaves(engine, clock))
        told = [(one.revision.number, one.times) for one in history.entries(drafts.revisions(session, draft))]
    assert told == [(7, 6), (1, 1)]


def test_after_a_day_the_last_of_each_hour_stays(engine: Engine, clock: Fixed) -> None:
    draft_id = autosaves(engine, clock)
    assert history.sweep(engine) == 0
    clock.advance(timedelta(days=2))
    assert history.sweep(engine) == 4
    assert history.sweep(engine) == 0
    with unit(engine) as session:
        draft = drafts.one(session, draft_id)
        assert [one.number for one in drafts.revisions(session, draft)] == [7, 5, 1]


def bodies(engine: Engine) -> set[bytes]:
    with reading(engine) as session:
        return set(session.scalars(select(Resource.body)))


def test_the_bodies_of_thinned_revisions_go_with_them(engine: Engine, clock: Fixed) -> None:
    draft_id = autosaves(engine, clock)
    with unit(engine) as session:
        other = drafts.begin(session, name="同样", files={NAME: drawn("第1")}, by=ANNA, process_id="safety-permit").id
        catalog.add(session, {NAME: drawn("第2")}, by=ANNA)
    clock.advance(timedelta(days=2))
    history.sweep(engine)
    left = bodies(engine)
    assert drawn("第0") not in left and drawn("第4") not in left
    assert drawn("第1") in left and drawn("第2") in left, "another draft and a version consist of them"
    with reading(engine) as session:
        for number in (1, 5, 7):
            assert drafts.files(session, drafts.one(session, draft_id), number)[NAME]
        assert drafts.files(session, drafts.one(session, other))[NAME] == drawn("第1")


def test_a_form_that_a_request_may_have_begun_with_stays(engine: Engine, clock: Fixed) -> None:
    """Requests keep the forms of their type by digest, written without a space."""
    form = typed.canonical(schema.load("approve"))
    with unit(engine) as session:
        draft = begun(session)
        files = {"a.form": form, "b.form": b'{"components": []}'}
        drafts.save(session, draft.id, files, base=1, by=BO, how="autosaved")
        drafts.save(session, draft.id, {"a.form": None, "b.form": None}, base=2, by=BO, how="autosaved")
        drafts.save(session, draft.id, {NAME: drawn("新")}, base=3, by=BO)
    clock.advance(timedelta(days=2))
    assert history.sweep(engine) == 1
    assert form in bodies(engine) and b'{"components": []}' not in bodies(engine)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_somebody_is_just_saving_is_not_collected(engine: Engine, clock: Fixed) -> None:
    autosaves(engine, clock)
    clock.advance(timedelta(days=2))
    with unit(engine) as session:
        made = drafts.begin(session, name="同样", files={NAME: drawn("第0")}, by=ANNA, process_id="safety-permit")
        history.sweep(engine)  # in a transaction of its own
        number = made.id
    with reading(engine) as session:
        assert drafts.files(session, drafts.one(session, number))[NAME] == drawn("第0")


def test_a_revision_that_was_rehearsed_stays(engine: Engine, clock: Fixed) -> None:
    draft_id = autosaves(engine, clock)
    with unit(engine) as session:
        session.add(Rehearsal(
            draft_id=draft_id, revision=3, process_id="safety-permit", by_name="博", asked_at=clocks.now(),
            since=clocks.now(), most_live=1, most_done=1, assumptions={}, counts={}, scenarios=[]))
    clock.advance(timedelta(days=2))
    assert history.sweep(engine) == 3
    with reading(engine) as session:
        assert drafts.files(session, drafts.one(session, draft_id), 3)[NAME] == drawn("第1")


def test_who_began_with_a_thinned_revision_still_saves(engine: Engine, clock: Fixed) -> None:
    draft_id = autosaves(engine, clock)
    clock.advance(timedelta(days=2))
    history.sweep(engine)
    with unit(engine) as session:
        saved = drafts.save(session, draft_id, {NAME: drawn("第2", 8)}, base=4, by=ANNA)
        draft = drafts.one(session, draft_id)
        kept = drafts.files(session, draft, saved.aside or saved.number)[NAME]
    assert b'value="8"' in kept


def test_a_file_has_a_name_that_names_no_place(session: Session) -> None:
    draft = begun(session)
    for name in ("../x.bpmn", "a/b.form", "x.exe", "", "a\x00.form", "a\nb.form", ".form", "x" * 200 + ".form"):
        with pytest.raises(drafts.BadName):
            drafts.save(session, draft.id, {name: b"{}"}, base=1, by=ANNA)


UNREADABLE = (
    ("a.bpmn", b"<a"), ("a.bpmn", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), ("a.form", b"[]"),
    ("a.form", b'{"a":' * 60 + b"1" + b"}" * 60), ("a.dmn", b"\xff\xfe"), ("a.form", b'{"a": NaN}'),
)  # fmt: skip


def test_what_cannot_be_read_is_not_kept(session: Session) -> None:
    draft = begun(session)
    for name, body in UNREADABLE:
        with pytest.raises(BadDiagram):
            drafts.save(session, draft.id, {name: body}, base=1, by=ANNA)


def test_files_are_added_renamed_and_removed(session: Session) -> None:
    draft = begun(session)
    contents.add_form(session, draft.id, "approve", by=ANNA)
    with pytest.raises(contents.FileThere):
        contents.add_form(session, draft.id, "approve", by=ANNA)
    contents.rename_file(session, draft.id, "approve.form", "approve2.form", by=ANNA)
    with pytest.raises(drafts.BadName):
        contents.rename_file(session, draft.id, "approve2.form", "approve2.bpmn", by=ANNA)
    assert sorted(drafts.files(session, draft)) == ["approve2.form", NAME]
    contents.remove_file(session, draft.id, "approve2.form", by=ANNA)
    assert sorted(drafts.files(session, draft)) == [NAME]


def test_a_blank_drawing_can_be_deployed_and_its_id_is_its_own(session: Session) -> None:
    draft = begun(session)
    files = drafts.files(session, draft)
    assert [found for found in catalog.check(files) if found.severity == "error"] == []
    assert contents.forms_named(files) == ["approve"]
    catalog.deploy(session, files, by=ANNA)
    with pytest.raises(contents.KnownProcess):
        begun(session)
    with pytest.raises(contents.BadProcessId):
        contents.blank(session, name="x", process_id="../x", by=ANNA)
