"""What is wrong with a drawing, said so that its owner can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing wrong: rule id, severity, where, the text in Chinese and English, and what to draw instead."""

    rule: str
    zh: str
    en: str
    fix_zh: str = ""
    fix_en: str = ""
    element: str = ""
    name: str = ""
    line: int = 0
    column: int = 0
    file: str = ""
    severity: Literal["error", "warning"] = "error"

    def text(self, language: str = "zh") -> str:
        """One sentence (and the remedy) in Chinese, or English for anything but zh."""
        chinese = language.startswith("zh")
        said, fix = (self.zh, self.fix_zh) if chinese else (self.en, self.fix_en)
        return f"{said}{'。' if chinese else '. '}{fix}" if fix else said

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "") if part)
        label = f"{self.name} ({self.element})" if self.name else self.element
        return " ".join(part for part in (place, f"[{self.rule}]", label, self.text()) if part)
