"""what the cockpit looks for: where an instance belongs, its variables as rows, batches, and indexes

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[0-9Xx]|[1-9]\d{14}|1[3-9]\d{9})(?![0-9A-Za-z])")
MOST_NAME, MOST_VALUE, AT_ONCE = 120, 80, 500
INSTANCE = sa.table("instance", sa.column("id"), sa.column("places", sa.JSON()), sa.column("unit_path"),
                    sa.column("blob", sa.LargeBinary()))
VARIABLE = sa.table("instance_variable", sa.column("instance_id"), sa.column("name"), sa.column("value"))


def thawed(code: int, data: memoryview) -> Any:
    """Exact numbers and dates as engine/packing.py wrote them; nothing else is looked for."""
    body = bytes(data)
    if code == 1:
        return Decimal(body.decode())
    return dt.date.fromordinal(struct.unpack(">I", body)[0]) if code == 2 else None


def spoken(value: Any) -> str | None:
    """As engine/watched.py writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        plain = format(number.normalize(), "f") if number.is_finite() and abs(number.adjusted()) <= 40 else ""
        return plain if 0 < len(plain) <= MOST_VALUE and not PERSONAL.search(plain) else None
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and 0 < len(value) <= MOST_VALUE and not PERSONAL.search(value):
        return value.casefold()[:MOST_VALUE]
    return None


def variables(blob: bytes) -> dict[str, str]:
    """The scalars of the process itself: the first scope of its state."""
    try:
        _serial, scopes = msgspec.msgpack.decode(blob[1:], ext_hook=thawed)
        held = scopes[0][2]
    except (msgspec.DecodeError, ValueError, IndexError, TypeError):
        return {}
    return {name: words for name, value in held.items()
            if len(name) <= MOST_NAME and (words := spoken(value)) is not None}


def fill() -> None:
    """Where the instances there are belong, and their variables."""
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(sa.select(INSTANCE).where(INSTANCE.c.id > last)
                                     .order_by(INSTANCE.c.id).limit(AT_ONCE)).all():
        last = rows[-1].id
        connection.execute(
            sa.update(INSTANCE).where(INSTANCE.c.id == sa.bindparam("of")).values(unit_path=sa.bindparam("path")),
            [{"of": row.id, "path": "/".join(["", *map(str, reversed(row.places)), ""])} for row in rows])
        found = [{"instance_id": row.id, "name": name, "value": value}
                 for row in rows for name, value in variables(row.blob).items()]
        if found:
            connection.execute(sa.insert(VARIABLE), found)


def upgrade() -> None:
    op.create_table('instance_batch',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('verb', sa.String(length=12), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('undoes_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_instance_batch_job_id_job')),
    sa.ForeignKeyConstraint(['undoes_id'], ['instance_batch.id'], name=op.f('fk_instance_batch_undoes_id_instance_batch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instance_batch')),
    sa.UniqueConstraint('undoes_id', name=op.f('uq_instance_batch_undoes_id'))
    )
    with op.batch_alter_table('instance_batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instance_batch_by_id'), ['by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_instance_batch_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_instance_batch_job_id'), ['job_id'], unique=False)

    op.create_table('instance_batch_row',
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('instance_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('why', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('migration_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['instance_batch.id'], name=op.f('fk_instance_batch_row_batch_id_instance_batch')),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_instance_batch_row_instance_id_instance')),
    sa.PrimaryKeyConstraint('batch_id', 'instance_id', name=op.f('pk_instance_batch_row'))
    )
    with op.batch_alter_table('instance_batch_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instance_batch_row_instance_id'), ['instance_id'], unique=False)
        batch_op.create_index('ix_instance_batch_row_state', ['batch_id', 'state', 'instance_id'], unique=False)

    op.create_table('instance_variable',
    sa.Column('instance_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('value', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['instance_id'], ['instance.id'], name=op.f('fk_instance_variable_instance_id_instance')),
    sa.PrimaryKeyConstraint('instance_id', 'name', name=op.f('pk_instance_variable')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('instance_variable', schema=None) as batch_op:
        batch_op.create_index('ix_instance_variable_sought', ['name', 'value', 'instance_id'], unique=False)

    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index('ix_incident_open', ['instance_id', 'id'], unique=False, postgresql_where=sa.text('resolved_at IS NULL'), sqlite_where=sa.text('resolved_at IS NULL'))

    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unit_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), server_default='', nullable=False))
    fill()
    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.create_index('ix_instance_watched', ['id', 'unit_path', 'process_id', 'definition_id', 'state', 'started_at', 'business_key', 'title'], unique=False)

    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.create_index('ix_task_at', ['element_id', 'instance_id'], unique=False, postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"))

    with op.batch_alter_table('timer', schema=None) as batch_op:
        batch_op.create_index('ix_timer_held', ['state', 'due_at'], unique=False, postgresql_where=sa.text("state IN ('suspended', 'failed')"), sqlite_where=sa.text("state IN ('suspended', 'failed')"))

    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.create_index('ix_visit_at', ['element_id', 'instance_id'], unique=False, postgresql_where=sa.text('left_at IS NULL'), sqlite_where=sa.text('left_at IS NULL'))



def downgrade() -> None:
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.drop_index('ix_visit_at', postgresql_where=sa.text('left_at IS NULL'), sqlite_where=sa.text('left_at IS NULL'))

    with op.batch_alter_table('timer', schema=None) as batch_op:
        batch_op.drop_index('ix_timer_held', postgresql_where=sa.text("state IN ('suspended', 'failed')"), sqlite_where=sa.text("state IN ('suspended', 'failed')"))

    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index('ix_task_at', postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"))

    with op.batch_alter_table('instance', schema=None) as batch_op:
        batch_op.drop_index('ix_instance_watched')
        batch_op.drop_column('unit_path')

    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.drop_index('ix_incident_open', postgresql_where=sa.text('resolved_at IS NULL'), sqlite_where=sa.text('resolved_at IS NULL'))

    with op.batch_alter_table('instance_variable', schema=None) as batch_op:
        batch_op.drop_index('ix_instance_variable_sought')

    op.drop_table('instance_variable')
    with op.batch_alter_table('instance_batch_row', schema=None) as batch_op:
        batch_op.drop_index('ix_instance_batch_row_state')
        batch_op.drop_index(batch_op.f('ix_instance_batch_row_instance_id'))

    op.drop_table('instance_batch_row')
    with op.batch_alter_table('instance_batch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_instance_batch_job_id'))
        batch_op.drop_index(batch_op.f('ix_instance_batch_group_id'))
        batch_op.drop_index(batch_op.f('ix_instance_batch_by_id'))

    op.drop_table('instance_batch')
