"""From uploaded files to what a draft begins with, and a report for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from engine import catalog
from engine.drawing import SPLIT, Element, children, line_of, split_tag
from engine.findings import Finding
from engine.rules.sheet import FLOW_NODES, kind
from engine.vocabulary import BPMN
from ledger.errors import BadDiagram
from workflows.studio.foreign import decisions, judging, laying, tools
from workflows.studio.foreign.converting import convert
from workflows.studio.foreign.leftovers import leftovers
from workflows.studio.foreign.opening import HEAD, MAX_BYTES, Opened, opened
from workflows.studio.foreign.report import BLOCKING, CONVERTED, WARNING, Item, Report, told
from workflows.studio.foreign.translation import Translation, rooted

MOST_FILES = 20
UNSAFE = re.compile(r"[^\w.() +-]+")
ENDINGS = re.compile(r"(\.bpmn20)?\.(bpmn|xml|dmn|form|json)$", re.IGNORECASE)


@dataclass(frozen=True)
class Imported:
    """One file: its name in a draft, its bytes (None: it cannot be opened), its report, the forms made from it."""

    name: str
    body: bytes | None
    report: Report
    forms: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class _Work:
    """A file while all of them are read."""

    file: str
    name: str
    body: bytes | None = None
    tool: str = ""
    items: list[Item] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    forms: dict[str, bytes] = field(default_factory=dict)
    checked: bytes | None = None
    processes: int = 0
    elements: int = 0


def read(data: bytes, name: str) -> Imported:
    """One file. Any bytes give a report; see `read_all`."""
    return read_all({name: data})[0]


def read_all(files: Mapping[str, bytes]) -> list[Imported]:
    """Files that belong together (a drawing, its tables, its forms), each with its report."""
    taken: set[str] = set()
    works = [_opened(name, data, taken) for name, data in files.items()]
    found = _checked(works)
    return [_finished(work, found) for work in works]


def _opened(file: str, data: bytes, taken: set[str]) -> _Work:
    work = _Work(file[:200], "")
    try:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            kind_of = "form"
            work.body, work.items, work.tool = decisions.form(data, file)
        else:
            read_file = opened(data, file)
            kind_of = _kind(read_file.root)
            _drawn(work, read_file) if kind_of == "bpmn" else _other(work, read_file, kind_of)
    except BadDiagram as error:
        kind_of, work.items, work.tool = "bpmn", judging.unreadable(file, error), "?"
    work.name = _named(file, kind_of, taken)
    return work


def _kind(root: Element) -> str:
    namespace, name = split_tag(root)
    if (namespace, name) == (BPMN, "definitions"):
        return "bpmn"
    return "dmn" if name == "definitions" and "DMN" in namespace else ""


def _drawn(work: _Work, found: Opened) -> None:
    """A drawing: translated, laid out where nothing is, reported."""
    lines = {node: line_of(node) for node in found.root.iter(f"{{{BPMN}}}*")}
    work.lines = {node.get("id", ""): line for node, line in reversed(lines.items()) if node.get("id")}
    work.tool = tools.tool_of(found.root)
    root = rooted(found.root)
    if root is not found.root:
        lines[root] = 1
    translation = Translation(root, work.file)
    convert(translation)
    work.items = [*found.items, *leftovers(translation, lines), *_scope(work, root)]
    work.forms = translation.forms
    laid, drawn = laying.lay_out(root)
    if laid:
        work.items.append(Item(
            CONVERTED, f"文件里没有图形位置，已自动排版 {laid} 个元素",
            f"the file places nothing: {laid} elements were laid out",
            "在编辑器里挪到合适的位置", "move them where you want them in the editor", word="BPMNDiagram"))
    elif drawn:
        work.items.append(Item(
            WARNING, f"{drawn} 个元素没有图形位置，编辑器里看不到",
            f"{drawn} elements have no place in the drawing: the editor does not show them",
            "在原来的工具里补上，或重新画", "place them in the tool that drew it, or draw them again",
            word="BPMNShape"))
    work.body = found.body
    if translation.written or laid:
        work.body = HEAD.encode() + etree.tostring(root.getroottree(), encoding="unicode").encode()
    if len(work.body) > MAX_BYTES:
        _as_it_was(work, found)
        return
    work.checked = judging.executable(root) or work.body


def _as_it_was(work: _Work, found: Opened) -> None:
    """A drawing that our words would make larger than a draft's file may be stays as its tool wrote it."""
    work.body = work.checked = found.body
    work.forms, work.items = {}, [*found.items, Item(
        BLOCKING, f"加上本系统的写法后超过 {MAX_BYTES // 1_000_000} MB，没有转换，保持原样",
        f"with our words it would be larger than {MAX_BYTES // 1_000_000} MB: it was not converted and stays as it is",
        SPLIT[0], SPLIT[1], word="size", line=1)]


def _scope(work: _Work, root: Element) -> list[Item]:
    """What the file holds as a whole: nothing to run, several pools, choreographies."""
    processes = list(children(root, BPMN, "process"))
    work.processes = len(processes)
    work.elements = sum(1 for node in root.iter(f"{{{BPMN}}}*") if kind(node) in FLOW_NODES)
    items = []

    def say(severity: str, word: str, zh: str, en: str, fix_zh: str, fix_en: str) -> None:
        items.append(Item(severity, zh, en, fix_zh, fix_en, word=word, line=1))

    if not processes:
        say(BLOCKING, "process", "文件里没有流程", "the file holds no process", "画一个流程", "draw a process")
    elif not any(one.get("isExecutable") == "true" for one in processes):
        say(BLOCKING, "isExecutable", "没有标为可执行的流程；下面按可执行检查",
            "no process is marked as executable; it was checked as if it were", *judging.SET)
    pools = list(root.iter(f"{{{BPMN}}}participant"))
    if len(pools) > 1 and work.processes > 1:
        say(WARNING, "collaboration", f"协作图里有 {len(pools)} 个泳池、{work.processes} 个流程；消息流只供阅读",
            f"a collaboration of {len(pools)} pools and {work.processes} processes; message flows are for readers",
            "只把由本系统办理的流程设为可执行", "make only what this house runs executable")
    for name in ("choreography", "globalChoreographyTask", "conversation"):
        for node in root.iter(f"{{{BPMN}}}{name}"):
            items.append(Item(BLOCKING, f"{name} 不会被执行", f"{name} would not be executed", "改画成流程",
                              "draw a process instead", node.get("id", ""), node.get("name", ""), name, name,
                              line_of(node)))
    return items


def _other(work: _Work, found: Opened, kind_of: str) -> None:
    if kind_of == "dmn":
        work.body, work.tool = found.body, tools.tool_of(found.root)
        work.items = [*found.items, *decisions.table(found.root, work.file)]
        return
    name = split_tag(found.root)[1][:60]
    work.tool = "XML"
    work.items = [Item(BLOCKING, f"这不是 BPMN 2.0 流程图，也不是决策表（根元素是 {name}）",
                       f"this is neither a BPMN 2.0 drawing nor a decision table (its root is {name})",
                       "在原来的工具里导出为 BPMN 2.0", "export it as BPMN 2.0 from the tool that drew it",
                       word=name, line=1)]


def _named(file: str, kind_of: str, taken: set[str]) -> str:
    """A name for a draft's file: the last part of the sender's, with our ending, used once."""
    stem = UNSAFE.sub("_", ENDINGS.sub("", file.replace("\\", "/").rsplit("/", 1)[-1]))[:80].strip(". ") or "file"
    ending, name, number = kind_of or "bpmn", "", 1
    while not name or name in taken:
        name = f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}"
        number += 1
    taken.add(name)
    return name


def _checked(works: list[_Work]) -> list[Finding]:
    """What the check says of all of them together; made forms count as there."""
    files = {work.name: work.checked or work.body for work in works if work.body is not None}
    made = {name: body for work in works for name, body in work.forms.items()}
    whole = {name: body for name, body in {**made, **files}.items() if body is not None}
    return catalog.check(whole) if any(name.endswith(".bpmn") for name in files) else []


def _finished(work: _Work, found: list[Finding]) -> Imported:
    items = [*work.items, *(judging.judged(work.name, found, work.items, work.lines) if work.body is not None else [])]
    report = told(work.file, work.tool, (replace(item, file=work.file) for item in items), processes=work.processes,
                  name=work.name if work.body is not None else "", elements=work.elements,
                  made=tuple(sorted(work.forms)))
    return Imported(work.name, work.body, report, work.forms)


