"""What one site of a test process has compiled, for the next: templates, addresses, SQL. Hundreds of tests have a site
and a database of their own, and each would spend most of its start and of its first page on that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule


class Compiled(BytecodeCache):
    """Code by template; Jinja holds it against the template's text and compiles anew what was changed."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.held:
            bucket.bytecode_from_string(self.held[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.held[bucket.key] = bucket.bytecode_to_string()


class Route(Rule):
    """A rule that takes what an equal one of another site was read into, and the functions that build its address."""

    read: dict[tuple[Any, ...], dict[str, Any]] = {}
    held: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}

    def compile(self) -> None:
        assert self.map is not None
        key = (self.rule, repr(self.defaults), self.subdomain, self.host, self.map.host_matching, self.merge_slashes,
               self.strict_slashes, frozenset(self.map.converters.items()))
        if key in self.read:
            vars(self).update(self.read[key])
            self.arguments |= self._converters.keys()
            self._build = self._compile_builder(False).__get__(self, None)
            self._build_unknown = self._compile_builder(True).__get__(self, None)
        else:
            super().compile()
            self.read[key] = {name: vars(self)[name] for name in ("_parts", "_trace", "_converters")}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self.held:
            self.held[key] = super()._compile_builder(append_unknown)
        return self.held[key]


def share() -> None:
    """From now on each site of this process has what the ones before it have compiled."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
    Flask.url_rule_class = Route
    statements = LRUCache[Any, Any](5000)
    # SQLAlchemy keeps what it has compiled for each engine, by the dialect, of which each engine has one of its own
    for owner, name, given in (
        (Engine, "_compiled_cache", property(lambda _: statements, lambda _, own: None)),
        (DefaultDialect, "__eq__", lambda one, other: type(one) is type(other)),
        (DefaultDialect, "__hash__", lambda one: hash(type(one))),
    ):
        setattr(owner, name, given)
