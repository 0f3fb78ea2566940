"""One run over a form: where it is, what it has found, and what belongs to no field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forms.schema import Form, Verdict
from ledger.errors import Problem

Check = Callable[[Any, Mapping[str, Any]], Problem | str | None]
Path = tuple[str | int, ...]


def steps_of(name: Any) -> tuple[str, ...]:
    """form-js writes a nested key as "a.b"."""
    return tuple(str(name).split("."))


@dataclass(frozen=True)
class Place:
    """Where in the answers a component's key is looked up: the mapping, its path, and what FEEL sees there."""

    scope: Any
    context: Mapping[str, Any]
    path: Path
    clean: dict[str, Any]
    veiled: bool = False

    def veil(self) -> Place:
        """The same place, out of sight."""
        return replace(self, veiled=True)

    def inside(self, steps: tuple[str, ...], clean: dict[str, Any]) -> Place:
        """The place of a group with a path."""
        return replace(self, scope=self.reach(steps)[1], path=self.path + steps, clean=clean)

    def reach(self, steps: tuple[str, ...]) -> tuple[bool, Any]:
        """Whether something was sent there, and what."""
        scope = self.scope
        for step in steps:
            if not isinstance(scope, Mapping) or step not in scope:
                return False, None
            scope = scope[step]
        return True, scope

    def put(self, steps: tuple[str, ...], value: Any) -> None:
        """Keep a clean value."""
        clean = self.clean
        for step in steps[:-1]:
            if not isinstance(clean.get(step), dict):
                clean[step] = {}
            clean = clean[step]
        clean[steps[-1]] = value


@dataclass
class Walk:
    """What a run was given and has found. `taken` are paths of fields, `opened` paths of groups, lists and rows."""

    form: Form
    given: Mapping[str, Any]
    verdict: Verdict
    checks: Mapping[str, Check]
    may_use: Callable[[int], bool] | None
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    taken: set[Path] = field(default_factory=set)
    opened: set[Path] = field(default_factory=lambda: {()})

    def wrong(self, path: Path, text: str, /, **params: object) -> None:
        """Note a problem; `text` is a gettext msgid."""
        self.note(path, Problem(text, params))

    def note(self, path: Path, problem: Problem) -> None:
        """Note a problem somebody else put into words."""
        self.problems.setdefault(".".join(str(step)[:80] for step in path), []).append(problem)

    def open(self, path: Path, steps: tuple[str, ...]) -> None:
        """These steps below the path are containers."""
        self.opened.update(path + steps[: count + 1] for count in range(len(steps)))

    def strangers(self, value: Any, path: Path = ()) -> None:
        """Note everything that was sent and belongs to no field. Goes no deeper than the form itself does."""
        if path in self.taken:
            return
        if path in self.opened and isinstance(value, Mapping):
            for key, inner in value.items():
                self.strangers(inner, (*path, str(key)))
        elif path in self.opened and isinstance(value, list):
            for number, inner in enumerate(value):
                self.strangers(inner, (*path, number))
        elif path not in self.opened or value is not None:
            self.wrong(path, "表单里没有这一栏，请刷新页面后重新填写")
