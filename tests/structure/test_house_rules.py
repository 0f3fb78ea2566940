"""Rules that a reader of one file cannot see broken: one committer, one clock, no text run as code, plain names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.structure.source import ROOT, calls, modules, name_of, tree

COMMITTERS = {"ledger/db.py", "web/session.py"}
NEVER = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.loads"}
CLOCKS = re.compile(r"\b(datetime|date)\.(now|utcnow|today)$")
LOGS = re.compile(r"log(ger)?\.(debug|info|warning|error|exception|critical)")
WEAK = re.compile(r"(Manager|Service|Helper|Utils?|Base)$|^(utils?|helpers?|services?|managers?|base|common|misc)$")
TERMS = {
    "ledger/db.py: Base",  # SQLAlchemy's own word for the root of all tables
    "feel/dmn/model.py: Service",  # DMN's decision service
}
LONGEST = 350  # lines
FILES = modules()


def where(wrong: Callable[[Path], Iterable[object]]) -> list[str]:
    """Every place in the house that breaks a rule, as `file: what`."""
    return [f"{name_of(path)}: {found}" for path in FILES for found in wrong(path)]


def own_names(path: Path) -> set[str]:
    """Names a file defines or imports: `compile` from feel is not Python's."""
    taken = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            taken |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            taken.add(node.name)
    return taken


def test_one_place_commits() -> None:
    def committing(path: Path) -> list[int]:
        return [line for line, called, _ in calls(path) if called.endswith(".commit")]

    assert [found for found in where(committing) if found.partition(":")[0] not in COMMITTERS] == []


def test_no_text_is_run_as_code() -> None:
    def running(path: Path) -> list[tuple[int, str]]:
        bad = NEVER - own_names(path)
        return [(line, called) for line, called, _ in calls(path) if called in bad]

    assert where(running) == []


def test_no_command_goes_through_a_shell() -> None:
    def shell(path: Path) -> list[int]:
        named = [(line, given) for line, _, call in calls(path) for given in call.keywords if given.arg == "shell"]
        return [line for line, given in named if ast.unparse(given.value) != "False"]

    assert where(shell) == []


def test_there_is_one_clock() -> None:
    def telling(path: Path) -> list[tuple[int, str]]:
        return [(line, called) for line, called, _ in calls(path) if CLOCKS.search(called)]

    assert [found for found in where(telling) if not found.startswith("ledger/clock.py")] == []


def test_names_say_what_a_thing_is() -> None:
    def weak(path: Path) -> list[str]:
        names = [path.stem, *(node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))]
        return [name for name in names if WEAK.search(name)]

    assert set(where(weak)) <= TERMS


def test_files_stay_readable() -> None:
    def too_long(path: Path) -> list[int]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return [lines] if lines > LONGEST and "versions" not in path.parts else []

    assert where(too_long) == []


def test_log_lines_are_chosen_not_built() -> None:
    """`log.info("%s", id)`, never an f-string: an f-string is how a person's number slips into a log."""

    def built(path: Path) -> list[int]:
        logged = [(line, call) for line, called, call in calls(path) if LOGS.fullmatch(called) and call.args]
        return [line for line, call in logged if isinstance(call.args[0], ast.JoinedStr)]

    assert where(built) == []


def test_no_two_modules_give_templates_a_function_of_one_name() -> None:
    """The later one would win on every page, silently."""
    given: dict[str, list[str]] = {}
    for path in (ROOT / "web").rglob("*.py"):
        for node in ast.walk(tree(path)):
            for name in _given_to_templates(node):
                given.setdefault(name, []).append(path.name)
    assert {name: files for name, files in given.items() if len(files) > 1} == {}


def _given_to_templates(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        asked = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
        return [node.name for one in asked if isinstance(one, ast.Attribute) and one.attr == "app_template_global"]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "add_app_template_global" and isinstance(node.args[0], ast.Name):
            return [node.args[0].id]
        if node.func.attr == "update" and ast.unparse(node.func.value).endswith("jinja_env.globals"):
            return [word.arg for word in node.keywords if word.arg]
    return []
