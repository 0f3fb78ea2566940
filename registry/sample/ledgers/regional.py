"""What a region keeps (V1, V2): special operations, equipment, and the group workbook with everybody's certificates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from registry.sample.ledgers.habits import HABITS, keep
from registry.sample.ledgers.lines import Line
from registry.sample.ledgers.pages import Book, Columns, Page, Part
from registry.sample.organisation import Sample
from registry.sample.quotas import SUPPORT

REGIONS = ("苏南", "苏北", "皖浙")
CSV_REGION = 2
"""Whose first ledger is a text file."""
OPERATORS: Columns = (
    ("证书编号", "number"), ("员工姓名", "name"), ("作业类别", "category"), ("准操项目", "item"),
    ("初次领证日期", "first"), ("领证日期", "issue"), ("有效期", "end"), ("复审期限", "review"),
    ("复审日期", "reviewed"), ("发证单位", "issuer"))
BUILDERS: Columns = (
    ("证书编号", "number"), ("员工姓名", "name"), ("身份证号", "id"), ("工种", "trade"), ("初次领证日期", "first"),
    ("领证日期", "issue"), ("有效期", "end"), ("发证单位", "issuer"), ("单位", "company"), ("备注", "remark"))
OFFICERS: Columns = (
    ("姓名", "name"), ("行业类别", "trade"), ("发证机关", "issuer"), ("初领日期", "first"), ("复训日期", "retrained"),
    ("证号", "number"), ("有效期限", "end"), ("手机号", "phone"))
EQUIPMENT: Columns = (
    ("设备名称", "name"), ("责任人", "keeper"), ("注册证编号", "number"), ("厂内编号", "serial"),
    ("上次检测时间", "inspected"), ("下次检测时间", "end"), ("定检周期", "cycle"), ("使用证名称", "paper"),
    ("生产厂家", "maker"), ("规格型号", "model"), ("运行场所", "place"), ("使用证号", ""), ("出厂日期", "made"),
    ("投入使用时间", "used"), ("报告编号", "report"))
MACHINES: Columns = (
    ("设备名称", "name"), ("规格型号", "model"), ("出厂编号", "serial"), ("证件名称", "type"), ("证书编号", "number"),
    ("发证机关", "issuer"), ("发证日期", "issue"), ("有效期至", "end"), ("使用项目", "place"), ("备注", "remark"))
NAME, ID, COMPANY, NUMBER = ("姓名", "name"), ("身份证号", "id"), ("单位", "company"), ("证书编号", "number")
ISSUE, END, TYPE, REMARK = ("发证日期", "issue"), ("有效期", "end"), ("证书类别", "type"), ("备注", "remark")
GROUP, FIELD = ("类别", "group"), ("专业", "speciality")
BUILT: Columns = (NAME, ID, GROUP, FIELD, NUMBER, ISSUE, END, TYPE, COMPANY, REMARK)
THREE: Columns = (("序号", "sequence"), NAME, ID, GROUP, TYPE, NUMBER, ISSUE, END, COMPANY, REMARK)
SHIFTED: Columns = (NAME, ID, COMPANY, GROUP, NUMBER, END, ISSUE, REMARK)
REGISTERED: Columns = (NAME, ID, TYPE, FIELD, NUMBER, ISSUE, END, COMPANY, REMARK)
POSITIONS: Columns = (NAME, ID, GROUP, TYPE, NUMBER, ISSUE, END, COMPANY)
OLD: Columns = (("序号", "sequence"), NAME, ID, GROUP, NUMBER, END, COMPANY)
OLD_SHIFTED: Columns = (NAME, GROUP, ID, COMPANY, NUMBER, ISSUE, END)
TRADES: Columns = (NAME, ID, ("工种", "trade"), TYPE, NUMBER, ISSUE, END, COMPANY, REMARK)
SKILLS: Columns = (NAME, ID, TYPE, ("工种", "trade"), ("技能等级", "level"), NUMBER, ISSUE, ("发证单位", "issuer"),
                   COMPANY)
TITLED: Columns = (NAME, ("职称级别", "level"), FIELD, NUMBER, ISSUE, ("评审单位", "issuer"), COMPANY)
TITLED_ID: Columns = (NAME, ID, ("职称级别", "level"), FIELD, NUMBER, ISSUE, ("评审单位", "issuer"), COMPANY)
SUPPORTING: Columns = (NAME, ID, ("材料类别", "group"), ("编号", "number"), ("办理日期", "issue"), ("有效期至", "end"),
                       COMPANY)
BESIDE = 9
"""Columns A-G and J-P (facts 6.1)."""
OLD_SHARE, NAMED_SHARE, V1_SHARE, SKILLED = 0.3, 0.1, 0.5, "养护工"


def books(made: Sample, lines: Iterable[Line], regions: int = len(REGIONS)) -> list[Book]:
    """The workbooks of each region: V1 and V2. With one region, all of the group's people are in one file."""
    alone = {name for name, count in Counter(person.name for person in made.people).items() if count == 1}
    found = []
    for region, name in enumerate(REGIONS[:regions]):
        heaps: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            if line.region % regions == region:
                heaps[_heap(made, line, alone)].append(line)
        kept = [*_operators(name, heaps, region == CSV_REGION), _people(name, heaps)]
        found += [keep(book, HABITS[region]) for book in kept]
    return [book for book in found if any(book.lines())]


def _heap(made: Sample, line: Line, alone: set[str]) -> str:
    """On which sheet a line stands. Without an ID number stand only people whose name nobody shares."""
    code, named = line.codes[0], line.values.get("name") in alone
    draw = made.random.random()
    if code == "P02":
        return "V1 builders" if draw < V1_SHARE else "P02"
    if code in ("P03", "P04", "P05"):
        return "V1 officers" if named and draw < NAMED_SHARE else "three"
    if code == "P14":
        return "P14 named" if named else "P14"
    if code == "P15":
        return "P15 old" if draw < OLD_SHARE else "P15"
    if code == "P19":
        return "P19 care" if line.values["trade"] == SKILLED else "P19"
    if code == "P23":
        return f"P23 {line.values['group']}"
    if line.codes == ("Q01", "Q02"):
        return "equipment"
    return {"P06": "built", "P07": "built", "P08": "registered", "P10": "registered", "P11": "registered"}.get(
        code, "machines" if code[0] == "Q" else code)


def _operators(region: str, heaps: dict[str, list[Line]], text: bool) -> list[Book]:
    """V1: 特种作业人员, 安全管理人员, 设备."""
    sheet = f"特种作业人员台账-{region}" if text else "特种作业人员"  # a text file's only sheet has its name
    first = Page(sheet, [Part(OPERATORS, heaps["P01"])], [] if text else [["特种作业人员台账"]])
    for line in heaps["V1 officers"]:
        line.values |= {"trade": "建筑施工", "retrained": line.values["issue"]}
    others = [
        Page("建筑施工特种作业", [Part(BUILDERS, heaps["V1 builders"])], [["建筑施工特种作业人员台账"]]),
        Page("安全管理人员", [Part(OFFICERS, heaps["V1 officers"])]),
        Page("设备", [Part(EQUIPMENT, heaps["equipment"])], [["特种设备台账"]]),
        Page("起重机械及计量器具", [Part(MACHINES, heaps["machines"])]),
    ]
    if not text:
        return [Book(f"特种作业与设备台账-{region}.xlsx", "HC", [first, *others])]
    for line in heaps["P01"]:
        line.colours = False
    return [Book(f"{sheet}.csv", "HC", [first], "csv"),
            Book(f"特种作业与设备台账-{region}.xlsx", "HC", others)]


def _people(region: str, heaps: dict[str, list[Line]]) -> Book:
    """V2: the group workbook of many sheets."""
    def grouped(lines: list[Line]) -> list[Line]:
        return sorted(lines, key=lambda line: str(line.values["group"]))

    old = heaps["P15 old"]
    middle = len(old) // 2
    pages = [
        Page("建造师证书", [Part(BUILT, grouped(heaps["built"]), merged="group")]),
        Page("三类人员证书", [
            Part(THREE, grouped(heaps["three"]), merged="group"),
            Part(SHIFTED, grouped(heaps["P16"]), section="交安", merged="group"),
            Part(SHIFTED, grouped(heaps["P17"]), section="水安", headed=False, merged="group")],
            [["三类人员证书台账"]]),
        Page("注册类证书", [Part(REGISTERED, heaps["registered"])]),
        Page("八大员(新)", [Part(POSITIONS, grouped(heaps["P15"]), merged="group")]),
        Page("八大员（旧）", [Part(OLD, old[:middle]), Part(OLD_SHIFTED, old[middle:])]),
        Page("特种工(新)", [Part(TRADES, heaps["P02"])]),
        Page("养护工", [Part(SKILLS, heaps["P19 care"])]),
        Page("职业技能等级证书", [Part(SKILLS, heaps["P19"])], [["职业技能等级证书台账"]]),
        Page("工程师证书", [Part(TITLED, heaps["P14 named"], beside=BESIDE)]),
        Page("职称证书", [Part(TITLED_ID, heaps["P14"])]),
        *(Page(name, [Part(SUPPORTING, heaps[f"P23 {name}"])]) for name in SUPPORT.values()),
    ]
    return Book(f"集团人员证书-{region}.xlsx", "HC", pages)
