"""Which certificates a large sample group holds: so many of each type as section 6 of the facts says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample import papers
from registry.sample.organisation import MANAGERS, WORKERS, Sample
from registry.sample.posts import Posts, other_trade
from registry.sample.sites import Sites
from registry.sample.wishes import OPERATIONS, SPECIALITY, TRADES, Wish

QUOTAS = {
    "P01": 18_000, "P02": 12_000, "P03": 300, "P04": 2_400, "P05": 3_600, "P06": 700, "P07": 2_600, "P08": 300,
    "P10": 300, "P11": 300, "P14": 9_000, "P15": 14_000, "P16": 1_200, "P17": 800, "P19": 22_000, "P23": 28_700,
    "E": 1_200, "J": 1_400, "Q": 1_200,
}
"""Of 120,000 (facts 6); families as a whole where several types share one figure."""
ROUNDS = 8
"""So many certificates of one type may one person hold, where there are few people."""
SOUND = "sound"
"""The fate of what a post asks for: valid for long, never suspended."""
ITEMS = (
    *OPERATIONS.values(), ("电工作业", "高压电工作业"), ("高处作业", "高处安装、维护、拆除作业"),
    ("焊接与热切割作业", "压力焊作业"), ("制冷与空调作业", "制冷与空调设备安装修理作业"), ("电工作业", "防爆电气作业"),
)
POSITIONS = ("施工员", "质量员", "安全员", "材料员", "资料员", "机械员", "劳务员", "标准员")
TITLES = ("助理工程师", "工程师", "高级工程师", "正高级工程师")
FIELDS = ("建筑工程", "市政公用工程", "公路工程", "机电工程", "工程造价", "给水排水")
GRADES = ("初级工（五级）", "中级工（四级）", "高级工（三级）", "技师（二级）", "高级技师（一级）")
CRAFTS = ("养护工", "电工", "焊工", "架子工", "钢筋工", "混凝土工", "砌筑工", "木工")
SUPPORT = {"contract": "劳动合同", "health": "体检", "induction": "三级安全教育", "insurance": "社保"}
ALSO = 6
"""Every sixth worker has a second operation on the same number."""


def scaled(count: int) -> Counter[str]:
    """The quotas for `count` certificates; they add up to it."""
    whole = sum(QUOTAS.values())
    parts = Counter({code: quota * count // whole for code, quota in QUOTAS.items()})
    rest = sorted(QUOTAS, key=lambda code: -(QUOTAS[code] * count % whole))
    parts.update(rest[:count - parts.total()])
    return parts


@dataclass
class Asked:
    """What is being asked for: the wishes so far, how many are left of each quota, and who holds what."""

    made: Sample
    random: Random
    left: Counter[str]
    wishes: list[Wish] = field(default_factory=list)
    held: set[tuple[int, str, str]] = field(default_factory=set)

    def want(self, code: str, person: Person, kind: str = "", fate: str = "", /, **fields: Any) -> None:
        """One certificate of a person, unless held already or the quota is used up (what a post asks for always is)."""
        key = (person.id, code, kind or str(fields.get("item", "")))
        if key in self.held or (self.left[code] <= 0 and not fate):
            return
        self.held.add(key)
        self.left[code] -= 1
        self.wishes.append(Wish(code, person, {"name": person.name, **fields}, kind, fate))

    def fill(self, code: str, people: Iterable[Person], how: Callable[[Person, int], None]) -> None:
        """Go round among the people until the quota is used up."""
        order = list(people)
        self.random.shuffle(order)
        for turn in range(ROUNDS):
            for place, person in enumerate(order):
                if self.left[code] <= 0:
                    return
                how(person, place + turn)


def wishes(made: Sample, sites: Sites, posts: Posts, count: int, random: Random) -> list[Wish]:
    """All certificates to be, those that posts ask for first."""
    asked = Asked(made, random, scaled(count))
    _required(asked, sites, posts)
    asked.left["P23"] += sum(number for code, number in asked.left.items() if number < 0 and code != "P23")
    _staff(asked, posts)
    _workers(asked, posts)
    _everybody(asked)
    for family, found in (("E", papers.enterprise(made)), ("J", papers.projects(made, sites)),
                          ("Q", papers.machines(made))):
        asked.wishes += islice(found, asked.left[family])
    return asked.wishes


def _required(asked: Asked, sites: Sites, posts: Posts) -> None:
    for person in dict.fromkeys(posts.managers.values()):
        works = [sites.works[number] for number in posts.sites_of(person)]
        large = any(row["scale"] == "large" for row in works)
        skills = [{"speciality": speciality} for speciality in dict.fromkeys(SPECIALITY[row["work"]] for row in works)]
        asked.want("P06" if large else "P07", person, "", SOUND, specialities=skills, **_employer(asked.made, person))
        if person.id not in posts.without_b:
            asked.want("P04", person, "", SOUND, **_firm(asked.made, person))
    for officers in posts.officers.values():
        for person in officers:
            if person.id not in posts.without_c:
                asked.want("P05", person, "C3", SOUND, **_firm(asked.made, person))
    for person in posts.strayed:
        trade = other_trade(person)
        asked.want("P02", person, trade, SOUND, trade=trade)


def _staff(asked: Asked, posts: Posts) -> None:
    made, random = asked.made, asked.random
    office = [person for person in made.people if person.unit.kind == "department"]
    managers = [person for person in made.people if person.post in MANAGERS or person.post == "项目经理"]
    staff = [*managers, *office]
    registered = {person.id for person in posts.managers.values()}

    def firmly(code: str, *kinds: str, barred: set[int]) -> Callable[[Person, int], None]:
        def how(person: Person, place: int) -> None:
            if person.id not in barred and not any(key in asked.held for key in _any(person, code, kinds)):
                asked.want(code, person, kinds[place % len(kinds)] if kinds else "", **_firm(made, person))
        return how

    def constructor(code: str) -> Callable[[Person, int], None]:
        def how(person: Person, place: int) -> None:
            if person.id not in registered:
                registered.add(person.id)
                asked.want(code, person, **_employer(made, person),
                           specialities=[{"speciality": random.choice(list(SPECIALITY.values()))}])
        return how

    asked.fill("P03", office, firmly("P03", barred=set()))
    asked.fill("P04", staff, firmly("P04", barred=posts.without_b))
    asked.fill("P05", staff, firmly("P05", "C1", "C2", "C3", barred=posts.without_c))
    asked.fill("P06", staff, constructor("P06"))
    asked.fill("P07", staff, constructor("P07"))
    for code in ("P08", "P10", "P11"):
        asked.fill(code, office + managers, lambda person, place, code=code: asked.want(  # type: ignore[misc]
            code, person, speciality=FIELDS[place % 2]))
    asked.fill("P14", staff, lambda person, place: asked.want(
        "P14", person, TITLES[place % 4], level=TITLES[place % 4], speciality=FIELDS[place % len(FIELDS)]))
    asked.fill("P15", managers, lambda person, place: asked.want(
        "P15", person, POSITIONS[place % 8], position=POSITIONS[place % 8]))
    for code in ("P16", "P17"):
        asked.fill(code, managers, lambda person, place, code=code: asked.want(  # type: ignore[misc]
            code, person, "ABC"[place % 3], category="ABC"[place % 3]))


def _any(person: Person, code: str, kinds: tuple[str, ...]) -> list[tuple[int, str, str]]:
    return [(person.id, code, kind) for kind in kinds or ("",)]


def _workers(asked: Asked, posts: Posts) -> None:
    workers = [person for person in asked.made.people if person.post in WORKERS]
    strayed = {person.id for person in posts.strayed}
    trades = list(TRADES.values())
    for person in [*posts.workers, *(each for each in workers if each.post in TRADES)]:
        if person.id not in strayed:
            trade = TRADES[person.post]
            asked.want("P02", person, trade, SOUND if asked.left["P02"] > 0 and person in posts.workers else "",
                       trade=trade)
    free = [person for person in workers if person.id not in strayed]
    asked.fill("P02", free, lambda person, place: asked.want(
        "P02", person, trades[place % len(trades)], trade=trades[place % len(trades)]))

    def operation(person: Person, place: int) -> None:
        first = OPERATIONS.get(person.post)
        begin = ITEMS.index(first) if first else place
        for step in range(2 if person.id % ALSO == 0 else 1):
            category, item = ITEMS[(begin + place // len(workers) + step) % len(ITEMS)]
            asked.want("P01", person, category=category, item=item)

    asked.fill("P01", workers, operation)
    asked.fill("P19", workers, lambda person, place: asked.want(
        "P19", person, CRAFTS[place % len(CRAFTS)], trade=CRAFTS[place % len(CRAFTS)], level=GRADES[place % 5]))


def _everybody(asked: Asked) -> None:
    kinds = list(SUPPORT)
    for turn in range(len(kinds)):
        for place, person in enumerate(asked.made.people):
            kind = kinds[(place + turn) % len(kinds)]
            asked.want("P23", person, kind, kind=kind)


def _company(made: Sample, person: Person) -> Unit:
    return person.company or made.group


def _firm(made: Sample, person: Person) -> dict[str, Any]:
    company = _company(made, person)
    return {"company": company.name, "company_code": company.uscc}


def _employer(made: Sample, person: Person) -> dict[str, Any]:
    company = _company(made, person)
    return {"employer": company.name, "employer_code": company.uscc}


def skilled(asked: Iterable[Wish], posts: Posts) -> set[int]:
    """The workers whose certificate is of their trade, and those whose is planted as another's."""
    fitting = {wish.holder.id for wish in asked if isinstance(wish.holder, Person) and wish.code == "P02"
               and wish.fate == SOUND and wish.kind == TRADES.get(wish.holder.post)}
    return fitting | {person.id for person in posts.strayed}


def families(asked: Iterable[Wish]) -> Iterator[tuple[str, int]]:
    """How many of each type."""
    yield from sorted(Counter(wish.code for wish in asked).items())
