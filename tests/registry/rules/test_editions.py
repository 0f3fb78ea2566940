"""A rule's table has editions: the one of the day answers, and nothing broken gets in force."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.errors import BadAnswer
from registry.certificates.lifecycle import grant
from registry.people.works import contracted, qualified
from registry.rules.editions import BadTable, InForce, faults, publish, tables_on, withdraw
from registry.rules.lacking import lacking
from registry.rules.tables import files
from tests.registry.organisation import DAY, Organisation

NEXT_YEAR = dt.date(2027, 1, 1)
SHIPPED = files()["R11"]
REFORMED = SHIPPED.replace(b"<text>12</text>", b"<text>3</text>")


def needed(session: Session, org: Organisation, on: dt.date) -> int:
    [line] = [line for line in lacking(session, org.company, on=on).lines if line.lack == "short_of_constructors"]
    return int(line.params["needed"])


@pytest.fixture
def firm(org: Organisation) -> Organisation:
    qualified(org.session, org.company, work="房建", grade="second", from_on=dt.date(2026, 1, 1), by=SYSTEM)
    return org


def test_the_edition_of_the_day_answers(firm: Organisation, session: Session) -> None:
    publish(session, "R11", REFORMED, effective_from=NEXT_YEAR, reason="资质改革", by=SYSTEM)
    assert needed(session, firm, DAY) == 12 and needed(session, firm, NEXT_YEAR) == 3


def test_what_was_known_before_the_publication_stays_the_answer_of_then(
    firm: Organisation, session: Session, clock: clocks.Fixed
) -> None:
    before = clocks.now()
    clock.advance(dt.timedelta(hours=1))
    publish(session, "R11", REFORMED, effective_from=DAY, reason="x", by=SYSTEM)
    assert tables_on(session, DAY, "苏", before).editions == ()
    assert tables_on(session, DAY, "苏", clocks.now()).editions != ()


def test_a_province_s_own_edition_goes_before_the_general_one(firm: Organisation, session: Session) -> None:
    publish(session, "R11", REFORMED, effective_from=DAY, reason="x", by=SYSTEM)
    own = SHIPPED.replace(b"<text>12</text>", b"<text>7</text>")
    publish(session, "R11", own, effective_from=dt.date(2026, 1, 1), reason="x", by=SYSTEM, province="苏")
    assert needed(session, firm, DAY) == 7
    assert tables_on(session, DAY, "沪", clocks.now()) != tables_on(session, DAY, "苏", clocks.now())


@pytest.mark.parametrize(("broken", "told"), [
    (SHIPPED.replace(b'<text>"special", "none"</text>', b'<text>"special"</text>'), "没有规则覆盖"),
    (SHIPPED.replace(b'<text>"third"</text>', b'<text>"second"</text>', 1), "重叠"),
    (SHIPPED.replace(b"<text>false</text>", b"<text>true</text>", 1), "不能标为已核实"),
    (SHIPPED.replace(b"R11_needed", b"R11_other"), "缺少决策"),
    (SHIPPED.replace(b'name="needed"', b'name="wanted"'), "缺少输出"),
    (SHIPPED.replace(b"<text>grade</text>", b"<text>colour</text>"), "没有名为 colour 的输入"),
    (b"<definitions/>", ""), (b"\xff\xfe", "UTF-8"), (b"x" * 600_000, "512"),
])
def test_a_broken_table_is_refused_with_what_is_wrong(session: Session, broken: bytes, told: str) -> None:
    with pytest.raises(BadTable) as caught:
        publish(session, "R11", broken, effective_from=DAY, reason="x", by=SYSTEM)
    assert told in " ".join(found.message_zh for found in caught.value.findings)
    assert "file" in caught.value.problems


@pytest.mark.parametrize(("rule", "column", "cell", "instead"), [
    ("R09", "needed", "6", "null"), ("R09", "needed", "6", '"six"'), ("R09", "needed", "6", "-1"),
    ("R09", "needed", "6", "1.5"), ("R09", "needed", "6", "100000"), ("R15", "years", "65", "100000"),
    ("R15", "step_months", "4", "-4"), ("R06", "driver", '"05"', "5"), ("R01", "verified", "false", "null"),
])
def test_an_answer_of_another_kind_is_refused(rule: str, column: str, cell: str, instead: str) -> None:
    broken = files()[rule].replace(f"<text>{cell}</text>".encode(), f"<text>{instead}</text>".encode(), 1)
    assert any(f"{column} 不能是 {instead}。" in found.message_zh for found in faults(rule, broken))


@pytest.mark.parametrize(("rule", "part", "instead", "told"), [
    ("R09", b'hitPolicy="UNIQUE"', b'hitPolicy="COLLECT"', "命中策略"),
    ("R09", b'name="needed" typeRef="number"', b'name="needed" typeRef="string"', "needed 不能是 6"),
    ("R12", b"J01", b"J99", "没有“J99”"), ("R12", b"<text>\"J01\"", b"<text>\"E02\"", "没有“E02”"),
])
def test_a_table_answers_as_the_shipped_one_does(rule: str, part: bytes, instead: bytes, told: str) -> None:
    found = faults(rule, files()[rule].replace(part, instead, 1))
    assert told in " ".join(each.message_zh for each in found)


def test_a_paper_that_an_edition_asks_for_is_looked_at(firm: Organisation, session: Session) -> None:
    contracted(session, firm.project, from_on=dt.date(2026, 1, 1), by=SYSTEM, work="房建", contracting="general",
               planning=True)
    asked = files()["R12"].replace(b'"J02"', b'"J05"', 1)
    publish(session, "R12", asked, effective_from=DAY, reason="x", by=SYSTEM)

    def missing() -> set[str]:
        return {line.params["type"] for line in lacking(session, firm.project).lines if line.lack == "missing_paper"}

    assert "J05" in missing()
    grant(session, "J05", firm.project, number="质监2026-1", issuer="某站", issued_on=DAY, by=SYSTEM)
    assert "J05" not in missing()


def test_every_shipped_file_would_pass() -> None:
    assert {rule: list(faults(rule, content)) for rule, content in files().items()} == {rule: [] for rule in files()}


@pytest.mark.parametrize(("first", "until", "field"), [
    ("2027-01-01", None, "effective_from"), ("2027-03-01", None, "effective_from"),
    ("2026-12-01", "2027-02-01", "until"), ("2027-09-01", "2027-08-01", "until"),
])
def test_overlapping_days_are_refused_at_the_field(
    session: Session, first: str, until: str | None, field: str
) -> None:
    publish(session, "R11", REFORMED, effective_from=NEXT_YEAR, until=dt.date(2027, 6, 30), reason="x", by=SYSTEM)
    with pytest.raises(BadAnswer) as caught:
        publish(session, "R11", SHIPPED, effective_from=dt.date.fromisoformat(first), reason="x", by=SYSTEM,
                until=dt.date.fromisoformat(until) if until else None)
    assert set(caught.value.problems) == {field}


def test_an_edition_can_be_withdrawn_until_its_day(session: Session, clock: clocks.Fixed) -> None:
    edition = publish(session, "R11", REFORMED, effective_from=NEXT_YEAR, reason="x", by=SYSTEM)
    withdraw(session, edition, by=SYSTEM)
    clock.advance(dt.timedelta(seconds=1))
    assert tables_on(session, NEXT_YEAR, "", clocks.now()).editions == ()
    again = publish(session, "R11", REFORMED, effective_from=NEXT_YEAR, reason="x", by=SYSTEM)
    clock.move_to(clocks.start_of_day(NEXT_YEAR))
    with pytest.raises(InForce):
        withdraw(session, again, by=SYSTEM)
