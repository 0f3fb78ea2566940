"""What signers of a countersign may read: what they sign, nothing more, and nobody opens it who may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine.usertasks import tasks
from ledger.clock import Fixed
from ledger.db import reading as looking
from ledger.db import unit
from ledger.errors import BadAnswer, NotFound
from registry.certificates import lifecycle
from registry.certificates.models import Certificate, Scan
from tests.journeys.company import Company, open_accounts
from tests.workflows.passage import Passage
from tests.workflows.test_joint import asks, hand_over, joint, member, say  # noqa: F401 - the fixture
from tests.workflows.walk import Walk
from workflows import requests
from workflows.applying import choices
from workflows.handling import assigning, desk
from workflows.joint import membership, reading

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]
OUTSIDE = "stranger"
"""Somebody of the other company, who reads nothing of ours."""


@pytest.fixture
def about(engine: Engine, company: Company, walk: Callable[..., Walk], tmp_path: Path, clock: Fixed) -> Passage:
    """A countersign about a licence's application, begun by 韩立 (legal), who has its review in hand."""
    case = walk("E03").submitted()
    with unit(engine) as session:
        open_accounts(session, company)
        tasks.claim(session, case.task_id("A3_legal"), company.actor(session, "legal"))
    made = Passage(engine, company, tmp_path / "files", clock)
    made.begin(lambda session: choices.begin_at(
        session, company.actor(session, "legal"), case.request(session), "joint"))
    made.subject = case  # type: ignore[attr-defined]
    return made


def ask(case: Passage, *logins: str, **more: Any) -> None:
    signers = [{"person": str(case.company.people[login])} for login in logins]
    case.do("legal", "J1_ask", "submit", **{"signers": signers, "rule": "all", "percent": None, "days": 3,
                                            "silence": "none", "papers": [], **more})


def reads(case: Passage, login: str) -> bool:
    with looking(case.engine) as session:
        found: bool = requests.readable(session, case.company.actor(session, login),
                                        case.subject.id)  # type: ignore[attr-defined]
        return found


def test_whoever_could_not_read_it_is_named_until_copies_are_agreed_to(about: Passage) -> None:
    with pytest.raises(BadAnswer) as wrong:
        ask(about, "safety", OUTSIDE)
    assert list(wrong.value.problems) == ["signers.1.person"]
    assert "抄送给会签人" in wrong.value.problems["signers.1.person"][0].text and not reads(about, OUTSIDE)
    ask(about, "safety", OUTSIDE, copy_signers=True)
    assert reads(about, OUTSIDE) and not reads(about, "worker")
    with looking(about.engine) as session, pytest.raises(NotFound):
        host = about.subject.task_id("A3_legal")  # type: ignore[attr-defined]
        desk.open_task(session, about.company.actor(session, OUTSIDE), host)  # to read is all they may


def test_whoever_has_signed_may_read_on(about: Passage) -> None:
    ask(about, OUTSIDE, copy_signers=True)
    say(about, OUTSIDE, "agree")
    assert about.outcome() == "joint_passed" and reads(about, OUTSIDE)


def test_whoever_has_lost_the_task_opens_it_to_nobody(about: Passage) -> None:
    """The draft was begun in time; handed in later it would have been a hole."""
    with unit(about.engine) as session:
        host = about.subject.task_id("A3_legal")  # type: ignore[attr-defined]
        assigning.reassign(session, about.company.actor(session, "approver"), host, about.company.people["legal2"],
                           reason="出差")
    with pytest.raises(reading.NotYours):
        ask(about, OUTSIDE, copy_signers=True)
    assert not reads(about, OUTSIDE)


def test_nobody_names_themselves_and_whoever_may_not_share_it_adds_nobody(about: Passage) -> None:
    ask(about, "safety")
    people = about.company.people
    for by, to, refused in (("approver", "approver", BadAnswer), ("legal", "legal", BadAnswer)):
        with pytest.raises(refused), unit(about.engine) as session:
            membership.change(session, about.company.actor(session, by), about.request(session), "join",
                              {"to": people[to], "reason": "一起看"})
    with unit(about.engine) as session:
        membership.change(session, about.company.actor(session, "legal"), about.request(session), "join",
                          {"to": people[OUTSIDE], "reason": "一起看"})
    assert reads(about, OUTSIDE)


def test_a_hand_over_opens_nothing_that_whoever_hands_over_may_not_open(about: Passage) -> None:
    ask(about, "safety", "legal2")
    (how, why), = [one for one in hand_over(about, "safety", OUTSIDE) if one[0] == "refused"]
    assert how == "refused" and "无权查看要会签的申请" in why and not reads(about, OUTSIDE)


def test_the_papers_of_a_certificate_lie_beside_what_is_signed(joint: Passage) -> None:  # noqa: F811
    with unit(joint.engine) as session:
        held = joint.request(session).certificate_id
        paper = joint.case.paper(session, joint.company.actor(session, "custodian"), "证件扫描件")
        lifecycle.add_scans(session, session.get_one(Certificate, held).latest, [paper],
                            by=joint.company.actor(session, "custodian"))
    with looking(joint.engine) as session:
        actor = joint.company.actor(session, OUTSIDE)
        with pytest.raises(NotFound):
            desk.may_see_file(session, actor, paper)
    asks(joint, OUTSIDE, "legal")
    with looking(joint.engine) as session:
        assert desk.may_see_file(session, joint.company.actor(session, OUTSIDE), paper).id == paper
        assert session.scalars(select(Scan.file_id)).all() == [paper]
        with pytest.raises(NotFound):
            desk.may_see_file(session, joint.company.actor(session, "worker"), paper)
