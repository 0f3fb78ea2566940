"""comments, copies, urgings, consultations, signatures, saved views; corrections answered at the field

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        'comment',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('request_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=True),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('text', sa.String(length=4000), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('struck_at', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_comment_request_id_request')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_comment')),
    )
    op.create_index('ix_comment_request_id', 'comment', ['request_id'])
    op.create_table(
        'comment_mention',
        sa.Column('comment_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_mention_comment_id_comment')),
        sa.PrimaryKeyConstraint('comment_id', 'person_id', name=op.f('pk_comment_mention')),
    )
    op.create_index('ix_comment_mention_person_id', 'comment_mention', ['person_id'])
    op.create_table(
        'request_copy',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('request_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('why', sa.String(length=12), nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('element_id', sa.String(length=120), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('read_at', MOMENT, nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_request_copy_person_id_person')),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_request_copy_request_id_request')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_request_copy')),
        sa.UniqueConstraint('request_id', 'person_id', name=op.f('uq_request_copy_request_id_person_id')),
    )
    op.create_index('ix_request_copy_person_id', 'request_copy', ['person_id', 'read_at', 'id'])
    op.create_index('ix_request_copy_request_id', 'request_copy', ['request_id'])
    op.create_table(
        'urging',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('request_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('by_id', KEY, nullable=False),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_urging_request_id_request')),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_urging_task_id_task')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_urging')),
        sa.UniqueConstraint('task_id', 'by_id', 'day', name=op.f('uq_urging_task_id_by_id_day')),
    )
    op.create_index('ix_urging_request_id', 'urging', ['request_id'])
    op.create_table(
        'consultation',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('request_id', KEY, nullable=False),
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('expert_name', sa.String(length=60), nullable=False),
        sa.Column('expert_org', sa.String(length=120), nullable=False),
        sa.Column('question', sa.String(length=2000), nullable=False),
        sa.Column('fields', sa.JSON(), nullable=False),
        sa.Column('files', sa.JSON(), nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.Column('by_name', sa.String(length=80), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('expires_at', MOMENT, nullable=False),
        sa.Column('opened_at', MOMENT, nullable=True),
        sa.Column('answered_at', MOMENT, nullable=True),
        sa.Column('revoked_at', MOMENT, nullable=True),
        sa.Column('answer', sa.String(length=4000), nullable=False),
        sa.Column('verdict', sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_consultation_request_id_request')),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_consultation_task_id_task')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consultation')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_consultation_token_hash')),
    )
    op.create_index('ix_consultation_request_id', 'consultation', ['request_id'])
    op.create_index('ix_consultation_task_id', 'consultation', ['task_id'])
    op.create_table(
        'consultation_view',
        sa.Column('id', KEY, nullable=False),
        sa.Column('consultation_id', KEY, nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('agent', sa.String(length=200), nullable=False),
        sa.Column('address_hash', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_consultation_view_consultation_id_consultation')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consultation_view')),
    )
    op.create_index('ix_consultation_view_consultation_id', 'consultation_view', ['consultation_id'])
    op.create_table(
        'task_signature',
        sa.Column('task_id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('request_id', KEY, nullable=False),
        sa.Column('file_id', KEY, nullable=True),
        sa.Column('how', sa.String(length=8), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by_id', KEY, nullable=True),
        sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_task_signature_file_id_file')),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_task_signature_request_id_request')),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_signature_task_id_task')),
        sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_signature')),
    )
    op.create_index('ix_task_signature_request_id', 'task_signature', ['request_id'])
    op.create_table(
        'signature_specimen',
        sa.Column('person_id', KEY, autoincrement=False, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('file_id', KEY, nullable=False),
        sa.Column('how', sa.String(length=8), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_signature_specimen_file_id_file')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_signature_specimen_person_id_person')),
        sa.PrimaryKeyConstraint('person_id', name=op.f('pk_signature_specimen')),
    )
    op.create_table(
        'signature_made',
        sa.Column('file_id', KEY, autoincrement=False, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('how', sa.String(length=8), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.ForeignKeyConstraint(['file_id'], ['file.id'], name=op.f('fk_signature_made_file_id_file')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_signature_made_person_id_person')),
        sa.PrimaryKeyConstraint('file_id', name=op.f('pk_signature_made')),
    )
    op.create_index('ix_signature_made_person_id', 'signature_made', ['person_id'])
    op.create_table(
        'inbox_view',
        sa.Column('id', KEY, nullable=False),
        sa.Column('group_id', KEY, nullable=False),
        sa.Column('person_id', KEY, nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('filter', sa.JSON(), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_inbox_view_person_id_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_view')),
        sa.UniqueConstraint('person_id', 'name', name=op.f('uq_inbox_view_person_id_name')),
    )
    op.add_column('correction', sa.Column('task_id', KEY, nullable=True))
    op.add_column('correction', sa.Column('answer', sa.String(length=2000), nullable=False, server_default=''))
    op.add_column('correction', sa.Column('answered_at', MOMENT, nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('correction', 'answer', server_default=None)


def downgrade() -> None:
    for table in ('inbox_view', 'signature_made', 'signature_specimen', 'task_signature', 'consultation_view', 'consultation', 'urging', 'request_copy', 'comment_mention', 'comment'):
        op.drop_table(table)
    for name in ('answered_at', 'answer', 'task_id'):
        op.drop_column('correction', name)
