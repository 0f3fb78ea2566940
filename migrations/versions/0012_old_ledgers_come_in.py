"""old ledgers come in

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
PATH = sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql')
MOMENT = sa.DateTime(timezone=True)
OPEN, SETTLED = sa.text("state = 'open'"), sa.text("state <> 'open' AND weight <> 'tidied'")
QUEUED = ['batch_id', 'kind', 'case', 'weight', 'unit_path', 'family', 'type_code', 'taken_by', 'since', 'id', 'state']
PLACED = ['unit_path', 'type_code', 'certificate_id', 'kind', 'weight', 'family', 'batch_id', 'row_id', 'state']
ENTERED, VERSION = sa.text('certificate_id IS NOT NULL'), sa.text('version_id IS NOT NULL')


def upgrade() -> None:
    op.create_table(
        'intake_learning',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('words', sa.String(length=800), nullable=False),
        sa.Column('meaning', sa.String(length=20000), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_learning')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_intake_learning_unit_id_unit')),
        sa.UniqueConstraint('unit_id', 'kind', 'words', name=op.f('uq_intake_learning_unit_id_kind_words')),
    )
    op.create_table(
        'intake_batch',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('file_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('mappings', sa.JSON(), nullable=False),
        sa.Column('told', sa.JSON(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('errands', sa.JSON(), nullable=False),
        sa.Column('confirmed', sa.Boolean(), nullable=False),
        sa.Column('rows_total', sa.Integer(), nullable=False),
        sa.Column('rows_done', sa.Integer(), nullable=False),
        sa.Column('problem', sa.JSON(), nullable=True),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('committed_at', MOMENT, nullable=True),
        sa.Column('committed_by', KEY, nullable=True),
        sa.Column('undone_at', MOMENT, nullable=True),
        sa.Column('undone_by', KEY, nullable=True),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_intake_batch_file_id_file')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_intake_batch_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_batch')),
    )
    op.create_index('ix_intake_batch_group_id', 'intake_batch', ['group_id'])
    op.create_index('ix_intake_batch_state', 'intake_batch', ['state'])
    op.create_index('ix_intake_batch_unit_path', 'intake_batch', ['unit_path', 'id'])
    op.create_table(
        'unit_former_name',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('until', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_unit_former_name_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_former_name')),
    )
    op.create_index('ix_unit_former_name_group_id', 'unit_former_name', ['group_id'])
    op.create_index('ix_unit_former_name_unit_id', 'unit_former_name', ['unit_id'])
    op.create_table(
        'intake_made',
        sa.Column('batch_id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('subject_id', KEY, nullable=False),
        sa.ForeignKeyConstraint(['batch_id'], ['intake_batch.id'], name=op.f('fk_intake_made_batch_id_intake_batch')),
        sa.PrimaryKeyConstraint('batch_id', 'kind', 'subject_id', name=op.f('pk_intake_made')),
    )
    op.create_table(
        'intake_decision',
        sa.Column('batch_id', KEY, nullable=False),
        sa.Column('mark', sa.String(length=64), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['batch_id'], ['intake_batch.id'], name=op.f('fk_intake_decision_batch_id_intake_batch')),
        sa.PrimaryKeyConstraint('batch_id', 'mark', name=op.f('pk_intake_decision')),
    )
    op.create_index('ix_intake_made_subject', 'intake_made', ['kind', 'subject_id'])
    op.create_table(
        'intake_row',
        sa.Column('id', KEY, nullable=False),
        sa.Column('batch_id', KEY, nullable=False),
        sa.Column('ordinal', sa.Integer(), nullable=False),
        sa.Column('table_no', sa.Integer(), nullable=False),
        sa.Column('sheet_no', sa.Integer(), nullable=False),
        sa.Column('row_no', sa.Integer(), nullable=False),
        sa.Column('part', sa.Integer(), nullable=False),
        sa.Column('outcome', sa.String(length=10), nullable=False),
        sa.Column('type_code', sa.String(length=8), nullable=False),
        sa.Column('number_key', sa.String(length=100), nullable=False),
        sa.Column('shown', sa.JSON(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('changes', sa.JSON(), nullable=True),
        sa.Column('certificate_id', KEY, nullable=True),
        sa.Column('version_id', KEY, nullable=True),
        sa.Column('edited', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['batch_id'], ['intake_batch.id'], name=op.f('fk_intake_row_batch_id_intake_batch')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_row')),
        sa.UniqueConstraint('batch_id', 'ordinal', name=op.f('uq_intake_row_batch_id_ordinal')),
    )
    op.create_index('ix_intake_row_certificate', 'intake_row', ['certificate_id'], sqlite_where=ENTERED, postgresql_where=ENTERED)
    op.create_index('ix_intake_row_outcome', 'intake_row', ['batch_id', 'outcome', 'ordinal', 'certificate_id'])
    op.create_index('ix_intake_row_version', 'intake_row', ['version_id'], sqlite_where=VERSION, postgresql_where=VERSION)
    op.create_table(
        'intake_flaw',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('family', sa.String(length=1), nullable=False),
        sa.Column('type_code', sa.String(length=8), nullable=False),
        sa.Column('batch_id', KEY, nullable=False),
        sa.Column('row_id', KEY, nullable=False),
        sa.Column('certificate_id', KEY, nullable=True),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('weight', sa.String(length=6), nullable=False),
        sa.Column('field', sa.String(length=20), nullable=False),
        sa.Column('column_no', sa.Integer(), nullable=True),
        sa.Column('case', sa.String(length=120), nullable=False),
        sa.Column('text', sa.String(length=200), nullable=False),
        sa.Column('params', sa.JSON(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.Column('sure', sa.Double(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('since', MOMENT, nullable=False),
        sa.Column('taken_by', KEY, nullable=True),
        sa.Column('settled_at', MOMENT, nullable=True),
        sa.Column('settled_by', KEY, nullable=True),
        sa.ForeignKeyConstraint(['batch_id'], ['intake_batch.id'], name=op.f('fk_intake_flaw_batch_id_intake_batch')),
        sa.ForeignKeyConstraint(['row_id'], ['intake_row.id'], name=op.f('fk_intake_flaw_row_id_intake_row')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_flaw')),
    )
    op.create_index('ix_intake_flaw_batch', 'intake_flaw', ['batch_id', 'kind', 'state', 'id', 'row_id'])
    op.create_index('ix_intake_flaw_certificate', 'intake_flaw', ['certificate_id'], sqlite_where=ENTERED, postgresql_where=ENTERED)
    op.create_index('ix_intake_flaw_open', 'intake_flaw', QUEUED, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index('ix_intake_flaw_place', 'intake_flaw', PLACED, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index('ix_intake_flaw_settled', 'intake_flaw', ['batch_id', 'kind', 'state', 'weight'], sqlite_where=SETTLED, postgresql_where=SETTLED)
    op.create_index('ix_intake_flaw_row_id', 'intake_flaw', ['row_id'])


def downgrade() -> None:
    for table in ('intake_flaw', 'intake_row', 'intake_decision', 'intake_made', 'unit_former_name', 'intake_batch',
                  'intake_learning'):
        op.drop_table(table)
