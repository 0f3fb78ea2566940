"""A file that is no XML is refused in the reader's language."""

from __future__ import annotations

import re

import pytest

from engine import drawing
from ledger.errors import BadDiagram


@pytest.mark.parametrize(("body", "words"), [
    (b"<a><b></a>", "不一致（b）"), (b"hello", "开头不是标签"), (b"<a", "没有写完（a）"), (b"<a x=1/>", "引号"),
    (b"<a x='1' x='2'/>", "写了两次（x）"), (b"<a/><b/>", "结束以后还有内容"), (b"<a>&q;</a>", "实体（q）"),
    (b"<a>\x01</a>", "控制字符"),
    (b"<p:a/>", "命名空间（p）"), (b"<a>x", "一直没有结束（a）"), (b"<a b/>", "没有值（b）"),
    (b"<a>\xff</a>", "编码"), (b"<a b='1'c='2'/>", "空格"), (b"<a><![CDATA[x</a>", "CDATA"),
])
def test_the_chinese_sentence_has_no_english_but_names_and_the_english_no_chinese(body: bytes, words: str) -> None:
    with pytest.raises(BadDiagram) as refused:
        drawing.read(body, "d.bpmn")
    found = refused.value.findings[0]
    assert words in found.zh and found.en.startswith("not well-formed XML: ")
    assert set(re.findall(r"[A-Za-z]{2,}", found.zh)) <= {"XML", "CDATA"}
    assert re.findall("[\u4e00-\u9fff]", found.en) == []
