"""内部核验, the page behind the QR code (attacks A79, A80)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.certificates.lifecycle import suspend
from registry.certificates.models import Certificate
from tests.web.house import House


def link(house: House, name: str = "trade") -> str:
    with Session(house.engine) as session:
        return f"/v/{session.get_one(Certificate, house.certificates[name]).check_token}"


def test_anybody_sees_state_and_term_but_not_the_name(house: House) -> None:
    answer = house.browser().get(link(house))
    assert answer.status_code == 200
    assert "临期" in answer.text and "2027-01-31" in answer.text and "王**" in answer.text
    assert "王建国" not in answer.text and "苏A012025000123" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.text


def test_a_project_is_named(house: House) -> None:
    text = house.browser().get(link(house, "permit")).text
    assert "滨江路改造" in text and "320102202603150101" in text


def test_the_page_shows_the_book_as_it_is_now(house: House) -> None:
    with unit(house.engine) as session:
        suspend(
            session,
            session.get_one(Certificate, house.certificates["trade"]),
            since=dt.date(2026, 11, 1),
            reason="违章",
            by=SYSTEM,
        )
    assert "暂扣" in house.browser().get(link(house)).text


@pytest.mark.parametrize("token", ["x" * 22, "1", "../../etc/passwd", "%00" * 3, "x" * 500, "王"])
def test_what_is_no_link_of_ours_reads_the_same_whatever_it_is(house: House, token: str) -> None:
    answer = house.browser().get(f"/v/{token}")
    assert answer.status_code == 404
    assert "没有" in answer.text and "贵" not in answer.text


def test_the_thirty_first_look_within_a_minute_is_put_off(engine: Engine, tmp_path: Path, clock: Fixed) -> None:
    house = House(engine, tmp_path, limits=True)
    try:
        browser = house.browser()
        told = [browser.get("/v/" + "x" * 22, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(31)]
        assert [answer.status_code for answer in told] == [404] * 30 + [429]  # nobody behind no proxy names an address
        assert "请稍等一分钟再试" in told[-1].text and told[-1].headers["Retry-After"] == "60"
    finally:
        house.close()
