"""Decision tables: every hit policy and aggregation of DMN 1.5, 8.2.10 to 8.2.11."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from feel.budget import spend, spending
from feel.builtins.lists import largest, smallest
from feel.builtins.statistics import total
from feel.compare import same
from feel.compiler import Code, Names
from feel.dmn.trace import TRACE, Match, Visit
from feel.dmn.xml import Element, child, children, text_of
from feel.errors import FeelError, OverBudget
from feel.nodes.tests import SUBJECT
from feel.types import Type, coerce
from feel.values import Value

if TYPE_CHECKING:
    from feel.dmn.boxed import Reading

POLICIES = {"UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"}


@dataclass(slots=True)
class Column:
    """An input: its expression, what values it may have, and the different tests its cells hold."""

    label: str
    code: Code
    allowed: str = ""
    within: Code | None = None
    kind: Type | None = None
    tests: list[Code] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Output:
    name: str
    kind: Type | None
    order: list[Value]
    default: Code | None
    within: Code | None = None
    label: str = ""


@dataclass(slots=True)
class Rule:
    """`cells[i]` is the number of column i's test, or -1 for "anything"."""

    number: int
    id: str
    cells: list[int]
    outputs: list[Code]
    annotations: tuple[str, ...]
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class Table:
    """A decision table ready to run."""

    id: str
    name: str
    policy: str
    aggregation: str
    columns: list[Column]
    outputs: list[Output]
    rules: list[Rule]

    def run(self, e: Names) -> Value:
        visit = Visit("table", self.id, self.name)
        matched = self.matching(e, visit)
        spend(len(matched) * len(self.outputs))
        rows = [self.outcome(rule, e, visit) for rule in matched]
        for rule, row in zip(matched, rows, strict=True):
            visit.matches.append(Match(rule.number, rule.id, row, rule.annotations))
        visit.value = self.decided(matched, rows, e)
        e[TRACE].append(visit)
        return visit.value

    def matching(self, e: Names, visit: Visit) -> list[Rule]:
        """The rules whose every cell holds, column by column; a cell text is tried once however often it stands."""
        inside = e.copy()
        candidates = self.rules
        spend(len(candidates))
        for place, column in enumerate(self.columns):
            spend(len(column.tests))
            value = column.code(e)
            if column.kind is not None or column.within is not None:
                value = self.taken(value, column, inside, visit)
            visit.inputs[column.label] = inside[SUBJECT] = value
            held: list[bool | None] = [None] * len(column.tests) + [True]
            tests = column.tests
            kept = []
            for rule in candidates:
                cell = rule.cells[place]
                answer = held[cell]
                if answer is None:
                    answer = held[cell] = tests[cell](inside) is True
                if answer:
                    kept.append(rule)
            candidates = kept
        return candidates

    def taken(self, given: Value, column: Column, inside: Names, visit: Visit) -> Value:
        """The input as its column's type; null, and noted, when it is of another type or not an allowed value."""
        value = _fitted(given, column.kind)
        if column.within is not None and value is not None:
            inside[SUBJECT] = value
            value = value if column.within(inside) is True else None
        if value is None and given is not None:
            visit.refused.append(column.label)
        return value

    def outcome(self, rule: Rule, e: Names, visit: Visit) -> dict[str, Value]:
        row: dict[str, Value] = {}
        for out, code in zip(self.outputs, rule.outputs, strict=True):
            given = code(e)
            value = _fitted(given, out.kind)
            if out.within is not None and value is not None and out.within({**e, SUBJECT: value}) is not True:
                value = None
            if value is None and given is not None:
                visit.refused.append(out.name)
            row[out.name] = value
        return row

    def decided(self, matched: list[Rule], rows: list[dict[str, Value]], e: Names) -> Value:
        if not matched:
            return self.otherwise(e)
        match self.policy:
            case "UNIQUE":
                if len(matched) > 1:
                    raise self.clash(matched, "UNIQUE 表只允许命中一条规则", "a UNIQUE table must match one rule only")
                return self.shown(rows[0])
            case "ANY":
                if not all(same(row, rows[0]) for row in rows):
                    raise self.clash(matched, "ANY 表命中的规则结果不一致", "the matching rules of an ANY table differ")
                return self.shown(rows[0])
            case "FIRST":
                return self.shown(rows[0])
            case "PRIORITY":
                return self.shown(sorted(rows, key=self.priority)[0])
            case "OUTPUT ORDER":
                return [self.shown(row) for row in sorted(rows, key=self.priority)]
        return self.collected(rows)

    def clash(self, matched: list[Rule], zh: str, en: str) -> FeelError:
        numbers = [f"{rule.number} ({rule.id})" if rule.id else str(rule.number) for rule in matched]
        name = self.name or self.id
        return FeelError(
            f"{zh}，“{name}”同时命中规则 {'、'.join(numbers)}", f"{en}; {name!r} matches rules {', '.join(numbers)}"
        )

    def shown(self, row: dict[str, Value]) -> Value:
        """One output is its value, several are a context."""
        return row if len(self.outputs) > 1 else row[self.outputs[0].name]

    def priority(self, row: dict[str, Value]) -> tuple[int, ...]:
        """Earlier in the list of output values comes first; outputs from left to right (8.2.11)."""
        return tuple(
            next((at for at, value in enumerate(out.order) if same(value, row[out.name])), len(out.order))
            for out in self.outputs
        )

    def otherwise(self, e: Names) -> Value:
        if self.aggregation == "COUNT":
            return Decimal(0)
        if all(out.default is None for out in self.outputs):
            return [] if self.policy in ("RULE ORDER", "OUTPUT ORDER", "COLLECT") and not self.aggregation else None
        row = {out.name: None if out.default is None else _fitted(out.default(e), out.kind) for out in self.outputs}
        return self.shown(row)

    def collected(self, rows: list[dict[str, Value]]) -> Value:
        if self.policy == "RULE ORDER" or not self.aggregation:
            return [self.shown(row) for row in rows]
        totals = {out.name: AGGREGATIONS[self.aggregation]([row[out.name] for row in rows]) for out in self.outputs}
        return self.shown(totals)


AGGREGATIONS: dict[str, Callable[[list[Value]], Value]] = {
    "SUM": total,
    "MIN": smallest,
    "MAX": largest,
    "COUNT": lambda values: Decimal(len(values)),
}


def _fitted(value: Value, kind: Type | None) -> Value:
    return value if kind is None else coerce(value, kind)[1]


def read_table(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    """Compile a `decisionTable`; an error names rule and column."""
    policy = (element.get("hitPolicy") or "UNIQUE").strip()
    aggregation = element.get("aggregation") or ""
    if policy not in POLICIES or (aggregation and aggregation not in AGGREGATIONS):
        raise FeelError(f"不认识的命中策略“{policy}”", f"unknown hit policy {policy!r}", line=element.sourceline)
    columns = [_column(e, n, reading) for n, e in enumerate(children(element, "input"), 1)]
    clauses = list(children(element, "output"))
    outputs = [_output(e, n, reading, name, kind if len(clauses) == 1 else None) for n, e in enumerate(clauses, 1)]
    rules = [_rule(e, n, columns, outputs, reading) for n, e in enumerate(children(element, "rule"), 1)]
    if not outputs:
        raise FeelError("决策表没有输出列", "the decision table has no output", line=element.sourceline)
    made = Table(element.get("id") or "", name, policy, aggregation, columns, outputs, rules)
    reading.tables.append(made)
    return made.run


def _column(element: Element, number: int, reading: Reading) -> Column:
    expression = child(element, "inputExpression")
    text = text_of(expression)
    where = f"input {number} “{element.get('label') or text}”"
    if expression is None or not text:
        raise FeelError("输入列缺少表达式", "the input has no expression", line=element.sourceline).at(where)
    kind = reading.types.named(expression.get("typeRef"))
    allowed = text_of(child(element, "inputValues"))
    within = reading.tests(allowed, f"{where} inputValues", child(element, "inputValues")) if allowed else None
    known = allowed or (kind.allowed if kind else "")
    return Column(element.get("label") or text, reading.feel(text, where, expression), known, within, kind)


def _output(element: Element, number: int, reading: Reading, table: str, kind: Type | None) -> Output:
    name = element.get("name") or (table if number == 1 else f"output {number}")
    default = child(element, "defaultOutputEntry")
    where = f"output {number} “{name}”"
    values = text_of(child(element, "outputValues"))
    within: Code | None = None
    if values:
        within = reading.tests(values, f"{where} outputValues", child(element, "outputValues"))
    order = _order(values, reading, where, element) if values else []
    own = reading.types.named(element.get("typeRef"))
    code = None if default is None or not text_of(default) else reading.feel(text_of(default), where, default)
    return Output(name, own or (kind if kind and kind.name != "list" else None), order, code, within,
                  element.get("label") or "")


def _order(values: str, reading: Reading, where: str, element: Element) -> list[Value]:
    """The output values in their order of priority; none when they are tests (`> 5`) and not values."""
    try:
        with spending():
            listed = reading.feel(f"[{values}]", where, element)(reading.defaults())
    except OverBudget as problem:
        raise problem.at(f"{where} outputValues", element.sourceline) from None
    except (FeelError, KeyError, TypeError):
        return []
    return listed if type(listed) is list else []


def _rule(element: Element, number: int, columns: list[Column], outputs: list[Output], reading: Reading) -> Rule:
    cells = list(children(element, "inputEntry"))
    results = list(children(element, "outputEntry"))
    if len(cells) != len(columns) or len(results) != len(outputs):
        raise FeelError("规则的单元格数与列数不符", "the rule has too many or too few cells").at(
            f"rule {number}", element.sourceline
        )
    pairs = enumerate(zip(cells, columns, strict=True), 1)
    numbers = [_cell(cell, at, column, number, reading) for at, (cell, column) in pairs]
    codes = [
        reading.feel(text_of(cell) or "null", f"rule {number}, output {at}", cell) for at, cell in enumerate(results, 1)
    ]
    notes = tuple(text_of(note) for note in children(element, "annotationEntry"))
    return Rule(number, element.get("id") or "", numbers, codes, notes, tuple(text_of(cell) for cell in results))


def _cell(cell: Element, at: int, column: Column, number: int, reading: Reading) -> int:
    """The number of the cell's test among its column's."""
    text = text_of(cell)
    if text in ("", "-"):
        return -1
    if text not in column.texts:
        column.texts[text] = len(column.tests)
        column.tests.append(reading.tests(text, f"rule {number}, input {at}", cell))
    return column.texts[text]
