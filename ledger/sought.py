"""Looking for words inside texts: what is looked through is written folded, in a column of its own, and an index that
has the column answers alone. No database folds a row while it looks, and nothing typed is a wildcard."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONGEST = 2200
"""Bytes of a folded text: PostgreSQL keeps entries of an index below 2,700, with the other columns."""


def folded(*texts: str) -> str:
    """The texts, one to a line, as they are looked through: the case of letters does not count."""
    text = "\n".join(texts).casefold()
    return text.encode(errors="ignore")[:LONGEST].decode(errors="ignore")


class _Place(FunctionElement[int]):
    """Where one text begins in another, counted from 1; 0: nowhere."""

    name = "place"
    type = Integer()
    inherit_cache = True


@compiles(_Place)
def _strpos(element: _Place, compiler: SQLCompiler, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


@compiles(_Place, "sqlite")
def _instr(element: _Place, compiler: SQLCompiler, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


def holds(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a folded column has these words in it, one behind the other as they were typed."""
    return _Place(column, folded(words.strip())) > 0
