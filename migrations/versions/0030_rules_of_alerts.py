"""rules of alerts

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

REVIEWED = (
    "exists (select 1 from certificate where certificate.id = alert.certificate_id and certificate.review_on = alert.term "
    "and (certificate.valid_until is null or certificate.valid_until <> alert.term))"
)


def upgrade() -> None:
    op.create_table('alert_rule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('type_code', sa.String(length=8), nullable=False),
    sa.Column('cause', sa.String(length=12), nullable=False),
    sa.Column('stages', sa.JSON(), nullable=False),
    sa.Column('ladder', sa.JSON(), nullable=False),
    sa.Column('patience', sa.Integer(), nullable=False),
    sa.Column('climbs_within', sa.Integer(), nullable=False),
    sa.Column('quiet_from', sa.String(length=5), nullable=False),
    sa.Column('quiet_until', sa.String(length=5), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('changed_by_name', sa.String(length=80), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_alert_rule_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_rule')),
    sa.UniqueConstraint('unit_id', 'type_code', 'cause', name=op.f('uq_alert_rule_unit_id_type_code_cause'))
    )
    with op.batch_alter_table('alert_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_rule_group_id'), ['group_id'], unique=False)

    with op.batch_alter_table('alert_day', schema=None) as batch_op:
        batch_op.add_column(sa.Column('spans', sa.JSON(), server_default='{}', nullable=False))

    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.add_column(sa.Column('matter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), server_default='0', nullable=False))
        batch_op.drop_constraint(op.f('uq_alert_certificate_id_cause_term_stage'), type_='unique')
        batch_op.create_unique_constraint(op.f('uq_alert_certificate_id_cause_matter_id_term_stage'), ['certificate_id', 'cause', 'matter_id', 'term', 'stage'])

    # what was warned of as an end was a review where the certificate goes on after it
    op.execute(f"update alert set cause = 'review' where cause = 'end' and {REVIEWED}")


def downgrade() -> None:
    op.execute("delete from alert_person where alert_id in (select id from alert where cause not in ('end', 'review'))")
    op.execute("delete from alert_letter_alert where alert_id in (select id from alert where cause not in ('end', 'review'))")
    op.execute("delete from alert where cause not in ('end', 'review')")
    op.execute("update alert set cause = 'end' where cause = 'review'")
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('uq_alert_certificate_id_cause_matter_id_term_stage'), type_='unique')
        batch_op.create_unique_constraint(op.f('uq_alert_certificate_id_cause_term_stage'), ['certificate_id', 'cause', 'term', 'stage'])
        batch_op.drop_column('matter_id')

    with op.batch_alter_table('alert_day', schema=None) as batch_op:
        batch_op.drop_column('spans')

    with op.batch_alter_table('alert_rule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alert_rule_group_id'))

    op.drop_table('alert_rule')
