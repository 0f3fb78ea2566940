"""What is wrong with a file that is no XML, in both languages: the parser speaks its own English, and in numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree


class Said(NamedTuple):
    """One sentence in Chinese and English."""

    zh: str
    en: str


WORDS: dict[int, Said] = {
    4: Said("文件是空的，或者开头不是标签", "the file is empty, or does not begin with a tag"),
    5: Said("最外层的标签结束以后还有内容", "something follows the end of the outermost tag"),
    9: Said("有不允许的控制字符", "there is a control character"),
    23: Said("“&名称”后面缺少分号", "a semicolon is missing behind an entity"),
    26: Said("用了没有定义的实体", "an entity is not defined"),
    38: Said("属性的值里不能直接写“<”", "the value of an attribute holds a “<”"),
    39: Said("属性的值要用引号括起来", "the value of an attribute wants quotes"),
    40: Said("属性的值缺少后面的引号", "the value of an attribute lacks its closing quote"),
    41: Said("属性没有值", "an attribute has no value"),
    42: Said("同一个属性写了两次", "an attribute is written twice"),
    45: Said("注释没有结束", "a comment does not end"),
    47: Said("处理指令没有结束", "a processing instruction does not end"),
    63: Said("CDATA 没有结束", "a CDATA section does not end"),
    64: Said("XML 声明只能写在文件的最前面", "an XML declaration stands only at the very beginning"),
    65: Said("属性之间要有空格", "a space is missing between attributes"),
    68: Said("标签或实体的名称不合规定", "the name of a tag or entity is not allowed"),
    73: Said("标签没有写完", "a tag is not finished"),
    76: Said("开始标签和结束标签不一致", "a start tag and an end tag do not match"),
    77: Said("有标签一直没有结束", "a tag is never closed"),
    81: Said("有不是这种编码的字节", "there are bytes of another encoding"),
    201: Said("前缀没有说明属于哪个命名空间", "a prefix belongs to no namespace"),
}
"""By the numbers of libxml2's errors, the common ones."""
OTHER = Said("标签或属性写错了", "a tag or attribute is wrong")
NAMES = {
    26: re.compile(r"Entity '(.*?)'"), 41: re.compile(r"attribute ([^\s,]+)"), 42: re.compile(r"Attribute ([^\s,]+)"),
    73: re.compile(r"Start Tag ([^\s,]+)"), 76: re.compile(r"mismatch: ([^\s,]+)"), 77: re.compile(r"in tag ([^\s,]+)"),
    201: re.compile(r"prefix ([^\s,]+)"),
}


def told(error: etree.XMLSyntaxError) -> Said:
    """The sentence, with the name that it is about where the parser gives one."""
    number = int(getattr(error, "code", 0) or 0)
    (zh, en), pattern = WORDS.get(number, OTHER), NAMES.get(number)
    found = pattern.search(error.msg or "") if pattern else None
    return Said(f"{zh}（{found[1][:60]}）", f"{en} ({found[1][:60]})") if found else Said(zh, en)
