"""Every address of the site: who may open it, and that no other site can use it in a person's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from ledger import clock as clocks
from ledger.db import open_database
from tests.databases import SqliteFiles, build
from tests.web.house import House
from web.app import create_app
from web.config import Config
from web.security import csrf
from web.session import SAFE

PUBLIC = {
    "/login", "/login/second", "/login/oidc", "/login/oidc/return", "/login/passkey", "/login/passkey/new",
    "/language", "/password/forgotten", "/password/new/<token>",
    "/v/<token>", "/c/<mark>", "/healthz", "/metrics", "/static/<path:filename>",
    "/x/<token>", "/x/<token>/answer", "/x/<token>/files/<int:file_id>", "/f/<token>.ics",
}
"""What anybody may open. A page is added here on purpose, after thinking about who finds it."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder: Path = tmp_path_factory.mktemp("site")
    config = Config(data=folder, testing=True, limits=False)
    build(config.database)
    return create_app(config)


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def unsafe(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule in rules(app) for method in sorted((rule.methods or set()) - SAFE)]


def sample(part: BaseConverter) -> str:
    if isinstance(part, AnyConverter):
        return sorted(part.items)[0]
    return "1" if isinstance(part, IntegerConverter) else "x"


def address(rule: Rule) -> str:
    """The rule with a harmless value in every place."""
    built = rule.build({name: sample(part) for name, part in rule._converters.items()})
    assert built is not None
    return built[1]


def test_only_a_few_known_pages_are_public(app: Flask) -> None:
    marked = {rule.rule for rule in rules(app) if getattr(app.view_functions[rule.endpoint], "is_public", False)}
    assert marked | {"/static/<path:filename>"} == PUBLIC


def test_every_other_page_asks_for_a_sign_in(app: Flask) -> None:
    client = app.test_client()
    open_to_all = []
    for rule in rules(app):
        if rule.rule in PUBLIC:
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            answer = client.open(address(rule), method=method)
            if answer.status_code not in {302, 303, 400, 401, 403}:
                open_to_all.append((method, rule.rule, answer.status_code))
    assert open_to_all == []


def test_no_view_escapes_the_csrf_token(app: Flask) -> None:
    assert csrf._exempt_views == set() and csrf._exempt_blueprints == set()
    assert app.config.get("WTF_CSRF_ENABLED", True) and app.config.get("WTF_CSRF_CHECK_DEFAULT", True)
    assert SAFE.isdisjoint(app.config["WTF_CSRF_METHODS"])
    assert {method for _, method in unsafe(app)} <= set(app.config["WTF_CSRF_METHODS"])


def test_an_unsafe_request_without_a_token_is_refused_even_where_all_may_come(app: Flask) -> None:
    client = app.test_client()
    answers = {rule.rule: client.open(address(rule), method=method).status_code for rule, method in unsafe(app)}
    assert {place: status for place, status in answers.items() if status < 300} == {}


def test_signed_in_or_not_every_unsafe_request_needs_the_token(
    sqlite_files: SqliteFiles, tmp_path: Path, clock: clocks.Fixed
) -> None:
    engine = open_database(sqlite_files.fresh(tmp_path))
    house = House(engine, tmp_path)
    client = house.browser("custodian").client
    answers = {f"{method} {rule.rule}": client.open(address(rule), method=method) for rule, method in unsafe(house.app)}
    assert {place: answer.status_code for place, answer in answers.items() if answer.status_code != 400} == {}
    house.close()
    engine.dispose()


def test_an_unsafe_request_from_another_site_is_refused(app: Flask) -> None:
    client = app.test_client()
    foreign = {"Origin": "https://evil.example"}
    for rule, method in unsafe(app):
        if rule.rule in PUBLIC:
            assert client.open(address(rule), method=method, headers=foreign).status_code == 400, rule.rule


def test_no_address_changes_anything_by_a_get(app: Flask) -> None:
    """A view that also takes POST names it: GET never falls into the code of an act."""
    both = [rule.rule for rule in rules(app) if {"GET", "POST"} <= (rule.methods or set())]
    assert both == []


def test_every_answer_carries_the_policy_of_the_page(app: Flask) -> None:
    client = app.test_client()
    bare = []
    for rule in rules(app):
        if "GET" in (rule.methods or set()) and rule.endpoint != "static":
            policy = client.get(address(rule)).headers.get("Content-Security-Policy", "")
            if "default-src 'none'" not in policy or "unsafe" in policy:
                bare.append(rule.rule)
    assert bare == []
