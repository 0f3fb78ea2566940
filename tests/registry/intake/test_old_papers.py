"""Papers in the cabinet and borrow registers of old ledgers; and a ledger of our own that comes back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from ledger import clock as clocks
from ledger.clock import Fixed
from ledger.db import reading, unit
from registry.custody import days
from registry.custody.loans import Loan, open_loans
from registry.custody.originals import Original
from registry.intake.batch.models import Batch, Row
from registry.people.persons import Person
from tests.registry.intake.desk import HEADINGS, Desk, numbered, worker

LOANS = ("证照名称", "证书编号", "借取人", "归还人", "经办人", "借出时间", "归还时间", "用途", "状态", "备注")


def loan(serial: int, borrower: str, lent: str, back: str = "") -> dict[str, str]:
    return {"证照名称": "建筑施工特种作业操作资格证", "证书编号": f"苏A012025{serial:06d}", "借取人": borrower,
            "归还人": borrower if back else "", "经办人": "赵管理", "借出时间": lent, "归还时间": back, "用途": "投标",
            "状态": "已归还" if back else "借出"}


def test_a_borrow_register_becomes_loans_that_run_or_are_over(desk: Desk) -> None:
    with unit(desk.engine) as session:
        desk.org(session).person(name="钱借用")
    desk.bring([worker(1), worker(2)])
    number = desk.bring([loan(1, "钱借用", "2026-03-02", "2026-03-06"), loan(1, "钱借用", "2026-11-20"),
                         loan(2, "孙不在", "2026-11-20"), loan(9, "钱借用", "2026-11-20")], LOANS)
    assert desk.outcomes(number) == ["new", "new", "stopped", "stopped"]
    assert {"unknown_person", "wrong_number"} <= set(desk.flaws(number))
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).counts["coming"]["lent"] == 1
        [running] = open_loans(session)
        assert running.person.name == "钱借用" and running.from_on == dt.date(2026, 11, 20)
        assert running.due_on > clocks.today() and running.purpose == "bid"
        assert days.taken(session, running.original_id, clocks.today(), running.due_on)
        assert session.scalar(select(func.count()).select_from(Loan)) == 2
        assert session.scalar(select(func.count()).select_from(Original)) == 1
    desk.undo(number)
    with reading(desk.engine) as session:
        assert open_loans(session) == [] and numbered(session, "苏A012025000001").state == "01"


def test_loans_told_twice_are_entered_once(desk: Desk) -> None:
    with unit(desk.engine) as session:
        desk.org(session).person(name="钱借用")
    desk.bring([worker(1)])
    rows = [loan(1, "钱借用", "2026-03-02", "2026-03-06")]
    desk.bring(rows, LOANS)
    desk.bring([*rows, loan(1, "钱借用", "2026-04-02", "2026-04-06")], LOANS)
    with reading(desk.engine) as session:
        assert session.scalar(select(func.count()).select_from(Loan)) == 2


def test_where_a_paper_lies_is_an_original_in_custody(desk: Desk) -> None:
    headings = [*HEADINGS, "正本份数", "存放位置", "保管人"]
    row = worker(1) | {"正本份数": "1", "存放位置": "档案室3柜", "保管人": "周保管"}
    number = desk.bring([row], headings)
    with reading(desk.engine) as session:
        [paper] = session.scalars(select(Original)).all()
        assert paper.place == "档案室3柜（保管：周保管）" and paper.kind == "original"
        assert paper.certificate_id == numbered(session, "苏A012025000001").id
    desk.undo(number)
    assert desk.bring([row], headings)
    with reading(desk.engine) as session:
        seen = select(func.count()).where(~Original.unit_path.startswith("/withdrawn/"))
        assert session.scalar(seen.select_from(Original)) == 1


def test_a_ledger_of_our_own_that_comes_back_shows_exactly_the_edits(desk: Desk, clock: Fixed) -> None:
    desk.bring([worker(1), worker(2)])
    with reading(desk.engine) as session:
        codes = {serial: numbered(session, f"苏A01202500000{serial}").code for serial in (1, 2)}
        masked = dict(session.execute(select(Person.name, Person.id_masked)).all())
    headings = ["台账号", *HEADINGS]
    rows = [worker(serial, 身份证号=masked[worker(serial)["姓名"]]) | {"台账号": codes[serial]} for serial in (1, 2)]
    rows[1]["有效期至"] = "2027-04-30"
    rows[0]["发证机关"] = ""
    number = desk.preview(rows, headings)
    assert desk.outcomes(number) == ["same", "changed"] and desk.flaws(number) == []
    with reading(desk.engine) as session:
        changes = session.scalars(select(Row.changes).where(Row.batch_id == number).order_by(Row.ordinal)).all()
        assert changes[1] == {"valid_until": ["2027-05-31", "2027-04-30"]}
    desk.ask(number)
    desk.work()
    with reading(desk.engine) as session:
        chain = numbered(session, "苏A012025000002").versions
        assert [version.valid_until for version in chain] == [dt.date(2027, 5, 31), dt.date(2027, 4, 30)]
        assert chain[1].issuer == chain[0].issuer
