"""What a decision table leaves open: gaps, overlaps, shadowed and unreachable rules, each with an example row.

Exact for cells over constants (see atoms.py); a rule with any other cell is named, counts as covering nothing, and
whatever it might still cover is reported as uncertain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from feel.atoms import Atom, NotAnalysed, atoms_of, constant_of, mentioned, test_of
from feel.budget import Budget, spend, spending
from feel.dmn.model import Decision, Knowledge, Model
from feel.dmn.table import Table
from feel.errors import OverBudget
from feel.parser import parse
from feel.text import written
from feel.values import Value

MOST_GAPS = 20
MOST_OVERLAPS = 200
MOST_STATES = 200_000
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the table's owner. `rules` count from 1; `example` maps input labels to values."""

    kind: str
    rules: tuple[int, ...]
    message_zh: str
    message_en: str
    example: dict[str, Value] = field(default_factory=dict)
    certain: bool = True


@dataclass(slots=True)
class Grid:
    """A table as bit sets: for each column its atoms, and for each atom the rules whose cell takes it."""

    table: Table
    atoms: list[list[Atom]] = field(default_factory=list)
    takes: list[list[int]] = field(default_factory=list)
    exact: int = 0
    findings: list[Finding] = field(default_factory=list)

    def cells(self, column: int, rule: int) -> int:
        """The atoms of a column that a rule takes, as bits."""
        bit = 1 << rule
        return sum(1 << at for at, rules in enumerate(self.takes[column]) if rules & bit)

    def row(self, path: dict[int, int]) -> dict[str, Value]:
        """One row of the region: a value for each column that some rule looks at."""
        looked_at = [(n, c) for n, c in enumerate(self.table.columns) if self.atoms[n][0].text != "-"]
        return {c.label: self.atoms[n][path.get(n, 0)].sample for n, c in looked_at}

    def region(self, path: dict[int, int]) -> str:
        return ", ".join(f"{self.table.columns[n].label}: {self.atoms[n][at].text}" for n, at in sorted(path.items()))


def prove(model: Model, decision: str) -> list[Finding]:
    """Findings about every decision table of a decision (or knowledge model), by id or name; empty when whole."""
    node = model.find(decision)
    tables = node.tables if isinstance(node, Decision | Knowledge) else []
    with spending(Budget(20_000_000, seconds=SECONDS)):
        return [finding for table in tables for finding in examine(table, model.names)]


def examine(table: Table, names: frozenset[str] = frozenset()) -> list[Finding]:
    grid = Grid(table, exact=(1 << len(table.rules)) - 1)
    try:
        return _examined(grid, names)
    except OverBudget:
        return [*grid.findings, _too_large()]


def _examined(grid: Grid, names: frozenset[str]) -> list[Finding]:
    table = grid.table
    _fill(grid, names)
    reachable = _reachable(grid)
    if table.policy in ("UNIQUE", "ANY"):
        grid.findings.extend(_overlaps(grid, reachable))
    if table.policy in ("FIRST", "PRIORITY"):
        grid.findings.extend(_shadowed(grid, reachable, _ranks(table, names)))
    if table.policy != "COLLECT" and all(output.default is None for output in table.outputs):
        grid.findings.extend(_gaps(grid, reachable))
    return grid.findings


def _fill(grid: Grid, names: frozenset[str]) -> None:
    for place, column in enumerate(grid.table.columns):
        spend(len(column.texts) * len(column.texts) // 10)
        everything = [Atom("-", None)]
        texts = list(column.texts)
        cuts: set[tuple[str, Value]] = set()
        unknown = {text for text in texts if not _add(text, names, cuts)}
        allowed = column.allowed if column.allowed and _add(column.allowed, names, cuts) else ""
        declared = column.kind.name if column.kind else ""
        try:
            atoms = atoms_of(cuts, declared) if cuts or declared == "boolean" else everything
        except NotAnalysed:
            atoms, unknown, allowed = everything, set(texts), ""
        if allowed:
            inside = test_of(allowed, names)
            atoms = [atom for atom in atoms if inside(atom.sample)] or everything
        grid.atoms.append(atoms)
        grid.takes.append(_takes(grid, place, texts, unknown, names))


def _add(text: str, names: frozenset[str], cuts: set[tuple[str, Value]]) -> bool:
    try:
        cuts |= mentioned(text, names)
    except NotAnalysed:
        return False
    return True


def _takes(grid: Grid, place: int, texts: list[str], unknown: set[str], names: frozenset[str]) -> list[int]:
    """For each atom the rules that take it; a cell not analysed takes all, and its rule is no longer exact."""
    atoms = grid.atoms[place]
    tests = {text: test_of(text, names) for text in texts if text not in unknown}
    passing = {text: [test(atom.sample) for atom in atoms] for text, test in tests.items()}
    takes = [0] * len(atoms)
    for number, rule in enumerate(grid.table.rules):
        text = texts[rule.cells[place]] if rule.cells[place] >= 0 else None
        if text in unknown:
            grid.exact &= ~(1 << number)
            grid.findings.append(_not_analysed(grid.table.columns[place].label, rule.number, str(text)))
        answers = passing.get(text or "")
        for at in range(len(atoms)):
            if answers is None or answers[at]:
                takes[at] |= 1 << number
    return takes


def _not_analysed(label: str, rule: int, text: str) -> Finding:
    zh = f"规则 {rule} 的“{label}”单元格未分析：{text}"
    return Finding("not analysed", (rule,), zh, f"rule {rule}, {label!r}: not analysed: {text}", certain=False)


def _reachable(grid: Grid) -> int:
    """The rules that some row can match; a finding for each of the others."""
    reachable = 0
    for number, rule in enumerate(grid.table.rules):
        empty = [c.label for n, c in enumerate(grid.table.columns) if not grid.cells(n, number)]
        if not empty:
            reachable |= 1 << number
            continue
        zh = f"规则 {rule.number} 永远不会命中：“{empty[0]}”没有符合的取值"
        en = f"rule {rule.number} can never match: no value of {empty[0]!r} fits"
        grid.findings.append(Finding("unreachable", (rule.number,), zh, en))
    return reachable


def _overlaps(grid: Grid, reachable: int) -> Iterator[Finding]:
    """Pairs of rules that one row matches (for ANY: with different results)."""
    rules = grid.table.rules
    cells = [[grid.cells(n, r) for n in range(len(grid.atoms))] for r in range(len(rules))]
    found = 0
    for one in range(len(rules)):
        spend(len(rules) - one)
        for two in range(one + 1, len(rules)):
            if not (reachable >> one & 1 and reachable >> two & 1) or found >= MOST_OVERLAPS:
                continue
            if grid.table.policy == "ANY" and rules[one].texts == rules[two].texts:
                continue
            shared = [a & b for a, b in zip(cells[one], cells[two], strict=True)]
            if all(shared):
                found += 1
                path = {n: (bits & -bits).bit_length() - 1 for n, bits in enumerate(shared)}
                certain = bool(grid.exact >> one & 1 and grid.exact >> two & 1)
                yield _overlap(grid, rules[one].number, rules[two].number, path, certain)


def _overlap(grid: Grid, one: int, two: int, path: dict[int, int], certain: bool) -> Finding:
    row = grid.row(path)
    zh = f"规则 {one} 与规则 {two} 重叠，例如 {_shown(row)}"
    return Finding("overlap", (one, two), zh, f"rules {one} and {two} overlap, for example {_shown(row)}", row, certain)


def _shown(row: dict[str, Value]) -> str:
    return ", ".join(f"{label} = {written(value, inside=True)}" for label, value in row.items())


def _ranks(table: Table, names: frozenset[str]) -> list[tuple[int, ...] | None]:
    """What decides between matching rules: their place; under PRIORITY first their outputs (None when unknown)."""
    if table.policy == "FIRST":
        return [(number,) for number in range(len(table.rules))]
    made: list[tuple[int, ...] | None] = []
    for number, rule in enumerate(table.rules):
        try:
            values = [constant_of(parse(text or "null", names)) for text in rule.texts]
        except NotAnalysed:
            made.append(None)
            continue
        row = {out.name: value for out, value in zip(table.outputs, values, strict=True)}
        made.append((*table.priority(row), number))
    return made


def _shadowed(grid: Grid, reachable: int, ranks: list[tuple[int, ...] | None]) -> Iterator[Finding]:
    """Rules of a FIRST or PRIORITY table that stronger rules always beat."""
    for number, rule in enumerate(grid.table.rules):
        mine = ranks[number]
        if mine is None or not reachable >> number & 1:
            continue
        stronger = sum(1 << at for at, rank in enumerate(ranks) if rank is not None and rank < mine)
        stronger &= grid.exact & reachable
        if stronger and Search(grid, stronger, within=1 << number).first() is None:
            zh = f"规则 {rule.number} 永远轮不到：优先的规则已覆盖它的全部情况"
            en = f"rule {rule.number} is never reached: stronger rules cover every case of it"
            yield Finding("shadowed", (rule.number,), zh, en)


def _gaps(grid: Grid, reachable: int) -> Iterator[Finding]:
    search = Search(grid, grid.exact & reachable)
    unsure = reachable & ~grid.exact
    for path in search.gaps(MOST_GAPS):
        row, region = grid.row(path), grid.region(path)
        maybe = unsure
        for column, at in path.items():
            maybe &= grid.takes[column][at]
        zh, en = f"没有规则覆盖：{region or '全部'}，例如 {_shown(row)}", f"no rule covers {region or 'anything'}"
        yield Finding("gap", (), zh, f"{en}, for example {_shown(row)}", row, certain=not maybe)
    if search.states > MOST_STATES:
        yield _too_large()


def _too_large() -> Finding:
    return Finding("not analysed", (), "表太大，未全部查清", "too large: not everything was looked at", certain=False)


class Search:
    """Looks for rows that none of some rules take, column by column, never twice through the same state."""

    def __init__(self, grid: Grid, rules: int, within: int = 0) -> None:
        self.grid = grid
        self.rules = rules
        self.states = 0
        self.closed: set[tuple[int, int]] = set()
        wide = [sum(1 for r in grid.table.rules if r.cells[n] < 0) for n in range(len(grid.atoms))]
        self.order = sorted(range(len(grid.atoms)), key=lambda n: wide[n])
        self.choices = [self._choices(column, within) for column in self.order]
        self.always = self._always(within)

    def _choices(self, column: int, within: int) -> list[tuple[int, int]]:
        """(rules, first atom) of the column's atoms that differ in the rules that take them."""
        made: dict[int, int] = {}
        for at, takes in enumerate(self.grid.takes[column]):
            if not within or takes & within:
                made.setdefault(takes & self.rules, at)
        return list(made.items())

    def _always(self, within: int) -> list[int]:
        """For each step the rules that take everything from there on."""
        always = [self.rules]
        for choices in reversed(self.choices):
            common = always[-1]
            for rules, _ in choices:
                common &= rules
            always.append(common)
        return always[::-1]

    def first(self) -> dict[int, int] | None:
        return next(self.gaps(1), None)

    def gaps(self, most: int) -> Iterator[dict[int, int]]:
        """Up to `most` uncovered regions, as column to atom."""
        for count, path in enumerate(self._walk(0, self.rules, {})):
            if count >= most:
                return
            yield path

    def _walk(self, step: int, rules: int, path: dict[int, int]) -> Iterator[dict[int, int]]:
        self.states += 1
        spend(3)
        if not rules:
            yield dict(path)
            return
        if step == len(self.order) or rules & self.always[step] or (step, rules) in self.closed:
            return
        if self.states > MOST_STATES:
            return
        clean = True
        for taken, at in self.choices[step]:
            for found in self._walk(step + 1, rules & taken, {**path, self.order[step]: at}):
                clean = False
                yield found
        if clean:
            self.closed.add((step, rules))
