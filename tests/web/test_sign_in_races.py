"""The same thing sent several times at the same moment: each is counted, and what works once works once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from ledger.clock import Fixed
from tests.web.house import Browser, House
from tests.web.test_resets import NEW, admin, link
from tests.web.test_second import code, linked

__all__ = ["admin"]


def at_once(house: House, count: int, send: Callable[[Browser, str], int]) -> Counter[int]:
    """What so many browsers are answered that all send at one moment."""
    browsers = [house.browser() for _ in range(count)]
    tokens, answers = [browser.token() for browser in browsers], Counter[int]()
    start, lock = threading.Barrier(count), threading.Lock()

    def run(browser: Browser, token: str) -> None:
        start.wait()
        status = send(browser, token)
        with lock:
            answers[status] += 1

    threads = [threading.Thread(target=run, args=pair) for pair in zip(browsers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.attack("A75")
def test_of_ten_wrong_passwords_at_once_five_are_looked_at(house: House) -> None:
    def send(browser: Browser, token: str) -> int:
        sent = {"csrf_token": token, "login": "hr", "password": "wrong password"}
        return browser.client.post("/login", data=sent).status_code

    assert at_once(house, 10, send) == {401: 5, 429: 5}


@pytest.mark.attack("A77")
def test_of_four_who_use_a_link_at_once_one_sets_the_password(house: House, admin: Browser) -> None:
    path = link(house, admin)
    answers = at_once(house, 4, lambda browser, token: browser.client.post(
        path, data={"csrf_token": token, **NEW}).status_code)
    assert answers == {303: 1, 404: 3}


@pytest.mark.attack("A78")
def test_of_two_who_use_a_code_at_once_one_signs_in(house: House, clock: Fixed) -> None:
    linked(house, clock)
    halves = [house.browser() for _ in range(2)]
    for browser in halves:
        browser.sign_in("hr")
    seen, start, answers = code(house, clock), threading.Barrier(2), list[int]()
    tokens = [browser.token() for browser in halves]

    def run(browser: Browser, token: str) -> None:
        start.wait()
        sent = {"csrf_token": token, "code": seen}
        answers.append(browser.client.post("/login/second", data=sent).status_code)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(halves, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 401]
