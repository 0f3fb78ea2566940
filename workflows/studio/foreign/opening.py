"""Bytes become a tree: encodings that other tools write are turned into UTF-8, the rest is engine/drawing's rule.

Comments and processing instructions stay. A file that is no XML, too large, or full of entities is refused with the
sentence that a deployment would give (BadDiagram).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from engine import drawing
from engine.drawing import Element
from workflows.studio.foreign.report import CONVERTED, Item

MAX_BYTES = drawing.MAX_BYTES
BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, ""), (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)
READ = frozenset({
    "utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "gb18030", "big5", "shift_jis", "euc_jp",
    "euc_kr", "koi8-r", "mac-roman", *(f"iso8859-{n}" for n in range(1, 17) if n != 12),
    *(f"cp{n}" for n in (437, 850, 874, 936, 949, 950, *range(1250, 1259))),
})
"""Python's names of the encodings that drawings come in."""
DECLARED = re.compile(r"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]*\?>", re.IGNORECASE)
DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>\s*", re.IGNORECASE)
BAD_ADDRESS = re.compile(r"(xmlns(?::[\w.-]+)?\s*=\s*)([\"'])([^\"'<>]*[ {}|\\^`][^\"'<>]*)\2")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass
class Opened:
    """A file that could be read: its tree, its bytes in UTF-8, what had to be done for that."""

    root: Element
    body: bytes
    items: list[Item]


def opened(data: bytes, file: str = "") -> Opened:
    """Read `data`. Raises BadDiagram with one finding when nobody could."""
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1_000_000
        raise drawing.refuse("too-large", f"文件超过 {limit} MB", f"the file is larger than {limit} MB", file,
                             fix=drawing.SPLIT)
    text, items = _decoded(data, file)
    text, mended = _addressed(text, file)
    marked = any(data.startswith(mark) for mark, _ in BOMS)
    body = data if not (items or mended or marked) else (HEAD + DECLARATION.sub("", text, count=1)).encode()
    return Opened(parsed(body, file), body, items + mended)


def parsed(body: bytes, file: str = "") -> Element:
    """UTF-8 as a tree that keeps its comments. Raises BadDiagram."""
    return drawing.read(body, file, whole=True)


def _decoded(data: bytes, file: str) -> tuple[str, list[Item]]:
    """The text without a declaration, and an item when it was not UTF-8."""
    bom, named = next(((mark, name) for mark, name in BOMS if data.startswith(mark)), (b"", None))
    if named == "":
        raise _unreadable("UTF-32", file)
    if named is None and data[:4].count(b"\x00") == 2:
        named = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    head = data[:400].decode(named or "latin-1", "ignore")
    declared = found[1] if (found := DECLARED.match(head.lstrip("\ufeff"))) else ""
    name = named or _known(declared, file)
    for candidate in dict.fromkeys((name, "utf-8", "gb18030")):
        try:
            text = data[len(bom):].decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
        written = declared or candidate
        same = candidate in ("utf-8", "ascii") and _python(written) in ("utf-8", "ascii")
        return DECLARATION.sub("", text, count=1) if not same else text.lstrip() if bom else text, (
            [] if same else [_turned(written if _python(written) == candidate else candidate, file)])
    raise _unreadable(declared or "?", file)


def _python(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _known(declared: str, file: str) -> str:
    """Python's name of a declared encoding; UTF-16 without its mark is one that an editor only claimed."""
    name = _python(declared or "utf-8")
    if name not in READ:
        raise _unreadable(declared, file)
    return "utf-8" if name.startswith("utf-16") else name


def _unreadable(named: str, file: str) -> Exception:
    return drawing.refuse("encoding", f"不能读取编码 {named[:40]}，文件须为 UTF-8 编码",
                          f"the encoding {named[:40]} is not read: the file must be UTF-8", file,
                          fix=drawing.SAVE_AGAIN)


def _turned(name: str, file: str) -> Item:
    return Item(CONVERTED, f"文件编码是 {name}，已转为 UTF-8", f"the file was written as {name}; it is UTF-8 now",
                "不需要做什么", "nothing to do", word="encoding", line=1, file=file)


def _addressed(text: str, file: str) -> tuple[str, list[Item]]:
    """Namespaces with blanks in their address, which no reader of XML takes: the blanks are written as %20."""
    items: list[Item] = []

    def mend(found: re.Match[str]) -> str:
        better = "".join(f"%{ord(c):02X}" if c in " {}|\\^`" else c for c in found[3])
        items.append(Item(CONVERTED, f"命名空间“{found[3][:80]}”不是合法地址，已写为 {better[:100]}",
                          f"the namespace {found[3][:80]!r} is no valid address; it is {better[:100]} now",
                          "不需要做什么", "nothing to do", word="xmlns", line=text.count("\n", 0, found.start()) + 1,
                          file=file))
        return f"{found[1]}{found[2]}{better}{found[2]}"

    changed = BAD_ADDRESS.sub(mend, text)
    return (DECLARATION.sub("", changed, count=1), items) if items else (text, items)

