"""A large sample group (facts 6): its organisation, people, posts and certificates as they are to be, with breaches of
rules planted. `registry.sample.load` makes the small demonstration; this one is for ledgers and for load."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock, workdays
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType
from registry.people.identities import FormerName
from registry.people.units import Unit
from registry.sample import NotEmpty, Told, accounts, breaches, cabinet, holdings, organisation, posts, quotas, sites
from registry.sample.holdings import Planned
from registry.sample.names import TOWNS
from registry.sample.organisation import Sample
from registry.sample.posts import Posts
from registry.sample.quotas import SOUND
from registry.sample.sites import Sites
from registry.sample.terms import ENDLESS, Draft, chain, shares
from registry.sample.wishes import Wish

CHAINED, CHANGED = 0.2, 0.04
"""Of the valid ones that can be renewed: renewed before; suspended or cancelled. So that 5 % and 2 % of all are (facts
6)."""
FIRST_HALF = 0.8
"""So many valid P01 still have their review before them."""
CABINET = 1000
"""From so many certificates on there are enough for a cabinet."""
PATTERNS = {
    "P08": "建造{year}{serial:07d}", "P10": "{province}监{year}{serial:06d}", "P11": "{province}注安{year}{serial:06d}",
    "P14": "{province}高职〔{year}〕{serial:06d}", "P15": "{province}建教（{year}）{serial:07d}",
    "P17": "{province}水安（{year}）{serial:06d}", "P19": "{province}技（{year}）{serial:08d}",
    "P23 contract": "HC劳〔{year}〕{serial:06d}", "P23 induction": "HC教（{year}）{serial:06d}",
    "P23 health": "TJ{year}-{serial:06d}", "P23 insurance": "BX{year}{serial:07d}",
    "E07": "{province}劳备〔{year}〕{serial:05d}", "E08": "{province}养护{year}{serial:05d}",
    "E09": "{province}爆破〔{year}〕{serial:04d}", "E10": "5-3-{serial:05d}-{year}", "E12": "0{year}Q{serial:06d}R",
    "E15": "{province}环辐证{serial:06d}", "E16": "{province}交运管许可{serial:09d}", "E17": "GR{year}32{serial:06d}",
    "J04": "{province}消审〔{year}〕{serial:04d}", "J06": "占道〔{year}〕{serial:04d}",
    "J07": "掘路〔{year}〕{serial:04d}", "J09": "{province}排水〔{year}〕{serial:05d}",
    "J10": "夜施〔{year}〕{serial:04d}", "J11": "建渣〔{year}〕{serial:04d}",
    "J12": "质监{year}{serial:05d}", "J15": "水保函〔{year}〕{serial:04d}", "J16": "危大论证{year}-{serial:04d}",
    "Q02": "JY{year}{serial:06d}", "Q03": "{province}备{year}{serial:06d}", "Q04": "{province}使{year}{serial:06d}",
    "Q05": "JC{year}{serial:06d}", "Q06": "FZ{year}{serial:06d}", "Q08": "JD{year}-{serial:06d}",
    "Q10": "{province}环{serial:08d}",
}
"""How numbers without a rule of their own are written in this group."""


@dataclass(frozen=True)
class Extent:
    """How many of what. Projects: by the people, at least two for each company."""

    companies: int = 40
    people: int = 30_000
    certificates: int = 120_000

    @property
    def projects(self) -> int:
        return max(2 * self.companies, self.people // 50)

    @property
    def machines(self) -> int:
        return round(self.certificates * 900 / 120_000)


@dataclass
class Group:
    """What was drawn; the units, people and machines are in the session already."""

    made: Sample
    sites: Sites
    posts: Posts
    planned: list[Planned]
    former: dict[int, tuple[str, ...]]
    """What companies were once called, by id."""


def draw(session: Session, extent: Extent, seed: int, told: Told = lambda what, done, of: None) -> Group:
    """Draw the group; the same seed on the same day draws the same. NotEmpty unless there is no unit yet."""
    if session.scalar(select(Unit.id).limit(1)) is not None:
        raise NotEmpty
    workdays.seed(session)
    session.flush()
    random = Random(seed)
    made = organisation.units(session, random, extent.companies, extent.projects, evenly=True)
    made.numbers.patterns = PATTERNS
    found = sites.begin(made, random)
    plan = breaches.plan(found, random, extent.people)
    organisation.staff(made, extent.people, told, partial(sites.crews, found))
    _machines(made, extent.machines)
    held = posts.fill(made, found, plan)
    session.flush()
    wishes = quotas.wishes(made, found, held, extent.certificates, random)
    former = _former([*made.companies, *made.subsidiaries], Random(f"former {seed}"))
    return Group(made, found, held, list(_planned(random, wishes)), former)


def _former(companies: Iterable[Unit], random: Random) -> dict[int, tuple[str, ...]]:
    """One or two names that each company once had."""
    found = {}
    for company in companies:
        old = company.name.replace("有限公司", "公司")
        names = (old, old.replace("华城", f"{random.choice(TOWNS)}市"))
        found[company.id] = names[:random.randrange(1, 3)]
    return found


def _machines(made: Sample, count: int) -> None:
    kinds, projects = len(organisation.MACHINES), made.projects
    made.machines = [organisation.machine(made, projects[number // kinds % len(projects)], number, f"HC{number:06d}")
                     for number in range(count)]
    made.session.add_all(made.machines)
    made.session.flush()


def _planned(random: Random, wishes: list[Wish]) -> Iterator[Planned]:
    """Each wish with its versions. The shares of what ends soon, is overdue or unknown are kept exactly; what has no
    end by its type is as much as the quotas make it, so that fewer are valid for long (facts 6: 71 %)."""
    today, dated = clock.today(), [wish for wish in wishes if not _endless(wish)]
    parts = shares(len(wishes))
    parts.pop("long")
    free = [wish for wish in dated if wish.fate != SOUND]
    parts["valid"] = max(0, len(free) - sum(parts.values()) + parts["valid"])
    fates = [name for name, number in parts.items() for _ in range(number)][:len(free)]
    fates += ["valid"] * (len(free) - len(fates))
    random.shuffle(fates)
    _sort_out(free, fates)
    waiting = deque(fates)
    for wish in wishes:
        kind = type_of(wish.code)
        if _endless(wish):
            yield wish, chain(random, kind, "long", today)
        else:
            yield wish, _chain(random, kind, "valid" if wish.fate == SOUND else waiting.popleft(), wish.fate == SOUND)


def _endless(wish: Wish) -> bool:
    kind = type_of(wish.code)
    return kind.validity.kind in ENDLESS or wish.code == "E01"


def _sort_out(wishes: list[Wish], fates: list[str]) -> None:
    """An unknown end only where a blank says that it is unknown: of a type that may also run for ever it would not."""
    swaps = deque(place for place, fate in enumerate(fates)
                  if fate == "valid" and not type_of(wishes[place].code).validity.open_ended)
    for place, fate in enumerate(fates):
        if fate == "unknown" and type_of(wishes[place].code).validity.open_ended and swaps:
            other = swaps.popleft()
            fates[place], fates[other] = fates[other], fate


def _chain(random: Random, kind: CertificateType, part: str, sound: bool) -> list[Draft]:
    """The versions, drawn again where they do not suit."""
    today, early = clock.today(), kind.code == "P01" and part == "valid" and random.random() < FIRST_HALF
    while True:
        drafts = chain(random, kind, part, today, chained=CHAINED, changed=0 if sound else CHANGED)
        if not early or drafts[-1].term.review_on:
            return drafts


def enter(group: Group, told: Callable[[str, int, int], None]) -> int:
    """Write a drawn group, certificates and all, and give it its accounts; how many certificates."""
    made = group.made
    made.session.add_all(FormerName(group_id=made.group.id, unit_id=number, name=name)
                         for number, names in group.former.items() for name in names)
    posts.enter(made, group.sites, group.posts, quotas.skilled((wish for wish, _ in group.planned), group.posts))
    entered = holdings.enter(made, group.planned, told)
    if entered >= CABINET:
        cabinet.load(made)
    accounts.open_all(made)
    made.session.flush()
    return entered
