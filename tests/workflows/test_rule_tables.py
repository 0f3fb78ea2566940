"""The tables of the rules are files like any other: a process may bring them along and ask them."""

from __future__ import annotations

from engine import catalog
from registry.rules.tables import files
from workflows import CATALOG


def test_the_tables_can_be_deployed_with_a_process() -> None:
    tables = {f"{rule}.dmn": content for rule, content in files().items()}
    assert catalog.check({**CATALOG["application"].files, **tables}) == []
