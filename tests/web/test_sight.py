"""What somebody sees, why, and who sees a record: for those who look after accounts, never more than they see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.founding import Founder
from tests.web.house import Browser, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def site(engine: Engine, tmp_path: Path, founder: Founder) -> Iterator[House]:
    """The worker is the administrator, legal also the auditor of the group."""
    made = House(engine, tmp_path, founder)
    with unit(engine) as session:
        for login, role in (("worker", "administrator"), ("legal", "auditor")):
            grant_role(session, person_of(session, made.people[login]), role, unit_of(session, made.units["group"]),
                       by=SYSTEM)
    yield made
    made.close()


def code_of(site: House, name: str) -> str:
    with unit(site.engine) as session:
        return session.get_one(Certificate, site.certificates[name]).code


def asked(browser: Browser, person_id: int, **words: str) -> str:
    answer = browser.get(f"/people/{person_id}/sight?" + "&".join(f"{key}={value}" for key, value in words.items()))
    assert answer.status_code == 200
    return answer.text


def test_counts_are_what_the_person_sees_and_contents_what_both_see(site: House) -> None:
    hr, code = site.people["hr"], code_of(site, "trade")
    administrator, auditor = site.browser("worker"), site.browser("legal")
    for browser in (administrator, auditor):
        assert '<td class="num" data-label="数量">1</td>' in asked(browser, hr)
    assert f"{code} 王建国" in asked(auditor, hr, kind="certificate")
    shown = asked(administrator, hr, kind="certificate")
    assert "王建国" not in shown and "没有您也能看到的" in shown


def test_why_and_why_not_are_told_of_what_the_asker_may_see(site: House) -> None:
    hr, auditor = site.people["hr"], site.browser("legal")
    why = asked(auditor, hr, of="certificate", words=code_of(site, "trade"))
    assert "可以" in why and "允许" in why
    why = asked(auditor, hr, of="certificate", words=code_of(site, "permit"))
    assert "不可以" in why and "只管别的类别" in why
    for browser, name in ((auditor, "foreign"), (site.browser("worker"), "trade")):
        assert "没有找到" in asked(browser, hr, of="certificate", words=code_of(site, name))


def test_who_sees_a_record_is_told_to_those_who_see_it_and_look_after_accounts(site: House) -> None:
    auditor, trade, permit = site.browser("legal"), site.certificates["trade"], site.certificates["permit"]
    page = auditor.get(f"/access/certificate/{trade}").text
    assert all(f"测试{name}" in page for name in ("custodian", "hr", "guard")) and "测试stranger" not in page
    assert "测试hr" not in auditor.get(f"/access/certificate/{permit}").text
    assert "测试hr" not in auditor.get(f"/access/certificate/{trade}?action=custody.keep").text
    for browser, number, status in (
            (site.browser("worker"), trade, 404), (auditor, site.certificates["foreign"], 404),
            (site.browser("hr"), trade, 403), (auditor, 10**9, 404)):
        assert browser.get(f"/access/certificate/{number}").status_code == status
    assert auditor.get(f"/access/nothing/{trade}").status_code == 404


def test_nobody_else_opens_what_somebody_sees(site: House) -> None:
    assert site.browser("hr").get(f"/people/{site.people['legal']}/sight").status_code == 403
    assert site.browser("worker").get(f"/people/{site.people['foreigner']}/sight").status_code == 404


@pytest.mark.parametrize("words", ["%", "' or 1=1", "x" * 500, "LC-%25", ""])
def test_what_people_type_finds_only_what_is_called_so(site: House, words: str) -> None:
    page = asked(site.browser("legal"), site.people["hr"], of="certificate", words=words, action="no.such")
    assert "可以" not in page.partition('id="why"')[2].partition('id="may-title"')[0]
