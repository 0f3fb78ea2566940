"""signing in

Revision ID: 0037
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('former_password',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_former_password_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_former_password'))
    )
    with op.batch_alter_table('former_password', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_former_password_account_id'), ['account_id'], unique=False)

    op.create_table('sign_in_try',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('waits_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_sign_in_try'))
    )
    with op.batch_alter_table('sign_in_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_try_at'), ['at'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_column('failed')
        batch_op.drop_column('locked_until')

    with op.batch_alter_table('web_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('how', sa.String(length=20), server_default='password', nullable=False))
        batch_op.add_column(sa.Column('address_sealed', sa.LargeBinary(), nullable=True))
    with op.batch_alter_table('web_session', schema=None) as batch_op:
        batch_op.alter_column('how', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('web_session', schema=None) as batch_op:
        batch_op.drop_column('address_sealed')
        batch_op.drop_column('how')
        batch_op.drop_column('confirmed_at')

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('failed', sa.Integer(), server_default='0', nullable=False))

    with op.batch_alter_table('sign_in_try', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_try_at'))

    op.drop_table('sign_in_try')
    with op.batch_alter_table('former_password', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_former_password_account_id'))

    op.drop_table('former_password')
