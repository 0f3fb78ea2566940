"""What is wrong with a file that is no XML, in Chinese: the parser speaks English only, and by numbers."""

from __future__ import annotations

import re

from lxml import etree

WORDS: dict[int, str] = {
    4: "文件是空的，或者开头不是标签", 5: "最外层的标签结束以后还有内容", 9: "有不允许的控制字符",
    23: "“&名称”后面缺少分号",
    26: "用了没有定义的实体", 38: "属性的值里不能直接写“<”", 39: "属性的值要用引号括起来",
    40: "属性的值缺少后面的引号",
    41: "属性没有值", 42: "同一个属性写了两次", 45: "注释没有结束", 47: "处理指令没有结束", 63: "CDATA 没有结束",
    64: "XML 声明只能写在文件的最前面", 65: "属性之间要有空格", 68: "标签或实体的名称不合规定", 73: "标签没有写完",
    76: "开始标签和结束标签不一致", 77: "有标签一直没有结束", 81: "有不是这种编码的字节", 89: "标签没有成对",
    201: "前缀没有说明属于哪个命名空间",
}
"""By the numbers of libxml2's errors, the common ones."""
NAMES = {
    26: re.compile(r"Entity '(.*?)'"), 41: re.compile(r"attribute ([^\s,]+)"), 42: re.compile(r"Attribute (\S+)"),
    73: re.compile(r"Start Tag ([^\s,]+)"), 76: re.compile(r"mismatch: (\S+)"), 77: re.compile(r"in tag (\S+)"),
    201: re.compile(r"prefix ([^\s,]+)"),
}


def in_chinese(error: etree.XMLSyntaxError) -> str:
    """The sentence, with the name that it is about where the parser gives one."""
    said = WORDS.get(error.code or 0, "标签或属性写错了")
    pattern = NAMES.get(error.code or 0)
    found = pattern.search(error.msg or "") if pattern else None
    return f"{said}（{found[1][:60]}）" if found else said
