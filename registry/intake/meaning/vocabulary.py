"""The words of types.toml as Python has them: read once, folded once."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from registry.certificates.catalogue import shipped
from registry.intake.meaning.folding import fold

TYPES = Path(__file__).with_name("types.toml")
_NUMBER = re.compile(r"(.+?)(?:证书|证|注册|资格)*(?:编号|号码|号)")


class Usual(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How firms call a type, and what speaks for it where several are possible (see types.toml)."""

    words: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    number: str = ""


class Ambiguous(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that may mean several types; `usual` is what they mean where nothing speaks for any of them."""

    words: tuple[str, ...]
    types: tuple[str, ...]
    usual: str = ""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; `source` holds for all of it."""

    source: str
    type: dict[str, Usual]
    ambiguous: tuple[Ambiguous, ...] = ()


@cache
def vocabulary() -> Vocabulary:
    """types.toml, every word folded."""
    said = msgspec.convert(tomllib.loads(TYPES.read_text(encoding="utf-8")), Vocabulary)
    return msgspec.structs.replace(
        said,
        type={code: _folded(each) for code, each in said.type.items()},
        ambiguous=tuple(msgspec.structs.replace(each, words=_all(each.words)) for each in said.ambiguous),
    )


@cache
def shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What the numbers of a type look like, by its code."""
    return tuple((code, re.compile(each.number)) for code, each in vocabulary().type.items() if each.number)


@lru_cache(maxsize=4096)
def certificate_in(heading: str) -> str:
    """The certificate that a folded heading of numbers names (安全b of 安全b证编号), "" where it names none."""
    found = _NUMBER.fullmatch(heading)
    if found is None:
        return ""
    named = found.group(1)
    return named if any(named + end in _certificates() for end in ("", "证", "证书")) else ""


@cache
def _certificates() -> frozenset[str]:
    usual = {word for each in vocabulary().type.values() for word in each.words}
    doubtful = {word for each in vocabulary().ambiguous for word in each.words}
    named = {fold(name) for kind in shipped().values() for name in (kind.name, *kind.aliases)}
    return frozenset(usual | doubtful | named)


def _folded(usual: Usual) -> Usual:
    return msgspec.structs.replace(
        usual, words=_all(usual.words), signs=_all(usual.signs), marks=_all(usual.marks), issuers=_all(usual.issuers)
    )


def _all(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(each) for each in words)
