"""evidence

Revision ID: 0035
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('deed',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.Column('salts', sa.JSON(), nullable=False),
    sa.Column('erased', sa.JSON(), nullable=True),
    sa.Column('mac', sa.LargeBinary(length=32), nullable=False),
    sa.Column('first', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('refused', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deed'))
    )
    with op.batch_alter_table('deed', schema=None) as batch_op:
        batch_op.create_index('ix_deed_unsealed', ['id'], unique=False, postgresql_where=sa.text('first IS NULL'), sqlite_where=sa.text('first IS NULL'))

    op.create_table('log_checkpoint',
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('size', name=op.f('pk_log_checkpoint'))
    )
    op.create_table('log_deed',
    sa.Column('mac', sa.LargeBinary(length=32), nullable=False),
    sa.Column('deed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('mac', name=op.f('pk_log_deed'))
    )
    op.create_table('log_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('origin', sa.String(length=200), nullable=False),
    sa.Column('algorithm', sa.String(length=10), nullable=False),
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_log_head'))
    )
    op.create_table('log_leaf',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('fact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('row', sa.String(length=300), nullable=True),
    sa.Column('deed_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seal', sa.LargeBinary(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_log_leaf')),
    sa.UniqueConstraint('fact_id', name=op.f('uq_log_leaf_fact_id'))
    )
    with op.batch_alter_table('log_leaf', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_log_leaf_deed_id'), ['deed_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_log_leaf_row'), ['row'], unique=False)

    op.create_table('log_receipt',
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('place', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('receipt', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('size', 'place', name=op.f('pk_log_receipt'))
    )
    op.create_table('log_shape',
    sa.Column('name', sa.String(length=16), nullable=False),
    sa.Column('of', sa.String(length=63), nullable=False),
    sa.Column('keys', sa.JSON(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_log_shape'))
    )
    op.create_table('log_tile',
    sa.Column('level', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('hashes', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('level', 'number', name=op.f('pk_log_tile'))
    )


def downgrade() -> None:
    op.drop_table('log_tile')
    op.drop_table('log_shape')
    op.drop_table('log_receipt')
    with op.batch_alter_table('log_leaf', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_log_leaf_row'))
        batch_op.drop_index(batch_op.f('ix_log_leaf_deed_id'))

    op.drop_table('log_leaf')
    op.drop_table('log_head')
    op.drop_table('log_deed')
    op.drop_table('log_checkpoint')
    with op.batch_alter_table('deed', schema=None) as batch_op:
        batch_op.drop_index('ix_deed_unsealed', postgresql_where=sa.text('first IS NULL'), sqlite_where=sa.text('first IS NULL'))

    op.drop_table('deed')
