"""No text from a file ever meets `eval`, `exec` or `compile`, by whatever name; nor SpiffWorkflow's own evaluator."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import state
from tests.structure.source import ROOMS, modules, name_of

RUNNERS = {"eval", "exec", "__import__", "__builtins__"}
MODULES = {"builtins", "code", "codeop", "runpy", "pickle", "marshal"}
COMPILERS = {"re", "re2", "feel"}  # whose `compile` is another word
ROOMS_ONLY = [path for path in modules() if name_of(path).partition("/")[0] in (*ROOMS, "wsgi.py", "worker.py")]


def runners(source: str) -> Iterator[str]:
    """What in this source could run a text: the names themselves, not only calls of them."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in RUNNERS or (name == "compile" and name not in imported | defined):
                yield name
            case ast.Attribute(attr=name) if name in RUNNERS:
                yield name
            case ast.Attribute(value=owner, attr="compile"):
                if not (isinstance(owner, ast.Name) and owner.id in COMPILERS):
                    yield "compile"
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in MODULES)
            case ast.ImportFrom(module=module) if module in MODULES:
                yield str(module)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]) if name in RUNNERS:
                yield name


@pytest.mark.parametrize("path", ROOMS_ONLY, ids=name_of)
def test_nothing_in_a_room_can_run_a_text(path: Path) -> None:
    assert list(runners(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "planted",
    [
        "eval(text)", "run = eval", "import builtins\nbuiltins.exec(text)", "from builtins import eval as other",
        "compile(text, '', 'exec')", "getattr(x, 'eval')", "x.__builtins__", "import runpy", "codec.compile(text)",
    ],
)  # fmt: skip
def test_the_check_sees_what_is_planted(planted: str) -> None:
    assert list(runners(textwrap.dedent(planted)))


def test_the_evaluator_of_the_library_is_never_reached() -> None:
    """What the engine hands SpiffWorkflow in its place has no environment and refuses; no room makes another."""
    stand_in = state.NO_SCRIPTS
    assert stand_in.environment is None
    for act in (stand_in.evaluate, stand_in.execute, stand_in.call_service):
        with pytest.raises(RuntimeError):
            act(None, "__import__('os').getpid()")
    handed = [
        (name_of(path), ast.unparse(given.value))
        for path in ROOMS_ONLY
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for given in call.keywords
        if given.arg == "script_engine"
    ]
    assert handed and set(handed) == {("engine/state.py", "NO_SCRIPTS")}
    makers = [name_of(path) for path in ROOMS_ONLY if "PythonScriptEngine(" in path.read_text(encoding="utf-8")]
    assert makers == []
