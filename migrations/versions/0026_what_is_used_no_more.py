"""what is used no more; figures of projects

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('retirement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_name', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retirement'))
    )
    with op.batch_alter_table('retirement', schema=None) as batch_op:
        batch_op.create_index('ix_retirement_stands', ['group_id', 'kind', 'key'], unique=True,
                              sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    # figures are kept for projects too: every day of the past is counted again by the worker
    op.execute("INSERT INTO element_stale (process_id, day) "
               "SELECT DISTINCT process_id, day FROM element_day WHERE span = 'd'")


def downgrade() -> None:
    with op.batch_alter_table('retirement', schema=None) as batch_op:
        batch_op.drop_index('ix_retirement_stands')
    op.drop_table('retirement')
