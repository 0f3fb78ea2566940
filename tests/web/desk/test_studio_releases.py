"""The pages of releases: asked by one, decided by another, for a pilot, taken back; who may not do which."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.model import Definition
from engine.releases.model import Release
from ledger import outbox
from ledger.actor import SYSTEM, Actor
from ledger.clock import SHANGHAI, Fixed
from ledger.db import reading, unit
from ledger.errors import NotFound
from registry.access import accounts
from tests.web.desk.at_work import Town
from tests.web.releasing import drafted, more_owners, version_of
from workflows import triggers
from workflows.studio import drafts, releasing

ASKED = {"on": "2026-11-24", "reach": "whole", "reason": "申请表改名"}


@pytest.fixture
def owners(town: Town) -> Town:
    with unit(town.engine) as session:
        more_owners(session, town.company, second="group", third="group", local="company")
    return town


def asked(town: Town, login: str = "owner", draft: int | None = None, **more: Any) -> str:
    number = draft or drafted(town.engine, town.company)
    answer = town.visitor(login).post(f"/studio/drafts/{number}/release", {**ASKED, **more})
    assert answer.status_code == 303, answer.text
    return answer.location


def told(town: Town, login: str) -> str:
    outbox.deliver(town.engine, triggers.HANDLERS)
    return town.visitor(login).get("/notices").text


def count(town: Town, model: Any) -> int:
    with reading(town.engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_one_asks_another_decides_one_company_begins_at_midnight_and_a_press_brings_the_old_one_back(
        owners: Town, clock: Fixed) -> None:
    company = owners.company.units["company"]
    page = asked(owners, reach="units", units=[str(company)])
    assert "须由另一位流程负责人决定" in owners.visitor("owner").get(page).text
    assert "请您决定" in told(owners, "second")
    shown = owners.visitor("second").get(page).text
    assert "application.bpmn" in shown and "同意发布" in shown
    owners.visitor("second").post(f"{page}/decision", {"verdict": "approve"})
    assert "已获同意" in told(owners, "owner")
    clock.move_to(datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI))
    holders = [("J03", "project", "applicant"), ("E03", "other", "stranger")]
    assert [version_of(owners.engine, owners.company, code, "unit", name, login) for code, name, login in holders
            ] == [2, 1]
    index = owners.visitor("owner").get("/processes").text
    assert "试点中" in index and "试点：华建第一建筑有限公司" in index
    assert "退回之后" in owners.visitor("owner").get(f"{page}/return").text
    clock.move_to(datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI))
    owners.visitor("owner").post(f"{page}/return", {"reason": "字段写错了"})
    assert "已退回" in owners.visitor("owner").get(page).text
    clock.move_to(datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI))
    assert version_of(owners.engine, owners.company, "E03", "unit", "company") == 1
    with reading(owners.engine) as session:
        assert session.get_one(drafts.Draft, 1).state == "released"


def test_a_draft_with_errors_cannot_be_released(owners: Town) -> None:
    broken = b'<?xml version="1.0"?><a/>'
    number = drafted(owners.engine, owners.company, files={"application.bpmn": broken})
    page = owners.visitor("owner").get(f"/studio/drafts/{number}/release").text
    assert "改正之前不能发布" in page and "提出发布申请" not in page
    before = count(owners, Definition), count(owners, Release)
    assert owners.visitor("owner").post(f"/studio/drafts/{number}/release", ASKED).status_code == 422
    assert (count(owners, Definition), count(owners, Release)) == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"on": "2026-11-22"}, "生效日期不能早于今天"), ({"on": "tomorrow"}, "生效日期不能早于今天"),
    ({"reason": " "}, "请写明为什么发布"), ({"reach": "units"}, "请选择全集团，或至少选择一个公司"),
    ({"reach": "units", "units": ["999999", "x"]}, "权限以外的单位"),
]


def test_what_is_wrong_is_said_and_nothing_is_asked(owners: Town) -> None:
    before, number = count(owners, Release), drafted(owners.engine, owners.company)
    owner = owners.visitor("owner")
    for wrong, words in WRONG:
        answer = owner.post(f"/studio/drafts/{number}/release", {**ASKED, **wrong})
        assert answer.status_code in (400, 403) and words in answer.text
        assert ASKED["reason"] in answer.text or "reason" in wrong
    assert count(owners, Release) == before


def test_neither_who_asked_nor_who_changed_the_draft_decides_and_the_second_decider_reads_who_did(owners: Town) -> None:
    page = asked(owners, "second")
    for login in ("second", "owner"):
        assert owners.visitor(login).post(f"{page}/decision", {"verdict": "approve"}).status_code == 403
    assert "没有改过它的另一位" in owners.visitor("owner").get(page).text
    assert owners.visitor("third").post(f"{page}/decision", {"verdict": "refuse"}).status_code == 400
    answer = owners.visitor("third").post(f"{page}/decision", {"verdict": "refuse", "remark": "再议"})
    assert answer.status_code == 303
    late = owners.visitor("third").post(f"{page}/decision", {"verdict": "approve"})
    assert late.status_code == 409 and "主管乙 已于 2026-11-23 10:00 决定了" in late.text
    assert "未获同意" in told(owners, "second")


def test_rights_reach_as_far_as_the_company(owners: Town) -> None:
    page = asked(owners)
    local = owners.visitor("local")
    for path, data in (("decision", {"verdict": "approve"}), ("withdrawal", {}), ("return", {"reason": "x"})):
        assert local.post(f"{page}/{path}", data).status_code == 403
    mine = drafted(owners.engine, owners.company, "local")
    assert local.post(f"/studio/drafts/{mine}/release", ASKED).status_code == 403
    assert 'value="whole"' not in local.get(f"/studio/drafts/{mine}/release").text
    own = asked(owners, "local", mine, reach="units", units=[str(owners.company.units["company"])], reason="试")
    assert owners.visitor("owner").post(f"{own}/decision", {"verdict": "approve"}).status_code == 303
    assert owners.visitor("hr").get(page).status_code == 403
    with Session(owners.engine) as session, pytest.raises(NotFound):
        releasing.one(session, int(page.rpartition("/")[2]), Actor(1, "x", 999))


def test_a_pilot_that_went_well_is_asked_for_again_for_all(owners: Town, clock: Fixed) -> None:
    page = asked(owners, reach="units", units=[str(owners.company.units["company"])], on="2026-11-23")
    owners.visitor("second").post(f"{page}/decision", {"verdict": "approve"})
    clock.move_to(datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI))
    with reading(owners.engine) as session:
        version = session.scalars(select(Definition.id).where(Definition.process_id == "application")
                                  .order_by(Definition.id.desc())).first()
    address = f"/studio/versions/{version}/release"
    assert "正在试点" in owners.visitor("owner").get(address).text
    again = owners.visitor("owner").post(address, {**ASKED, "on": "2026-11-23", "over": "yes"}).location
    owners.visitor("second").post(f"{again}/decision", {"verdict": "approve"})
    assert version_of(owners.engine, owners.company, "E03", "unit", "other", "stranger") == 2
    assert "已被取代" in owners.visitor("owner").get("/studio/releases").text


def test_what_is_coming_is_withdrawn_and_names_stay_text(owners: Town) -> None:
    evil = "<script>alert(1)</script>"
    page = asked(owners, reason=evil)
    owners.visitor("second").post(f"{page}/decision", {"verdict": "approve", "remark": evil})
    assert owners.visitor("second").post(f"{page}/return", {"reason": "x"}).status_code == 409
    assert owners.visitor("owner").post(f"{page}/withdrawal", {"reason": evil}).status_code == 303
    for address in (page, "/studio/releases"):
        shown = owners.visitor("second").get(address).text
        assert evil not in shown and "已撤回" in shown


def test_whose_account_is_shut_cannot_decide_and_is_not_asked(owners: Town, clock: Fixed) -> None:
    number = int(asked(owners).rpartition("/")[2])
    owners.visitor("second").get("/")
    second = owners.company.people["second"]
    with unit(owners.engine) as session:
        release = session.get_one(Release, number)
        before = releasing.deciders(session, release)
        accounts.disable(session, session.scalars(select(accounts.Account).where(
            accounts.Account.person_id == second)).one(), by=SYSTEM)
        assert second in before and releasing.deciders(session, release) == [one for one in before if one != second]
