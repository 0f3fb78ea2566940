"""Links for a new password: A77, A49; ASVS 6.3.8, 6.4.1, 6.4.3, 6.4.6."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.accounts import Account, actor_for, disable
from registry.access.grants import grant_role
from registry.access.resets import ResetAsk, ResetLink
from registry.alerts.channels import Outgoing, email
from registry.alerts.letters import contacts, lines, resetting, sending
from registry.people.persons import Person, create_person
from registry.people.units import Unit
from tests.registry.alerts.letterbox import DOMAIN, Letterbox, listening
from tests.registry.alerts.trust import authority
from tests.web.house import PASSWORD, Browser, House, _hash
from web.i18n import spoken

NEW = {"new": "seven blue diggers", "again": "seven blue diggers"}
URL = "https://licet.example.cn"


@pytest.fixture
def admin(house: House) -> Browser:
    with unit(house.engine) as session:
        group = session.get_one(Unit, house.units["group"])
        person = create_person(session, unit=group, name="管理员", by=SYSTEM)
        grant_role(session, person, "administrator", group, by=SYSTEM)
        session.add(Account(person=person, group_id=group.id, login="chief", password_hash=_hash()))
    return house.browser("chief")


def link(house: House, admin: Browser, login: str = "hr") -> str:
    """The path of a link that an administrator hands over."""
    page = admin.post(f"/people/{house.people[login]}/account/reset")
    found = re.search(r'value="(/password/new/[0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


@pytest.mark.asvs("6.4.1")
@pytest.mark.attack("A77")
def test_a_link_sets_a_password_once_and_ends_every_sign_in(house: House, admin: Browser) -> None:
    open_one, browser, path = house.browser("hr"), house.browser(), link(house, admin)
    assert browser.get(path).status_code == browser.get(path).status_code == 200  # looking uses nothing up
    assert browser.post(path, NEW).location == "/login"
    assert open_one.get("/people").status_code == 302
    assert browser.sign_in("hr").status_code == 401
    assert browser.sign_in("hr", NEW["new"]).status_code == 303
    assert house.browser().post(path, NEW).status_code == house.browser().get(path).status_code == 404


def _again(house: House, admin: Browser, clock: Fixed) -> None:
    link(house, admin)


def _late(house: House, admin: Browser, clock: Fixed) -> None:
    clock.advance(timedelta(minutes=30))


def _changed(house: House, admin: Browser, clock: Fixed) -> None:
    clock.advance(timedelta(seconds=1))
    new = "nine old bridges"
    house.browser("hr").post("/account/password", {"old": PASSWORD, "new": new, "again": new})


def _moved(house: House, admin: Browser, clock: Fixed) -> None:
    house.browser("hr").post("/account/letters", {"mailbox": "new.hr@example.cn"})


def _shut(house: House, admin: Browser, clock: Fixed) -> None:
    with unit(house.engine) as session:
        disable(session, session.scalars(select(Account).where(Account.login == "hr")).one(), by=SYSTEM)


@pytest.mark.parametrize("what", [_again, _late, _changed, _moved, _shut])
@pytest.mark.asvs("6.4.1")
@pytest.mark.attack("A77")
def test_a_link_that_is_over_is_refused_without_saying_why(
    house: House, admin: Browser, clock: Fixed, what: Callable[[House, Browser, Fixed], None]
) -> None:
    path, browser = link(house, admin), house.browser()
    what(house, admin, clock)
    answer, unknown = browser.post(path, NEW), browser.post("/password/new/" + "0" * 64, NEW)
    assert answer.status_code == unknown.status_code == 404
    said = [re.findall(r"<p>(.*?)</p>", one.text) for one in (answer, unknown)]
    assert said[0] == said[1] and "可能已经用过" in said[0][0]


def test_a_weak_password_leaves_the_link_to_be_used(house: House, admin: Browser) -> None:
    path, browser = link(house, admin), house.browser()
    for new, again, words in (("short", "short", "10 到 200"), ("seven blue diggers", "x", "不一样")):
        answer = browser.post(path, {"new": new, "again": again})
        assert answer.status_code == 400 and words in answer.text
    assert browser.post(path, NEW).status_code == 303


@pytest.mark.asvs("6.4.1")
@pytest.mark.attack("A77")
def test_the_table_of_links_opens_no_account(house: House, admin: Browser) -> None:
    link(house, admin)
    with Session(house.engine) as session:
        row = session.scalars(select(ResetLink)).one()
    browser = house.browser()
    assert [browser.get(f"/password/new/{one}").status_code for one in (row.token_hash, row.salt)] == [404, 404]


def test_nobody_resets_their_own_or_without_the_right(house: House, admin: Browser) -> None:
    with Session(house.engine) as session:
        own = session.scalars(select(Account.person_id).where(Account.login == "chief")).one()
    assert admin.post(f"/people/{own}/account/reset").status_code == 409
    assert house.browser("legal").post(f"/people/{house.people['hr']}/account/reset").status_code == 403
    assert house.browser("legal").post(f"/people/{house.people['hr']}/account/sign-ins/end").status_code == 403


@pytest.mark.asvs("7.4.5")
def test_an_administrator_ends_somebodys_sign_ins(house: House, admin: Browser) -> None:
    browser = house.browser("hr")
    assert admin.post(f"/people/{house.people['hr']}/account/sign-ins/end").status_code == 303
    assert browser.get("/people").status_code == 302


@pytest.mark.asvs("6.3.8")
@pytest.mark.attack("A76")
def test_asking_costs_the_same_statements_and_reads_the_same_for_a_name_that_nobody_has(house: House) -> None:
    browser = house.browser()
    token, seen, told = browser.token(), house.statements(), []
    for login in ("hr", "nobody"):
        seen.clear()
        page = browser.client.post("/password/forgotten", data={"csrf_token": token, "login": login}).text
        told.append((list(seen), re.sub(r'content="[^"]+"|value="[^"]+"', "", page)))
    assert told[0] == told[1] and told[0][0]


def test_who_asks_again_and_again_is_answered_alike_but_not_written_to(house: House) -> None:
    browser = house.browser()
    assert {browser.post("/password/forgotten", {"login": "hr"}).status_code for _ in range(9)} == {200}
    with Session(house.engine) as session:
        assert len(session.scalars(select(ResetAsk)).all()) == 5


@contextmanager
def post(house: House, folder: Path) -> Iterator[Callable[[], Letterbox]]:
    """A line for e-mail, the relay behind it, and hr's address; what is called sends all that is due."""
    box = Letterbox(authority().server(folder, DOMAIN), mailboxes=("hr@example.cn",))
    with listening(box) as port:
        settings = email.Settings(DOMAIN, port, "tls", *box.account, "alerts@example.com", "Licet")
        with unit(house.engine) as session:
            group = session.get_one(Unit, house.units["group"])
            chief = create_person(session, unit=group, name="管理员二", by=SYSTEM)
            grant_role(session, chief, "administrator", group, by=SYSTEM)
            by = actor_for(session, chief)
            lines.set_up(session, "email", group, asdict(settings), title="邮件", by=by, local=True)
            person = session.get_one(Person, house.people["hr"])
            contacts.keep(session, actor_for(session, person), "mailbox", "hr@example.cn")
        http = Outgoing(allow_local=True, trust=authority().trusting(), resolve=lambda host, port: ["127.0.0.1"])

        def sent() -> Letterbox:
            resetting.sweep(house.engine)
            sending.sweep(house.engine, http, spoken, URL)
            return box

        yield sent


@pytest.mark.attack("A49")
def test_the_link_comes_by_letter_on_the_sites_own_address(house: House, tmp_path: Path) -> None:
    with post(house, tmp_path) as sent:
        browser = house.browser()
        browser.post("/password/forgotten", {"login": "HR"})
        browser.post("/password/forgotten", {"login": "nobody"})
        box = sent()
        letter = box.letter()
    assert letter["To"] == "hr@example.cn" and len(box.letters) == 1
    text = "".join(part.get_content() for part in letter.iter_parts())
    [address] = set(re.findall(rf"{URL}(/password/new/[0-9a-f]+)", text))
    assert browser.post(address, NEW).status_code == 303
    assert browser.sign_in("hr", NEW["new"]).status_code == 303


@pytest.mark.asvs("6.4.6")
def test_an_administrator_does_not_see_the_link_of_whoever_can_be_written_to(
    house: House, admin: Browser, tmp_path: Path
) -> None:
    with post(house, tmp_path) as sent:
        assert admin.post(f"/people/{house.people['hr']}/account/reset").status_code == 303
        assert sent().letter()["To"] == "hr@example.cn"


def test_a_link_used_before_its_letter_left_is_not_sent(house: House, admin: Browser, tmp_path: Path) -> None:
    with post(house, tmp_path) as sent:
        admin.post(f"/people/{house.people['hr']}/account/reset")
        with unit(house.engine) as session:
            disable(session, session.scalars(select(Account).where(Account.login == "hr")).one(), by=SYSTEM)
        assert sent().letters == []


@pytest.mark.asvs("6.4.3")
def test_a_reset_leaves_the_second_step(house: House, admin: Browser, clock: Fixed) -> None:
    from tests.web.test_second import linked

    linked(house, clock)
    house.browser().post(link(house, admin), NEW)
    assert house.browser().sign_in("hr", NEW["new"]).location == "/login/second"
