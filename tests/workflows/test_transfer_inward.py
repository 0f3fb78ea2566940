"""P-CHANGE h from outside: a certificate of another province that was never in our register."""

import pytest
from sqlalchemy import select

from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed, NotFound
from registry.certificates.models import Certificate
from tests.workflows.acts import filed, registered
from tests.workflows.passage import Passage
from workflows.requests import Request
from workflows.transfer import inward

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def bringing(engine, company, clock, tmp_path, staffed):
    """Begins it as somebody would: bringing("P02", "worker", "hr")."""

    def begin(code="P02", login="worker", by="hr"):
        return Passage(engine, company, tmp_path / "files", clock).begin(lambda session: inward.open_request(
            session, company.actor(session, by), code, "person", company.people[login]))

    return begin


def asked(case, **more):
    case.do("hr", "T1_fill", "submit", province="江苏", old_number="苏A012024000009", **more)
    return case


def test_it_enters_the_register_with_the_number_it_had_there(engine, company, bringing):
    case = asked(bringing(), item="01")
    case.do("legal2", "T3_review", "pass")
    case.do("approver", "T4_approve", "approve")
    with pytest.raises(BadAnswer) as refusal:
        registered(filed(case), "legal2", number="浙A012026000009")
    assert "valid_until" in refusal.value.problems
    case.case.papers.clear()
    registered(case, "legal2", number="浙A012026000009", valid_from="2026-11-22", valid_until="2028-11-21")
    assert case.outcome() == "changed"
    with reading(engine) as session:
        made = session.get_one(Certificate, case.request(session).certificate_id)
        assert (made.latest.operation, made.latest.previous_number, made.item) == ("08", "苏A012024000009", "01")
        assert made.holder_person_id == company.people["worker"] and made.latest.fields["trade"] == "01"


def test_whoever_has_the_same_here_cannot_bring_another_in(engine, holding, bringing):
    number = holding("P02")
    case = asked(bringing(), item="01")
    with reading(engine) as session:
        [found] = case.request(session).problems
        assert (found["key"], found["waivable"]) == (f"same-post:{number}", False)
    assert asked(bringing(), item="02").open() == ["T3_review"]


def test_a_draft_goes_on_and_strangers_and_other_types_have_none(engine, company, bringing):
    assert bringing().id == bringing().id
    with pytest.raises(NotAllowed):
        bringing(by="stranger")
    with pytest.raises(NotFound):
        bringing("P06")
    with unit(engine) as session:
        assert len(session.scalars(select(Request)).all()) == 1


def test_a_type_without_trades_asks_for_none(bringing):
    case = bringing("P04")
    with pytest.raises(BadAnswer):
        asked(case, item="01")
    case.case.papers.clear()  # what was uploaded for the refused answer went with it
    assert asked(case).open() == ["T3_review"]
