"""What each company keeps: its own certificates (V3), those of its projects (V4), and who borrowed what (V5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random

from ledger import clock
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample.ledgers.lines import Line, Value
from registry.sample.ledgers.pages import Book, Columns, Page, Part
from registry.sample.organisation import Sample

LISTED: Columns = (
    ("序号", "sequence"), ("证照名称", "type"), ("证书编号", "number"), ("发证机关", "issuer"), ("发证日期", "issue"),
    ("有效期至", "end"), ("年检日期", ""), ("保管人", "keeper"), ("存放位置", "place"), ("正本/副本份数", "copies"),
    ("借用记录", ""), ("备注", "remark"))
BORROWED: Columns = (
    ("证照名称", "type"), ("证书编号", "number"), ("借取人", "borrower"), ("归还人", "returner"), ("经办人", "handler"),
    ("借出时间", "lent"), ("归还时间", "returned"), ("用途", "purpose"), ("状态", "state"), ("备注", ""))
BLOCK: Columns = (
    ("证照名称", "type"), ("证书编号", "number"), ("发证机关", "issuer"), ("发证日期", "issue"), ("有效期至", "end"),
    ("状态", "state"), ("扫描件", "scan"), ("备注", "remark"))
PURPOSES = ("投标", "年检", "资质延续", "合同备案", "银行开户")
LOANS = 12
VERTICAL = "vertical"


def books(made: Sample, lines: list[Line], random: Random) -> list[Book]:
    """V3, V4 and V5 of the group and each company."""
    own: dict[int, list[Line]] = defaultdict(list)
    known = _known(made, lines)
    built: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.codes[0][0] in "EJ":
            (own if line.codes[0][0] == "E" else built)[line.company.id].append(line)
    found = []
    for company in [made.group, *made.companies, *made.subsidiaries]:
        keepers = made.holders.get(("custodian", company.id)) or made.holders["custodian", made.companies[0].id]
        keeper = keepers[0].name
        if own[company.id]:
            found.append(_listed(company, own[company.id], keeper))
        if built[company.id]:
            found.append(_projects(company, built[company.id], random))
        if len(own[company.id]) > 1 and known[company.id]:
            found.append(_borrowed(company, own[company.id], keeper, known[company.id], random))
    return found


def _listed(company: Unit, lines: list[Line], keeper: str) -> Book:
    for number, line in enumerate(lines):
        line.values |= {"keeper": keeper, "place": f"档案室 {number % 4 + 1} 柜", "copies": f"1/{number % 3}"}
    page = Page("资信证照", [Part(LISTED, lines)],
                [["资信证照清单"], [f"编制单位：{company.name}", *[""] * 6, f"日期：{clock.today():%Y年%m月%d日}"]],
                [["合计", f"{len(lines)} 件"]])
    return Book(f"资信证照清单-{company.code}.xlsx", company.code, [page])


def _projects(company: Unit, lines: list[Line], random: Random) -> Book:
    sheets: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        line.values["state"] = _state(line)
        line.values["scan"] = "查看扫描件"
        sheets[line.holder.id].append(line)
    pages = []
    for held in sheets.values():
        project = held[0].holder
        assert isinstance(project, Unit)
        pages.append(Page(project.code, [Part(BLOCK, held)], [["项目证照台账"], ["项目名称", project.name]]))
    random.shuffle(pages)
    return Book(f"项目证照台账-{company.code}.xlsx", company.code, pages, VERTICAL)


def _state(line: Line) -> str:
    if line.values["state"]:
        return str(line.values["state"])
    end, today = line.values["end"], clock.today()
    if not isinstance(end, dt.date):
        return "有效"
    return "过期" if end < today else "临期" if (end - today).days <= 90 else "有效"


def _known(made: Sample, lines: list[Line]) -> dict[int, list[str]]:
    """By company the names that nobody shares, of people who hold a certificate: a register of loans has no more."""
    alone = {name for name, count in Counter(person.name for person in made.people).items() if count == 1}
    holders = dict.fromkeys(line.holder for line in lines if isinstance(line.holder, Person))
    found: dict[int, list[str]] = defaultdict(list)
    for person in holders:
        if person.name in alone and person.company_id:
            found[person.company_id].append(person.name)
    return found


def _borrowed(company: Unit, lines: list[Line], keeper: str, names: list[str], random: Random) -> Book:
    loans = list(_loans(lines, names, keeper, random))
    return Book(f"借阅登记-{company.code}.xlsx", company.code,
                [Page("借阅登记", [Part(BORROWED, loans)], [["证照借阅登记簿"]])])


def _loans(lines: list[Line], names: list[str], keeper: str, random: Random) -> Iterator[Line]:
    day = clock.today() - dt.timedelta(days=400)
    for number in range(LOANS):
        lent = random.choice(lines)
        day += dt.timedelta(days=random.randrange(5, 30))
        borrower, out = random.choice(names), number >= LOANS - 2
        values: dict[str, Value] = {
            "type": lent.values["type"], "number": lent.values["number"], "borrower": borrower,
            "returner": None if out else borrower, "handler": keeper, "lent": day,
            "returned": None if out else day + dt.timedelta(days=random.randrange(1, 9)),
            "purpose": random.choice(PURPOSES), "state": "借出" if out else "归还"}
        yield Line((), lent.rule, lent.holder, lent.company, values)
