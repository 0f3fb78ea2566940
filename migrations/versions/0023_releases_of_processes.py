"""releases of processes: what was deployed so far was put in force at once, for everybody

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


BEFORE = """
insert into process_release (id, process_id, definition_id, over, effective_on, state, asked_at, asked_by_name, reason,
    decided_at, decided_by_name, remark, from_at, noted_at, ended_by_name, ended_why)
select id, process_id, id, false, coalesce(date(deployed_at), '2026-01-01'), 'approved', deployed_at, deployed_by, '', deployed_at, deployed_by,
    '', deployed_at, deployed_at, '', ''
from definition order by id
"""
"""Every version of before under its own number, in force since it was deployed: the newest for all, as it was."""


def upgrade() -> None:
    op.create_table('process_release',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('process_id', sa.String(length=120), nullable=False),
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('draft_revision', sa.Integer(), nullable=True),
    sa.Column('over', sa.Boolean(), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('asked_by_name', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('decided_by_name', sa.String(length=80), nullable=False),
    sa.Column('remark', sa.String(length=1000), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ended_by_name', sa.String(length=80), nullable=False),
    sa.Column('ended_why', sa.String(length=1000), nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_process_release_definition_id_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_process_release'))
    )
    with op.batch_alter_table('process_release', schema=None) as batch_op:
        batch_op.create_index('ix_process_release_coming', ['from_at'], unique=False, sqlite_where=sa.text("state = 'approved' AND noted_at IS NULL"), postgresql_where=sa.text("state = 'approved' AND noted_at IS NULL"))
        batch_op.create_index(batch_op.f('ix_process_release_definition_id'), ['definition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_process_release_draft_id'), ['draft_id'], unique=False)
        batch_op.create_index('ix_process_release_process', ['process_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_process_release_state'), ['state'], unique=False)

    op.create_table('process_release_part',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('process_id', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_process_release_part_definition_id_definition')),
    sa.ForeignKeyConstraint(['release_id'], ['process_release.id'], name=op.f('fk_process_release_part_release_id_process_release')),
    sa.PrimaryKeyConstraint('release_id', 'definition_id', name=op.f('pk_process_release_part'))
    )
    with op.batch_alter_table('process_release_part', schema=None) as batch_op:
        batch_op.create_index('ix_process_release_part_process', ['process_id', 'release_id'], unique=False)

    op.create_table('process_release_unit',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['release_id'], ['process_release.id'], name=op.f('fk_process_release_unit_release_id_process_release')),
    sa.PrimaryKeyConstraint('release_id', 'unit_id', name=op.f('pk_process_release_unit'))
    )
    with op.batch_alter_table('start_trigger', schema=None) as batch_op:
        batch_op.add_column(sa.Column('places', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('until_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('start_trigger', schema=None) as batch_op:
        batch_op.alter_column('places', existing_type=sa.JSON(), server_default=None)
    joined = "cast('[' || group_id || ']' as json)" if op.get_bind().dialect.name == 'postgresql' else "'[' || group_id || ']'"
    op.execute(f"update start_trigger set places = {joined} where kind = 'timer'")
    op.execute(BEFORE)
    op.execute("insert into process_release_part (release_id, definition_id, process_id) "
               "select id, definition_id, process_id from process_release")
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("select setval(pg_get_serial_sequence('process_release', 'id'), coalesce(max(id), 0) + 1, false) "
                   "from process_release")



def downgrade() -> None:
    with op.batch_alter_table('start_trigger', schema=None) as batch_op:
        batch_op.drop_column('until_at')
        batch_op.drop_column('places')

    op.drop_table('process_release_unit')
    with op.batch_alter_table('process_release_part', schema=None) as batch_op:
        batch_op.drop_index('ix_process_release_part_process')

    op.drop_table('process_release_part')
    with op.batch_alter_table('process_release', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_process_release_state'))
        batch_op.drop_index('ix_process_release_process')
        batch_op.drop_index(batch_op.f('ix_process_release_draft_id'))
        batch_op.drop_index(batch_op.f('ix_process_release_definition_id'))
        batch_op.drop_index('ix_process_release_coming', sqlite_where=sa.text("state = 'approved' AND noted_at IS NULL"), postgresql_where=sa.text("state = 'approved' AND noted_at IS NULL"))

    op.drop_table('process_release')
