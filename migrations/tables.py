"""All tables of the house, found by looking: a room's models count as soon as they are written."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

from sqlalchemy import MetaData

from ledger.db import Base

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "engine", "registry", "forms", "workflows", "web")


def model_modules() -> list[str]:
    """The names of the modules that declare a table."""
    files = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    holding = (path for path in files if "__tablename__" in path.read_text(encoding="utf-8"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in holding]


def every_table(*, lenient: bool = False) -> MetaData:
    """The metadata with every table in it. `lenient` warns of a module that does not import instead of raising."""
    for name in model_modules():
        try:
            importlib.import_module(name)
        except Exception as broken:
            if not lenient:
                raise
            warnings.warn(f"{name} does not import: {broken!r}", stacklevel=2)
    return Base.metadata
