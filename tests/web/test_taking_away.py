"""An account, a role, a form is taken away behind its impact list: refused, warned of, told, taken up again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select

from engine import catalog, instances
from engine.releases.deciding import Wish, ask
from ledger import clock
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import Fact
from registry.access.accounts import Account, actor_for
from registry.access.grants import RoleGrant, RoleRetired, grant_role
from registry.access.retiring import Retirement
from registry.people.persons import person_of
from registry.people.units import places, unit_of
from tests.engine.drawings import drawing, end, flows, start, task
from tests.founding import Founder
from tests.web.house import Browser, House
from workflows.impact import drawings, listing, taking_away
from workflows.impact.taking_away import Looked
from workflows.studio import checking, contents, drafts

LINE = drawing(start(), task("A", groups="legal"), end(), flows("S A E"))
KINDS = ("account.disabled", "account.enabled", "role.revoked", "role.retired", "role.taken_up", "form.retired",
         "form.taken_up")


@pytest.fixture
def site(engine: Engine, tmp_path: Path, clock: Fixed, founder: Founder) -> Iterator[House]:
    """A house with an administrator (the worker) and one who gives roles (hr); a process that needs somebody legal."""
    made = House(engine, tmp_path, founder)
    with unit(engine) as session:
        for login, role in (("worker", "administrator"), ("hr", "security_administrator")):
            grant_role(session, person_of(session, made.people[login]), role, unit_of(session, made.units["group"]),
                       by=SYSTEM)
    yield made
    made.close()


def deployed(house: House, *, running: bool = True) -> None:
    with unit(house.engine) as session:
        catalog.deploy(session, {"d.bpmn": LINE}, by=SYSTEM)
        here = unit_of(session, house.units["project"])
        if running:
            instances.start(session, "P", by=SYSTEM, group_id=here.group_id, places=places(here), business_key="K",
                            title="一件")


def sent(browser: Browser, address: str, **more: str) -> tuple[int, str]:
    """The form at an address, sent as it stands there with these answers; the answer's status and page."""
    page = browser.get(address).text
    seen = re.search(r'name="seen" value="([0-9a-f]*)"', page)
    answer = browser.post(address, {"seen": seen[1] if seen else "", "reason": "不再需要", **more})
    return answer.status_code, answer.text


def facts(house: House) -> list[str]:
    with reading(house.engine) as session:
        return [one.kind for one in session.scalars(select(Fact).order_by(Fact.id)) if one.kind in KINDS]


def looked(house: House, login: str) -> Looked:
    with reading(house.engine) as session:
        lines = listing.of_person(session, person_of(session, house.people[login]))
        return Looked(taking_away.mark_of(lines), True, "不再需要")


# accounts
def test_an_account_is_shut_behind_its_list_and_signed_out(site: House) -> None:
    guard, page = site.browser("guard"), f"/people/{site.people['guard']}/account"
    admin = site.browser("worker")
    assert "停用这个账号" in admin.get(page).text and guard.get("/inbox").status_code == 200
    assert sent(admin, page + "/closing", anyway="yes")[0] == 303
    assert guard.get("/inbox").status_code in (302, 303) and "已停用" in admin.get(page).text
    assert admin.post(page + "/opening").status_code == 303
    assert guard.get("/inbox").status_code in (302, 303)  # what was signed in before stays out
    assert site.browser("guard").get("/inbox").status_code == 200
    assert facts(site) == ["account.disabled", "account.enabled"]


def test_whose_work_nobody_else_could_do_is_not_shut_out_by_mistake(site: House) -> None:
    deployed(site)
    admin, page = site.browser("worker"), f"/people/{site.people['legal']}/account/closing"
    assert "只有其一个人的组" in admin.get(page).text
    status, told = sent(admin, page)
    assert status == 400 and "之后有事项没有人能办" in told and facts(site) == []
    assert sent(admin, page, anyway="yes", reason=" ")[0] == 400
    assert sent(admin, page, anyway="yes")[0] == 303
    with reading(site.engine) as session:
        told_of = session.scalars(select(Fact).where(Fact.kind == "account.disabled")).one()
        assert told_of.after == {"reason": "不再需要"} and told_of.actor_id == site.people["worker"]


def test_a_list_that_has_changed_since_is_shown_again(site: House) -> None:
    admin, page = site.browser("worker"), f"/people/{site.people['legal']}/account/closing"
    shown = re.search(r'name="seen" value="([0-9a-f]+)"', admin.get(page).text)
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.people["legal"]), "safety", unit_of(session, site.units["group"]),
                   by=SYSTEM)
    assert shown
    answer = admin.post(page, {"seen": shown[1], "reason": "x", "anyway": "yes"})
    assert answer.status_code == 409 and "影响清单有了变化" in answer.text and facts(site) == []
    assert f'name="seen" value="{shown[1]}"' not in answer.text


def test_nobody_shuts_their_own_account(site: House) -> None:
    own = f"/people/{site.people['worker']}/account/closing"
    assert sent(site.browser("worker"), own, anyway="yes")[0] == 409


def test_who_was_shut_out_meanwhile_shuts_nobody_out(site: House) -> None:
    """Two administrators, each about to shut out the other: one of them comes first."""
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.people["guard"]), "administrator",
                   unit_of(session, site.units["group"]), by=SYSTEM)
    pairs = [("worker", "guard"), ("guard", "worker")]
    seen, barrier = {of: looked(site, of) for _, of in pairs}, Barrier(2)
    refused: list[str] = []

    def shut(by: str, of: str) -> None:
        try:
            with unit(site.engine) as session:
                actor = actor_for(session, person_of(session, site.people[by]))
                account = session.scalars(select(Account).where(Account.person_id == site.people[of])).one()
                session.rollback()
                barrier.wait(30)
                taking_away.close_account(session, account, seen[of], by=actor)
        except taking_away.ListChanged as error:
            refused.append(type(error).__name__)
        except Exception as error:
            refused.append(type(error).__name__)

    threads = [Thread(target=shut, args=pair) for pair in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(refused) == 1 and facts(site) == ["account.disabled"]


def test_their_work_can_be_handed_over_once_the_account_is_shut(site: House) -> None:
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.people["legal"]), "hr", unit_of(session, site.units["company"]),
                   by=SYSTEM)
    hr, page = site.browser("legal"), f"/people/{site.people['guard']}"
    begin = {"successor": str(site.people["custodian"])}
    assert hr.post(page + "/handover", begin).status_code == 409
    assert sent(site.browser("worker"), page + "/account/closing", anyway="yes")[0] == 303
    assert "项工作没有移交" in hr.get(page).text
    assert hr.post(page + "/handover", begin).status_code == 303


def test_only_who_looks_after_accounts_shuts_them(site: House) -> None:
    page = f"/people/{site.people['guard']}/account"
    for login in ("owner", "custodian", "hr"):
        assert site.browser(login).post(page + "/closing", {"reason": "x"}).status_code == 403
    admin = site.browser("worker")
    assert admin.get(f"/people/{site.people['stranger']}/account/closing").status_code == 404


# roles
def test_a_role_is_given_and_taken_by_who_may(site: House) -> None:
    hr, page = site.browser("hr"), f"/people/{site.people['guard']}"
    given = {"role": "safety", "unit": str(site.units["company"]), "from_on": clock.today().isoformat()}
    assert hr.post(page + "/roles", given).status_code == 303
    with reading(site.engine) as session:
        number = session.scalars(select(RoleGrant.id).where(RoleGrant.role == "safety")).one()
    away = f"{page}/roles/{number}/revocation"
    assert sent(hr, away)[0] == 400 and sent(hr, away, anyway="yes")[0] == 303
    assert sent(hr, away, anyway="yes")[0] == 409 and facts(site) == ["role.revoked"]
    own = f"/people/{site.people['hr']}/roles"
    assert hr.post(own, given).status_code == 409  # nobody gives themselves more
    assert site.browser("worker").post(page + "/roles", given).status_code == 403
    stranger = f"/people/{site.people['stranger']}/roles"
    assert hr.post(stranger, given).status_code == 404


def test_a_role_that_a_drawing_needs_stays(site: House) -> None:
    deployed(site)
    status, told = sent(site.browser("hr"), "/roles/legal/retirement", anyway="yes")
    assert status == 409 and "还离不开它" in told and facts(site) == []


def test_a_role_is_needed_by_what_still_runs_on_an_old_version(site: House) -> None:
    deployed(site)
    with unit(site.engine) as session:
        catalog.deploy(session, {"d.bpmn": LINE.replace(b'"legal"', b'"hr"')}, by=SYSTEM)
    with reading(site.engine) as session:
        group = unit_of(session, site.units["group"])
        assert "drawing" in {line.key for line in listing.of_role_key(session, "legal", [group])}


def test_a_role_is_found_however_it_is_spelled(site: House) -> None:
    spelled = {"utf-16": LINE.decode().replace("utf-8", "utf-16").replace("UTF-8", "utf-16").encode("utf-16"),
               "by number": LINE.replace(b'"legal"', b'"leg&#97;l"')}
    assert {how: drawings.elements({"d.bpmn": body}, drawings.of_role("legal")) for how, body in spelled.items()} == {
        "utf-16": ["任务A"], "by number": ["任务A"]}


def test_a_retired_role_is_held_by_nobody_given_to_nobody_and_drawn_by_nobody(site: House) -> None:
    hr = site.browser("hr")
    assert sent(hr, "/roles/guard/retirement")[0] == 303
    assert "测试guard" not in hr.get("/roles/guard").text and "不再需要" in hr.get("/roles/guard").text
    assert sorted(facts(site)) == ["role.retired", "role.revoked"]
    with pytest.raises(RoleRetired), unit(site.engine) as session:
        grant_role(session, person_of(session, site.people["guard"]), "guard", unit_of(session, site.units["project"]),
                   by=SYSTEM)
    with reading(site.engine) as session:
        files = {"d.bpmn": LINE.replace(b'"legal"', b'"guard"')}
        assert "role-retired" in {one.rule for one in checking.check(
            session, files, group_id=site.units["group"]).errors}
        assert "role-retired" not in {one.rule for one in checking.check(
            session, files, group_id=site.units["other"]).errors}
    assert sent(hr, "/roles/guard/retirement")[0] == 409
    assert hr.post("/roles/guard/return").status_code == 303 and hr.post("/roles/guard/return").status_code == 404
    assert facts(site)[-1] == "role.taken_up"


def test_roles_that_keep_the_house_open_stay(site: House) -> None:
    hr = site.browser("hr")
    assert {hr.get(f"/roles/{key}/retirement").status_code for key in taking_away.KEPT} == {404}
    with unit(site.engine) as session, pytest.raises(taking_away.CannotGo):
        taking_away.retire_role(session, "administrator", unit_of(session, site.units["group"]),
                                Looked("", False, "x"), by=SYSTEM)
    assert site.browser("worker").get("/roles/guard/retirement").status_code == 403


# forms
def test_a_form_that_a_task_is_filled_in_with_stays(site: House) -> None:
    with unit(site.engine) as session:
        form = LINE.replace(b"<zeebe:userTask/>", b'<zeebe:userTask/><zeebe:formDefinition formId="approve"/>', 1)
        catalog.deploy(session, {"d.bpmn": form}, by=SYSTEM)
    owner = site.browser("owner")
    status, told = sent(owner, "/forms/approve/withdrawal")
    assert status == 409 and "还离不开它" in told and facts(site) == []


def test_a_withdrawn_form_comes_into_no_drawing_until_it_comes_back(site: House) -> None:
    owner = site.browser("owner")
    assert sent(owner, "/forms/test/withdrawal")[0] == 303 and "已停用" in owner.get("/forms").text
    with unit(site.engine) as session:
        by = actor_for(session, person_of(session, site.people["owner"]))
        draft = drafts.begin(session, name="一份", files={"d.bpmn": LINE}, by=by, process_id="P")
        with pytest.raises(contents.FormRetired):
            contents.add_form(session, draft.id, "test", by=by)
    assert owner.post("/forms/test/return").status_code == 303 and facts(site) == ["form.retired", "form.taken_up"]
    with reading(site.engine) as session:
        assert session.scalars(select(Retirement)).one().ended_by_name == "测试owner"


def test_forms_are_withdrawn_by_who_releases_processes(site: House) -> None:
    assert site.browser("worker").get("/forms").status_code == 200
    assert {site.browser(login).post("/forms/test/withdrawal", {"reason": "x"}).status_code
            for login in ("worker", "hr", "guard")} == {403}
    assert sent(site.browser("owner"), "/forms/no-such-form/withdrawal")[0] == 404


# releases
def test_a_release_that_only_they_could_decide_stands_on_their_list(site: House) -> None:
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.people["guard"]), "process_owner",
                   unit_of(session, site.units["group"]), by=SYSTEM)
        asker = actor_for(session, person_of(session, site.people["guard"]))
        ask(session, catalog.add(session, {"d.bpmn": LINE}, by=asker), Wish(clock.today(), "新的一版"), by=asker)
    with reading(site.engine) as session:
        lists = {login: {line.key: line.weight for line in listing.of_person(
            session, person_of(session, site.people[login]))} for login in ("owner", "guard", "legal")}
    assert lists["owner"]["decides"] == "stop" and lists["guard"]["release"] == "note"
    assert not {"decides", "release"} & set(lists["legal"])
    page = site.browser("worker").get(f"/cockpit/impact?kind=person&key={site.people['owner']}").text
    assert "只有其能决定的发布申请" in page and "第 1 版" in page and "/account/closing" in page
