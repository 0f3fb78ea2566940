"""requests of every process

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
KIND = "SELECT 'apply-' || request.type_code FROM request WHERE request.id = request_content.request_id"


def upgrade() -> None:
    with op.batch_alter_table('request') as batch:
        batch.alter_column('applicant_id', existing_type=KEY, nullable=True)
        batch.add_column(sa.Column('subtype', sa.String(length=24), nullable=False, server_default=''))
        batch.add_column(sa.Column('once_key', sa.String(length=120), nullable=True))
        batch.add_column(sa.Column('parent_id', KEY, nullable=True))
        batch.add_column(sa.Column('details', sa.JSON(), nullable=False, server_default='{}'))
        batch.create_unique_constraint(op.f('uq_request_once_key'), ['once_key'])
        batch.create_foreign_key(op.f('fk_request_parent_id_request'), 'request', ['parent_id'], ['id'])
        batch.create_index(op.f('ix_request_parent_id'), ['parent_id'])
    with op.batch_alter_table('request') as batch:
        batch.alter_column('subtype', existing_type=sa.String(length=24), server_default=None)
        batch.alter_column('details', existing_type=sa.JSON(), server_default=None)
    op.add_column('request_content', sa.Column('form_key', sa.String(length=60), nullable=True))
    op.execute(f'UPDATE request_content SET form_key = ({KIND})')
    with op.batch_alter_table('request_content') as batch:
        batch.alter_column('form_key', existing_type=sa.String(length=60), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('request_content') as batch:
        batch.drop_column('form_key')
    with op.batch_alter_table('request') as batch:
        batch.drop_index(op.f('ix_request_parent_id'))
        batch.drop_constraint(op.f('fk_request_parent_id_request'), type_='foreignkey')
        batch.drop_constraint(op.f('uq_request_once_key'), type_='unique')
        for name in ('details', 'parent_id', 'once_key', 'subtype'):
            batch.drop_column(name)
        batch.alter_column('applicant_id', existing_type=KEY, nullable=False)
