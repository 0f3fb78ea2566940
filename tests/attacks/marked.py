"""Which tests carry a mark, read from their source: pytest.mark.asvs("7.2.4"), pytest.mark.attack("A73")."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent


def marked(mark: str) -> dict[str, list[str]]:
    """Every argument of the mark with the tests that carry it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if f"mark.{mark}(" not in text:
            continue
        for test in ast.walk(ast.parse(text)):
            if isinstance(test, ast.FunctionDef):
                for word in _words(test, mark):
                    found.setdefault(word, []).append(f"{path.relative_to(TESTS)}::{test.name}")
    return found


def _words(test: ast.FunctionDef, mark: str) -> list[str]:
    calls = [one for one in test.decorator_list if isinstance(one, ast.Call)]
    return [str(word.value) for call in calls if ast.unparse(call.func) == f"pytest.mark.{mark}"
            for word in call.args if isinstance(word, ast.Constant)]


def listed(file: str) -> dict[str, Any]:
    """What there is to be shown."""
    return tomllib.loads((TESTS / file).read_text("utf-8"))
