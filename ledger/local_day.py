"""The day of an instant in SQL: in Shanghai, on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Date
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class shanghai_day(FunctionElement[dt.date]):  # noqa: N801 (a function of SQL)
    """The day of an instant in Shanghai, on both databases. There is no summer time there."""

    type = Date()
    inherit_cache = True


@compiles(shanghai_day, "sqlite")
def _sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, '+8 hours')"


@compiles(shanghai_day, "postgresql")
def _postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"cast(({compiler.process(element.clauses, **kw)}) at time zone 'Asia/Shanghai' as date)"


class last_day_of(FunctionElement[dt.date]):  # noqa: N801 (a function of SQL)
    """The day in Shanghai that a due instant belongs to: 24:00 is the end of a day, not the beginning of the next."""

    type = Date()
    inherit_cache = True


@compiles(last_day_of, "sqlite")
def _last_sqlite(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, '+8 hours', '-1 second')"


@compiles(last_day_of, "postgresql")
def _last_postgresql(element: Any, compiler: SQLCompiler, **kw: Any) -> str:
    instant = compiler.process(element.clauses, **kw)
    return f"cast((({instant}) - interval '1 second') at time zone 'Asia/Shanghai' as date)"
