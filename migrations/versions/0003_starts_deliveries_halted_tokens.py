"""starts, deliveries, halted tokens

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=True),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('from_instance_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('instance_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('token', sa.Integer(), nullable=True),
    sa.Column('start_trigger_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.String(length=500), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index('ix_delivery_due', ['next_try_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"), sqlite_where=sa.text("state = 'waiting'"))
        batch_op.create_index(batch_op.f('ix_delivery_from_instance_id'), ['from_instance_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_instance_id'), ['instance_id'], unique=False)
        batch_op.create_index('ix_delivery_name', ['kind', 'name', 'key'], unique=False)

    op.create_table('start_trigger',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('process_id', sa.String(length=120), nullable=False),
    sa.Column('element_id', sa.String(length=120), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remaining', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_start_trigger_definition_id_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_start_trigger'))
    )
    with op.batch_alter_table('start_trigger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_start_trigger_definition_id'), ['definition_id'], unique=False)
        batch_op.create_index('ix_start_trigger_due', ['due_at'], unique=False)
        batch_op.create_index('ix_start_trigger_name', ['kind', 'name'], unique=False)
        batch_op.create_index(batch_op.f('ix_start_trigger_process_id'), ['process_id'], unique=False)

    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.add_column(sa.Column('token', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('cause_en', sa.Text(), nullable=True))

    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), server_default='message', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.drop_column('kind')

    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_column('cause_en')
        batch_op.drop_column('delivery_id')
        batch_op.drop_column('token')

    with op.batch_alter_table('start_trigger', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_start_trigger_process_id'))
        batch_op.drop_index('ix_start_trigger_name')
        batch_op.drop_index('ix_start_trigger_due')
        batch_op.drop_index(batch_op.f('ix_start_trigger_definition_id'))

    op.drop_table('start_trigger')
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.drop_index('ix_delivery_name')
        batch_op.drop_index(batch_op.f('ix_delivery_instance_id'))
        batch_op.drop_index(batch_op.f('ix_delivery_from_instance_id'))
        batch_op.drop_index('ix_delivery_due', postgresql_where=sa.text("state = 'waiting'"), sqlite_where=sa.text("state = 'waiting'"))

    op.drop_table('delivery')
