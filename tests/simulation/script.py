"""What happens in the simulation: people, papers, and what is done to them when. Pure and seeded; shared by the world
that does it and the oracle that foretells what follows."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
D, T = dt.date, dt.timedelta
BEGIN = dt.datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)  # a Monday
HOUR, DAY = T(hours=1), T(days=1)
PARENTS = {"group": None, "company": "group", "other": "group", "safety": "company", "project": "company",
           "far": "other"}
STAFF = {  # name: (unit, role, at, account, user at the provider)
    "custodian": ("safety", "custodian", "company", True, "custodian"),
    "hr": ("safety", "hr", "company", True, ""),
    "hr_head": ("safety", "hr_head", "group", True, "hrhead"),
    "legal": ("safety", "legal", "company", True, ""),
    "legal_head": ("safety", "legal_head", "group", True, ""),
    "vice": ("safety", "vice_president", "group", False, "vice"),  # reached by letter alone
    "far_custodian": ("far", "custodian", "other", False, ""),  # by nothing, until there is an account
    "manager": ("project", "", "", True, ""),
    "heir": ("safety", "", "", True, "heir"),
}


@dataclass(frozen=True)
class Body:
    """Somebody."""

    key: str
    unit: str
    role: str = ""
    at: str = ""
    account: bool = False
    user: str = ""


@dataclass(frozen=True)
class Paper:
    """A certificate as it is entered on a day."""

    key: str
    kind: str
    holder: str  # a person, or a unit
    until: D
    review: D | None = None

    @property
    def ends(self) -> D:
        return min(self.until, self.review or self.until)


@dataclass(frozen=True)
class Event:
    """`verb` is a method of the world and of the oracle."""

    at: dt.datetime
    verb: str
    given: tuple[object, ...] = ()


@dataclass
class Script:
    """Everything, from `begin` on for so many days; `errors`: (from hour, to hour, how wrong the clock is)."""

    days: int
    bodies: list[Body] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    errors: list[tuple[int, int, T]] = field(default_factory=list)
    away: tuple[int, int] = (0, 0)  # hours in which there is no Redis

    def error(self, hour: int) -> T:
        """How wrong the clock is at an hour since the beginning."""
        return next((by for first, last, by in self.errors if first <= hour < last), T())

    def moments(self) -> dict[int, list[Event]]:
        """The events by hour since the beginning, in order."""
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(int((event.at - BEGIN) / HOUR), []).append(event)
        return found


def written(seed: int, days: int) -> Script:
    """A script of so many days with everything in it."""
    chance = random.Random(seed)
    made = Script(days)
    made.bodies = [Body(key, *rest) for key, rest in STAFF.items()]
    last = BEGIN.date() + T(days=days)
    forbidden = _clocks(made, chance)

    def next_open(wanted: D) -> D:
        """That day, or the next on which the clock is right."""
        wanted = max(wanted, BEGIN.date() + DAY)
        while wanted in forbidden:
            wanted += DAY
        return wanted

    def do(wanted: D, verb: str, *given: object) -> D:
        on = next_open(wanted)
        at = dt.datetime(on.year, on.month, on.day, chance.randrange(9, 18), tzinfo=SHANGHAI)
        if at.date() < last:
            made.events.append(Event(at, verb, given))
        return at.date()

    crowd = 60 if days < 365 else 90
    for number in range(crowd):
        holder = Body(f"w{number}", chance.choice(("project", "project", "far")), account=number % 2 == 0,
                      user=f"w{number}" if number % 3 == 0 else "")
        made.bodies.append(holder)
        entered = BEGIN.date() if number < crowd - 10 else BEGIN.date() + T(days=chance.randrange(20, days))
        ends = entered + T(days=chance.randrange(12, days + 60 if number < crowd - 10 else 150))
        kind = "P01" if number % 4 == 3 else "P02"
        paper = Paper(f"c{number}", kind, holder.key, ends + T(days=800 if kind == "P01" else 0),
                      ends if kind == "P01" else None)
        _live(made, chance, paper, do, next_open, last, entered)
    for number in range(crowd // 3):
        entered = BEGIN.date() if number < 8 else BEGIN.date() + T(days=chance.randrange(10, days))
        if number % 2:
            paper = Paper(f"e{number}", "E03", chance.choice(("company", "other")),
                          entered + T(days=chance.randrange(20, days + 100)))
        else:
            paper = Paper(f"j{number}", "J03", "project", entered + T(days=92))
        _live(made, chance, paper, do, next_open, last, entered)
    _people(chance, days, do)
    made.events.sort(key=lambda event: event.at)
    return made


def _clocks(made: Script, chance: random.Random) -> set[D]:
    """Set back an hour, ahead an hour, a day, a year, and back a day; and the days on which nobody enters anything."""
    forbidden: set[D] = set()
    hours = made.days * 24
    for part, by, long in ((2, -HOUR, 7), (3, DAY, 9), (4, T(days=365), 30), (5, -DAY, 6), (6, HOUR, 5),
                           (7, T(days=30), 26)):
        first = hours * part // 9 + chance.randrange(24)
        made.errors.append((first, first + long, by))
        at = BEGIN + first * HOUR
        forbidden |= {at.date() + T(days=number) for number in range(-2, 5)}
    made.away = (hours // 9, hours // 9 + 24)
    return forbidden


def _live(made: Script, chance: random.Random, paper: Paper, do: Callable[..., D], next_open: Callable[[D], D], last: D,
          entered: D) -> None:
    """One paper from its entry to the end of the script."""
    if entered == BEGIN.date():
        made.papers.append(paper)
    else:
        entered = do(entered, "enter", paper)
    ends = paper.ends
    while ends - T(days=120) < last:
        fate = chance.choice(("ignored", "taken", "early", "in time", "late", "given up", "cancelled", "suspended",
                              "sent out", "opened", "soon"))
        if paper.kind == "J03" and fate in ("sent out", "suspended"):
            fate = "ignored"
        begun = max(entered + 2 * DAY, ends - T(days=chance.randrange(3, 75)))
        if fate in ("ignored", "opened") or begun >= ends - T(days=2):
            if fate == "opened":
                do(begun, "open", paper.key)
            return
        if fate == "taken":
            do(begun, "take", paper.key)
            return
        if fate == "cancelled":
            do(begun, "cancel", paper.key)
            return
        if fate == "sent out":
            begun = do(begun, "send_out", paper.key)
            do(begun + T(days=chance.randrange(2, 20)), "sent_out", paper.key)
            return
        if fate == "suspended":
            do(begun, "suspend", paper.key)
            do(begun + T(days=chance.randrange(2, 12)), "give_back", paper.key)
            return
        if fate in ("in time", "late", "given up"):
            expected = ends + T(days={"in time": -2, "late": 9, "given up": -1}[fate])
            begun = do(begun, "begin", paper.key, expected)
            if fate == "given up":
                do(begun + T(days=chance.randrange(1, 20)), "give_up", paper.key)
                return
        following = ends + T(days=chance.choice((80, 88) if paper.kind == "J03" else (130, 400, 730)))
        late = following > paper.until if paper.kind == "P01" else paper.kind == "J03" and ends > paper.ends
        wanted = begun + T(days=chance.randrange(1, max(2, (ends - begun).days - 1)))
        if late or next_open(wanted) > ends:
            return
        entered = do(wanted, "renew", paper.key, following) + DAY
        ends = following


def _people(chance: random.Random, days: int, do: Callable[..., D]) -> None:
    start = BEGIN.date()
    do(start + T(days=days // 5), "account", "far_custodian")
    do(start + T(days=days // 4), "notice", D(2027, 1, 1))
    do(start + T(days=days // 3), "holiday", start + T(days=days // 3 + 6))
    do(start + T(days=days // 2), "leave", "custodian")
    do(start + T(days=days // 2 + 3), "appoint", "heir", "custodian", "company")
    do(start + T(days=days * 2 // 3), "shut", "hr_head")
    for number in chance.sample(range(60), 8 if days < 365 else 20):
        do(start + T(days=chance.randrange(10, days)), chance.choice(("leave", "move", "account")), f"w{number}")


__all__ = ["BEGIN", "DAY", "HOUR", "PARENTS", "SHANGHAI", "Body", "Event", "Paper", "Script", "written"]
