"""Which form a task has: the one for the request's type ("apply-J03"), else the one that it names.

Before both comes a form among the files of the version that the request runs on (`deployed`).
A type's form is a shipped file where there is one that still fits its data, else made from the data (generated). A
request keeps the forms it began with, by their digests (DESIGN D13): what is published later is for requests to come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import resources
from engine.catalog import FormSeen
from engine.resources import Resource
from forms import reading, schema
from registry.certificates.catalogue import shipped, type_of
from registry.certificates.kinds import CertificateType
from workflows.applying.generated import MAKERS

MOST = 500
_made: dict[tuple[str, bytes], schema.Form] = {}
_kept: dict[str, schema.Form] = {}


def form_of(key: str, type_code: str) -> schema.Form:
    """The form of this key for a type as it stands today; NotFound where neither exists."""
    own = f"{key}-{type_code}"
    if key in MAKERS and type_code:
        return form_for_kind(key, type_of(type_code))
    return schema.load(own if own in schema.library() else key)


def deployed(forms: Mapping[str, bytes], key: str, type_code: str) -> schema.Form | None:
    """The form that came with the version a request runs on; None where it brought none. What is made from a type's
    data is replaced by a form for that type only ("apply-J03")."""
    own = f"{key}-{type_code}"
    for name in (own, *(() if key in MAKERS and type_code else (key,))):
        if name in forms:
            return _from_file(name, forms[name])
    return None


@lru_cache(maxsize=MOST)
def _from_file(name: str, body: bytes) -> schema.Form:
    return schema.form_of(json.loads(body), name)


def seen(key: str, body: bytes) -> FormSeen:
    """What the check of a deployment is told of a form among its files."""
    from workflows.applying.checks import NAMED  # it needs this module

    form, found = reading.look(body, key, NAMED)
    verdicts = frozenset(verdict.value for verdict in form.verdicts) if form else frozenset[str]()
    return FormSeen(verdicts, tuple((flaw.zh, flaw.en) for flaw in found))


def form_for_kind(key: str, kind: CertificateType) -> schema.Form:
    """The form "apply" or "register" for a type: the shipped file while the type is as shipped, else made from it."""
    own = f"{key}-{kind.code}"
    if own in schema.library() and _as_shipped(kind):
        return schema.load(own)
    mark = (key, msgspec.json.encode(kind))
    if mark not in _made:
        if len(_made) >= MOST:
            _made.clear()
        _made[mark] = schema.form_of(MAKERS[key](kind), own)
    return _made[mark]


def _as_shipped(kind: CertificateType) -> bool:
    """Whether fields, documents and number are those that the shipped forms were drawn for."""
    first = shipped().get(kind.code)
    return first is not None and (first.fields, first.documents, first.number) == (
        kind.fields, kind.documents, kind.number)


def form_known(key: str) -> bool:
    """Whether there is a form of this key, or one for each type of certificate ("apply": "apply-J03", ...)."""
    return key in MAKERS or any(name == key or name.startswith(f"{key}-") for name in schema.library())


def verdicts_of(key: str) -> frozenset[str] | None:
    """The verdicts of a shipped form, or of all those of its name ("answer-J03"); None where a type's data makes it."""
    found = [schema.load(name) for name in schema.library() if name == key or name.startswith(f"{key}-")]
    if key in MAKERS or not found:
        return None
    return frozenset(verdict.value for form in found for verdict in form.verdicts)


def keep(session: Session, kind: CertificateType) -> dict[str, str]:
    """Put away the forms of a type as they are now; their digests by key, for the request that begins with them."""
    found = {key: form_for_kind(key, kind) for key in MAKERS}
    digests = {key: form.digest for key, form in found.items()}
    there = set(session.scalars(select(Resource.sha256).where(Resource.sha256.in_(digests.values()))))
    for form in found.values():
        if form.digest not in there:
            resources.keep(session, canonical(form))
    return digests


def canonical(form: schema.Form) -> bytes:
    """The bytes whose SHA-256 is the form's digest."""
    return json.dumps(form.schema, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def kept(session: Session, kept_by: Mapping[str, str], key: str, type_code: str) -> schema.Form | None:
    """The form of this key that a request began with; None where it keeps none."""
    digest = kept_by.get(key)
    if digest is None:
        return None
    if digest not in _kept:
        body = session.scalars(select(Resource.body).where(Resource.sha256 == digest)).one()
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[digest] = schema.form_of(json.loads(body), f"{key}-{type_code}")
    return _kept[digest]
