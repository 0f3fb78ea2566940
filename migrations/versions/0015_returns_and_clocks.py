"""what approvals rest on, returns and what they undo, clocks and their ledger

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'task_basis',
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('parts', sa.JSON(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_basis_task_id_task')),
        sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_basis')),
    )
    op.create_table(
        'return_case',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('instance_id', KEY, nullable=False),
        sa.Column('from_task_id', KEY, nullable=True),
        sa.Column('to_task_id', KEY, nullable=True),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('straight', sa.Boolean(), nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('reason', sa.String(length=2000), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('closed_at', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_return_case_instance_id_instance')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_return_case')),
    )
    op.create_index('ix_return_case_instance_id', 'return_case', ['instance_id'])
    op.create_table(
        'return_effect',
        sa.Column('case_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('what', sa.String(length=12), nullable=False),
        sa.Column('at', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(['case_id'], ['return_case.id'], name=op.f('fk_return_effect_case_id_return_case')),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_return_effect_task_id_task')),
        sa.PrimaryKeyConstraint('case_id', 'task_id', name=op.f('pk_return_effect')),
    )
    op.create_table(
        'clock',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('instance_id', KEY, nullable=False),
        sa.Column('element_id', sa.String(length=120), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('task_id', KEY, nullable=True),
        sa.Column('allowed', sa.Integer(), nullable=False),
        sa.Column('began_on', sa.Date(), nullable=False),
        sa.Column('due_at', MOMENT, nullable=False),
        sa.Column('confirmed', sa.Boolean(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('paused_on', sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_clock_instance_id_instance')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_clock')),
        sa.UniqueConstraint('instance_id', 'element_id', 'round', name=op.f('uq_clock_instance_id_element_id_round')),
    )
    op.create_table(
        'clock_entry',
        sa.Column('id', KEY, nullable=False),
        sa.Column('clock_id', KEY, nullable=False),
        sa.Column('no', sa.Integer(), nullable=False),
        sa.Column('what', sa.String(length=12), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('due_before', MOMENT, nullable=True),
        sa.Column('due_after', MOMENT, nullable=True),
        sa.Column('days', sa.Integer(), nullable=False),
        sa.Column('confirmed', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_clock_entry_clock_id_clock')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_entry')),
        sa.UniqueConstraint('clock_id', 'no', name=op.f('uq_clock_entry_clock_id_no')),
    )


def downgrade() -> None:
    for table in ('clock_entry', 'clock', 'return_effect', 'return_case', 'task_basis'):
        op.drop_table(table)
