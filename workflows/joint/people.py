"""Whom a countersign may ask: everybody employed in the company group who can sign in, except whoever asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from engine.usertasks.assigning import Addressee
from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.accounts import Account
from registry.people.persons import Person
from workflows.requests import Request

MOST = 500


def _usable(request: Request) -> Select[Person]:
    today = clock.today()
    return select(Person).where(
        Person.group_id == request.group_id, Person.id != request.applicant_id,
        or_(Person.joined_on.is_(None), Person.joined_on <= today),
        or_(Person.left_on.is_(None), Person.left_on >= today),
        Person.id.in_(select(Account.person_id).where(Account.disabled_at.is_(None))))


def options(session: Session, request: Request) -> list[dict[str, Any]]:
    """The list to choose from, by name; post and unit tell people of one name apart."""
    found = session.scalars(_usable(request).options(joinedload(Person.unit))
                            .order_by(Person.pinyin, Person.id).limit(MOST))
    return [{"value": str(one.id), "label": " · ".join(part for part in (one.name, one.post, one.unit.name) if part)}
            for one in found]


def chosen(session: Session, request: Request) -> list[dict[str, Any]]:
    """Those whom a countersign asked, as options: also who has left since. Empty for other requests."""
    rows = request.content.get("signers") or [] if request.process_id == "joint" else []
    asked = [int(row["person"]) for row in rows]
    found = names(session, asked) if asked else {}
    return [{"value": str(number), "label": name} for number, name in found.items()]


def require(session: Session, request: Request, person_id: int | None) -> Addressee:
    """The person, if they may be asked. Raises BadAnswer at "to"."""
    found = session.scalar(_usable(request).where(Person.id == person_id)) if person_id is not None else None
    if found is None:
        raise BadAnswer({"to": [Problem("请从列表里选择一位在职、有账号的人，不能是发起人自己。")]})
    return Addressee(found.id, found.name)


def names(session: Session, ids: list[int]) -> dict[int, str]:
    """What people are called."""
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
