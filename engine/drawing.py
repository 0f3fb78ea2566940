"""Reads an uploaded file as XML without trusting it: size and node caps, no DOCTYPE, no entities, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from lxml import etree

from engine.findings import Finding
from engine.malformed import told
from ledger.errors import BadDiagram

Element: TypeAlias = "etree._Element"
MAX_BYTES = 5_000_000
MAX_NODES = 120_000
MAX_DEPTH = 60
DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
PROLOGUE = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", re.IGNORECASE)
ENCODINGS = {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252", b"gbk", b"gb2312", b"gb18030"}
"""ASCII stays ASCII in each of these, so that what is searched for above cannot hide."""
SAVE_AGAIN = ("用流程设计器重新保存为 UTF-8", "save it again, as UTF-8, with a modeller")
SPLIT = ("拆成几个被调用的流程", "split it into processes that call each other")


def read(data: bytes, file: str = "", *, whole: bool = False) -> Element:
    """The root element of `data`. Raises BadDiagram with one finding when the file is not plain, small XML.
    `whole` keeps comments and processing instructions."""
    _refuse_disguise(data, file)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False,
        remove_comments=not whole, remove_pis=not whole,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        zh, en = told(error)
        raise refuse("xml", f"不是合法的 XML：{zh}", f"not well-formed XML: {en}", file,
                     line=line or 0, column=column or 0, fix=SAVE_AGAIN) from None
    _measure(root, file)
    return root


def refuse(rule: str, zh: str, en: str, file: str = "", line: int = 0, column: int = 0, *,
           fix: tuple[str, str]) -> BadDiagram:
    """The error for a file that cannot even be read as a drawing; `fix` is the remedy in Chinese and English."""
    return BadDiagram([Finding(rule, zh, en, *fix, file=file, line=line, column=column)])


def _refuse_disguise(data: bytes, file: str) -> None:
    if len(data) > MAX_BYTES:
        megabytes = MAX_BYTES // 1_000_000
        raise refuse("too-large", f"文件超过 {megabytes} MB", f"the file is larger than {megabytes} MB",
                     file, fix=SPLIT)
    named = PROLOGUE.search(data[:200])
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data or (named and named[1].lower() not in ENCODINGS):
        raise refuse("encoding", "文件须为 UTF-8 编码", "the file must be UTF-8", file, fix=SAVE_AGAIN)
    hit = DOCTYPE.search(data)
    if hit:
        line = data.count(b"\n", 0, hit.start()) + 1
        raise refuse("doctype", "不接受 DOCTYPE 和实体定义", "DOCTYPE and entity declarations are refused", file, line,
                     fix=("删除这些声明", "remove these declarations"))


def _measure(root: Element, file: str) -> None:
    nodes, depth = 0, 0
    for happened, _node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if happened == "start" else -1
        nodes += happened == "start"
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise refuse("too-many-nodes", f"超过 {MAX_NODES} 个节点或 {MAX_DEPTH} 层嵌套",
                         f"more than {MAX_NODES} nodes or {MAX_DEPTH} levels", file, fix=SPLIT)


@lru_cache(maxsize=2)
def declarations(root: Element) -> dict[str, Element]:
    """The children of a file's root by id; the last files asked about are remembered, for they are asked often."""
    return {str(node.get("id")): node for node in reversed(root) if node.get("id")}


def line_of(node: Element) -> int:
    """The line a node starts on (1 is the first)."""
    return int(getattr(node, "sourceline", 0) or 0)


def split_tag(node: Element) -> tuple[str, str]:
    """(namespace, local name) of an element."""
    name = etree.QName(node)
    return name.namespace or "", name.localname


def children(node: Element, namespace: str, *names: str) -> Iterator[Element]:
    """The child elements of `node` with one of the names in the namespace."""
    for name in names:
        yield from node.iterchildren(f"{{{namespace}}}{name}")
