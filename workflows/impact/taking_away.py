"""Taking away an account, a role or a form. What hangs on it is looked at once more in the transaction that takes it
away: what somebody has not been shown is never left without anybody.

Nothing is deleted: an account is shut, a grant revoked, a role or a form retired, and each can be taken up again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.releases import coming
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotAllowed, Problem
from registry.access import accounts, grants, retiring
from registry.access.accounts import Account, actor_of
from registry.access.grants import RoleGrant
from registry.access.roles import EMPLOYEE, role_of
from registry.access.rules import Thing, require
from registry.people.units import Unit
from workflows.impact import listing
from workflows.impact.listing import Line

KEPT = frozenset({EMPLOYEE, "administrator", "security_administrator"})
"""Roles that no group can do without: everybody's, and those who could give the others back."""


class OwnAccess(Conflict):
    """不能停用自己的账号，也不能授予或收回自己的角色，请由另一位管理员办理。"""


class AlreadyShut(Conflict):
    """这个账号已经停用，或这个角色已经收回。"""


class ListChanged(Conflict):
    """在您看的时候影响清单有了变化，请再看一遍。"""


class LeftWithNobody(BadAnswer):
    """之后有事项没有人能办。"""


class StillUsed(Conflict):
    """还离不开它：清单里“会停下来”的 {n} 项要先处理。"""


class CannotGo(Conflict):
    """“{role}”是每个集团都要有的角色，不能停用。"""


@dataclass(frozen=True)
class Looked:
    """What somebody has seen and said: the mark of the list they were shown, that they want it all the same, why."""

    mark: str
    anyway: bool
    reason: str


def stops(lines: Sequence[Line]) -> list[Line]:
    """What would stand still."""
    return [line for line in lines if line.weight == "stop"]


def mark_of(lines: Sequence[Line]) -> str:
    """Tells two lists apart by what would stand still."""
    told = [[line.key, str(line.count), *(f"{item.words}|{item.ref}" for item in line.items)] for line in stops(lines)]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def close_account(session: Session, account: Account, looked: Looked, *, by: Actor) -> None:
    """Shut somebody's account; what lies with them stays, to be handed over. Raises NotAllowed, OwnAccess, AlreadyShut,
    ListChanged, LeftWithNobody (at "anyway", unless they want it all the same), BadAnswer (no reason)."""
    if by.id == account.person_id:
        raise OwnAccess
    _take_turns(session, account.group_id, by, "account.edit", Thing(account.person.unit_path))
    session.refresh(account, with_for_update=True)
    if account.disabled_at is not None:
        raise AlreadyShut
    _weigh(listing.of_person(session, account.person), looked)
    accounts.disable(session, account, by=by, reason=_reason(looked))


def open_account(session: Session, account: Account, *, by: Actor) -> None:
    """Let somebody in again. Raises NotAllowed, OwnAccess."""
    if by.id == account.person_id:
        raise OwnAccess
    _take_turns(session, account.group_id, by, "account.edit", Thing(account.person.unit_path))
    session.refresh(account, with_for_update=True)
    if account.disabled_at is not None:
        accounts.enable(session, account, by=by)


def revoke_role(session: Session, grant: RoleGrant, looked: Looked, *, by: Actor) -> None:
    """Take one role from one person. Raises as `close_account` does."""
    if by.id == grant.person_id:
        raise OwnAccess
    _take_turns(session, grant.group_id, by, "role.edit", Thing(grant.unit.path))
    session.refresh(grant, with_for_update=True)
    if grant.revoked_at is not None:
        raise AlreadyShut
    _weigh(listing.of_grant(session, grant), looked)
    grants.revoke(session, grant, by=by, reason=_reason(looked))


def retire_role(session: Session, key: str, group: Unit, looked: Looked, *, by: Actor) -> None:
    """Nobody in the group holds the role any more, nor is it granted. Raises NotFound, NotAllowed, CannotGo, StillUsed,
    ListChanged, AlreadyDone, BadAnswer (no reason)."""
    role = role_of(key)
    if key in KEPT:
        raise CannotGo(role=Problem(role.name))
    coming.take_turns(session)
    _take_turns(session, group.id, by, "role.edit", Thing(group.path))
    _refuse_used(listing.of_role_key(session, key, [group]))
    retiring.retire(session, "role", key, group_id=group.id, reason=_reason(looked), by=by)
    held = select(RoleGrant).where(
        RoleGrant.group_id == group.id, RoleGrant.role == key, RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= clock.today()))
    for grant in session.scalars(held.order_by(RoleGrant.id).with_for_update()).all():
        grants.revoke(session, grant, by=by, reason=_reason(looked))


def retire_form(session: Session, key: str, group: Unit, looked: Looked, *, by: Actor) -> None:
    """No drawing of the group takes the form any more. Raises NotFound, NotAllowed, StillUsed, AlreadyDone, BadAnswer
    (no reason)."""
    coming.take_turns(session)
    _take_turns(session, group.id, by, "process.deploy", Thing(group.path))
    _refuse_used(listing.of_form_key(session, key, [group]))
    retiring.retire(session, "form", key, group_id=group.id, reason=_reason(looked), by=by)


def take_up(session: Session, kind: retiring.Kind, key: str, group: Unit, *, by: Actor) -> None:
    """A role or a form is used again; who held the role is granted it anew. Raises NotAllowed, NotFound."""
    action = "role.edit" if kind == "role" else "process.deploy"
    _take_turns(session, group.id, by, action, Thing(group.path))
    retiring.take_up(session, kind, key, group_id=group.id, by=by)


def _take_turns(session: Session, group_id: int, by: Actor, action: str, thing: Thing) -> None:
    """One after the other; whoever waited is asked again whether they still may: two may take away each other."""
    require(by, action, thing)
    retiring.one_at_a_time(session, group_id)
    if by.id is None:
        return
    own = session.scalar(select(Account).where(Account.person_id == by.id),
                         execution_options={"populate_existing": True})
    if own is None:
        raise NotAllowed
    require(actor_of(session, own), action, thing)


def _weigh(lines: Sequence[Line], looked: Looked) -> None:
    _reason(looked)
    if mark_of(lines) != looked.mark:
        raise ListChanged
    if stops(lines) and not looked.anyway:
        raise LeftWithNobody({"anyway": [Problem("之后有事项没有人能办。请先安排，或勾选仍然这样做。")]})


def _refuse_used(lines: Sequence[Line]) -> None:
    if count := sum(line.count for line in stops(lines)):
        raise StillUsed(n=count)


def _reason(looked: Looked) -> str:
    if not looked.reason.strip():
        raise BadAnswer({"reason": [Problem("请写明原因。")]})
    return looked.reason.strip()[:retiring.MOST_REASON]
