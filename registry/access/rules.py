"""Who may what: one pure answer for one thing (`can`), the same answer as a filter on a query (`visible`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_

from ledger.actor import Actor, Grant
from ledger.errors import NotAllowed
from registry.access.roles import Right, roles
from registry.people.scope import WITHDRAWN, Visible, subtree

S = TypeVar("S", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True)
class Thing:
    """Where something belongs, for asking about what is not a row yet: a request to be started at a unit, say."""

    path: str
    family: str | None = None
    type: str | None = None
    owner_id: int | None = None


@dataclass(frozen=True)
class Reason:
    """Why something is allowed: the role, the unit at which it is held, and the scope it reaches by."""

    role: str
    unit_id: int
    scope: str


def can(actor: Actor, action: str, thing: object = None) -> bool:
    """Whether the actor may do this to `thing`: a row whose model declares `__visible__`, a Thing, or None for
    "anywhere at all" (is the page offered?). The system may do everything."""
    return actor.kind == "system" or why(actor, action, thing) is not None


def why(actor: Actor, action: str, thing: object = None) -> Reason | None:
    """The first grant that allows it, or None."""
    place = thing if thing is None or isinstance(thing, Thing) else placed(thing)
    for grant, right in _rights(actor, action):
        if place is None or (right.fits(place.family, place.type) and reached(right, grant, place, actor.id)):
            return Reason(grant.role, grant.unit_id, right.scope)
    return None


def require(actor: Actor, action: str, thing: object = None) -> None:
    """NotAllowed unless `can`."""
    if not can(actor, action, thing):
        raise NotAllowed


def placed(row: object) -> Thing:
    """Where a row belongs, by its model's `__visible__`."""
    how = _declared(type(row))

    def read(column: str | None) -> Any:
        return getattr(row, column) if column else None

    return Thing(read(how.path), read(how.family), read(how.type), read(how.owner))


def visible(query: S, actor: Actor, *, model: type[Any] | None = None, action: str | None = None) -> S:
    """The query, narrowed to rows the actor may read; put it on every list, count, search and export.

    `model` is the class the query selects from; it is found by itself where the query names an entity that declares
    `__visible__`. `action` replaces the model's own (such as "certificate.export").
    """
    model = model or _entity(query)
    if actor.kind == "system":
        return query
    return query.where(allowed(model, actor, action))


def allowed(model: type[Any], actor: Actor, action: str | None = None) -> ColumnElement[bool]:
    """The condition behind `visible`, for use inside a larger query."""
    return or_(false(), *reaches(model, actor, action))


def reaches(model: type[Any], actor: Actor, action: str | None = None) -> list[ColumnElement[bool]]:
    """The conditions of which a visible row fulfils one: one for each reach of the actor's rights, own rows last."""
    how = _declared(model)
    found = {
        (right.scope, grant.path if right.scope != "own" else "", right.families)
        for grant, right in _rights(actor, action or how.action)
    }
    whole = {path for scope, path, families in found if scope == "subtree" and families is None}
    conditions = [
        _condition(model, how, actor, scope, path, families)
        for scope, path, families in sorted(found, key=lambda reach: (reach[0] == "own", repr(reach)))
        if not any(path.startswith(above) and (path, families) != (above, None) for above in whole)
    ]
    return [condition for condition in conditions if condition is not None]


def _condition(
    model: type[Any], how: Visible, actor: Actor, scope: str, path: str, families: frozenset[str] | None
) -> ColumnElement[bool] | None:
    column = getattr(model, how.path)
    if scope == "own":
        if how.owner is None or actor.id is None:
            return None
        reach: ColumnElement[bool] = and_(getattr(model, how.owner) == actor.id, ~column.startswith(WITHDRAWN))
    elif scope == "unit":
        reach = column == path
    else:
        low, high = subtree(path)
        reach = and_(column >= low, column < high)
    narrowed = _of_families(model, how, families)
    return reach if narrowed is None else and_(reach, narrowed)


def _of_families(model: type[Any], how: Visible, families: frozenset[str] | None) -> ColumnElement[bool] | None:
    if families is None or (how.family is None and how.type is None):
        return None
    letters, codes = sorted(f for f in families if len(f) == 1), sorted(f for f in families if len(f) > 1)
    parts: list[ColumnElement[bool]] = []
    if how.family and letters:
        parts.append(getattr(model, how.family).in_(letters))
    if how.type and codes:
        parts.append(getattr(model, how.type).in_(codes))
    return or_(false(), *parts)


def reached(right: Right, grant: Grant, thing: Thing, person_id: int | None) -> bool:
    """Whether a right, held by this grant, reaches where the thing is."""
    if right.scope == "own":
        return person_id is not None and thing.owner_id == person_id and not thing.path.startswith(WITHDRAWN)
    return thing.path == grant.path if right.scope == "unit" else thing.path.startswith(grant.path)


def _rights(actor: Actor, action: str) -> Iterator[tuple[Grant, Right]]:
    known = roles()
    for grant in actor.grants:
        if role := known.get(grant.role):
            for right in role.may(action):
                yield grant, right


def _declared(model: type[Any]) -> Visible:
    how = getattr(model, "__visible__", None)
    if not isinstance(how, Visible):
        raise TypeError(f"{model.__name__} does not declare __visible__")
    return how


def _entity(query: Select[*tuple[Any, ...]]) -> type[Any]:
    for column in query.column_descriptions:
        if isinstance(getattr(column.get("entity"), "__visible__", None), Visible):
            return column["entity"]  # type: ignore[no-any-return]
    raise TypeError("visible() needs model= for a query that selects no entity with __visible__")
