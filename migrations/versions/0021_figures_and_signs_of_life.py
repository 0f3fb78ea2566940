"""sums of what was completed, by element and day; signs of life of the workers

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)
OVER = {'visit': "left_how = 'completed'", 'task': "state = 'completed' AND parent_id IS NULL"}
WAITING = {'visit': 'left_at IS NULL', 'task': "state = 'open' AND parent_id IS NULL"}
LEFT = {'visit': 'left_at', 'task': 'completed_at'}


def partial(name: str, table: str, columns: list[str], postgresql: str, sqlite: str | None = None) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(postgresql), sqlite_where=sa.text(sqlite or postgresql))


def upgrade() -> None:
    op.create_table(
        'element_day',
        sa.Column('process_id', sa.String(length=120), nullable=False),
        sa.Column('span', sa.String(length=1), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('unit_id', KEY, autoincrement=False, nullable=False),
        sa.Column('definition_id', KEY, autoincrement=False, nullable=False),
        sa.Column('element_id', sa.String(length=120), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('sketch', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('process_id', 'span', 'day', 'unit_id', 'definition_id', 'element_id', name=op.f('pk_element_day')),
    )
    op.create_index('ix_element_day_asked', 'element_day', ['process_id', 'unit_id', 'span', 'day'])
    op.create_table(
        'element_mark',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('value', KEY, nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_element_mark')),
    )
    op.create_table(
        'element_now',
        sa.Column('process_id', sa.String(length=120), nullable=False),
        sa.Column('unit_id', KEY, autoincrement=False, nullable=False),
        sa.Column('definition_id', KEY, autoincrement=False, nullable=False),
        sa.Column('element_id', sa.String(length=120), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.Column('since', MOMENT, nullable=False),
        sa.PrimaryKeyConstraint('process_id', 'unit_id', 'definition_id', 'element_id', name=op.f('pk_element_now')),
    )
    op.create_table(
        'element_stale',
        sa.Column('id', KEY, nullable=False),
        sa.Column('process_id', sa.String(length=120), nullable=False),
        sa.Column('day', sa.Date(), nullable=True),
        sa.Column('instance_id', KEY, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_element_stale')),
    )
    op.create_table(
        'worker_beat',
        sa.Column('id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('place', sa.String(length=120), nullable=False),
        sa.Column('begun_at', MOMENT, nullable=False),
        sa.Column('seen_at', MOMENT, nullable=False),
        sa.Column('stopped_at', MOMENT, nullable=True),
        sa.Column('doing', sa.String(length=40), nullable=True),
        sa.Column('doing_since', MOMENT, nullable=True),
        sa.Column('parts', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_worker_beat')),
    )
    op.create_index('ix_incident_opened', 'incident', ['opened_at'])
    partial('ix_incident_unresolved', 'incident', ['instance_id', 'element_id'], 'resolved_at IS NULL')
    for table, over in OVER.items():
        op.add_column(table, sa.Column('counted', sa.Boolean(), server_default=sa.false(), nullable=False))
        partial(f'ix_{table}_left', table, [LEFT[table]], over)
        partial(f'ix_{table}_uncounted', table, ['id'], f'counted IS false AND {over}', f'counted IS 0 AND {over}')
        partial(f'ix_{table}_waiting', table, ['instance_id', 'element_id'], WAITING[table])


def downgrade() -> None:
    for table in ('task', 'visit'):
        for name in ('waiting', 'uncounted', 'left'):
            op.drop_index(f'ix_{table}_{name}', table)
        op.drop_column(table, 'counted')
    op.drop_index('ix_incident_unresolved', 'incident')
    op.drop_index('ix_incident_opened', 'incident')
    for table in ('worker_beat', 'element_stale', 'element_now', 'element_mark', 'element_day'):
        op.drop_table(table)
