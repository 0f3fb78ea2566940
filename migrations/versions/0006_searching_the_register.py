"""searching the register

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

SEEN = ['unit_path', 'family', 'type_code', 'holder_person_id', 'state', 'ends_on', 'due_from', 'version_no',
        'valid_from', 'term', 'search', 'number_key']
KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.drop_index('ix_certificate_seen', 'certificate')
    op.create_index('ix_certificate_seen', 'certificate', [*SEEN, 'holder_name', 'number'])
    op.create_index('ix_certificate_unit_path', 'certificate', ['unit_path'])
    op.create_index('ix_certificate_by_holder', 'certificate', ['holder_name', 'id'])
    op.create_index('ix_certificate_by_number', 'certificate', ['number', 'id'])
    op.create_index('ix_certificate_by_type', 'certificate', ['type_code', 'id'])
    op.create_index('ix_certificate_version_held', 'certificate_version',
                    ['certificate_id', 'no', 'holds_from', 'known_from', 'state'])
    op.create_table(
        'saved_filter',
        sa.Column('id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('arguments', sa.JSON(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_saved_filter_person_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_filter')),
        sa.UniqueConstraint('person_id', 'name', name=op.f('uq_saved_filter_person_id_name')),
    )


def downgrade() -> None:
    op.drop_table('saved_filter')
    op.drop_index('ix_certificate_version_held', 'certificate_version')
    for name in ('by_type', 'by_number', 'by_holder', 'unit_path', 'seen'):
        op.drop_index(f'ix_certificate_{name}', 'certificate')
    op.create_index('ix_certificate_seen', 'certificate', SEEN)
