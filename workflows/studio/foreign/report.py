"""What an import has to say: one item for everything of a file that is not executed as its tool meant it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.findings import Finding

CONVERTED, WARNING, BLOCKING = "converted", "warning", "blocking"
SEVERITIES = (BLOCKING, WARNING, CONVERTED)
"""Must be changed before a release; kept but not executed; said beside in our own words. Worst first."""
MOST_ITEMS = 2000
LONGEST = 300  # characters of a foreign value that a sentence repeats


@dataclass(frozen=True)
class Item:
    """One thing in a file: where, what it is, what to do (Chinese and English). `word` is how the file writes it."""

    severity: str
    zh: str
    en: str
    fix_zh: str = ""
    fix_en: str = ""
    element: str = ""
    name: str = ""
    kind: str = ""
    word: str = ""
    line: int = 0
    file: str = ""

    def text(self, language: str = "zh") -> str:
        """What it is, in Chinese, or English for anything but zh."""
        return self.zh if language.startswith("zh") else self.en

    def fix(self, language: str = "zh") -> str:
        """What to do about it."""
        return self.fix_zh if language.startswith("zh") else self.fix_en


@dataclass(frozen=True)
class Report:
    """What one file is and what became of it. `name`: the draft's file ("" when it cannot be opened); `left_out`:
    items beyond the first MOST_ITEMS, by severity."""

    file: str
    tool: str
    name: str = ""
    items: tuple[Item, ...] = ()
    processes: int = 0
    elements: int = 0
    made: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many items of each severity, those left out included."""
        found = Counter(item.severity for item in self.items)
        return {one: found[one] + self.left_out.get(one, 0) for one in SEVERITIES}

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


def told(file: str, tool: str, items: Iterable[Item], **more: Any) -> Report:
    """A report with its items worst first, then in the order of the file; the last beyond the limit only counted."""
    order = {one: place for place, one in enumerate(SEVERITIES)}
    kept = sorted(dict.fromkeys(items), key=lambda item: (order[item.severity], item.line))
    rest = Counter(item.severity for item in kept[MOST_ITEMS:])
    return Report(file, tool, items=tuple(kept[:MOST_ITEMS]), left_out=dict(rest), **more)


def report_of(kept: Mapping[str, Any]) -> Report:
    """What `Report.plain` made, as a report again."""
    return Report(**{**kept, "items": tuple(Item(**one) for one in kept["items"]), "made": tuple(kept["made"])})


def of_finding(finding: Finding) -> Item:
    """What the check before a release says, as an item of the report."""
    return Item(BLOCKING if finding.severity == "error" else WARNING, finding.zh, finding.en, finding.fix_zh,
                finding.fix_en, finding.element, finding.name, "", finding.rule, finding.line, finding.file)


def short(value: str) -> str:
    """A foreign value as a sentence repeats it."""
    text = " ".join(value.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
