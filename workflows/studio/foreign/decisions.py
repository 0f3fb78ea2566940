"""Decision tables and forms that come along with a drawing: kept as they are, with what would not be executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

import feel.dmn
from engine.drawing import Element, line_of, refuse, split_tag
from engine.rules.foreign import NOTES, named
from forms import lint
from forms.schema import Form
from workflows.studio.foreign import tools
from workflows.studio.foreign.opening import MAX_BYTES
from workflows.studio.foreign.report import BLOCKING, WARNING, Item, short
from workflows.studio.outline import forms

MEND = ("在决策表编辑器里改成 FEEL", "write it as FEEL in the decision table editor")
TABLES = ("omg.org/spec/DMN", "omg.org/spec/DD")


def table(root: Element, file: str) -> Iterator[Item]:
    """What of a decision table is not FEEL, what another engine wrote into it, and what cannot be read."""
    for node in root.iter("*"):
        place = Item(WARNING, "", "", "不需要做什么", "nothing to do", element=_id(node), name=node.get("name", ""),
                     line=line_of(node))
        language = node.get("expressionLanguage", "")
        if language and "feel" not in language.lower():
            yield replace(place, severity=BLOCKING, zh=f"表达式语言 {short(language)} 不会被执行",
                          en=f"the language {short(language)} is not executed", fix_zh=MEND[0], fix_en=MEND[1],
                          word="expressionLanguage")
        for name in (one for one in map(str, node.attrib) if one[:1] == "{"):
            namespace, _, shown = named(node, name)
            if not any(part in namespace for part in TABLES) and not namespace.startswith("http://www.w3.org/"):
                yield replace(place, zh=f'{shown}="{short(str(node.get(name)))}" 保留，不执行',
                              en=f"{shown} is kept, not executed", word=shown)
        space = split_tag(node)[0]
        if not any(part in space for part in TABLES) and not space.startswith(NOTES):
            yield replace(place, zh=f"{tools.named(space)} 的 {split_tag(node)[1]} 保留，不执行",
                          en=f"{split_tag(node)[1]} of {tools.named(space)} is kept, not executed",
                          word=split_tag(node)[1])
    yield from _unread(root, file)


def _unread(root: Element, file: str) -> Iterator[Item]:
    try:
        feel.dmn.parse(etree.tostring(root, encoding="UTF-8"))
    except feel.FeelError as error:
        yield Item(BLOCKING, error.told("zh"), error.told("en"), *MEND, word="dmn", line=error.line, file=file)


def form(data: bytes, file: str) -> tuple[bytes | None, list[Item], str]:
    """A form-js schema: its bytes, what is wrong with it, who wrote it. Raises BadDiagram for what is no JSON."""
    if len(data) > MAX_BYTES:
        raise refuse("too-large", "文件超过 5 MB", "the file is larger than 5 MB", file,
                     fix=("减少内容", "make it smaller"))
    schema = forms.parsed(data, file)
    if not isinstance(schema.get("components"), list):
        raise refuse("form", "这不是 form-js 表单", "this is not a form-js form", file,
                     fix=("从表单编辑器导出 .form 文件", "export a .form file from the form editor"))
    tool = f"{schema.get('executionPlatform', '')} form-js {schema.get('schemaVersion', '')}".strip()
    wrong = [Item(BLOCKING, text, text, "在表单编辑器里改正", "mend it in the form editor", word="form", line=1)
             for text in _wrong(schema)]
    return data, wrong, tools.SAFE.sub(" ", tool)[:60]


def _wrong(schema: dict[str, object]) -> list[str]:
    try:
        return lint.findings(Form("import", schema, ""))
    except (AttributeError, TypeError, ValueError, KeyError, RecursionError):
        return ["表单的结构不是 form-js 的结构"]


def _id(node: Element) -> str:
    above: Element | None = node
    while above is not None and not above.get("id"):
        above = above.getparent()
    return "" if above is None else above.get("id", "")
