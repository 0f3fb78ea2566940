"""What a site asks of passwords and sign-ins: a profile out of profiles.toml, chosen once at start."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

USUAL = "asvs"


@dataclass(frozen=True)
class Profile:
    """One table of profiles.toml, which says what each value means."""

    name: str
    basis: str
    shortest: int
    longest: int
    kinds: int
    history: int
    age_days: int
    two: bool
    idle: dt.timedelta
    absolute: dt.timedelta
    confirm: dt.timedelta

    def too_old(self, changed_at: dt.datetime, now: dt.datetime) -> bool:
        """Whether a password set then has to be changed now."""
        return bool(self.age_days) and now - changed_at >= dt.timedelta(days=self.age_days)


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile there is, by its key."""
    tables = tomllib.loads(Path(__file__).with_name("profiles.toml").read_text("utf-8"))
    made = dict[str, Profile]()
    for key, table in tables.items():
        whole: dict[str, Any] = dict(table)
        whole |= {name: dt.timedelta(minutes=table[name]) for name in ("idle", "absolute", "confirm")}
        made[key] = Profile(**whole)
    return made


_chosen: Profile | None = None


def choose(key: str, *, idle: dt.timedelta | None = None, absolute: dt.timedelta | None = None) -> None:
    """This profile is in force in this process, with other ends of a sign-in if given. ValueError names those there
    are."""
    global _chosen
    if key not in profiles():
        raise ValueError(f"LICET_PROFILE is one of {', '.join(profiles())}, not {key!r}")
    made = profiles()[key]
    _chosen = replace(made, idle=idle or made.idle, absolute=absolute or made.absolute)


def profile() -> Profile:
    """The profile in force."""
    return _chosen or profiles()[USUAL]
