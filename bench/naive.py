"""What everybody writes first: SpiffWorkflow as it comes, the whole workflow serialised into a row at each step."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.util.task import TaskState

from bench.drawn import STOCK
from ledger.db import unit

TABLES = sa.MetaData()
STATE = sa.Table(
    "naive_state", TABLES, sa.Column("id", sa.Integer, primary_key=True), sa.Column("version", sa.Integer),
    sa.Column("state", sa.Text),
)  # fmt: skip


class Naive:
    """Keeps the state only; on the same database as ours."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        TABLES.create_all(engine)
        parser = SpiffBpmnParser()
        parser.add_dmn_str(STOCK["level.dmn"])
        for name in ("review.bpmn", "expert.bpmn"):
            parser.add_bpmn_str(STOCK[name])
        self.spec, self.parts = parser.get_spec("Review"), parser.get_subprocess_specs("Review")
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG))

    def start(self) -> int:
        workflow = BpmnWorkflow(self.spec, self.parts)
        workflow.do_engine_steps()
        with unit(self.engine) as session:
            begun = sa.insert(STATE).values(version=1, state=self.serializer.serialize_json(workflow))
            return int(session.execute(begun.returning(STATE.c.id)).scalar_one())

    def complete(self, rows: sa.Connection, instance_id: int, name: str, answers: dict[str, Any]) -> None:
        """Take the workflow out of its row, do the task, put it back whole."""
        row = rows.execute(sa.select(STATE).where(STATE.c.id == instance_id)).one()
        workflow = self.serializer.deserialize_json(row.state)
        task = workflow.get_next_task(state=TaskState.READY, spec_name=name)
        task.set_data(**answers)
        task.run()
        workflow.do_engine_steps()
        workflow.refresh_waiting_tasks()
        known = sa.and_(STATE.c.id == instance_id, STATE.c.version == row.version)
        whole = self.serializer.serialize_json(workflow)
        rows.execute(sa.update(STATE).where(known).values(version=row.version + 1, state=whole))

    def bytes_of(self, instance_id: int) -> int:
        with unit(self.engine) as session:
            return len(session.execute(sa.select(STATE.c.state).where(STATE.c.id == instance_id)).scalar_one().encode())
