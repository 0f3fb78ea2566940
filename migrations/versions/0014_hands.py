"""tasks pass through more hands than one; the inbox is in the order of deadlines

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)
NEVER = '9999-12-31 00:00:00.000000'
"""Where a task without a deadline stands in the order of deadlines, in UTC."""
ADDED: dict[str, Any] = {
    'hold': sa.String(length=12), 'round': sa.Integer(), 'for_id': KEY, 'owner_id': KEY, 'owner_name': sa.String(length=80),
    'kept_from': KEY, 'undone_at': MOMENT, 'ended_how': sa.String(length=16), 'ended_by_name': sa.String(length=80),
}


def on_postgresql() -> bool:
    return op.get_bind().dialect.name == 'postgresql'


def where(condition: str, on_sqlite: str = '') -> Any:
    return {'postgresql_where': sa.text(condition), 'sqlite_where': sa.text(on_sqlite or condition)}


def upgrade() -> None:
    # plain ADD COLUMN: rebuilding the table of tasks on SQLite would drop it from under everything that refers to it;
    # there the two defaults stay behind, and no row of ours ever uses them
    if 'parent_id' not in {column['name'] for column in sa.inspect(op.get_bind()).get_columns('task')}:  # see downgrade
        number = 'bigint' if on_postgresql() else 'integer'
        op.execute(f"alter table task add column parent_id {number} constraint fk_task_parent_id_task references task (id)")
    op.add_column('task', sa.Column('role', sa.String(length=12), nullable=False, server_default='drawn'))
    for name, kind in ADDED.items():
        op.add_column('task', sa.Column(name, kind, nullable=True))
    never = NEVER + ('+00' if on_postgresql() else '')
    for table in ('task', 'task_candidate'):
        op.add_column(table, sa.Column('rank_at', MOMENT, nullable=False, server_default=never))
    op.execute("update task set rank_at = due_at where due_at is not null")
    op.execute("update task_candidate set rank_at = (select rank_at from task where task.id = task_candidate.task_id)")
    if on_postgresql():
        for table, name in (('task', 'role'), ('task', 'rank_at'), ('task_candidate', 'rank_at')):
            op.alter_column(table, name, server_default=None)
    op.create_index('ix_task_mine_due', 'task', ['assignee_id', 'rank_at', 'id'], **where("state = 'open'"))
    op.create_index('ix_task_done', 'task', ['completed_by', 'id'], **where("state = 'completed'"))
    op.create_index('ix_task_parent', 'task', ['parent_id'], **where('parent_id IS NOT NULL'))
    op.create_index('ix_task_candidate_due', 'task_candidate', ['candidate', 'rank_at', 'task_id'], **where('open', 'open = 1'))
    op.create_table(
        'task_delegation',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('from_id', KEY, nullable=False),
        sa.Column('from_name', sa.String(length=80), nullable=False),
        sa.Column('to_id', KEY, nullable=False),
        sa.Column('to_name', sa.String(length=80), nullable=False),
        sa.Column('question', sa.String(length=500), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('ended_at', MOMENT, nullable=True),
        sa.Column('how', sa.String(length=12), nullable=True),
        sa.Column('answers', sa.JSON(), nullable=True),
        sa.Column('opinion', sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_delegation_task_id_task')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_task_delegation')),
    )
    op.create_index('ix_task_delegation_from_id', 'task_delegation', ['from_id'])
    op.create_index('ix_task_delegation_task_id', 'task_delegation', ['task_id'])
    op.create_index('ix_task_delegation_to_id', 'task_delegation', ['to_id'], postgresql_where=sa.text('ended_at IS NULL'), sqlite_where=sa.text('ended_at IS NULL'))
    op.create_index('uq_task_delegation_open', 'task_delegation', ['task_id', 'to_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'), sqlite_where=sa.text('ended_at IS NULL'))
    op.create_table(
        'task_plan',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('role', sa.String(length=12), nullable=False),
        sa.Column('no', sa.Integer(), nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('person_name', sa.String(length=80), nullable=False),
        sa.Column('question', sa.String(length=500), nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('made_id', KEY, nullable=True),
        sa.Column('dropped_at', MOMENT, nullable=True),
        sa.Column('dropped_by', KEY, nullable=True),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_plan_task_id_task')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_task_plan')),
    )
    op.create_index('ix_task_plan_by_id', 'task_plan', ['by_id'])
    op.create_index('ix_task_plan_person_id', 'task_plan', ['person_id'])
    op.create_index('ix_task_plan_task_id', 'task_plan', ['task_id'])
    op.create_table(
        'task_pending',
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('answers', sa.JSON(), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('for_id', KEY, nullable=True),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_pending_task_id_task')),
        sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_pending')),
    )
    op.create_table(
        'task_participant',
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('how', sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_participant_task_id_task')),
        sa.PrimaryKeyConstraint('task_id', 'person_id', 'how', name=op.f('pk_task_participant')),
    )
    op.create_index('ix_task_participant_person_id', 'task_participant', ['person_id'])


def downgrade() -> None:
    for table in ('task_participant', 'task_pending', 'task_plan', 'task_delegation'):
        op.drop_table(table)
    op.drop_index('ix_task_candidate_due', 'task_candidate')
    op.drop_column('task_candidate', 'rank_at')
    for name in ('ix_task_parent', 'ix_task_done', 'ix_task_mine_due'):
        op.drop_index(name, 'task')
    for name in ('rank_at', *reversed(ADDED), 'role'):
        op.drop_column('task', name)
    if on_postgresql():  # SQLite drops no column that refers to a table
        op.drop_column('task', 'parent_id')
