"""On a phone: an alert arrives, one tap leads to the certificate, a renewal begins, the alert is seen to; from a notice
of a task to its approval it takes two."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.holdings import held, kept, lent
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser
ENDS = dt.date(2026, 12, 20)


def warned(site: Site, *people: Person) -> int:
    """Days are planned already when a certificate becomes known that is near its end: it is warned of at once."""
    for person in people:
        person.typed.add("浙A012026000123")
    site.work()
    certificate = held(site, "P02", valid_until=ENDS)
    site.work()
    return certificate


def tap_the_newest(person: Person) -> None:
    """From wherever one is: the bell, and the first notice."""
    person.hit(person.page.get_by_role("banner").get_by_role("link", name=person.words("通知")))
    person.hit(person.page.locator("main [data-row-link]").first)


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_one_tap_leads_from_an_alert_to_what_each_can_do_about_it_until_somebody_has_begun(
        site: Site, arrive: Arrive, english: bool) -> None:
    keeper, hr = (arrive(login, phone=True, english=english) for login in ("custodian", "hr"))
    certificate = warned(site, keeper, hr)
    keeper.go("/")
    expect(keeper.page.locator("[data-count=notices]")).to_have_text("1")
    tap_the_newest(keeper)
    expect(keeper.page).to_have_url(re.compile(f"/certificates/{certificate}$"))
    expect(keeper.page.locator("[data-count=notices]")).to_be_hidden()
    hr.go("/alerts")
    hr.sees("我来处理", "石磊")
    hr.hit(hr.page.locator("main [data-row-link]").first)
    hr.sees("决定是否续期")
    hr.decide("续期")
    site.work()
    for person in (keeper, hr):
        person.go("/alerts")
        person.sees("办理中", "石磊")
        expect(person.named("我来处理")).to_have_count(0)
    keeper.hit(keeper.page.locator("main [data-row-link]").first)
    expect(keeper.page).to_have_url(re.compile("/requests/"))


def waiting(site: Site) -> int:
    """A permit that waits for approval for too long: whoever approves is told."""
    request = site.begun("applicant", "J03", "project", "project")
    site.done(request, "A1_fill", "applicant")
    site.work()
    site.done(request, "A3_pm", "pm")
    site.work()
    site.pass_days(4)
    return request


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_two_taps_approve_what_a_notice_tells_of(site: Site, arrive: Arrive, english: bool) -> None:
    request = waiting(site)
    head = arrive("approver", phone=True, english=english)
    head.go("/notices")
    head.hit(head.page.locator("main [data-row-link]").first)
    expect(head.page).to_have_url(re.compile(f"/tasks/{site.task(request, 'A4_approve')}$"))
    yes = head.page.locator("[data-part=actions]").get_by_role("button", name=head.words("同意"), exact=True)
    expect(yes).to_be_in_viewport(ratio=1)
    head.hands.press(yes)
    head.page.wait_for_url(re.compile("/inbox"))
    head.look()
    assert "A4_approve" not in site.elements(request)


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_two_taps_approve_a_row_of_the_inbox(site: Site, arrive: Arrive, english: bool) -> None:
    request = waiting(site)
    head = arrive("approver", phone=True, english=english)
    head.go("/inbox")
    head.hands.press(head.page.locator("[data-row] .row-approve button"))
    head.look()
    assert "A4_approve" in site.elements(request)
    head.confirms("同意")
    head.sees("已同意 1 项。")
    assert "A4_approve" not in site.elements(request)


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_month_shows_what_is_due_and_leads_there(
        site: Site, arrive: Arrive, phone: bool, english: bool) -> None:
    keeper = arrive("custodian", phone=phone, english=english)
    certificate = warned(site, keeper)
    loan = lent(site, kept(site, certificate))
    keeper.go("/alerts?tab=people")
    keeper.follow("月历")
    keeper.sees("石磊")
    keeper.hit(keeper.page.locator(f"a.agenda-item[href='/loans/{loan}']"))
    keeper.go("/alerts?tab=people&view=calendar&month=2026-12")
    expect(keeper.page.locator(".agenda-item")).to_have_count(1)
    keeper.hit(keeper.page.locator("main .agenda-item"))
    expect(keeper.page).to_have_url(re.compile(f"/certificates/{certificate}$"))
    keeper.go("/alerts")
    keeper.follow("订阅到日历")
    keeper.write("用途", "手机")
    keeper.follow("建立地址")
    keeper.sees("地址只在这里显示一次，请现在复制到日历里。")
    keeper.follow("复制好了")
    keeper.sees("还没有读取过")
