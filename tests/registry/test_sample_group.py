"""The large sample group: section 6's quotas and spread, and breaches of rules exactly where the key says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.clock import Fixed
from ledger.db import Base, open_database, reading, unit
from registry.certificates import codes
from registry.certificates.models import Certificate
from registry.people import sealing
from registry.people.units import Unit
from registry.rules.lacking import lacking
from registry.sample import breaches, group, quotas
from registry.sample.__main__ import main
from registry.sample.group import Extent, Group
from tests.registry.organisation import DAY

SMALL = Extent(companies=2, people=600, certificates=900)
WATCHED = {"R01", "R02", "R05", "R07"}


@pytest.fixture(scope="module")
def drawn() -> Iterator[Group]:
    """A small group, drawn but for its certificates not entered."""
    sealing.set_key(b"k" * 32)
    engine = open_database("sqlite://")
    Base.metadata.create_all(engine)
    with clock.use(clock.Fixed(datetime.combine(DAY, time(10), clock.SHANGHAI))), unit(engine) as session:
        yield group.draw(session, SMALL, 7)
    engine.dispose()


def held(session: Session) -> set[tuple[str, str, str]]:
    """What the rules find against the projects: rule, word, project."""
    projects = session.scalars(select(Unit).where(Unit.kind == "project")).all()
    lines = [line for project in projects for line in lacking(session, project).lines]
    units = {project.id: project.code for project in projects}
    return {(line.rule, line.lack, units[line.unit]) for line in lines if line.rule in WATCHED}


def test_quotas_scale_and_add_up() -> None:
    assert quotas.scaled(120_000) == quotas.QUOTAS
    assert quotas.scaled(1201).total() == 1201
    assert quotas.scaled(2000)["P01"] == 300


def test_the_group_holds_what_the_quotas_say(drawn: Group) -> None:
    counts = Counter(wish.code if wish.code[0] == "P" else wish.code[0] for wish, _ in drawn.planned)
    assert counts.total() == SMALL.certificates
    asked = quotas.scaled(SMALL.certificates)
    assert {code: counts[code] for code in ("P01", "P02", "P15", "E", "J", "Q")} == {
        code: asked[code] for code in ("P01", "P02", "P15", "E", "J", "Q")}


def test_the_shares_of_what_ends_soon_or_has_ended_are_kept(drawn: Group) -> None:
    ends = Counter(drafts[-1].term.kind for _, drafts in drawn.planned)
    assert ends["unknown"] == round(SMALL.certificates * 0.03)
    assert sum(drafts[-1].state == codes.LAPSED for _, drafts in drawn.planned) == round(SMALL.certificates * 0.06)


def test_the_rules_find_each_planted_breach_and_no_other(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        made = group.draw(session, SMALL, 7)
        assert group.enter(made, lambda what, done, of: None) == SMALL.certificates
        planted = {(one.rule, one.lack, one.project.code) for one in made.posts.breaches}
        others = {("R02", one.lack, one.detail) for one in made.posts.breaches if one.rule == "R02"}
    assert {rule for rule, _, _ in planted} == WATCHED
    with reading(engine) as session:
        assert held(session) == planted | others
        assert len(session.scalars(select(Certificate.id)).all()) == SMALL.certificates


def test_the_key_is_a_table_with_a_line_for_each_breach(drawn: Group) -> None:
    out = io.StringIO()
    breaches.write(drawn.posts.breaches, out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["rule"] for row in rows] == [one.rule for one in drawn.posts.breaches]
    assert all(row["project"] and row["what"] for row in rows)


def test_the_command_fills_a_database_and_writes_its_key(
    database_url: str, clock: Fixed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--companies", "2", "--people", "60", "--certificates", "100", "--seed", "3", "--database", database_url,
          "--data", str(tmp_path)])
    assert capsys.readouterr().out.startswith("rule,lack,project")
    with pytest.raises(SystemExit, match="已有单位"):
        main(["--database", database_url, "--data", str(tmp_path)])


def test_without_a_database_the_command_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="还没有建立"):
        main(["--database", "", "--data", str(tmp_path)])
    with pytest.raises(SystemExit, match="还没有建立"):
        main(["--database", "sqlite://", "--data", str(tmp_path)])
