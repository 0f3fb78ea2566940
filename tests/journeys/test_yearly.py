"""What comes round: the review of a welder's certificate, and the duties of a company's year."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way

pytestmark = pytest.mark.browser


def test_a_review_that_is_due_is_listed_prepared_passed_and_written_into_the_certificate(
    site: Site, arrive: Arrive
) -> None:
    certificate = held(site, "P01")
    site.work()  # its window is open: a list of who is due begins by itself
    way = Way("特种作业操作证", site, arrive)
    listing = way.take("safety", "确定本批名单")
    listing.sees("石磊", "2027-01-31")
    listing.decide("名单定了，开始办理")
    way.act("safety", "培训、考试、体检、工作情况", "review-prepare", {
        "hours": 8, "work": "连续从事焊接作业", "evidence": ["培训证明.pdf"]}, "准备好了")
    way.act("custodian", "申报复审或报检", "review-submit", {
        "application_number": "浙应急受20261123001", "filed_on": way.today, "receipt": ["回执.pdf"]}, "已申报")
    way.act("custodian", "登记复审结果", "review-result", {"reviewed_on": way.today, "scans": ["复审记录.jpg"]}, "合格")
    way.stands("safety", "复审办结", "不需要再办理")
    safety = way.person("safety")
    safety.go(f"/certificates/{certificate}")
    safety.sees("002", "应复审日期", "2029-11-23", "有效")


def test_a_companys_year_is_confirmed_and_its_duties_are_done(site: Site, arrive: Arrive) -> None:
    held(site, "E03")
    site.pass_days(42)  # 2027-01-04: the clock has begun the year
    way = Way("2027", site, arrive)
    legal = way.take("legal", "确认本年事项")
    legal.sees("年度安全生产教育培训", "安全生产条件自查（上半年）")
    legal.decide("确认，分解到各部门")
    way.stands("legal", "由本流程发起的事项全部办结")
    legal.sees("由本流程发起", "年度安全生产教育培训", "待办理")
    Way("年度安全生产教育培训", site, arrive, way.people).act("safety", "办理事项", "duty", {
        "result": "全员已培训 24 学时", "evidence": ["培训记录.pdf"]}, "已办结")
    site.work()
    legal.page.reload()
    legal.look()
    expect(legal.page.locator(".state-good")).to_contain_text("已办结")
