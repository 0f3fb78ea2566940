"""The heat map, the workload, the state of the system, its metrics and the impact lists, as their visitors get them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from engine import catalog, instances
from engine.figures import counting, standing
from engine.usertasks import tasks
from ledger import beats, clock_guard
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from registry.people.units import create_unit, figured, places, unit_of
from tests.engine.drawings import drawing, end, flows, start, task
from tests.founding import Founder
from tests.web.house import House
from web.cockpit import heat_shown, verdicts
from web.cockpit.metrics import Metric
from web.cockpit.vitals import Backlog, Database, Vitals

NAME = "<b onmouseover=alert(1)>\"'&"
LINE = drawing(start(), task("A"), task("B"), end(), flows("S A B E")).replace(
    "任务A".encode(), b"&lt;b onmouseover=alert(1)&gt;&quot;'&amp;")
TOKEN = "a-token-of-the-watchers"


@pytest.fixture
def site(engine: Engine, tmp_path: Path, clock: Fixed, founder: Founder) -> Iterator[House]:
    """A house whose custodian administers the system, and whose metrics have a token."""
    made = House(engine, tmp_path, founder, metrics_token=TOKEN)
    with unit(engine) as session:
        grant_role(session, person_of(session, made.people["worker"]), "administrator",
                   unit_of(session, made.units["group"]), by=SYSTEM)
        catalog.deploy(session, {"d.bpmn": LINE}, by=SYSTEM)
    yield made
    made.close()


def at(house: House, clock: Fixed, place: str = "project", done: bool = True) -> int:
    """An instance of the process at a unit, its first task done after a day."""
    with unit(house.engine) as session:
        here = unit_of(session, house.units[place])
        it = instances.start(session, "P", by=SYSTEM, group_id=here.group_id, places=places(here), business_key="K",
                             title=NAME).id
    clock.advance(dt.timedelta(days=1))
    if done:
        with unit(house.engine) as session:
            number = next(each.id for each in session.query(tasks.Task).filter_by(instance_id=it, state="open"))
            tasks.complete(session, number, SYSTEM, {})
    while counting.sweep(house.engine, figured):
        pass
    standing.look(house.engine, figured)
    return it


def test_the_map_tells_how_long_how_often_and_who_waits(site: House, clock: Fixed) -> None:
    clock.advance(dt.timedelta(days=1))  # a Monday
    at(site, clock)
    page = site.browser("owner").get("/cockpit/heat?process=P").text
    row = re.search(r'<tr data-element="A">.*?</tr>', page, re.S)
    assert row and "1天" in row[0] and NAME not in page
    assert re.search(r'<tr data-element="B">.*?"现在等待">1<', page, re.S)


def test_a_line_of_the_table_opens_the_list_of_those_that_stand_there(site: House, clock: Fixed) -> None:
    at(site, clock)
    clock.advance(dt.timedelta(hours=1))
    at(site, clock, done=False)
    owner = site.browser("owner")
    row = re.search(r'<tr data-element="B">.*?</tr>', owner.get("/cockpit/heat?process=P").text, re.S)
    link = re.search(r'href="(/cockpit/instances[^"]+)"', row[0]) if row else None
    assert link and owner.get(unescape(link[1])).text.count('class="work-what"') == 1


def test_another_company_s_figures_are_nobody_else_s(site: House, clock: Fixed) -> None:
    at(site, clock, "elsewhere")
    owner = site.browser("owner")
    assert 'data-element="A"' not in owner.get("/cockpit/heat?process=P").text
    assert owner.get(f"/cockpit/heat?unit={site.units['other']}").status_code == 404
    assert owner.get(f"/cockpit/workload?unit={site.units['other']}").status_code == 404
    assert owner.get(f"/cockpit/workload/away?person={site.people['stranger']}").status_code == 404
    assert owner.get(f"/cockpit/impact?kind=person&key={site.people['stranger']}").status_code == 404


def test_a_project_has_figures_of_its_own(site: House, clock: Fixed) -> None:
    at(site, clock)
    with unit(site.engine) as session:
        other = create_unit(session, kind="project", name="江东改造", code="P2", by=SYSTEM,
                            parent=unit_of(session, site.units["company"]), project={"work": "市政"}).id
    owner = site.browser("owner")
    page = owner.get("/cockpit/heat?process=P").text
    assert "江东改造" in page and "滨江路改造" in page and "别家项目" not in page
    shown = {project: 'data-element="A"' in owner.get(f"/cockpit/heat?process=P&project={project}").text
             for project in (site.units["project"], other)}
    assert shown == {site.units["project"]: True, other: False}
    assert owner.get(f"/cockpit/heat?process=P&project={site.units['elsewhere']}").status_code == 404


def test_the_busiest_process_is_shown_first(site: House, clock: Fixed) -> None:
    quiet = LINE.replace(b'id="P"', b'id="An_idle_one"').replace(b'bpmnElement="P"', b'bpmnElement="An_idle_one"')
    with unit(site.engine) as session:
        catalog.deploy(session, {"q.bpmn": quiet}, by=SYSTEM)
    assert '<option value="An_idle_one" selected' in site.browser("owner").get("/cockpit/heat").text
    at(site, clock)
    assert '<option value="P" selected' in site.browser("owner").get("/cockpit/heat").text


def test_days_that_cannot_be_are_said_at_the_field(site: House) -> None:
    owner = site.browser("owner")
    for asked, words in (("first=gestern", "请按 2026-01-31 的样子填写日期"),
                         ("first=2026-11-20&last=2026-11-01", "结束日期早于开始日期")):
        answer = owner.get("/cockpit/heat?process=P&" + asked)
        assert answer.status_code == 200 and words in answer.text


def test_nonsense_in_the_address_breaks_nothing(site: House) -> None:
    owner = site.browser("owner")
    for asked in ("process=nothing", "process=P&version=99", "unit=999999999999", "kind=x", "process=" + "x" * 3000):
        for page in ("heat", "workload", "workload/away", "impact"):
            assert owner.get(f"/cockpit/{page}?{asked}").status_code in (200, 404)


def test_a_comparison_shows_more_and_less(site: House, clock: Fixed) -> None:
    at(site, clock)
    clock.advance(dt.timedelta(days=40))
    for _ in range(2):
        at(site, clock)
    page = site.browser("owner").get("/cockpit/heat?process=P&measure=count&span=30&compare=1").text
    assert "前一时段 1" in page and "+100%" in page


@pytest.mark.parametrize(("value", "most", "level"), [
    (None, 9, None), (0, 9, None), (0.9, 9, 1), (1, 9, 2), (4.5, 9, 3), (6, 9, 4), (9, 9, 5)])
def test_five_colours_by_the_share_of_the_largest(value: float | None, most: float, level: int | None) -> None:
    assert heat_shown.graded(value, most) == level


@pytest.mark.parametrize(("value", "was", "level"), [
    (2, 0, None), (None, 2, None), (102, 100, 0), (110, 100, 1), (70, 100, -2), (10, 100, -3), (300, 100, 3)])
def test_a_change_is_graded_either_way(value: float | None, was: float | None, level: int | None) -> None:
    assert heat_shown.changed(value, was) == level


def test_the_period_before_is_as_long_and_ends_where_this_begins() -> None:
    before = heat_shown.period(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    assert before == (dt.date(2026, 10, 2), dt.date(2026, 10, 31))


# the state of the system
NOW = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)


def lights(**more: Any) -> dict[str, str]:
    disk = {"disk_free": 9 * 1024**3, "disk_total": 10 * 1024**3}
    seen = Vitals(NOW, Database("sqlite", "3", 1, "0020", "0020"), **disk, **more)
    return {one.key: one.light for one in verdicts.verdicts(seen)}


def waiting(minutes: float, failing: int = 0) -> Backlog:
    return Backlog(1, NOW - dt.timedelta(minutes=minutes), failing)


SEEN: list[tuple[dict[str, Any], str, str]] = [
    ({}, "worker", "bad"), ({}, "outbox", "good"), ({"queues": None}, "redis", "due"),
    ({"outbox": waiting(1)}, "outbox", "good"), ({"outbox": waiting(5)}, "outbox", "due"),
    ({"outbox": waiting(16)}, "outbox", "bad"), ({"outbox": waiting(0, 1)}, "outbox", "due"),
    ({"timers": waiting(11)}, "timers", "bad"), ({"incidents": waiting(1)}, "incidents", "due"),
    ({"jobs": waiting(120)}, "jobs", "bad"), ({"jobs": waiting(120), "jobs_running": 1}, "jobs", "good"),
]


def test_what_waits_too_long_is_said(house: House) -> None:
    with house.app.test_request_context():
        assert [(key, lights(**given)[key]) for given, key, _ in SEEN] == [(key, light) for _, key, light in SEEN]


def test_old_tables_and_a_full_disk_are_broken(house: House) -> None:
    seen = Vitals(NOW, Database("sqlite", "3", 1, "0001", "0020"), disk_free=1024**2, disk_total=10**12)
    with house.app.test_request_context():
        found = {one.key: one for one in verdicts.verdicts(seen)}
    assert (found["database"].light, found["disk"].light) == ("bad", "bad") and found["disk"].remedy


def test_the_page_tells_who_works_and_what_to_do(site: House) -> None:
    admin = site.browser("worker")
    assert "没有在工作" in admin.get("/cockpit/health").text
    with unit(site.engine) as session:
        beats.begin(session, "worker", "host 7")
    page = admin.get("/cockpit/health/now").text
    assert "1 个在工作" in page and "host 7" in page


def test_only_who_sees_the_system_opens_its_page(site: House) -> None:
    assert {login: site.browser(login).get("/cockpit/health").status_code for login in ("worker", "owner", "hr")} == {
        "worker": 200, "owner": 403, "hr": 403}


def test_a_clock_that_leapt_is_told_and_confirmed_by_whoever_may_operate(site: House, clock: Fixed) -> None:
    with unit(site.engine) as session:
        session.add(clock_guard.ClockWatch(place="host 7", seen_at=clock(), expected_at=clock(),
                                           doubted_at=clock() + dt.timedelta(days=365)))
    admin, bearer = site.browser("worker"), {"Authorization": f"Bearer {TOKEN}"}
    page = admin.get("/cockpit/health").text
    assert "host 7 的时间突然快了 365 天" in page and "时间正确，继续" in page
    assert "licet_clock_doubted 1" in admin.get("/metrics", headers=bearer).text.splitlines()
    assert site.browser("owner").post("/cockpit/health/clock").status_code == 403
    assert admin.post("/cockpit/health/clock").status_code == 303
    page = admin.get("/cockpit/health").text
    assert "已确认时间正确" in page and "走时连续" in page and "时间正确，继续" not in page
    assert "licet_clock_doubted 0" in admin.get("/metrics", headers=bearer).text.splitlines()


# metrics
def test_metrics_are_for_the_token_and_for_administrators(site: House) -> None:
    bare = site.browser()
    given = {"right": TOKEN, "wrong": TOKEN + "x", "none": ""}
    answers = {name: bare.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code
               for name, token in given.items()}
    assert answers == {"right": 200, "wrong": 401, "none": 401} and bare.get("/metrics").status_code == 401
    assert [site.browser(login).get("/metrics").status_code for login in ("worker", "owner")] == [200, 403]


def test_without_a_token_no_bearer_comes_in(house: House) -> None:
    for given in ("Bearer ", "Bearer", "Bearer None", "Basic eA=="):
        assert house.browser().get("/metrics", headers={"Authorization": given}).status_code == 401


def test_every_line_is_in_the_text_format_and_says_nothing_of_people(site: House, clock: Fixed) -> None:
    at(site, clock)
    answer = site.browser().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    sample = re.compile(r'licet_[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? -?[0-9.e+-]+')
    assert all(line.startswith(("# HELP licet_", "# TYPE licet_")) or sample.fullmatch(line) for line in lines)
    assert 'licet_instances{process="P",state="active"} 1' in lines and "licet_tasks_open 1" in lines
    assert not re.search(r"[\u4e00-\u9fff]", answer.text) and answer.text.endswith("\n")


def test_a_label_is_escaped() -> None:
    lines = list(Metric("x", "a\\b\nc", [({"process": 'a"b\\c\nd'}, 1.5)]).lines())
    assert lines == ["# HELP licet_x a\\\\b\\nc", "# TYPE licet_x gauge", 'licet_x{process="a\\"b\\\\c\\nd"} 1.5']


# impact
def test_a_role_named_by_a_drawing_stops_it(site: House) -> None:
    role = drawing(start(), task("A", groups="legal"), end(), flows("S A E"))
    role = role.replace("任务A".encode(), "核法务".encode())
    with unit(site.engine) as session:
        catalog.deploy(session, {"d.bpmn": role}, by=SYSTEM)
    page = site.browser("owner").get("/cockpit/impact?kind=role&key=legal").text
    assert "会停下来" in page and "核法务" in page and "测试legal" in page
    assert "核法务" not in site.browser("owner").get("/cockpit/impact?kind=role&key=guard").text


def test_somebody_s_list_tells_what_lies_with_them(site: House, clock: Fixed) -> None:
    at(site, clock, done=False)
    with unit(site.engine) as session:
        number = session.query(tasks.Task.id).filter_by(state="open").scalar()
        session.query(tasks.Task).filter_by(id=number).update({"assignee_id": site.people["legal"]})
    page = site.browser("owner").get(f"/cockpit/impact?kind=person&key={site.people['legal']}").text
    assert "手上未办的任务" in page and NAME not in page


def test_a_type_s_list_stands_where_it_is_closed(site: House) -> None:
    assert "没有注销的证件" in site.browser("owner").get("/types/J03/closing").text
    assert site.browser("owner").get("/cockpit/impact?kind=type&key=ZZZ").status_code == 404


def test_people_are_found_by_name(site: House) -> None:
    found = site.browser("owner").get("/cockpit/impact?kind=person&key=测试").text
    assert "测试hr" in found and "测试stranger" not in found


def test_nothing_of_it_is_for_somebody_without_the_right(site: House) -> None:
    for page in ("heat", "workload", "workload/away?person=1", "impact?kind=role&key=hr"):
        assert site.browser("custodian").get(f"/cockpit/{page}").status_code == 403
