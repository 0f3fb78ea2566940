"""P-RENEW from the window of a type to a new term, and each of its exits."""
import pytest

from ledger.db import reading
from tests.workflows.renewing import Renewing


@pytest.fixture
def renewing(engine, company, clock, tmp_path):
    return lambda code, **more: Renewing(engine, company, tmp_path / "files", clock, code, **more)


def test_x(renewing):
    case = renewing("E03").day(2027, 2, 1).opened()
    print(case.open(), case.stage())
    case.do("legal", "N1_decide", "renew")
    print(case.open())
    case.closed("legal")
    case.do("legal", "N4_review", "pass")
    case.do("approver", "N5_approve", "approve")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted"); case.authority("granted")
    print(case.open())
    case.do("custodian", "R10_register", "done")
    case.do("safety", "R11_compare", "match")
    assert case.outcome() == "renewed"
    with reading(case.engine) as s:
        c = case.certificate(s)
        print(c.valid_until, [(t.kind, t.due_on, t.fired_at, t.cancelled_at) for t in c.timers])
