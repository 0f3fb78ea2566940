"""P-ANNUAL: each company's year, begun by the clock, and its duties (domain 4.9)."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine import history
from engine.model import Instance
from engine.time import starting
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from ledger.facts import Fact
from registry.alerts.notices import Notice
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.machines import create_machine
from registry.people.units import unit_of
from tests.workflows.passage import Passage, elements
from tests.workflows.renewing import granted, noon
from workflows.requests import Request

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
D = dt.date
DUTIES = {"training", "staff_q1", "staff_q2", "staff_q3", "staff_q4", "conditions_h1", "conditions_h2", "surveillance"}


class Year(Passage):
    """The campaign of the first company for 2027."""

    def begun(self):
        starting.sweep(self.engine)
        self.work()
        with reading(self.engine) as session:
            self.id = self.case.request_id = session.scalars(select(Request.id).where(
                Request.process_id == "annual", Request.unit_id == self.company.units["company"])).one()
        return self

    def duties(self):
        with reading(self.engine) as session:
            return {one.details["duty"]: one.id for one in session.scalars(
                select(Request).where(Request.process_id == "duty", Request.parent_id == self.id))}

    def duty(self, key):
        below = Passage(self.engine, self.company, self.case.folder, self.now)
        below.id = below.case.request_id = self.duties()[key]
        return below


@pytest.fixture
def year(engine, company, clock, tmp_path):
    clock.move_to(noon(D(2026, 12, 1)))
    with unit(engine) as session:
        granted(session, company, "E02")
        granted(session, company, "E03")
        firm, site = (unit_of(session, company.units[name]) for name in ("company", "project"))
        lifecycle.grant(session, "E12", firm, number="Q-2025-1", issued_on=D(2025, 3, 1), valid_from=D(2025, 3, 1),
                        valid_until=D(2028, 2, 29), issuer="某认证中心", by=SYSTEM)
        machine = create_machine(session, unit=site, kind="全站仪", name="全站仪1号", serial="QZ-1", by=SYSTEM)
        lifecycle.grant(session, "Q08", machine, number="JD-1", issued_on=D(2026, 8, 1), valid_from=D(2026, 8, 1),
                        valid_until=D(2027, 7, 31), issuer="某计量院", by=SYSTEM)
    clock.move_to(noon(D(2027, 1, 4)))
    return Year(engine, company, tmp_path / "files", clock)


def facts(case, kind):
    with reading(case.engine) as session:
        return [fact.after for fact in session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id))]


def test_the_clock_begins_one_campaign_for_each_company_and_year(year):
    year.begun()
    starting.sweep(year.engine)
    with reading(year.engine) as session:
        keys = set(session.scalars(select(Request.once_key).where(Request.process_id == "annual")))
        assert keys == {f"annual:{year.company.units[name]}:2027" for name in ("company", "other")}
    year.wait_until(noon(D(2028, 1, 3)))
    starting.sweep(year.engine)
    with reading(year.engine) as session:
        assert len(session.scalars(select(Request.id).where(Request.process_id == "annual")).all()) == 4


def test_a_duty_is_left_out_only_with_a_reason(year):
    year.begun()
    with pytest.raises(BadAnswer) as refusal:
        year.do("legal", "A1_confirm", "done", chosen=["training"], reason=None)
    assert "reason" in refusal.value.problems


def test_the_year_closes_when_every_duty_is_done_or_waived(year):
    year.begun().do("legal", "A1_confirm", "done", chosen=sorted({*DUTIES, "calibration"}))
    assert set(year.duties()) == DUTIES | {"calibration"} and year.open() == []
    with reading(year.engine) as session:
        review = session.scalars(select(Request).where(Request.process_id == "review")).one()
        assert review.parent_id == year.duties()["surveillance"] and review.type_code == "E12"
    late = _late_and_waived(year)
    _dates_first(year)
    *others, last = sorted(DUTIES - {"staff_q1"})
    for key in others:
        year.duty(key).do(_who(key), "D1_do", "done")
    year.work()
    assert year.outcome() is None
    year.duty(last).do(_who(last), "D1_do", "done")
    year.work()
    assert year.outcome() == "year_closed"
    assert facts(year, "annual.closed")[-1] == {"done": 8, "waived": 1, "late": 1, "year": 2027}
    assert elements("annual") - year.visited() - _by_the_clock(year) == set()
    assert elements("duty") - late.visited() - year.duty("training").visited() == set()


def _who(key):
    return {"staff": "hr", "surveillance": "legal"}.get(key.partition("_")[0], "safety")


def _by_the_clock(year):
    """What the instance that the clock began went through: it has no request of its own."""
    with reading(year.engine) as session:
        mine = select(Request.instance_id).where(Request.instance_id.is_not(None))
        number = session.scalars(select(Instance.id).where(Instance.process_id == "annual", Instance.id.not_in(mine)))
        return {visit.element_id for visit in history.visits(session, number.one())}


def _late_and_waived(year):
    year.wait_until(noon(D(2027, 4, 1)))
    late = year.duty("staff_q1")
    assert facts(year, "duty.late") == [{"duty": "staff_q1", "due": "2027-03-31"}]
    with reading(year.engine) as session:
        texts = session.scalars(select(Notice.text).where(Notice.person_id == year.company.people["legal"]))
        assert any("到期未办" in text for text in texts)
    late.do("hr", "D1_do", "waive", result="本季度未发生变化")
    late.do("approver", "D3_waive", "refuse", reason="照常核对")
    assert late.open() == ["D1_do"]
    late.do("hr", "D1_do", "waive", result="资质正在注销")
    late.do("approver", "D3_waive", "approve")
    year.work()
    assert late.outcome() == "duty_waived" and year.outcome() is None
    return late


def _dates_first(year):
    """A calibration is done when no certificate ends in the year any more."""
    dated = year.duty("calibration")
    with pytest.raises(BadAnswer) as refusal:
        dated.do("safety", "D1_do", "done")
    assert "JD-1" in str(refusal.value.problems["result"][0])
    with unit(year.engine) as session:
        held = session.scalars(select(Certificate).where(
            Certificate.type_code == "Q08")).one()
        lifecycle.renew(session, held, valid_from=D(2027, 4, 1), valid_until=D(2028, 3, 31), issued_on=D(2027, 4, 1),
                        issuer="某计量院", by=SYSTEM)
    dated.case.papers.clear()
    dated.do("safety", "D1_do", "done")
    year.work()
