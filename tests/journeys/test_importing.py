"""Old ledgers come in through the browser: each variant from upload to register and back, each defect at its cell."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.db import open_database, unit
from registry.access.rules import visible
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from registry.intake import work
from registry.intake.batch.models import Batch
from registry.intake.findings import KINDS
from registry.people.units import Unit
from tests.databases import SqliteFiles
from tests.journeys import ledgers
from tests.journeys.company import Company
from tests.journeys.conftest import MORNING, PATIENT
from tests.journeys.door import Door
from tests.journeys.ledgers import KEEPER, Planted
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from web.app import create_app
from web.config import Config

pytestmark = pytest.mark.browser
OPERATORS, GROUP = "特种作业与设备台账-苏南.xlsx", "集团人员证书-苏南.xlsx"
MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))
PERMITS, FIRST = MATERIAL / "registers/seattle/current_permits.csv", 300
COMPANY, PROJECTS = "资信证照清单-C1.xlsx", "项目证照台账-C1.xlsx"


@pytest.fixture(scope="session")
def waiting(sqlite_files: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Company]:
    """Old ledgers, and the data folder of the group that they are for."""
    drawn, data = tmp_path_factory.mktemp("ledgers"), tmp_path_factory.mktemp("group")
    with clocks.use(clocks.Fixed(MORNING)):
        ledgers.draw(drawn)
        create_app(Config(data=data, database_url=sqlite_files.fresh(data), secret="s" * 32))
        engine = open_database(f"sqlite:///{data / 'licet.db'}")
        with unit(engine) as session:
            company = ledgers.found(session, drawn)
        engine.dispose()
    return drawn, data, company


@pytest.fixture
def site(waiting: tuple[Path, Path, Company], static: Path, tmp_path: Path, door: Door) -> Iterator[Site]:
    """The group's site, behind the door that all journeys share."""
    _, template, company = waiting
    data = tmp_path / "data"
    shutil.copytree(template, data)
    clock = clocks.Fixed(MORNING)
    with clocks.use(clock):
        url = f"sqlite:///{data / 'licet.db'}"
        config = Config(data=data, database_url=url, secret="s" * 32, limits=False, **PATIENT)
        app = create_app(config)
        app.static_folder = str(static)
        made = Site(door.address, company, open_database(config.database), clock, config.files)
        with door.leading_to(app):
            yield made
        made.engine.dispose()


@pytest.fixture
def drawn(waiting: tuple[Path, Path, Company]) -> Path:
    return waiting[0] / "ledgers"


class Import:
    """Somebody brings one ledger in, step by step."""

    def __init__(self, person: Person, site: Site, drawn: Path) -> None:
        self.person, self.site, self.drawn = person, site, drawn
        self.address = ""
        self.looked = set[str]()

    def work(self, *, watched: bool = False) -> None:
        """The worker's part; unless somebody watches, the page is closed meanwhile, as it may be: one that changes by
        itself just then would break off the way to the next."""
        if not watched:
            self.person.page.goto("about:blank")
        work.sweep(self.site.engine, self.site.files)

    def upload(self, name: str) -> None:
        """From the register's page, to a page that says how far the worker is."""
        self.person.go("/certificates")
        self.person.follow("导入")
        self.person.page.set_input_files("#f-files", self.drawn / name)
        self.person.page.select_option("#f-unit", str(self.site.company.units["C1"]))
        self.person.follow("上传并读取")
        self.address = self.person.page.url.removeprefix(self.site.address)
        expect(self.person.page.locator("progress")).to_be_visible()

    def understood(self, *, patiently: bool = False) -> None:
        """One click says that the columns are right. Who waits patiently sees the page change by itself."""
        self.work(watched=patiently)
        if not patiently:
            self.person.go(self.address)
        self.person.page.get_by_role("link", name="确认各列含义").click(timeout=20_000)
        self.person.page.wait_for_url("**/mapping")
        self.person.look()
        self.person.follow("继续，逐行检查")
        self.work(watched=patiently)
        if not patiently:
            self.person.go(self.address)
        expect(self.person.page.locator("main")).to_contain_text("检查完了", timeout=20_000)
        self.person.look()

    def opened(self) -> None:
        """The batch's page, where somebody else stands."""
        if self.person.page.url != self.site.address + self.address:
            self.person.go(self.address)

    def committed(self) -> None:
        self.opened()
        self.person.follow("入库")
        self.person.follow("确认入库")
        self.work()
        self.person.go(self.address)
        self.person.sees("已入库")

    def undone(self) -> None:
        self.opened()
        self.person.follow("撤销这一批")
        self.person.named("整批撤销").click()
        self.person.page.locator("dialog[open]").get_by_role("button", name="整批撤销").click()
        self.person.page.wait_for_url(lambda address: address.endswith(self.address))
        self.work()
        self.person.go(self.address)
        self.person.sees("恢复到入库以前的样子")

    def held(self) -> list[str]:
        """The codes of the certificates that one may see in the register."""
        with Session(self.site.engine) as session:
            query = visible(select(Certificate), self.site.company.actor(session, KEEPER))
            return [one.code for one in session.scalars(query)]

    def outcomes(self) -> dict[str, int]:
        """How many rows became what."""
        with Session(self.site.engine) as session:
            batch = session.get_one(Batch, int(self.address.rpartition("/")[2]))
            return dict(batch.counts["outcomes"])

    def heading(self, sheet: str, row: int, letter: str) -> str:
        """How the column of a cell is headed, of the table that has the row."""
        with Session(self.site.engine) as session:
            told = session.get_one(Batch, int(self.address.rpartition("/")[2])).told
        return next(
            column["heading"] for table in told["tables"] if table["sheet_name"] == sheet
            for column in table["columns"] if column["letter"] == letter and table["first"] <= row <= table["last"])

    def settle(self, planted: Planted) -> None:
        """Find a planted defect in the grid by its kind, and do what a careful person does about it."""
        page = self.person.page
        page.goto(f"{self.site.address}{self.address}/rows?kind={planted.kind}")
        row = page.locator(
            f"xpath=//h2[starts-with(normalize-space(), '{planted.sheet}')]/following-sibling::div[1]"
            f"//tbody[normalize-space(.//th/a/text()[last()])='{planted.row}']").first
        name = str(row.get_attribute("id"))
        if planted.column:
            heading = self.heading(planted.sheet, planted.row, planted.column)
            row.locator(f'td[data-label="{heading}"] .cell-link').click()
        else:
            row.locator("[data-row-link]").click()
        row = page.locator(f"#{name}")
        flaw = row.locator(".import-flaw", has_text=KINDS[planted.kind]).first
        expect(flaw).to_be_visible()
        way = str(flaw.locator("form").count())
        if way not in self.looked:
            self.person.look()
        self.looked.add(way)
        self.put_right(planted, row, flaw)

    def put_right(self, planted: Planted, row: Locator, flaw: Locator) -> None:
        """Accept what we propose; where we know nothing, write the truth, or say that it is right as it stands."""
        accept = flaw.get_by_role("button", name="采纳建议")
        if not flaw.get_by_role("button", name="确认无误").count():
            expect(flaw.locator("dd b")).to_have_text(planted.truth)  # it was done already
            return
        if not planted.truth:
            flaw.get_by_role("button", name="确认无误").click()
        elif accept.count():
            expect(flaw.locator("dd b")).to_have_text(planted.truth)
            accept.click()
        else:
            flaw.locator("input[name=text]").fill(planted.truth)
            flaw.get_by_role("button", name="改为这个").click()
        expect(row.locator(".import-editor")).to_have_count(0)


@pytest.mark.parametrize(("name", "phone"), [(COMPANY, True), (PROJECTS, False)])
def test_a_list_of_papers_comes_in_with_a_few_clicks_and_leaves(
    name: str, phone: bool, site: Site, arrive: Arrive, drawn: Path
) -> None:
    bringing = Import(arrive(KEEPER, phone=phone), site, drawn)
    bringing.upload(name)
    bringing.understood()
    before = bringing.held()
    bringing.committed()
    assert len(bringing.held()) > len(before)
    bringing.person.go("/certificates")
    assert bringing.person.page.locator("[data-row]").count() == len(bringing.held())
    bringing.undone()
    assert bringing.held() == before
    bringing.person.go("/certificates")
    bringing.person.sees("台账里还没有证件")


def test_a_register_of_loans_comes_in_behind_the_papers_it_speaks_of(site: Site, arrive: Arrive, drawn: Path) -> None:
    bringing = Import(arrive(KEEPER), site, drawn)
    for name in (COMPANY, ledgers.LENT):
        bringing.upload(name)
        bringing.understood()
        bringing.committed()
    bringing.person.sees("1新入册")
    bringing.person.go("/loans")
    bringing.undone()


@pytest.mark.parametrize("name", [OPERATORS, GROUP])
def test_each_kind_of_defect_is_put_right_in_the_grid(name: str, site: Site, arrive: Arrive, drawn: Path) -> None:
    bringing = Import(arrive(KEEPER), site, drawn)
    bringing.upload(name)
    bringing.understood(patiently=name == OPERATORS)
    kinds = {one.kind: one for one in reversed(ledgers.planted(drawn.parent)) if one.file == name}
    for planted in kinds.values():
        bringing.settle(planted)
    bringing.committed()
    assert bringing.held()
    bringing.undone()
    assert not bringing.held()


@pytest.fixture
def permits(tmp_path: Path) -> Path:
    """The first rows of another country's register, its lines ended by CR alone, as they were published."""
    if not PERMITS.is_file():
        pytest.skip("the shared material is not here")
    file = tmp_path / "permits.csv"
    file.write_bytes(b"".join(PERMITS.read_bytes().splitlines(keepends=True)[:FIRST + 1]))
    return file


def test_a_foreign_register_comes_in_under_a_mapping_made_in_the_browser(
    site: Site, arrive: Arrive, permits: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO(permits.read_text("utf-8-sig"), newline="")))
    bringing = Import(arrive(KEEPER), site, permits.parent)
    page = bringing.person.page
    bringing.upload(permits.name)
    bringing.work()
    bringing.person.go(f"{bringing.address}/mapping")
    page.locator("details", has_text="证件种类、单位和日期").locator("summary").first.click()
    with Session(site.engine) as session:
        holder = session.get_one(Unit, site.company.units["C1"]).name
    for label, words in (("这些都是什么证", types()["E17"].name), ("持有单位", holder)):
        option = page.locator(f'datalist option[value*="{words}"]').first
        page.get_by_label(label).fill(str(option.get_attribute("value")))
    page.get_by_label("12/6/10 这样的日期").select_option("mdy")
    meant = {"Application/Permit Number": "number", "Issue Date": "issued_on", "Expiration Date": "valid_until"}
    for heading in rows[0]:
        page.get_by_label(heading, exact=True).select_option(meant.get(heading, "keep"))
    bringing.person.follow("继续，逐行检查")
    bringing.work()
    bringing.person.go(bringing.address)
    bringing.person.sees(f"Value {sum(Decimal(row['Value']) for row in rows)}", f"数据 {len(rows)} 行")
    bringing.committed()
    bringing.person.follow("看入库的证件")
    stopped = bringing.outcomes().get("stopped", 0)
    assert len(bringing.held()) == len({row["Application/Permit Number"] for row in rows}) - stopped
    bringing.person.sees(f"共 {len(bringing.held())} ", "permits.csv")
    bringing.undone()
    assert not bringing.held()
