"""A link to an expert is a key: nothing tells a dead one from one that never was, and nothing keeps its token."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.clock import Fixed
from ledger.outbox import deliver
from tests.web.desk.at_work import Town
from tests.web.desk.test_consulting import Expert, expert, facts, task
from workflows import triggers
from workflows.requests import RequestFile
from workflows.sharing.consulting import Consultation

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUIET = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
         "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
__all__ = ["task"]


def heard(page: TestResponse, address: str) -> tuple[int, str, frozenset[tuple[str, str]]]:
    """All that an answer tells whoever holds the link: status, text and headers, without what each page has anew."""
    text = re.sub(r'(content|value)="[^"]+"', "", page.text.replace(address, ""))
    return page.status_code, text, frozenset((name, value) for name, value in page.headers
                                             if name not in ("Set-Cookie", "Content-Length", "Date"))


@on_sqlite
def test_by_no_answer_a_dead_link_is_told_from_one_that_never_was(town: Town, task: int, clock: Fixed) -> None:
    with Session(town.engine) as session:
        file = session.scalars(select(RequestFile.file_id)).first()
    used, revoked, over = (expert(town, task, files=str(file)) for _ in range(3))
    for one in (used, revoked, over):
        assert one.post().status_code == 200
    used.answers()
    with Session(town.engine) as session:
        second = session.scalars(select(Consultation.id).order_by(Consultation.id)).all()[1]
    town.visitor("legal").post(f"/tasks/{task}/consultations/{second}/revocation")
    clock.advance(timedelta(days=9))
    strange = [Expert(town.app.test_client(), "/x/" + token) for token in ("A" * 22, "x", "A" * 23, "-" * 22)]
    for ask in (
        lambda one: one.door(), lambda one: one.client.head(one.address), lambda one: one.post(),
        lambda one: one.answers(), lambda one: one.post("/answer", {}), lambda one: one.post(f"/files/{file}"),
        lambda one: one.post("/files/999999"), lambda one: one.client.get(one.address + "/answer"),
        lambda one: one.client.post(one.address), lambda one: one.client.delete(one.address),
    ):
        told = {heard(ask(one), one.address) for one in (used, revoked, over, *strange)}
        assert len(told) == 1 and next(iter(told))[0] in (400, 404, 405)


@on_sqlite
def test_every_page_behind_it_is_kept_by_nobody(town: Town, task: int) -> None:
    visitor = expert(town, task)
    pages = [visitor.door(), visitor.post(), visitor.post("/answer", {}), visitor.answers(), visitor.door()]
    assert [page.status_code for page in pages] == [200, 200, 400, 200, 404]
    for page in pages:
        assert {name: page.headers.get(name) for name in QUIET} == QUIET
        elsewhere = re.sub(r"http://localhost|http://www.w3.org", "", page.text)
        assert 'name="robots"' in page.text and "http" not in elsewhere


@on_sqlite
def test_scanners_and_impatience_spend_nothing(town: Town, task: int) -> None:
    visitor = expert(town, task)
    for _ in range(3):
        assert visitor.door().status_code == visitor.client.head(visitor.address).status_code == 200
    assert visitor.client.options(visitor.address).status_code == 200 and facts(town, "consultation.opened") == 0
    assert visitor.post().status_code == visitor.post().status_code == 200
    assert visitor.answers().status_code == 200 and visitor.answers().status_code == 404
    assert (facts(town, "consultation.opened"), facts(town, "consultation.answered")) == (1, 1)


@on_sqlite
def test_nothing_that_is_written_keeps_the_token(
    town: Town, task: int, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Neither the database nor the logs, whatever is done with it: its SHA-256 alone is kept."""
    caplog.set_level(logging.DEBUG)
    visitor = expert(town, task)
    for page in (visitor.door, visitor.post, visitor.answers, visitor.answers):
        page()
    visitor.client.post(visitor.address)  # without the token of a page
    visitor.post("/files/1")
    deliver(town.engine, triggers.HANDLERS)
    token = visitor.address.removeprefix("/x/")
    assert len(token) == 22 and token not in caplog.text
    kept = b"".join(path.read_bytes() for path in Path(str(town.engine.url.database)).parent.rglob("*")
                    if path.is_file())
    assert b"consultation.answered" in kept and token.encode() not in kept


def test_the_proxys_log_has_no_token_either() -> None:
    said = (Path(__file__).parents[3] / "deploy" / "nginx" / "licet.conf").read_text()
    form = re.search(r"log_format licet '([^']+)'", said)
    assert form and "access_log /var/log/nginx/licet.access.log licet;" in said
    assert not re.search(r"\$request\b|\$request_uri|\$http_referer|\$uri", form[1])
    mapped = said.split("map $request_uri $licet_address {")[1].split("}")[0]
    hidden = dict(re.findall(r"^    ~\^(/\S+/)\s+(\S+);$", mapped, re.MULTILINE))
    assert hidden == {"/x/": "/x/-", "/f/": "/f/-", "/password/new/": "/password/new/-"}
    assert "crit" in said.split("location ~ ^/(x|f|password/new)/ {")[1].split("}")[0]
