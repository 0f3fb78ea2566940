"""What forms.lint says, in English: its sentences are Chinese and have names in them."""

from __future__ import annotations

import re

from web.i18n import language

FIELD = re.compile(r"^“(?P<name>[^”]*)”：(?P<rest>.*)$", re.DOTALL)
SENTENCES = (
    (r"不支持的组件类型 (.*)", "components of the type {0} are not supported"),
    (r"缺少键名", "it has no key"),
    (r"动态列表缺少路径", "the list has no path"),
    (r"缺少标签", "it has no label"),
    (r"不认识的校验规则 (.*)", "the validation rule {0} is not known"),
    (r"正则表达式不能使用.*", "the regular expression cannot be used (RE2 has no look-around)"),
    (r"FEEL 表达式有误：(.*)", "the FEEL expression is wrong: {0}"),
    (r"没有选项", "it has no options"),
    (r"选项 (.*) 重复", "the option {0} is there twice"),
    (r"键名 verdict 由页面按钮使用.*", "the key verdict belongs to the buttons and cannot be a field"),
    (r"键名 (.*) 重复", "the key {0} is there twice"),
    (r"键名 (.*) 与 (.*) 冲突", "the keys {0} and {1} contradict each other"),
    (r"按钮“(.*)”要求的栏目 (.*) 不存在", "the button “{0}” wants the field {1}, which is not there"),
    (r"按钮值 (.*) 重复", "the value {0} belongs to two buttons"),
    (r"比较的日期栏目 (.*) 不存在", "the date {0} that it is compared with is not there"),
    (r"licet:all 只能.*", "licet:all belongs on a list of ticks and names the value of a button"),
)


def in_words(sentence: str) -> str:
    """The sentence in the visitor's language; one that is not known stays Chinese."""
    if language() == "zh":
        return sentence
    field = FIELD.match(sentence)
    if field:
        return f"“{field['name']}”: {_english(field['rest'])}"
    return _english(sentence)


def _english(sentence: str) -> str:
    for pattern, words in SENTENCES:
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return words.format(*found.groups())
    return sentence
