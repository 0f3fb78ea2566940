"""substitutes, and what somebody who leaves hands over

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
PATH = sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'substitution',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('substitute_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('from_at', MOMENT, nullable=False),
        sa.Column('until_at', MOMENT, nullable=False),
        sa.Column('processes', sa.JSON(), nullable=True),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('made_at', MOMENT, nullable=False),
        sa.Column('made_by', KEY, nullable=True),
        sa.Column('ended_at', MOMENT, nullable=True),
        sa.Column('ended_by', KEY, nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_substitution_person_id_person')),
        sa.ForeignKeyConstraint(['substitute_id'], ['person.id'], name=op.f('fk_substitution_substitute_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_substitution')),
    )
    op.create_index('ix_substitution_person_id', 'substitution', ['person_id', 'until_at'])
    op.create_index('ix_substitution_substitute_id', 'substitution', ['substitute_id', 'until_at'], postgresql_where=sa.text('ended_at IS NULL'), sqlite_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_substitution_unit_path', 'substitution', ['unit_path'])
    op.create_table(
        'handover',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('request_id', KEY, nullable=True),
        sa.Column('successor_id', KEY, nullable=True),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('done_at', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_handover_person_id_person')),
        sa.ForeignKeyConstraint(['successor_id'], ['person.id'], name=op.f('fk_handover_successor_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_handover')),
    )
    op.create_index('ix_handover_person_id', 'handover', ['person_id'])
    op.create_index('ix_handover_request_id', 'handover', ['request_id'])
    op.create_index('ix_handover_unit_path', 'handover', ['unit_path'])
    op.create_table(
        'handover_item',
        sa.Column('id', KEY, nullable=False),
        sa.Column('handover_id', KEY, nullable=False),
        sa.Column('kind', sa.String(length=12), nullable=False),
        sa.Column('thing_id', KEY, nullable=False),
        sa.Column('to_id', KEY, nullable=True),
        sa.Column('at', MOMENT, nullable=True),
        sa.Column('how', sa.String(length=12), nullable=True),
        sa.Column('why', sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(['handover_id'], ['handover.id'], name=op.f('fk_handover_item_handover_id_handover')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_handover_item')),
        sa.UniqueConstraint('handover_id', 'kind', 'thing_id', name=op.f('uq_handover_item_handover_id_kind_thing_id')),
    )
    op.create_index('ix_handover_item_to_id', 'handover_item', ['to_id', 'kind'])


def downgrade() -> None:
    for table in ('handover_item', 'handover', 'substitution'):
        op.drop_table(table)
