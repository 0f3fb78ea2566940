"""The decision tables of the rules: DMN files under tables/, read once. What a row rests on stands in the row itself.

Each row gives `severity` (block, warn, unknown: we were not told enough; none), `basis` (law, standard, practice),
`source` (S read, D our own, K from knowledge) and `verified`: only what was read in a law or in an authority's own
rules counts as verified, never what is known from an excerpt of a web page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import feel.dmn

FOLDER = Path(__file__).parent / "tables"
TITLES: dict[str, str] = {
    "R01": "项目经理资格", "R02": "一人一个项目", "R03": "聘用、合同、社保一致", "R04": "A、B、C证数量",
    "R05": "特种作业持证上岗", "R06": "建筑起重机械", "R07": "总承包项目专职安全员", "R08": "分包项目专职安全员",
    "R09": "企业安全管理机构", "R10": "安全生产许可证的人员条件", "R11": "资质的建造师人数",
    "R12": "施工许可与开工条件", "R13": "资质失效的后果", "R14": "不得出借证件", "R15": "年龄上限",
}


@cache
def models() -> Mapping[str, feel.dmn.Model]:
    """Rule ("R01") -> its model as shipped."""
    return MappingProxyType({name: feel.dmn.parse(content) for name, content in files().items()})


@cache
def files() -> Mapping[str, bytes]:
    """Rule -> the DMN file as shipped."""
    return MappingProxyType({path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.dmn"))})


@dataclass(frozen=True)
class Tables:
    """The tables of a day and a province: as shipped, but for `editions`, rule -> SHA-256 of the edition in force
    (registry.rules.editions chooses them and hands their content to `learn`)."""

    editions: tuple[tuple[str, str], ...] = ()

    def decide(self, decision: str, **given: Any) -> Mapping[str, Any]:
        """The row that a decision ("R01_constructor", or "R01.speciality") takes for these inputs, as its outputs.

        FeelError when the table cannot decide: a gap or an overlap, which no table that is in force has.
        """
        row: Mapping[str, Any] = _decided(*self._found(decision), tuple(sorted(given.items())))
        return row

    def listed(self, decision: str, **given: Any) -> list[Mapping[str, Any]]:
        """The rows that a collecting decision takes, in their order."""
        return list(_decided(*self._found(decision), tuple(sorted(given.items()))))

    def _found(self, decision: str) -> tuple[str, str]:
        rule, name = decision[:3], decision.partition(".")[2] or decision
        return dict(self.editions).get(rule, rule), name


SHIPPED = Tables()
decide = SHIPPED.decide
_learnt: dict[str, feel.dmn.Model] = {}


def learn(digest: str, content: bytes) -> None:
    """Make an edition known to this process by its SHA-256; FeelError when it is no DMN file."""
    if digest not in _learnt:
        _learnt[digest] = feel.dmn.parse(content)


def learnt(digest: str) -> bool:
    """Whether `learn` has seen it."""
    return digest in _learnt


def model_of(key: str) -> feel.dmn.Model:
    """The model of a rule as shipped ("R11"), or of an edition by its SHA-256."""
    return _learnt[key] if key in _learnt else models()[key]


@lru_cache(maxsize=8192)
def _decided(key: str, name: str, given: tuple[tuple[str, Any], ...]) -> Any:
    return model_of(key).evaluate(name, dict(given)).value
