"""What a site asks of passwords and sign-ins: a profile out of profiles.toml, chosen once at start."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
    idle_minutes: int
    absolute_hours: int
    confirm_minutes: int

    @property
    def idle(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.idle_minutes)

    @property
    def absolute(self) -> dt.timedelta:
        return dt.timedelta(hours=self.absolute_hours)

    def too_old(self, changed_at: dt.datetime, now: dt.datetime) -> bool:
        """Whether a password set then has to be changed now."""
        return bool(self.age_days) and now - changed_at >= dt.timedelta(days=self.age_days)


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile there is, by its key."""
    text = Path(__file__).with_name("profiles.toml").read_text("utf-8")
    return {key: Profile(**table) for key, table in tomllib.loads(text).items()}


_chosen = USUAL


def choose(key: str) -> None:
    """This profile is in force in this process. ValueError names those there are."""
    global _chosen
    if key not in profiles():
        raise ValueError(f"LICET_PROFILE is one of {', '.join(profiles())}, not {key!r}")
    _chosen = key


def profile() -> Profile:
    """The profile in force."""
    return profiles()[_chosen]
