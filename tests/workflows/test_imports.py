"""A ledger that came in meets the processes: what begins by itself ends with the undoing, what people do hinders it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engine.model import Instance
from ledger import outbox
from ledger.clock import Fixed
from ledger.db import reading, unit
from registry.alerts import deadlines
from registry.certificates.models import Certificate
from registry.intake.batch.models import Batch
from registry.intake.withdrawal import undoing
from tests.founding import Founder
from tests.registry.intake.desk import Desk, worker
from workflows import triggers
from workflows.renewal import starting
from workflows.requests import Request


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, clock: Fixed, founder: Founder) -> Desk:
    company = founder.company(engine)
    made = Desk.__new__(Desk)
    with reading(engine) as session:
        by = company.actor(session, "custodian")
    place = next(grant.unit_id for grant in by.grants if grant.role == "custodian")
    made.engine, made.folder, made.company, made.by, made.files = engine, tmp_path / "files", place, by, 0
    return made


def due_soon(desk: Desk) -> int:
    """A batch whose certificate is in its window: the renewal has begun by itself."""
    number = desk.bring([worker(1, 单位="", 发证日期="2024-12-20", 有效期至="2026-12-19")])
    assert deadlines.sweep(desk.engine)
    while outbox.deliver(desk.engine, triggers.HANDLERS):
        pass
    return number


def test_a_renewal_that_began_by_itself_ends_with_the_undoing(desk: Desk) -> None:
    number = due_soon(desk)
    with reading(desk.engine) as session:
        assert session.scalars(select(Instance.ended_at).join(Request, Request.instance_id == Instance.id)).all() == [
            None]
    desk.undo(number)
    while outbox.deliver(desk.engine, triggers.HANDLERS):
        pass
    with reading(desk.engine) as session:
        [state] = session.scalars(select(Instance.state).join(Request, Request.instance_id == Instance.id))
        assert state == "terminated"


def test_a_request_that_somebody_made_hinders_the_undoing(desk: Desk) -> None:
    number = due_soon(desk)
    with unit(desk.engine) as session:
        certificate = session.scalars(select(Certificate).order_by(Certificate.id.desc())).first()
        assert certificate is not None
        starting.start(session, certificate, by=desk.by)
        request = session.scalars(select(Request).where(Request.certificate_id == certificate.id)).one()
        request.applicant_id = desk.by.id
    with pytest.raises(undoing.BuiltUpon) as refused:
        desk.undo(number)
    assert {each.kind for each in refused.value.found} == {"request"}
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).state == "committed"
