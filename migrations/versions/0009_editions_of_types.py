"""editions of certificate types

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)
FIXED = 'code, no, province, effective_from, reason, verified_by, published_at, by_id, content'


def upgrade() -> None:
    op.create_table(
        'type_edition',
        sa.Column('id', KEY, nullable=False),
        sa.Column('code', sa.String(length=8), nullable=False),
        sa.Column('no', sa.Integer(), nullable=False),
        sa.Column('province', sa.String(length=1), nullable=False),
        sa.Column('effective_from', sa.Date(), nullable=False),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('verified_by', sa.String(length=120), nullable=False),
        sa.Column('published_at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('withdrawn_at', MOMENT, nullable=True),
        sa.Column('withdrawn_by_id', KEY, nullable=True),
        sa.Column('withdrawn_by_name', sa.String(length=80), nullable=False),
        sa.Column('applied_to', KEY, nullable=False),
        sa.Column('applied_at', MOMENT, nullable=True),
        sa.Column('moved', sa.Integer(), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_type_edition')),
        sa.UniqueConstraint('code', 'no', name=op.f('uq_type_edition_code_no')),
    )
    standing = sa.text('withdrawn_at IS NULL')
    op.create_index('uq_type_edition_day', 'type_edition', ['code', 'province', 'effective_from'], unique=True,
                    sqlite_where=standing, postgresql_where=standing)
    op.create_index('ix_type_edition_mark', 'type_edition', ['withdrawn_at'])
    if op.get_bind().dialect.name == 'sqlite':
        op.execute(
            f"CREATE TRIGGER type_edition_no_update BEFORE UPDATE OF {FIXED} ON type_edition "
            "BEGIN SELECT RAISE(ABORT, 'an edition is never changed'); END")
        op.execute(
            "CREATE TRIGGER type_edition_no_delete BEFORE DELETE ON type_edition "
            "BEGIN SELECT RAISE(ABORT, 'an edition is never deleted'); END")
        return
    op.execute(
        "CREATE FUNCTION type_edition_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an edition is never changed'; END $$")
    op.execute(
        f"CREATE TRIGGER type_edition_fixed BEFORE DELETE OR UPDATE OF {FIXED} ON type_edition "
        "FOR EACH ROW EXECUTE FUNCTION type_edition_fixed()")


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER type_edition_fixed ON type_edition')
        op.execute('DROP FUNCTION type_edition_fixed()')
    op.drop_table('type_edition')
