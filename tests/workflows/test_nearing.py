"""Rules of alerts for tasks and for returns: they remind where processes did, and nobody is told twice."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, end_of_day
from ledger.db import reading, unit
from registry.alerts import planning, ruling
from registry.alerts.model import Alert
from registry.alerts.notices import Notice
from registry.alerts.rules import Rule, Stage
from registry.custody import loans
from tests.workflows.cabinet import back
from workflows import nearing

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LADDERS = {"task": ((3650, ("doer",)), (-1, ("legal",))), "loan": ((3650, ("borrower",)), (-1, ("owner",)))}
REMINDED = "{title}的原件应于 {day} 归还，请按时交还证照管理员。"


@pytest.fixture(autouse=True)
def monday(clock):
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI))


def ruled(engine, company, cause, *stages, code=""):
    with unit(engine) as session:
        rule = Rule(stages, LADDERS[cause], 0, 60)
        ruling.set_rule(session, company.unit(session, "group"), code, cause, rule, seen=0, by=SYSTEM)
    plan(engine)


def plan(engine):
    while planning.sweep(engine):
        pass


def told(engine, kind):
    with reading(engine) as session:
        rows = session.execute(select(Notice.person_id, Notice.text).where(Notice.subject_kind == kind).order_by(
            Notice.id))
        return [(person, text) for person, text in rows]


def until(case, text):
    """The day begins: the engine works, and the days are planned."""
    case.wait_until(end_of_day(dt.date.fromisoformat(text) - dt.timedelta(days=1)))
    plan(case.engine)
    case.work()


def test_a_task_is_reminded_of_before_and_after_its_deadline_once(engine, company, walk):
    ruled(engine, company, "task", Stage(3), Stage(1), Stage(1, "work"), Stage(0), Stage(-1))
    case = walk("J03").submitted()  # the project manager has two working days: until Wednesday, 11-25
    pm, legal = company.people["pm"], {company.people["legal"], company.people["legal2"]}
    for text in ("2026-11-24", "2026-11-25", "2026-11-26"):
        until(case, text)
        plan(engine)
    found = told(engine, "task")
    assert [text for person, text in found if person == pm] == [
        nearing.SAID["before"], nearing.SAID["before"], nearing.SAID["last"], nearing.SAID["after"]]
    assert {person for person, text in found if text == nearing.SAID["after"]} == {pm, *legal}


def test_without_a_rule_the_drawing_alone_says_that_a_task_is_late(engine, company, walk):
    case = walk("J03").submitted()
    for text in ("2026-11-24", "2026-11-25", "2026-11-26"):
        until(case, text)
    assert told(engine, "task") == [(company.people["pm"], "“{task}”已逾期：{title}")]


def test_a_task_that_is_done_and_one_of_another_type_are_not_reminded_of(engine, company, walk):
    ruled(engine, company, "task", Stage(0), code="E03")
    with unit(engine) as session:
        rule = Rule((Stage(0),), LADDERS["task"], 0, 60)
        ruling.set_rule(session, company.unit(session, "project"), "J03", "task", rule, seen=0, by=SYSTEM)
    case = walk("J03").submitted()  # until Wednesday
    with reading(engine) as session:
        group = company.unit(session, "group")
        assert nearing.impact(session, ("task", group.id, "E03"), group.path, None).certificates == 0
    case.do("pm", "A3_pm", "pass")
    until(case, "2026-11-25")
    assert company.people["pm"] not in [person for person, _ in told(engine, "task")]


def test_an_impact_counts_the_open_tasks(engine, company, walk):
    walk("J03").submitted()
    with reading(engine) as session:
        group = company.unit(session, "group")
        rule = Rule((Stage(1), Stage(0)), LADDERS["task"], 0, 60)
        found = nearing.impact(session, ("task", group.id, ""), group.path, rule)
        assert (found.certificates, found.alerts, found.now) == (1, 2, 0)


def test_a_rule_for_returns_reminds_instead_of_the_process_until_it_is_back(engine, company, cabinet):
    ruled(engine, company, "loan", Stage(2), Stage(-1))
    case = cabinet.out()  # until Thursday
    borrower = company.people["desk"]
    for text in ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"):
        until(case, text)
    assert REMINDED not in cabinet.told("desk")
    raised = [(alert.stage, alert.silent_why) for alert in alerts(engine)]
    assert raised == [("d2", ""), ("d-1", "")]
    blocked = [text for text in cabinet.told("desk") if "归还前不能再借" in text]
    assert len(blocked) == 1  # what follows from being late is told all the same
    until(back(cabinet, case), "2026-12-01")
    assert {alert.silent_why for alert in alerts(engine)} == {"returned"} and borrower
    with reading(engine) as session:
        assert session.scalars(select(loans.Loan.returned_at)).one() is not None


def alerts(engine):
    with reading(engine) as session:
        found = list(session.scalars(select(Alert).where(Alert.cause == "loan").order_by(Alert.id)))
        session.expunge_all()
        return found
