"""What people, companies, projects and machines are told about themselves through forms."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import Fact
from registry.access.grants import grant_role
from registry.certificates.lifecycle import grant, suspend
from registry.people.machines import Installation, Machine
from registry.people.persons import Person
from registry.people.tenure import Assignment, Employment
from registry.people.units import Unit
from registry.people.works import Qualification, Works
from registry.rules.effects import reconsider
from tests.web.house import Browser, House
from workflows import CATALOG, triggers
from workflows.requests import Request

LONG_AGO = dt.date(2020, 1, 1)


@pytest.fixture
def staffed(house: House) -> House:
    """The worker looks after safety as well."""
    with unit(house.engine) as session:
        company = session.get_one(Unit, house.units["company"])
        grant_role(session, session.get_one(Person, house.people["worker"]), "safety", company, by=SYSTEM,
                   from_on=LONG_AGO)
    return house


def sent(browser: Browser, form: str, **told: object) -> tuple[int, str]:
    """Open the form, fill in and send it; the status and the page that answers (after a redirect, that page)."""
    page = browser.get(form).text
    action = re.search(r'<form method="post" action="([^"]+)" ?[^>]*>\s*<input type="hidden" name="csrf_token" '
                       r'value="[^"]+"><input type="hidden" name="once" value="([^"]+)">', page)
    assert action, page[:3000]
    answer = browser.post(action[1], {**{key: str(value) for key, value in told.items()}, "once": action[2]})
    if answer.status_code == 303:
        return 303, browser.get(answer.headers["Location"]).text
    return answer.status_code, answer.text


def test_hr_enters_who_joins_with_contract_and_the_fact(house: House) -> None:
    browser = house.browser("hr")
    status, page = sent(browser, "/people/new", name="李新人", unit=house.units["project"], on="2026-11-20",
                        contract="yes", id_number="110101199003070417")
    assert status == 303 and "李新人" in page and "劳动合同" in page
    with Session(house.engine) as session:
        person = session.scalars(select(Person).where(Person.name == "李新人")).one()
        assert session.scalars(select(Employment).where(Employment.person_id == person.id)).one().kind == "contract"
        fact = session.scalars(select(Fact).where(Fact.kind == "person.joined")).one()
        assert fact.after and fact.after["on"] == "2026-11-20" and "李新人" not in str(fact.after)


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(house: House) -> None:
    status, page = sent(house.browser("hr"), "/people/new", name="李新人", unit=house.units["project"], on="2026-13-40",
                        id_number="110101199003070214")
    assert status == 400 and "日期应写成" in page and 'value="李新人"' in page
    status, page = sent(house.browser("hr"), "/people/new", name="李新人", unit=house.units["project"], on="2026-11-20",
                        id_number="110101199003070214")
    assert status == 400 and "该身份证号已登记在册" in page


def test_a_name_as_long_as_the_field_is_taken(house: House) -> None:
    told = {"name": "庄" * 60, "unit": house.units["project"], "on": "2026-11-20", "post": "岗" * 60}
    assert sent(house.browser("hr"), "/people/new", **told)[0] == 303


def test_the_same_form_sent_twice_is_done_once(house: House) -> None:
    browser = house.browser("hr")
    once = re.search(r'name="once" value="([^"]+)"', browser.get("/people/new").text)
    assert once
    told = {"name": "双击", "unit": str(house.units["company"]), "on": "2026-11-20", "once": once[1]}
    answers = [browser.post("/people", told) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    with Session(house.engine) as session:
        assert len(session.scalars(select(Person).where(Person.name == "双击")).all()) == 1


def test_who_may_not_edit_sees_no_form_and_is_refused(house: House) -> None:
    welder = house.people["welder"]
    guard = house.browser("guard")
    assert "/leaving" not in guard.get(f"/people/{welder}").text
    assert guard.get(f"/people/{welder}/leaving").status_code == 403
    assert house.browser("hr").get(f"/people/{house.people['foreigner']}/move").status_code == 404


def test_a_post_is_given_ended_and_corrected(house: House) -> None:
    browser, welder = house.browser("hr"), house.people["welder"]
    form = f"/people/{welder}/posts/new?unit={house.units['project']}&post=project_manager"
    told = {"post": "project_manager", "unit": house.units["project"], "from_on": "2026-11-01"}
    assert sent(browser, form, **told)[0] == 303
    assert "这段时间已登记过" in sent(browser, form, **told)[1]
    assert "王建国" in browser.get(f"/projects/{house.units['project']}").text
    with Session(house.engine) as session:
        row = session.scalars(select(Assignment)).one().id
    assert sent(browser, f"/posts/{row}/correction", from_on="2026-10-01", to_on="2026-09-01")[0] == 400
    assert sent(browser, f"/posts/{row}/correction", from_on="2026-10-01")[0] == 303
    with Session(house.engine) as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.id)).all()
        assert [(one.from_on.month, one.known_until is None) for one in rows] == [(11, False), (10, True)]
        row = rows[-1].id
    assert sent(browser, f"/posts/{row}/end", to_on="2026-11-22")[0] == 303


def test_a_special_worker_s_trade_is_asked_for(house: House) -> None:
    form = f"/people/{house.people['welder']}/posts/new"
    told = {"post": "special_worker", "unit": house.units["project"], "from_on": "2026-11-01"}
    assert "特种作业岗位须写明工种" in sent(house.browser("hr"), form, **told)[1]
    assert sent(house.browser("hr"), form, trade="01", **told)[0] == 303


def test_contract_and_insurance_are_entered_and_taken_back(house: House) -> None:
    browser, welder = house.browser("hr"), house.people["welder"]
    for kind in ("contract", "insurance"):
        status, _ = sent(browser, f"/people/{welder}/employment/new/{kind}", company=house.units["company"],
                         from_on="2026-01-01")
        assert status == 303
    with Session(house.engine) as session:
        row = session.scalars(select(Employment).where(Employment.kind == "insurance")).one().id
    told = {"from_on": "2026-01-01", "strike": "yes"}
    assert "请说明撤销的原因" in sent(browser, f"/employment/{row}/correction", **told)[1]
    assert sent(browser, f"/employment/{row}/correction", reason="登错了人", **told)[0] == 303
    assert browser.get(f"/employment/{row}/correction").status_code == 404


def test_before_somebody_leaves_the_page_says_what_follows(house: House) -> None:
    browser, welder = house.browser("hr"), house.people["welder"]
    assert "受影响的证件" in browser.get(f"/people/{welder}/leaving").text
    assert "最后工作日不能晚于一年以后" in sent(browser, f"/people/{welder}/leaving", on="2029-01-01")[1]
    status, page = sent(browser, f"/people/{welder}/leaving", on="2026-11-30", reason="回乡")
    assert status == 303 and "2026-11-30 离职" in page
    assert "返聘日期应晚于离职日期" in sent(browser, f"/people/{welder}/return", unit=house.units["project"],
                                    on="2026-11-30")[1]  # fmt: skip
    assert sent(browser, f"/people/{welder}/return", unit=house.units["project"], on="2026-12-05")[0] == 303


def test_moving_takes_the_certificates_along(house: House) -> None:
    browser, welder = house.browser("hr"), house.people["welder"]
    assert "已经在这个单位" in sent(browser, f"/people/{welder}/move", unit=house.units["project"])[1]
    assert sent(browser, f"/people/{welder}/move", unit=house.units["company"], post="焊工")[0] == 303


def test_what_a_project_builds_changes_from_a_day_on(house: House) -> None:
    browser, project = house.browser("legal"), house.units["project"]
    form = f"/projects/{project}/works/new"
    told = {"work": "市政", "contracting": "general", "scale": "medium", "amount": "6,000.50"}
    assert "不能早于开工日期" in sent(browser, form, from_on="2026-01-01", accepted_on="2026-02-01", **told)[1]
    assert sent(browser, form, from_on="2026-01-01", started_on="2026-02-01", **told)[0] == 303
    assert sent(browser, form, from_on="2026-06-01", started_on="2026-02-01", stopped_on="2026-06-01", **told)[0] == 303
    with Session(house.engine) as session:
        rows = session.scalars(select(Works).where(Works.known_until.is_(None)).order_by(Works.from_on)).all()
        assert [(row.from_on.month, row.to_on, row.stopped_on) for row in rows] == [
            (1, dt.date(2026, 5, 31), None), (6, None, dt.date(2026, 6, 1))]
    assert "停工" in browser.get(f"/projects/{project}").text


def test_a_company_s_qualification_is_entered_once_and_ended(house: House) -> None:
    browser, company = house.browser("legal"), house.units["company"]
    told = {"work": "市政", "contracting": "general", "grade": "second", "from_on": "2026-01-01"}
    assert sent(browser, f"/companies/{company}/qualifications/new", **told)[0] == 303
    assert "请先终止原来的一项" in sent(browser, f"/companies/{company}/qualifications/new", **told)[1]
    with Session(house.engine) as session:
        row = session.scalars(select(Qualification)).one().id
    assert sent(browser, f"/qualifications/{row}/end", to_on="2026-11-01", reason="升级换证")[0] == 303


def test_new_units_hang_where_they_may(house: House) -> None:
    browser = house.browser("legal")
    told = {"parent": house.units["company"], "name": "新桥", "code": "P2", "work": "市政"}
    status, page = sent(browser, "/units/new/project", **told)
    assert status == 303 and "新桥" in page
    assert "编码 P2 已被使用" in sent(browser, "/units/new/project", **told)[1]


def test_without_its_qualification_a_company_takes_on_no_new_project(house: House) -> None:
    with unit(house.engine) as session:
        company = session.get_one(Unit, house.units["company"])
        company.uscc = "91320100135800013L"
        term = {"issued_on": LONG_AGO, "valid_from": LONG_AGO, "valid_until": dt.date(2028, 1, 1)}
        e02 = grant(session, "E02", company, number="D232012345", issuer="某厅", by=SYSTEM, **term)
        suspend(session, e02, since=dt.date(2026, 11, 20), reason="动态核查", by=SYSTEM)
        reconsider(session, e02)
    browser = house.browser("legal")
    told = {"parent": house.units["company"], "name": "新桥", "code": "P2", "work": "市政"}
    assert "不得投标，不得承接新项目" in browser.get(f"/companies/{house.units['company']}").text
    assert "不得承接新项目" in sent(browser, "/units/new/project", **told)[1]
    assert "建筑业企业资质证书（江海一建）不能再用" in browser.get("/affected").text


def test_a_last_day_to_come_can_be_taken_back(house: House) -> None:
    browser, welder = house.browser("hr"), house.people["welder"]
    assert sent(browser, f"/people/{welder}/leaving", on="2026-12-31")[0] == 303
    assert "王建国" in browser.get("/people").text
    assert sent(browser, f"/people/{welder}/return", unit=house.units["project"], on="2027-01-01")[0] == 303
    with Session(house.engine) as session:
        person = session.get_one(Person, welder)
        assert person.left_on is None and person.employed(dt.date(2026, 11, 23))


def test_a_machine_from_entry_to_scrap(staffed: House) -> None:
    browser, company = staffed.browser("worker"), staffed.units["company"]
    told = {"kind": "塔式起重机", "name": "1号塔吊", "serial": "TC1", "unit": company}
    assert sent(browser, "/machines/new", **told)[0] == 303
    assert "出厂编号 TC1 已登记" in sent(browser, "/machines/new", **told)[1]
    with Session(staffed.engine) as session:
        number = session.scalars(select(Machine)).one().id
    site = {"site": staffed.units["project"], "company": company}
    assert sent(browser, f"/machines/{number}/installation/new", from_on="2026-10-01", **site)[0] == 303
    assert "请先登记拆卸" in sent(browser, f"/machines/{number}/installation/new", from_on="2026-11-01", **site)[1]
    assert "1号塔吊" in browser.get(f"/projects/{staffed.units['project']}").text
    with Session(staffed.engine) as session:
        row = session.scalars(select(Installation)).one().id
    assert sent(browser, f"/installations/{row}/end", to_on="2026-11-20")[0] == 303
    assert sent(browser, f"/machines/{number}/scrapping", on="2026-11-22", reason="超龄")[0] == 303
    assert sent(browser, f"/machines/{number}/installation/new", from_on="2026-11-23", **site)[0] == 409
    assert "1号塔吊" not in browser.get("/machines").text and "已报废" in browser.get("/machines?scrapped=yes").text


def test_a_parent_sees_the_roll_up_and_a_child_its_own(house: House) -> None:
    with unit(house.engine) as session:
        grant_role(session, session.get_one(Person, house.people["legal"]), "auditor",
                   session.get_one(Unit, house.units["group"]), by=SYSTEM, from_on=LONG_AGO)
    address = f"/companies/{house.units['group']}"
    page = house.browser("legal").get(f"{address}?lacks=yes").text
    assert "下属公司汇总" in page and "江海一建" in page and "R13" not in page
    assert house.browser("custodian").get(address).status_code == 404
    own = house.browser("custodian").get(f"/companies/{house.units['company']}").text
    assert "本公司汇总" in own and "下属公司汇总" not in own


@pytest.mark.parametrize("address", ["/people", "/projects?state=live", "/companies?q=x", "/affected?kind=ground",
                                     "/projects?state=done", "/affected?lifted=yes"])
def test_lists_open_with_their_filters(house: House, address: str) -> None:
    assert house.browser("custodian").get(address).status_code == 200


def test_they_are_there_in_english(house: House) -> None:
    browser = house.browser("hr")
    browser.post("/language", {"language": "en", "next": "/"})
    page = browser.get("/people/new").text
    assert "New employee" in page and not re.search(r"<label[^>]*>[^<]*[\u4e00-\u9fff]", page)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_won_project_is_entered_at_once_and_its_permits_are_drafted(house: House) -> None:
    with unit(house.engine) as session:
        company = session.get_one(Unit, house.units["company"])
        grant_role(session, session.get_one(Person, house.people["hr"]), "legal", company, by=SYSTEM, from_on=LONG_AGO)
        worker = session.get_one(Person, house.people["worker"])
        grant(session, "P07", worker, number="浙233101200345", issued_on=dt.date(2026, 1, 5), issuer="某厅",
              valid_from=dt.date(2026, 1, 5), valid_until=dt.date(2028, 12, 31), by=SYSTEM)
        catalog.deploy(session, CATALOG["application"].files, by=SYSTEM)
    told = {"parent": house.units["company"], "name": "江畔学校", "code": "W1", "work": "房建", "amount": "4800",
            "contracting": "general", "scale": "large", "area": "20000", "contract_on": "2026-11-20",
            "planning": "yes"}
    assert house.browser("worker").get("/projects/won/new").status_code == 403
    browser = house.browser("hr")
    assert sent(browser, "/projects/won/new", **told, manager=house.people["stranger"])[0] == 400
    status, page = sent(browser, "/projects/won/new", **told, manager=house.people["worker"])
    assert status == 303 and "江畔学校" in page
    while outbox.deliver(house.engine, triggers.HANDLERS):
        pass
    with Session(house.engine) as session:
        made = session.scalars(select(Request).where(Request.once_key.like("won:%")).order_by(Request.type_code)).all()
        assert [(one.type_code, one.applicant_id) for one in made] == [
            (code, house.people["worker"]) for code in ("J01", "J02", "J03")]
        won = session.scalars(select(Fact).where(Fact.kind == "project.won")).one()
        assert won.after == {"company": house.units["company"], "manager": house.people["worker"]}
