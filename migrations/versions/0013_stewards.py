"""columns of a company's own ledger; what the score of the register counts

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
PATH = sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'intake_layout',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('columns', sa.JSON(), nullable=False),
        sa.Column('batch_id', KEY, nullable=True),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['batch_id'], ['intake_batch.id'], name=op.f('fk_intake_layout_batch_id_intake_batch')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_intake_layout_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_layout')),
        sa.UniqueConstraint('unit_id', 'name', name=op.f('uq_intake_layout_unit_id_name')),
    )
    op.create_index('ix_intake_layout_unit_path', 'intake_layout', ['unit_path'])
    op.create_table(
        'intake_quality',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('company_id', KEY, nullable=True),
        sa.Column('family', sa.String(length=1), nullable=False),
        sa.Column('type_code', sa.String(length=8), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False)
          for name in ('live', 'wanted', 'filled', 'undated', 'scanned', 'expired')),
        sa.Column('at', MOMENT, nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_intake_quality_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_quality')),
        sa.UniqueConstraint('unit_id', 'type_code', name=op.f('uq_intake_quality_unit_id_type_code')),
    )
    op.create_index('ix_intake_quality_unit_path', 'intake_quality', ['unit_path'])


def downgrade() -> None:
    for table in ('intake_quality', 'intake_layout'):
        op.drop_table(table)
