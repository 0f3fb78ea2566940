"""The house's own source, read for the tests of its structure."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("ledger", "feel", "engine", "registry", "forms", "workflows", "web")
OTHERS = ("migrations", "scripts", "bench", "wsgi.py", "worker.py", "licet_verify.py")
OURS = (*ROOMS, "migrations", "scripts", "bench", "tests", "wsgi", "worker", "licet_verify")


@cache
def tracked() -> tuple[str, ...]:
    """Every file under version control, by its path in the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of ours but the tests."""
    found: list[Path] = []
    for name in (*ROOMS, *OTHERS):
        place = ROOT / name
        found += [place] if place.is_file() else sorted(place.rglob("*.py"))
    return tuple(found)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """The top-level names a file imports, anywhere in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def importers(package: str) -> set[str]:
    """The files of ours that import a package."""
    return {name_of(path) for path in modules() if package in imports(path)}


@cache
def calls(path: Path) -> tuple[tuple[int, str, ast.Call], ...]:
    """(line, target as written, node) of every call."""
    found = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return tuple((node.lineno, _written(node.func), node) for node in found)


def _written(target: ast.expr) -> str:
    """A dotted name without the unparser, which takes seconds for all of them."""
    parts, at = list[str](), target
    while isinstance(at, ast.Attribute):
        parts, at = [at.attr, *parts], at.value
    return ".".join([at.id, *parts]) if isinstance(at, ast.Name) else ast.unparse(target)
