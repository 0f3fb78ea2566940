"""words.toml as Python has it: read once, folded once."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from registry.intake.meaning import fold

WORDS = Path(__file__).with_name("words.toml")
LEFT = "left"


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file (see there); `source` holds for all of it."""

    source: str
    tails: str
    shapes: tuple[str, ...]
    states: dict[str, tuple[str, ...]]
    trades: dict[str, tuple[str, ...]]
    supporting: dict[str, dict[str, tuple[str, ...]]]


@cache
def words() -> Words:
    """The file as it is."""
    return msgspec.convert(tomllib.loads(WORDS.read_text(encoding="utf-8")), Words)


@cache
def states() -> dict[str, str]:
    """Folded word -> code of a state, or LEFT."""
    return {fold(word): code for code, each in words().states.items() for word in each}


@lru_cache(maxsize=4096)
def state_of(text: str) -> str:
    """The code of the state that words say or contain (事故调查期间暂扣), LEFT, or "" for none."""
    found = states().get(text := fold(text))
    if found is None:
        inside = [word for word, code in states().items() if len(word) > 1 and code != "01" and word in text]
        found = states()[max(inside, key=len)] if inside else ""
    return found


@cache
def trades() -> dict[str, str]:
    """Folded word -> code of a trade of P02."""
    return {fold(word): code for code, each in words().trades.items() for word in each}
