"""The one error of this room: everything FEEL or DMN refuses is a `FeelError`."""

from __future__ import annotations

import re

PLACES = {
    "decision": "决策", "businessKnowledgeModel": "业务知识模型", "decisionService": "决策服务", "import": "导入",
    "inputData": "输入数据", "itemDefinition": "数据类型", "rule": "规则", "input": "输入列", "output": "输出列",
    "allowedValues": "允许值", "inputValues": "允许的输入值", "outputValues": "允许的输出值", "context": "上下文",
    "literalExpression": "文字表达式", "decisionTable": "决策表", "invocation": "调用", "conditional": "条件表达式",
    "functionDefinition": "函数定义", "relation": "关系表", "list": "列表", "filter": "筛选", "for": "循环",
}  # fmt: skip
WORD = re.compile(r"“[^”]*”|[A-Za-z]+")


class FeelError(Exception):
    """The expression or table cannot be used."""

    def __init__(self, zh: str, en: str, *, line: int = 0, column: int = 0, where: str = "") -> None:
        super().__init__(zh, en)
        self.message_zh = zh
        self.message_en = en
        self.line = line
        self.column = column
        self.where = where

    def at(self, where: str, line: int = 0) -> FeelError:
        """The same error, said to lie in `where` (a decision, a rule, a cell); `line` is the line in the file."""
        joined = f"{where} {self.where}".strip()
        return type(self)(self.message_zh, self.message_en, line=self.line or line, column=self.column, where=joined)

    def message(self, language: str = "zh") -> str:
        """One sentence with its place, line and column, in Chinese or (anything but zh…) in English."""
        if not self.line:
            return self.told(language)
        chinese = language.startswith("zh")
        spot = f"第 {self.line} 行" if chinese else f"line {self.line}"
        if self.column:
            spot += f"第 {self.column} 列" if chinese else f", column {self.column}"
        return self.told(language, spot)

    def told(self, language: str = "zh", spot: str = "") -> str:
        """The sentence with its place (element, rule, column of a table) but without line and column."""
        chinese = language.startswith("zh")
        where = WORD.sub(lambda word: PLACES.get(word[0], word[0]), self.where) if chinese else self.where
        text = self.message_zh if chinese else self.message_en
        place = [each for each in (where, spot) if each]
        if not place:
            return text
        return ("，".join(place) + "：" + text) if chinese else (", ".join(place) + ": " + text)

    def __str__(self) -> str:
        return f"{self.message('zh')} ({self.message('en')})"


class OverBudget(FeelError):
    """The expression works too long, too deep or makes too much."""
