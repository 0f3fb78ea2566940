"""The cockpit's pages: what is found by whom, what is done with a reason, and who was first."""

from __future__ import annotations

import datetime as dt
import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.messaging import messages
from engine.model import Delivery, Incident, Instance
from engine.operations.moved import Migration
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.facts import Fact
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.web.desk.at_work import Town, Visitor
from tests.web.watched import CROWD, RENAMED, SECOND, Watched, laid_out

LIST = "/cockpit/instances"
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not hang on the database."""


@pytest.fixture
def watched(town: Town) -> Watched:
    return Watched(town.engine, town.company)


def give(town: Town, login: str, role: str, place: str) -> Visitor:
    with unit(town.engine) as session:
        person = person_of(session, town.company.people[login])
        at = town.company.unit(session, place)
        grant_role(session, person, role, at, by=SYSTEM, from_on=dt.date(2020, 1, 1))
    return town.visitor(login)


def titles(page: str) -> list[str]:
    return re.findall(r'class="work-what">([^<]+)<', page)


def said(visitor: Visitor, address: str, **form: str) -> str:
    """What the page says after a deed."""
    answer = visitor.post(address, {"reason": "试一试", **form})
    assert answer.status_code == 303, answer.text
    return visitor.get(answer.location).text


# finding
def test_instances_are_found_by_what_is_known_of_them(town: Town, watched: Watched) -> None:
    watched.start(title="甲 检修", key="K-77", fee=12)
    watched.start(title="乙 检修", key="K-88", fee=13)
    town.request("desk", "E03", "company")
    owner = town.visitor("owner")
    assert len(titles(owner.get(LIST).text)) == 3
    for asked, wanted in {"q=k-77": "甲 检修", "q=乙": "乙 检修", "q=fee+%3D+13": "乙 检修"}.items():
        assert titles(owner.get(f"{LIST}?{asked}").text) == [wanted], asked
    assert len(titles(owner.get(f"{LIST}?q=华建第一建筑").text)) == 1
    assert "没有符合条件的流程" in owner.get(f"{LIST}?q=fee+%3D+14").text


def test_a_list_is_narrowed_by_process_version_state_place_and_age(town: Town, watched: Watched) -> None:
    old = watched.start(title="旧的")
    watched.troubled(title="坏的")
    watched.deploy(SECOND)
    watched.start(title="新的")
    with unit(town.engine) as session:
        session.get_one(Instance, old).started_at = session.get_one(Instance, old).started_at.replace(year=2025)
    owner = town.visitor("owner")
    for asked, wanted in {f"process=watched&version={watched.first}": ["坏的", "旧的"], "state=incident": ["坏的"],
                          "process=watched&at=A": ["新的", "旧的"], "at=G": ["坏的"], "older=20": ["旧的"],
                          "state=ended": [], "state=suspended": []}.items():
        assert titles(owner.get(f"{LIST}?{asked}").text) == wanted, asked


@ONE
def test_what_is_shown_goes_out_as_a_file_in_which_nothing_is_a_formula(town: Town, watched: Watched) -> None:
    watched.start(title="=1+1")
    watched.start(title="乙", key="K-2")
    told = town.visitor("owner").get(f"{LIST}/export.csv?q=k-1").data.decode("utf-8-sig").splitlines()
    assert len(told) == 2
    assert told[0].startswith("编号,业务编号,标题")
    assert ",'=1+1," in told[1]


@ONE
def test_pages_follow_on_one_another(town: Town, watched: Watched) -> None:
    for number in range(27):
        watched.start(title=f"第{number}个")
    owner = town.visitor("owner")
    first = owner.get(LIST).text
    assert "共 27 条" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert titles(owner.get(following[1].replace("&amp;", "&")).text) == ["第1个", "第0个"]


# whose
def test_instances_of_other_companies_are_neither_listed_nor_counted_nor_opened(town: Town, watched: Watched) -> None:
    theirs, ours = watched.start("other", title="别家"), watched.start("project", title="我们的")
    above = watched.start("group", title="集团的")
    local = give(town, "hr", "process_owner", "company")
    page = local.get(f"{LIST}?state=all").text
    assert titles(page) == ["我们的"]
    assert "共 1 条" in page
    assert "别家" not in local.get(f"{LIST}/export.csv").data.decode()
    for it in (theirs, above):
        for path in ("", "/diagram.bpmn", "/migration", "/modification"):
            assert local.get(f"{LIST}/{it}{path}").status_code == 404
        assert local.post(f"{LIST}/{it}/suspension", {"reason": "x"}).status_code == 404
    assert local.get(f"{LIST}/{ours}").status_code == 200
    assert watched.states(theirs, above) == ["active", "active"]


@ONE
def test_who_may_only_read_is_offered_no_deed_and_does_none(town: Town, watched: Watched) -> None:
    it = watched.troubled()
    auditor = give(town, "hr", "auditor", "group")
    page = auditor.get(f"{LIST}/{it}")
    assert page.status_code == 200
    assert "deed-form" not in page.text
    for path in (f"instances/{it}/suspension", f"incidents/{watched.incident(it).id}/retry", "batches"):
        assert auditor.post(f"/cockpit/{path}", {"reason": "x", "verb": "suspend"}).status_code == 403
    assert town.visitor("legal").get(LIST).status_code == 403


# one instance
@ONE
def test_the_page_tells_where_it_stands_and_covers_numbers_of_people(town: Town, watched: Watched) -> None:
    it = watched.troubled(phone="13812345678", list=[1, {"id": "110101199003070214"}])
    page = town.visitor("owner").get(f"{LIST}/{it}").text
    for words in ("等人处理的异常", "138****5678", "110101********0214", "列表", "&#34;failed&#34;: [&#34;G&#34;]"):
        assert words in page, words
    assert "13812345678" not in page
    assert "19900307" not in page


@ONE
def test_the_drawing_tells_how_many_stand_at_an_element_and_how_often_it_was_done(
    town: Town, watched: Watched) -> None:
    alone = watched.start()
    watched.deploy(laid_out(CROWD))
    it = watched.start()
    watched.answer(it, "ok")
    watched.answer(it, "ok")
    owner = town.visitor("owner")
    counts = [re.search('data-numbers="([^"]+)"', owner.get(f"{LIST}/{one}").text) for one in (alone, it)]
    assert [json.loads(unescape(one[1])) for one in counts if one] == [
        {"A": {"here": 1, "done": 0}}, {"A": {"here": 2, "done": 2}}]
    assert "停在这里：2 处" in owner.get(f"{LIST}/{it}").text


@ONE
def test_each_deed_has_a_reason_and_is_a_fact(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    assert "请写明原因" in said(owner, f"{LIST}/{it}/suspension", reason="  ")
    assert watched.states(it) == ["active"]
    assert "已挂起" in said(owner, f"{LIST}/{it}/suspension", reason="等批复")
    assert "已恢复" in said(owner, f"{LIST}/{it}/resumption")
    assert "已终止" in said(owner, f"{LIST}/{it}/termination")
    with Session(town.engine) as session:
        kinds = session.execute(select(Fact.kind, Fact.actor_name).where(
            Fact.subject_kind == "instance", Fact.subject_id == it, Fact.actor_name == "钱程").order_by(Fact.id)).all()
    assert [kind for kind, _ in kinds] == ["instance.suspended", "instance.resumed", "instance.terminated"]


@ONE
def test_who_comes_too_late_reads_who_was_first_and_when(town: Town, watched: Watched) -> None:
    it, bad = watched.start(), watched.troubled()
    first, second = town.visitor("owner"), give(town, "hr", "process_owner", "company")
    number = watched.incident(bad).id
    said(first, f"{LIST}/{it}/termination")
    assert "钱程 已于 2026-11-23 10:00 终止，您的操作没有生效。" in said(second, f"{LIST}/{it}/suspension")
    said(first, f"/cockpit/incidents/{number}/skip", along="no")
    late = said(second, f"/cockpit/incidents/{number}/retry")
    assert "钱程 已于 2026-11-23 10:00 处理异常，您的操作没有生效。" in late


def test_of_two_operators_at_once_one_acts_and_the_other_reads_of_it(town: Town, watched: Watched) -> None:
    it = watched.start()
    both = [town.visitor("owner"), give(town, "hr", "process_owner", "company")]
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda one: said(one, f"{LIST}/{it}/suspension"), both))
    assert sum("您的操作没有生效" in page for page in pages) == 1
    with Session(town.engine) as session:
        kinds = session.scalars(select(Fact.kind).where(Fact.subject_kind == "instance", Fact.subject_id == it)).all()
    assert kinds.count("instance.suspended") == 1


@ONE
def test_an_incident_is_retried_with_another_value_skipped_or_taken_off(town: Town, watched: Watched) -> None:
    mended, skipped, owner = watched.troubled(), watched.troubled(), town.visitor("owner")
    number = watched.incident(mended).id
    assert "“G”" in owner.get(f"/cockpit/incidents/{number}/edit").text
    wrong = owner.post(f"/cockpit/incidents/{number}/retry", {"reason": "改", "name": "verdict", "value": "okay"})
    assert wrong.status_code == 400
    assert "不是 JSON 值" in wrong.text
    said(owner, f"/cockpit/incidents/{number}/retry", name="verdict", value='"ok"')
    assert "请指定一条出线" in said(owner, f"/cockpit/incidents/{watched.incident(skipped).id}/skip")
    said(owner, f"/cockpit/incidents/{watched.incident(skipped).id}/skip", along="no")
    assert watched.states(mended, skipped) == ["active", "completed"]
    assert titles(owner.get(f"{LIST}?process=watched&at=M").text) == ["巡检"]


@ONE
def test_tokens_are_put_elsewhere_as_previewed_or_not_at_all(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    page = owner.get(f"{LIST}/{it}/modification?start=A").text
    assert "新开始" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    watched.answer(it, "ok")
    assert "没有生效" in said(owner, f"{LIST}/{it}/modification", start="A", version=version[1])
    page = said(owner, f"{LIST}/{it}/modification", start="A", version=str(watched.row(it).version))
    assert "已按预览调整" in page


@ONE
def test_an_instance_is_moved_to_another_version_and_back(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    to = watched.deploy(RENAMED)
    page = owner.get(f"{LIST}/{it}/migration?to={to}").text
    assert "“任务A”变成" in page
    assert "可以迁移" in owner.get(f"{LIST}/{it}/migration?to={to}&map.A=B").text
    assert "已迁移" in said(owner, f"{LIST}/{it}/migration", to=str(to), **{"map.A": "B"})
    assert watched.row(it).definition_id == to
    with Session(town.engine) as session:
        made = session.scalars(select(Migration.id)).one()
    assert "已撤销迁移" in said(owner, f"/cockpit/migrations/{made}/undo")
    assert watched.row(it).definition_id == watched.first


@ONE
def test_a_timer_is_moved_held_released_and_fired(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    number = watched.timer(it).id
    assert "请填写日期和时间" in said(owner, f"/cockpit/timers/{number}/moment", due="明天")
    said(owner, f"/cockpit/timers/{number}/moment", due="2026-12-01T09:30")
    assert watched.timer(it).due_at.isoformat() == "2026-12-01T01:30:00+00:00"
    said(owner, f"/cockpit/timers/{number}/suspension")
    assert "巡检" in owner.get("/cockpit/waiting?tab=held").text
    said(owner, f"/cockpit/timers/{number}/resumption")
    said(owner, f"/cockpit/timers/{number}/firing")
    assert watched.timer(it).state == "fired"


# what waits, what failed
def test_what_waits_is_listed_by_kind_and_only_ours(town: Town, watched: Watched) -> None:
    for place in ("company", "other"):
        watched.answer(watched.start(place, title=f"等{place}"), "ok")
        watched.start(place, title=f"期{place}")
    local = give(town, "hr", "process_owner", "company")
    for tab, mark in (("messages", "等"), ("due", "期")):
        page = local.get(f"/cockpit/waiting?tab={tab}&process=watched").text
        assert f"{mark}company" in page
        assert f"{mark}other" not in page
    assert "没有流程在等消息" in local.get("/cockpit/waiting?tab=messages&q=nobody").text


def test_a_message_nobody_takes_is_sent_again_or_dropped_by_its_group_alone(town: Town, watched: Watched) -> None:
    with unit(town.engine) as session:
        number = messages.publish(session, "nobody.hears", None, by=town.company.actor(session, "owner")).id
    owner, local = town.visitor("owner"), give(town, "hr", "process_owner", "company")
    assert "nobody.hears" in owner.get("/cockpit/waiting?tab=kept").text
    assert "nobody.hears" not in local.get("/cockpit/waiting?tab=kept").text
    assert local.post(f"/cockpit/waiting/messages/{number}/drop", {"reason": "x"}).status_code == 404
    assert "已安排" in said(owner, f"/cockpit/waiting/messages/{number}/again")
    assert "已丢弃" in said(owner, f"/cockpit/waiting/messages/{number}/drop")
    assert "已经送达或已过期" in said(owner, f"/cockpit/waiting/messages/{number}/drop")
    assert town.row(Delivery, number).state == "missed"


def test_incidents_of_one_kind_stand_together(town: Town, watched: Watched) -> None:
    for place in ("company", "project", "other"):
        watched.troubled(place, title=f"坏{place}")
    owner = give(town, "hr", "process_owner", "company")
    page = owner.get("/cockpit/incidents").text
    assert "2 处" in page
    link = re.search(r'<h2 id="g-1"><a href="([^"]+)"', page)
    assert link
    inside = owner.get(link[1].replace("&amp;", "&")).text
    assert "坏company" in inside
    assert "坏other" not in inside
    with Session(town.engine) as session:
        assert len(session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all()) == 3


@ONE
def test_a_batch_is_previewed_asked_for_with_a_reason_and_read_by_who_may(town: Town, watched: Watched) -> None:
    it, held = watched.start(), watched.start()
    owner, local = town.visitor("owner"), give(town, "hr", "process_owner", "company")
    said(owner, f"{LIST}/{held}/suspension")
    page = owner.get("/cockpit/batches/new?verb=suspend&process=watched").text
    for words in ("2 项", "已经挂起 · 1 项", "可以整批撤销"):
        assert words in page
    assert "没有您可以处理的流程" in owner.get("/cockpit/batches/new?verb=suspend&q=zzzz").text
    form = {"verb": "suspend", "process": "watched"}
    assert "请写明原因" in owner.post("/cockpit/batches", form).text
    answer = owner.post("/cockpit/batches", {**form, "reason": "等新规"})
    assert answer.status_code == 303
    assert "还没轮到" in owner.get(answer.location).text
    watched.work()
    page = owner.get(answer.location).text
    assert "不能再操作" in page
    assert local.get(answer.location).status_code == 404
    assert local.post(f"{answer.location}/undo", {"reason": "x"}).status_code == 404
    said(owner, f"{answer.location}/undo")
    watched.work()
    assert watched.states(it, held) == ["active", "suspended"]
    assert "撤销这一批" in owner.get(answer.location).text
