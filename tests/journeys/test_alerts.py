"""A certificate comes to its end: whoever ignores the alert is passed over upwards, whoever sees to it has silence."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates.lifecycle import grant
from registry.people.persons import person_of
from tests.journeys.holdings import held
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from workflows.requests import Request

pytestmark = pytest.mark.browser


@pytest.fixture
def trade(site: Site) -> int:
    """A P02 of somebody with an account, that ends in sixty days."""
    with unit(site.engine) as session:
        holder = person_of(session, site.company.people["applicant"])
        number = grant(session, "P02", holder, number="浙A012025000124", issued_on=dt.date(2025, 1, 23), item="01",
                       valid_until=dt.date(2027, 1, 22), issuer="某省住建厅", by=SYSTEM).id
    site.work()
    return number


def untold(who: Person) -> None:
    """Nothing was told to them that still stands; a task of theirs may be due."""
    who.go("/alerts")
    who.sees("我自己", "我的人员")
    assert "到期前" not in who.page.locator("main").inner_text()


def test_a_holder_ignores_an_alert_and_the_ladder_climbs(site: Site, arrive: Arrive, trade: int) -> None:
    holder, head, vice = arrive("applicant"), arrive("hr"), arrive("vice")
    holder.go("/alerts")
    holder.sees("陈小满", "还有 60 天", "到期前 60 天")  # and does nothing
    site.pass_days(7)  # the fifth working day is not over
    untold(head)
    site.pass_days(1)
    head.go("/notices")
    head.sees("此前的提醒无人处理，现升级给您")
    head.go("/alerts")
    head.sees("陈小满", "已上报 1 级")
    untold(vice)
    head.follow("我来处理")
    head.sees("宋雅已接手")
    site.pass_days(14)
    untold(vice)
    holder.go("/alerts")
    holder.sees("宋雅已接手")


def test_a_renewal_starts_and_it_falls_silent(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03", valid_until=dt.date(2027, 1, 20))
    site.work()
    custodian, next_one = arrive("custodian"), arrive("legal2")
    custodian.go("/alerts")
    custodian.sees("安全生产许可证", "还有 58 天", "我来处理")
    with Session(site.engine) as session:
        request = session.scalars(select(Request.id).where(Request.certificate_id == certificate)).one()
    site.done(request, "N1_decide", "legal")
    site.work()
    custodian.go("/alerts")
    custodian.sees("韩立已开始办理")
    site.pass_days(9)  # nobody else is told: somebody sees to it
    untold(next_one)
    site.done(request, "N3_gap", "legal")
    site.done(request, "N4_review", "legal", accident="no")
    site.done(request, "N5_approve", "approver")
    site.done(request, "S5_file", "custodian")
    for kind in ("accepted", "granted"):
        site.answered(request, kind)
    site.done(request, "R10_register", "custodian", valid_from="2027-01-21", valid_until="2030-01-20")
    site.done(request, "R11_compare", "safety")
    site.work()
    untold(custodian)
