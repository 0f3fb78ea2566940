"""Who may open what, what every answer carries, and what an unsafe request must show (ASVS 3.3-3.5, 8.2, 14.3)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from ledger.clock import Fixed
from tests.web.house import House

PAGES = [
    "/",
    "/certificates",
    "/certificates/{permit}",
    "/certificates/{permit}/story",
    "/certificates/{permit}/sheet.pdf",
    "/people",
    "/people/{welder}",
    "/projects",
    "/projects/{project}",
    "/notices",
    "/account",
    "/calendar/2026",
    "/types",
    "/types/E03",
    "/types/E03/editions/new",
    "/search?q=w",
]
OPEN = {"/", "/people", "/projects", "/projects/{project}", "/notices", "/account", "/search?q=w"}
MAY = {
    "custodian": OPEN
    | {
        "/certificates",
        "/certificates/{permit}",
        "/certificates/{permit}/story",
        "/certificates/{permit}/sheet.pdf",
        "/people/{welder}",
    },
    "hr": OPEN | {"/certificates", "/people/{welder}"},
    "legal": OPEN
    | {"/certificates", "/certificates/{permit}", "/certificates/{permit}/story", "/certificates/{permit}/sheet.pdf"},
    "owner": OPEN | {"/certificates", "/calendar/2026", "/types", "/types/E03", "/types/E03/editions/new"},
    "guard": OPEN | {"/certificates", "/people/{welder}"},
    "worker": OPEN | {"/certificates"},
    "stranger": (OPEN | {"/certificates"}) - {"/projects/{project}"},
}
"""Login -> the pages that open; a page that is not the visitor's kind is 403, a thing of others is 404."""


def address(house: House, page: str) -> str:
    return page.format(**house.certificates, **{**house.units, **house.people})


def test_each_role_opens_its_pages_and_no_others(house: House) -> None:
    browsers = {login: house.browser(login) for login in MAY}
    found = {
        login: {page: browser.get(address(house, page)).status_code for page in PAGES}
        for login, browser in browsers.items()
    }
    assert {login: {page for page, status in pages.items() if status == 200} for login, pages in found.items()} == MAY
    assert {status for pages in found.values() for status in pages.values()} == {200, 403, 404}


FOREIGN = [
    "/certificates/{foreign}",
    "/certificates/{foreign}/story",
    "/certificates/{foreign}/sheet.pdf",
    "/certificates/{foreign}/scans/1",
    "/certificates/{permit}/scans/99",
    "/people/{foreigner}",
    "/projects/{elsewhere}",
    "/certificates?unit={elsewhere}",
    "/people?unit={elsewhere}",
    "/certificates/99999",
]


def test_the_things_of_another_group_are_not_there(house: House) -> None:
    browser = house.browser("custodian")
    found = {page: browser.get(address(house, page)).status_code for page in FOREIGN}
    assert {page: status for page, status in found.items() if status != 404} == {}
    assert house.browser("owner").get("/calendar/1999").status_code == 404


def test_lists_searches_and_counts_end_at_ones_own_group(house: House) -> None:
    browser = house.browser("custodian")
    for page in (
        "/",
        "/certificates",
        "/certificates?q=3301092",
        "/people?q=zhaowairen",
        "/projects",
        "/search?q=别家",
        "/search?q=赵外",
    ):
        text = browser.get(page).text
        assert not any(name in text for name in ("别家项目", "别家一建", "赵外人")), page
    assert "共 2 条" in browser.get("/certificates").text


def test_an_unsafe_request_without_the_token_is_refused_in_words(house: House) -> None:
    answer = house.browser("hr").client.post("/account/password", data={"old": "x"})
    assert answer.status_code == 400
    assert "页面打开得太久" in answer.text


def test_json_is_no_way_around_the_token(house: House) -> None:
    browser = house.browser("hr")
    assert browser.client.post("/notices/reading", json={}).status_code == 400
    assert browser.client.post("/notices/reading", data="{}", content_type="text/plain").status_code == 400
    answer = browser.client.post("/notices/reading", json={}, headers={"X-CSRF-Token": browser.token()})
    assert answer.status_code == 303


def test_a_form_on_another_site_is_refused_even_with_the_token(house: House) -> None:
    browser = house.browser("hr")
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]
    assert [browser.post("/notices/reading", headers=headers).status_code for headers in foreign] == [400] * 4
    assert browser.post("/notices/reading", headers={"Origin": "http://localhost"}).status_code == 303


def test_every_page_carries_the_policy_and_stays_out_of_caches(house: House) -> None:
    browser = house.browser("custodian")
    for page in (*PAGES, "/nowhere", "/v/" + "x" * 22):
        headers = browser.get(address(house, page)).headers
        assert "unsafe" not in headers["Content-Security-Policy"], page
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], page
        assert headers["X-Content-Type-Options"] == "nosniff", page
        assert headers["Referrer-Policy"] == "same-origin", page
        assert "no-store" in headers["Cache-Control"], page


def test_a_host_that_is_not_ours_gets_nothing(house: House) -> None:
    answer = house.browser().get("/login", base_url="http://evil.example")
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_behind_tls_cookies_are_locked_to_the_host_and_browsers_told_to_stay(
    engine: Engine, tmp_path: Path, clock: Fixed
) -> None:
    house = House(engine, tmp_path, url="https://licet.example", hosts=("licet.example",))
    try:
        answer = house.browser().get("/login", base_url="https://licet.example")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-licet=")
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Domain" not in cookie
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    finally:
        house.close()


def test_a_get_changes_nothing(house: House) -> None:
    browser = house.browser("custodian")
    sent = house.statements()
    for page in PAGES:
        browser.get(address(house, page))
    assert [one for one in sent if one.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))] == []


def test_texts_of_people_are_shown_not_run(house: House) -> None:
    browser = house.browser("custodian")
    for page in ("/certificates?q=", "/search?q=", "/people?q=", "/projects?q="):
        assert "<img src=x" not in browser.get(page + "<img src=x onerror=alert(1)>").text
