"""versions of certificates are never changed, whoever writes

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('update', 'delete'):
            op.execute(
                f"CREATE TRIGGER certificate_version_no_{verb} BEFORE {verb} ON certificate_version "
                "BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END")
        return
    op.execute(
        "CREATE FUNCTION certificate_version_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a version is never changed'; END $$")
    op.execute(
        "CREATE TRIGGER certificate_version_fixed BEFORE UPDATE OR DELETE ON certificate_version "
        "FOR EACH ROW EXECUTE FUNCTION certificate_version_fixed()")


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('update', 'delete'):
            op.execute(f'DROP TRIGGER certificate_version_no_{verb}')
        return
    op.execute('DROP TRIGGER certificate_version_fixed ON certificate_version')
    op.execute('DROP FUNCTION certificate_version_fixed()')
