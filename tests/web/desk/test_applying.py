"""Choosing among all the types, forms in the language of the visitor, what the system noticed."""

from __future__ import annotations

import json

import pytest

from tests.web.desk.at_work import Town
from tests.web.desk.test_requests import step

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_types_stand_by_family_and_are_found_by_trade(town: Town) -> None:
    desk = town.visitor("desk")
    page = desk.get("/requests/new").text
    told = ("人员证件", "项目许可", "企业资质和许可", "二建、二级建造师", "三级安全教育")
    assert all(words in page for words in told)
    assert 'href="/requests/new?type=P02&amp;with=trade:05"' in desk.get("/requests/new?q=塔式起重机司机").text
    assert "没有叫“独角兽”的证件" in desk.get("/requests/new?q=独角兽").text


def test_what_a_link_says_is_chosen_in_the_form_and_nothing_else(town: Town) -> None:
    desk, holder = town.visitor("desk"), f"person-{town.company.people['worker']}"
    for brought, opened in (("kind:health", {"kind": "health"}), ("kind:gold", {}), ("declaration:1", {})):
        to = desk.post("/requests", {"type": "P23", "holder": holder, "with": brought}).location
        data = json.loads(desk.get(to).text.split('data-part="data">')[1].split("</script>")[0])
        assert {key: data[key] for key in ("kind", "declaration") if key in data} == opened, brought
        desk.hand_in(int(to.rsplit("/", 1)[1]), {"verdict": "abandon"})


def test_a_generated_form_speaks_english(town: Town) -> None:
    desk = town.visitor("desk")
    task = town.open_task(town.request("desk", "P05", "worker"))
    desk.post("/language", {"language": "en"})
    page = desk.get(f"/tasks/{task}").text
    schema = page.split('data-part="schema">')[1].split("</script>")[0]
    assert "Safety assessment certificate C (safety officer): application" in schema and "credit code" in schema
    assert not any(words in schema for words in ("企业名称", "岗位类别", "身份证", "材料", "申领", "提交申请"))


def test_reviewers_and_the_applicant_see_what_the_system_noticed(town: Town) -> None:
    request = town.request()
    step(town, request, "A1_fill", "applicant")
    task = town.open_task(request, "A3_pm")
    for login, address in (("pm", f"/tasks/{task}"), ("applicant", f"/requests/{request}")):
        page = town.visitor(login).get(address).text
        assert "系统核对" in page and "没有登记工程概况，无法核对开工条件。 请在项目资料中登记工程概况。" in page


def test_what_stops_an_application_is_said_with_the_way_out(town: Town) -> None:
    applicant, request = town.visitor("applicant"), town.request("applicant", "P02", "worker")
    step(town, request, "A1_fill", "applicant")
    second = town.request("applicant", "P02", "worker")
    with pytest.raises(AssertionError) as refused:
        step(town, second, "A1_fill", "applicant")
    assert "请在那份申请里继续办理，或等它结束。" in str(refused.value)
    assert applicant.get(f"/requests/{second}").status_code == 200


def test_a_certificate_of_another_province_is_brought_in_from_the_same_page(town: Town) -> None:
    hr, holder = town.visitor("hr"), f"person-{town.company.people['worker']}"
    assert "办理转入" in hr.get("/requests/new?type=P02").text
    assert "办理转入" not in hr.get("/requests/new?type=P06").text
    told = {"type": "P02", "holder": holder, "way": "inward"}
    first, second = hr.post("/requests", told), hr.post("/requests", told)
    assert first.location == second.location and "原证书编号" in hr.get(first.location).text
    assert hr.post("/requests", {**told, "type": "P06"}).status_code == 404
