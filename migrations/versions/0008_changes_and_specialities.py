"""changes and specialities

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ADDED = ('previous_mark', 'previous_number', 'suspended_until', 'duty_on')


def upgrade() -> None:
    # plain ADD COLUMN: the table keeps the triggers that refuse changes (0002)
    op.add_column('certificate_version', sa.Column('previous_mark', sa.String(120), nullable=False, server_default=''))
    op.add_column('certificate_version', sa.Column('previous_number', sa.String(200), nullable=False, server_default=''))
    op.add_column('certificate_version', sa.Column('suspended_until', sa.Date(), nullable=True))
    op.add_column('certificate_version', sa.Column('duty_on', sa.Date(), nullable=True))
    op.create_table(
        'speciality',
        sa.Column('id', KEY, nullable=False),
        sa.Column('certificate_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('code', sa.String(length=20), nullable=False),
        sa.Column('request_id', KEY, nullable=True),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('from_on', sa.Date(), nullable=False),
        sa.Column('to_on', sa.Date(), nullable=True),
        sa.Column('known_from', sa.DateTime(timezone=True), nullable=False),
        sa.Column('known_until', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'],
                                name=op.f('fk_speciality_certificate_id_certificate')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_speciality')),
    )
    op.create_index('ix_speciality_certificate_id', 'speciality', ['certificate_id'])


def downgrade() -> None:
    op.drop_table('speciality')
    for name in reversed(ADDED):
        op.drop_column('certificate_version', name)
