"""effects of losses, editions of the rules' tables, forms that were sent, machines that were scrapped

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
PATH = sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('machine', sa.Column('scrapped_on', sa.Date(), nullable=True))
    op.create_table(
        'effect',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('unit_path', PATH, nullable=False),
        sa.Column('family', sa.String(length=1), nullable=False),
        sa.Column('owner_id', KEY, nullable=True),
        sa.Column('key', sa.String(length=120), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('certificate_id', KEY, nullable=True),
        sa.Column('unit_id', KEY, nullable=True),
        sa.Column('decision', sa.String(length=40), nullable=False),
        sa.Column('lack', sa.String(length=40), nullable=False),
        sa.Column('params', sa.JSON(), nullable=False),
        sa.Column('text', sa.String(length=400), nullable=False),
        sa.Column('basis', sa.String(length=200), nullable=False),
        sa.Column('verified', sa.Boolean(), nullable=False),
        sa.Column('cause_certificate_id', KEY, nullable=True),
        sa.Column('cause_person_id', KEY, nullable=True),
        sa.Column('since', sa.Date(), nullable=False),
        sa.Column('opened_at', MOMENT, nullable=False),
        sa.Column('lifted_at', MOMENT, nullable=True),
        sa.CheckConstraint("kind in ('ground', 'lapses', 'review', 'change', 'blocked')", name=op.f('ck_effect_kind')),
        sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_effect_certificate_id_certificate')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_effect_unit_id_unit')),
        sa.ForeignKeyConstraint(['cause_certificate_id'], ['certificate.id'], name=op.f('fk_effect_cause_certificate_id_certificate')),
        sa.ForeignKeyConstraint(['cause_person_id'], ['person.id'], name=op.f('fk_effect_cause_person_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_effect')),
    )
    op.create_index('uq_effect_open', 'effect', ['key'], unique=True, sqlite_where=sa.text('lifted_at IS NULL'),
                    postgresql_where=sa.text('lifted_at IS NULL'))
    for column in ('certificate_id', 'unit_id', 'cause_certificate_id', 'cause_person_id'):
        op.create_index(f'ix_effect_{column}', 'effect', [column])
    op.create_index('ix_effect_unit_path', 'effect', ['unit_path', 'lifted_at'])
    op.create_table(
        'rule_edition',
        sa.Column('id', KEY, nullable=False),
        sa.Column('rule', sa.String(length=3), nullable=False),
        sa.Column('no', sa.Integer(), nullable=False),
        sa.Column('province', sa.String(length=1), nullable=False),
        sa.Column('effective_from', sa.Date(), nullable=False),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('content', sa.String(), nullable=False),
        sa.Column('reason', sa.String(length=300), nullable=False),
        sa.Column('published_at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('withdrawn_at', MOMENT, nullable=True),
        sa.Column('withdrawn_by_name', sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_edition')),
        sa.UniqueConstraint('rule', 'no', name=op.f('uq_rule_edition_rule_no')),
    )
    op.create_index('uq_rule_edition_day', 'rule_edition', ['rule', 'province', 'effective_from'], unique=True,
                    sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
    op.create_table(
        'sent_form',
        sa.Column('token', sa.String(length=60), nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('address', sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_sent_form_person_id_person')),
        sa.PrimaryKeyConstraint('token', name=op.f('pk_sent_form')),
    )
    op.create_index('ix_sent_form_person_id', 'sent_form', ['person_id'])


def downgrade() -> None:
    for table in ('sent_form', 'rule_edition', 'effect'):
        op.drop_table(table)
    op.drop_column('machine', 'scrapped_on')
