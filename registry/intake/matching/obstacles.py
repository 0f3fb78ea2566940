"""What stands in the way of telling whose a row's certificate is: findings that stop the row."""

from __future__ import annotations

from typing import Any

from registry.intake.findings import Finding
from registry.intake.judged import HolderSaid
from registry.intake.known import UnitKnown

ELSEWHERE = "这个身份证号的人员在册于你不能导入的单位，请由该单位或上级导入。"
MACHINE_ELSEWHERE = "这台设备在册于你不能导入的单位，请由该单位或上级导入。"
OUTSIDE = "“{name}”不在你可以导入的范围内，请由该单位或上级导入。"


def several(said: HolderSaid, count: int) -> Finding:
    """More than one may be meant."""
    return stop("ambiguous", "{name}可能是 {count} 个人，请补上身份证号。", {"name": said.name, "count": count})


def stop(kind: str, text: str, params: dict[str, Any] | None = None) -> Finding:
    """A row that cannot enter: `text` is a msgid, `params` its values."""
    return Finding(kind=kind, weight="stop", text=text, params=params or {})


def outside(unit: UnitKnown) -> Finding:
    """A unit that whoever brings the ledger in does not reach."""
    return stop("out_of_reach", OUTSIDE, {"name": unit.name})
