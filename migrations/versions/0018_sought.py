"""what a search looks through is written folded and stands in an index: of offered tasks, of requests

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

DUE = ['candidate', 'rank_at', 'task_id']
OPEN: dict[str, Any] = {'postgresql_where': sa.text('open'), 'sqlite_where': sa.text('open = 1')}
TASK = "(select {} from task where task.id = task_candidate.task_id)"
OF_TASK, OF_REQUEST = ('title', 'name', 'business_key'), ('number', 'holder_name', 'title', 'authority_no')


def folded(columns: tuple[str, ...]) -> str:
    """The columns as one folded text. SQLite folds no letter beyond ASCII by itself."""
    connection = op.get_bind()
    line, fold = ("char(10)", "casefold") if connection.dialect.name == 'sqlite' else ("chr(10)", "lower")
    if fold == "casefold":
        connection.connection.driver_connection.create_function("casefold", 1, str.casefold)  # type: ignore[union-attr]
    return f"{fold}({f' || {line} || '.join(columns)})"


def upgrade() -> None:
    for table in ('task_candidate', 'request'):
        op.add_column(table, sa.Column('search', sa.Text(), nullable=False, server_default=''))
    op.execute(f"update task_candidate set search = {TASK.format(folded(OF_TASK))}")
    op.execute(f"update request set search = {folded(OF_REQUEST)}")
    if op.get_bind().dialect.name == 'postgresql':
        for table in ('task_candidate', 'request'):
            op.alter_column(table, 'search', server_default=None)
    op.drop_index('ix_task_candidate_due', 'task_candidate')
    op.create_index('ix_task_candidate_due', 'task_candidate', [*DUE, 'search'], **OPEN)
    op.create_index('ix_request_sought', 'request',
                    ['id', 'search', 'unit_path', 'family', 'type_code', 'applicant_id', 'instance_id'])


def downgrade() -> None:
    op.drop_index('ix_request_sought', 'request')
    op.drop_index('ix_task_candidate_due', 'task_candidate')
    op.create_index('ix_task_candidate_due', 'task_candidate', DUE, **OPEN)
    for table in ('task_candidate', 'request'):
        op.drop_column(table, 'search')
