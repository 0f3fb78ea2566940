"""The inventory as a workbook with every line of it, and as a PDF to lay on a table. ID numbers are masked in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from ledger import clock
from registry.certificates.catalogue import shipped
from registry.intake.findings import KINDS
from registry.intake.inventory.entries import masked
from registry.intake.inventory.stock import STANDINGS, Entry, Fault, Stock
from web.i18n import named, say
from web.ledgers.certificate import shown
from web.ledgers.certificate_pdf import FONT, printed
from web.spreadsheet import Cell, Sheet

MOST_LISTED = 30
"""Lines of a list in the PDF; the workbook has them all."""
WEIGHTS = {"stop": "必须改", "doubt": "请核对", "tidied": "已能自动改正"}
COUNTED = ("valid", "due", "expired", "unreviewed", "long", "undated", "ended")


def type_name(code: str) -> str:
    """The name of a type; a row whose type we cannot tell says so."""
    kind = shipped().get(code)
    return named(kind) if kind else _("看不出种类")


def item_words(entry: Entry) -> str:
    """Which of a number's several items it is, a coded one by its name."""
    kind = shipped().get(entry.type_code)
    keys, fields = (kind.number.unique_by, kind.fields) if kind else ((), ())
    coded = [field for field in fields if field.key in keys and field.kind == "code"]
    return shown(coded[0], entry.item) if len(coded) == 1 else entry.item


def double_words(stock: Stock, several: Sequence[int]) -> str:
    """Whether one certificate is listed twice, or one number stands for two holders."""
    holders = {stock.entries[at].person for at in several}
    return _("编号相同，持有人不同") if len(holders) > 1 else _("同一证件登记了多次")


def by_type(stock: Stock) -> list[tuple[str, Counter[str], int]]:
    """(name, how many of each standing, how many with a scan) of every type, the most frequent first."""
    counts: dict[str, Counter[str]] = {}
    scanned: Counter[str] = Counter()
    for entry, standing in zip(stock.entries, stock.standings, strict=True):
        counts.setdefault(entry.type_code, Counter())[standing] += 1
        scanned[entry.type_code] += entry.scanned
    found = [(type_name(code), each, scanned[code]) for code, each in counts.items()]
    return sorted(found, key=lambda row: -row[1].total())


def overview(stock: Stock, name: str) -> list[tuple[str, str]]:
    """What there is, in a few numbers."""
    unread = {unread.name for unread in stock.unread} & set(stock.files)
    return [
        (_("文件夹"), name), (_("清点日期"), stock.on.isoformat()),
        (_("表格文件"), _("%(n)d 个，其中 %(bad)d 个读不了", n=len(stock.files), bad=len(unread))),
        (_("证件"), _("%(n)d 条，%(kinds)d 种", n=len(stock.entries),
                     kinds=len({entry.type_code for entry in stock.entries} - {""}))),
        (_("在用但已过期或未按期复审"), str(len(stock.overdue))),
        (_("重复登记"), _("%(n)d 组", n=len(stock.doubles))),
        (_("缺扫描件"), str(len(stock.unscanned))),
        (_("扫描件"), _("%(n)d 个，其中 %(stray)d 个没有对应的证件", n=len(stock.scans), stray=len(stock.stray))),
        (_("写法问题"), str(len(stock.faults))),
        (_("借阅登记"), _("%(n)d 行", n=stock.loans)),
        (_("其他文件"), str(stock.others.total())),
    ]


def book(stock: Stock, name: str) -> list[Sheet]:
    """The sheets of the workbook."""
    place = [(_("文件"), 34), (_("工作表"), 18), (_("单元格"), 9)]
    what = [(_("证件"), 34), (_("编号"), 26), (_("内容"), 24), (_("持有人"), 22)]
    dates = [(_("有效期至"), 12), (_("应复审"), 12), (_("状态"), 14)]
    every = range(len(stock.entries))
    return [
        Sheet(_("总览"), [(_("项目"), 34), (_("结果"), 34), (_("共"), 10), (_("权重"), 8), (_("得分"), 8)],
              _overview_rows(stock, name)),
        Sheet(_("按种类"), [(_("证件"), 40), (_("合计"), 8), *((say(STANDINGS[key]), 14) for key in COUNTED),
                         (_("有扫描件"), 10)],
              ([kind, counts.total(), *(counts[key] for key in COUNTED), scans]
               for kind, counts, scans in by_type(stock))),
        Sheet(_("证件清单"), [*place, *what, *dates, (_("扫描件"), 50)],
              ([*_line(stock, at), _scans(stock, at)] for at in every)),
        Sheet(_("过期仍在用"), [*place, *what, *dates], (_line(stock, at) for at in stock.overdue)),
        Sheet(_("重复登记"), [(_("组"), 6), (_("说明"), 22), *place, *what, *dates],
              ([number, double_words(stock, several), *_line(stock, at)]
               for number, several in enumerate(stock.doubles, 1) for at in several)),
        Sheet(_("缺扫描件"), [*place, *what, *dates], (_line(stock, at) for at in stock.unscanned)),
        Sheet(_("无主扫描件"), [(_("文件"), 60), (_("说明"), 50)],
              ([scan.name, why_stray(scan)] for scan in stock.stray)),
        Sheet(_("写法问题"),
              [*place, (_("问题"), 24), (_("轻重"), 14), (_("原文"), 30), (_("建议"), 30), (_("说明"), 70)],
              (_fault_row(stock, fault) for fault in stock.faults)),
        Sheet(_("读不了的文件"), [(_("文件"), 50), (_("原因"), 100)],
              ([unread.name, say(unread.why.message, unread.why.params)] for unread in stock.unread)),
    ]


def _overview_rows(stock: Stock, name: str) -> Iterator[Sequence[Cell]]:
    yield from overview(stock, name)
    points = stock.score.points
    yield _("质量得分"), "" if points is None else str(points), 100
    for part in stock.score.parts:
        yield say(part.label), part.good, part.total, f"{part.weight:.0f}", f"{part.points:.1f}"


def _line(stock: Stock, at: int) -> list[Cell]:
    entry = stock.entries[at]
    return [stock.files[entry.file], entry.sheet, entry.cell, type_name(entry.type_code), masked(entry.number),
            item_words(entry), masked(entry.holder), entry.until, entry.review_on, say(STANDINGS[stock.standings[at]])]


def _scans(stock: Stock, at: int) -> str:
    entry = stock.entries[at]
    inside = [_("表内图片 %(n)d 张", n=entry.pictures)] if entry.pictures else []
    return "\n".join([*(stock.scans[scan].name for scan in entry.scans[:5]), *inside])


def why_stray(scan: Any) -> str:
    """Why a scan belongs to nothing."""
    if scan.broken:
        return _("文件打不开，文件名也对不上台账")
    return _("写了持有人，但看不出是哪一本证") if scan.doubtful else _("台账里没有对应的证件")


def _fault_row(stock: Stock, fault: Fault) -> list[Cell]:
    return [stock.files[fault.file], fault.sheet, fault.cell, say(KINDS[fault.kind]), say(WEIGHTS[fault.weight]),
            fault.raw, fault.proposed, say(fault.text, fault.params)]


def pdf(stock: Stock, name: str) -> bytes:
    """The report on A4: numbers and how they come about, then the first lines of each list."""
    html = render_template(
        "inventory_sheet.html", stock=stock, name=name, overview=overview(stock, name), kinds=by_type(stock),
        counted=COUNTED, standings=STANDINGS, faults=_by_kind(stock), most=MOST_LISTED, font=FONT, at=clock.now(),
        type_name=type_name, item_words=item_words, double_words=double_words, masked=masked, why_stray=why_stray,
        place=lambda entry: _place(stock, entry),
    )
    written: bytes = printed(html).write_pdf()
    return written


def _by_kind(stock: Stock) -> list[tuple[str, str, int, list[str]]]:
    """(kind, weight, how often, the first places) of the defects, the gravest and most frequent first."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in stock.faults:
        groups.setdefault((fault.weight, fault.kind), []).append(fault)
    order = list(WEIGHTS)
    ranked = sorted(groups.items(), key=lambda item: (order.index(item[0][0]), -len(item[1])))
    return [(say(KINDS[kind]), say(WEIGHTS[weight]), len(several), [_place(stock, one) for one in several[:3]])
            for (weight, kind), several in ranked]


def _place(stock: Stock, one: Entry | Fault) -> str:
    return f"{stock.files[one.file]} · {one.sheet}!{one.cell}"
