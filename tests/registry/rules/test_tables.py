"""The tables as shipped: whole, without overlaps, with a source in every row, and words for whatever they say."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from feel.dmn.table import Rule, Table
from feel.prove import prove
from registry.rules.lacking import may_lend
from registry.rules.people import age_limit
from registry.rules.tables import TITLES, decide, files, models
from registry.rules.words import CURES, LACKS, SEVERITIES

DECISIONS = [(rule, name) for rule, model in models().items() for name in model.decisions]
ROWS = [(f"{rule}.{name} {row.number}", table, row) for rule, name in DECISIONS
        for table in models()[rule].decisions[name].tables for row in table.rules]
UNVERIFIED = {"R02", "R07", "R08", "R09", "R10", "R11", "R13"}
"""Rules known only from excerpts of web pages or from knowledge: domain facts 4.11, tags W and K."""


def test_every_rule_has_its_file_and_title() -> None:
    assert set(files()) == set(TITLES) == {f"R{number:02d}" for number in range(1, 16)}


@pytest.mark.parametrize(("rule", "name"), DECISIONS)
def test_a_table_has_no_gap_no_overlap_and_no_dead_row(rule: str, name: str) -> None:
    assert [finding.message_en for finding in prove(models()[rule], name)] == []


def given(table: Table, row: Rule) -> dict[str, str]:
    return {output.name: text for output, text in zip(table.outputs, row.texts, strict=True)}


@pytest.mark.parametrize(("where", "table", "row"), ROWS, ids=[where for where, *_ in ROWS])
def test_a_row_says_how_well_it_is_known(where: str, table: Table, row: Rule) -> None:
    told = given(table, row)
    assert told["severity"].strip('"') in {*SEVERITIES, "none"} and told["basis"].strip('"')
    source = told["source"].strip('"')
    assert re.fullmatch(r"(S\(.+\)|D|K)(; D)?", source)
    if told["verified"] == "true":
        assert source.startswith("S(") and not source.startswith("S(W:")
    if where[:3] in UNVERIFIED:
        assert told["verified"] == "false"
    if lack := told.get("lack", "").strip('"'):
        assert lack in LACKS and lack in CURES


def test_every_lack_has_a_cure() -> None:
    assert set(LACKS) == set(CURES)


@pytest.mark.parametrize(("birth", "years", "step", "most", "limit"), [
    ("1966-07-15", 60, 4, 36, "2026-12-15"), ("1965-01-10", 60, 4, 36, "2025-02-10"),
    ("1970-12-31", 55, 4, 36, "2026-03-31"), ("1980-03-01", 50, 2, 60, "2032-11-01"),
    ("1961-05-09", 65, 0, 0, "2026-05-09"), ("1964-02-29", 65, 0, 0, "2029-02-28"),
])
def test_ages_are_reached_on_the_days_measured(birth: str, years: int, step: int, most: int, limit: str) -> None:
    assert age_limit(dt.date.fromisoformat(birth), years, step, most) == dt.date.fromisoformat(limit)


@pytest.mark.parametrize(("area", "needed"), [(9999, 1), (10000, 2), (49999, 2), (50000, 3), (None, None)])
def test_officers_on_a_building_go_by_its_area(area: int | None, needed: int | None) -> None:
    assert decide("R07_needed", work="房建", area=area, amount=1)["needed"] == needed


@pytest.mark.parametrize(("workers", "needed"), [(49, 1), (50, 2), (200, 2), (201, 3), (601, 4)])
def test_officers_of_labour_go_by_heads(workers: int, needed: int) -> None:
    assert decide("R08_needed", contracting="labour", workers=workers)["needed"] == needed


def test_an_original_goes_to_own_staff_or_with_the_consent_of_legal() -> None:
    assert may_lend(own_staff=True, legal_agreed=False) == may_lend(own_staff=False, legal_agreed=True) == ""
    assert may_lend(own_staff=False, legal_agreed=False) == "lent_outside"
