"""The pages of rehearsals and scenarios: for process owners, of their own group; what is wrong is said where it is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.model import Definition, Task
from engine.usertasks import tasks
from ledger import jobs
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import unit
from tests.web.house import House
from tests.workflows.test_studio_rehearsing import BEFORE, DOING, REVIEWED, TURNED
from workflows.studio import contents, drafts
from workflows.studio.rehearsing import RehearsalCase

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def owner(house: House) -> Actor:
    """The process owner; one request of theirs was granted."""
    group = house.units["group"]
    by = Actor(house.people["owner"], "测试owner", group, (Grant("hr", group, f"/{group}/"),))
    with unit(house.engine) as session:
        catalog.deploy(session, {"p.bpmn": BEFORE}, by=SYSTEM)
        it = instances.start(session, "P", by=by, group_id=group, places=[group], business_key="K", title="某人").id
        [task] = session.scalars(select(Task.id).where(Task.instance_id == it))
        tasks.complete(session, task, by, {"c": "yes"})
    return by


def draft(house: House, by: Actor, body: bytes) -> int:
    with unit(house.engine) as session:
        base = session.scalars(select(Definition).where(Definition.process_id == "P")).one()
        return drafts.begin(session, name="<b>P</b>", files={"p.bpmn": body}, by=by, base=base).id


def rehearsed(house: House, browser: Any, number: int, **typed: str) -> str:
    asked = browser.post(f"/studio/drafts/{number}/rehearsal", {"since": "2026-01-01", **typed})
    assert asked.status_code == 303
    jobs.sweep(house.engine, DOING)
    return str(asked.location)


def test_only_process_owners_rehearse_and_only_drafts_of_their_group(house: House, owner: Actor) -> None:
    number = draft(house, owner, BEFORE)
    assert house.browser("hr").get(f"/studio/drafts/{number}/rehearsal").status_code == 403
    foreign = draft(house, Actor(99, "外人", house.units["other"]), BEFORE)
    browser = house.browser("owner")
    assert browser.get(f"/studio/drafts/{number}/rehearsal").status_code == 200
    assert browser.get(f"/studio/drafts/{foreign}/rehearsal").status_code == 404


def test_the_results_name_what_differs_and_lead_to_the_two_paths(house: House, owner: Actor) -> None:
    browser = house.browser("owner")
    page = browser.get(rehearsed(house, browser, draft(house, owner, TURNED)))
    assert "结果由" in page.text and "<b>P" not in page.text
    with unit(house.engine) as session:
        [case] = session.scalars(select(RehearsalCase))
        address = f"/studio/rehearsals/{case.rehearsal_id}/cases"
        query = {"part": "done", "kind": "outcome", "gist": case.gist}
        number = case.id
    listed = browser.get(address, query_string=query)
    assert f"{address}/{number}" in listed.text and "实例" in listed.text
    assert "按草稿会走的" in browser.get(f"{address}/{number}").text
    assert browser.get(f"{address}/{number + 9}").status_code == 404
    assert browser.get(address, query_string={"part": "x", "kind": "y"}).status_code == 404


def test_nothing_is_asked_for_where_the_form_or_the_draft_is_wrong(house: House, owner: Actor) -> None:
    browser, number = house.browser("owner"), draft(house, owner, REVIEWED)
    for typed, words in (({"since": "2027-01-01"}, "今天以前"), ({"days:B": "400"}, "0 到 250"),
                         ({"days:B": "x"}, "0 到 250")):
        answer = browser.post(f"/studio/drafts/{number}/rehearsal", typed)
        assert (answer.status_code, words in answer.text) == (422, True)
    broken = draft(house, owner, BEFORE.replace(b'sourceRef="S"', b'sourceRef="nowhere"'))
    page = browser.get(f"/studio/drafts/{broken}/rehearsal")
    assert "不能预演" in page.text and 'name="since"' not in page.text
    with unit(house.engine) as session:
        assert session.scalars(select(jobs.Job)).all() == []


def test_what_is_new_is_told_against_the_version_in_force_not_one_that_waits_for_it(house: House, owner: Actor) -> None:
    number = draft(house, owner, REVIEWED)
    with unit(house.engine) as session:
        catalog.add(session, {"p.bpmn": REVIEWED}, by=SYSTEM)
    assert 'name="days:B"' in house.browser("owner").get(f"/studio/drafts/{number}/rehearsal").text
    with unit(house.engine) as session:
        catalog.deploy(session, {"p.bpmn": REVIEWED}, by=SYSTEM)
    assert 'name="days:B"' not in house.browser("owner").get(f"/studio/drafts/{number}/rehearsal").text


def test_a_draft_begins_with_the_version_in_force(house: House, owner: Actor) -> None:
    with unit(house.engine) as session:
        now = catalog.latest(session, "P").id
        later = catalog.add(session, {"p.bpmn": REVIEWED}, by=SYSTEM).id
    page = " ".join(house.browser("owner").get("/studio/drafts/new").text.split())
    assert f'<button class="btn btn-secondary" name="definition" value="{now}">' in page
    assert f'<option value="{later}">第 2 版' in page and "当前第 2 版" not in page


def test_a_called_process_is_put_into_a_draft_as_it_is_in_force(house: House, owner: Actor) -> None:
    with unit(house.engine) as session:
        catalog.add(session, {"p.bpmn": REVIEWED}, by=SYSTEM)
        other = drafts.begin(session, name="另一个", files={"q.bpmn": BEFORE.replace(b'id="P"', b'id="Q"')}, by=owner,
                             process_id="Q")
        contents.add_process(session, other.id, "P", by=owner)
        assert drafts.files(session, other)["P.bpmn"] == BEFORE


def test_while_it_is_done_its_progress_is_shown_instead_of_the_form(house: House, owner: Actor) -> None:
    browser, number = house.browser("owner"), draft(house, owner, BEFORE)
    browser.post(f"/studio/drafts/{number}/rehearsal", {})
    page = browser.get(f"/studio/drafts/{number}/rehearsal").text
    assert "等待处理" in page and 'name="since"' not in page
    assert browser.post(f"/studio/drafts/{number}/rehearsal", {}).status_code == 409


def test_a_scenario_is_kept_changed_recorded_anew_and_deleted(house: House, owner: Actor) -> None:
    browser = house.browser("owner")
    new = {"process": "P", "number": "1", "name": "批准"}
    assert browser.post("/studio/scenarios", {**new, "number": "77"}).status_code == 422
    assert browser.post("/studio/scenarios", {**new, "name": " "}).status_code == 422
    assert browser.post("/studio/scenarios", new).status_code == 303
    page = rehearsed(house, browser, draft(house, owner, TURNED))
    assert "不通过" in browser.get(page).text
    changed = browser.post("/studio/scenarios/1", {"name": "另一个", "looks": "outcome", "most_days": "3"})
    assert changed.status_code == 303
    listed = browser.get("/studio/scenarios?process=P").text
    assert "另一个" in listed and "只要求结果不变" in listed
    for verb in ("recording", "deletion"):
        assert browser.post(f"/studio/scenarios/1/{verb}", {}).status_code == 303
    assert browser.post("/studio/scenarios/1/deletion", {}).status_code == 404
    assert "还没有场景" in browser.get("/studio/scenarios?process=P").text
    assert browser.get("/studio/scenarios?process=nothing").status_code == 404


def test_the_job_leads_to_its_result(house: House, owner: Actor) -> None:
    browser = house.browser("owner")
    page = rehearsed(house, browser, draft(house, owner, BEFORE))
    with unit(house.engine) as session:
        job = session.scalars(select(jobs.Job.id)).one()
    assert browser.get(f"/studio/rehearsals/job/{job}").location == page
