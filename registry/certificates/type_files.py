"""Types as TOML files: read and checked, and written back so that reading gives the same type again."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from registry.certificates.kinds import CertificateType
from registry.certificates.type_checks import faults, link_faults

DEFAULTS = "defaults.toml"
PROVINCES = "provinces"
"""The folder beside the families' with what holds in one province (provinces/京/P/P07.toml); exports only."""


class BrokenType(ValueError):
    """A file of the catalogue cannot be used; the message names the file, the key and what is wrong."""

    def __init__(self, file: str, key: str, wrong: str) -> None:
        self.file, self.key, self.wrong = file, key, wrong
        super().__init__(f"{file}: {key}: {wrong}")


def load(folder: Path) -> dict[str, CertificateType]:
    """Read and check a folder of types (*.toml, any depth; defaults.toml fills what a file leaves out).

    BrokenType on the first file that cannot be used. What stands under provinces/ is left out.
    """
    defaults = _parse(folder / DEFAULTS)
    found: dict[str, CertificateType] = {}
    for path in sorted(folder.rglob("*.toml")):
        if path.name == DEFAULTS or PROVINCES in path.relative_to(folder).parts:
            continue
        each = read(path, defaults)
        if each.code in found:
            raise BrokenType(path.name, "code", f"{each.code} is taken")
        found[each.code] = each
    for each in found.values():
        for key, problem in link_faults(each, found):
            raise BrokenType(f"{each.code}.toml", key, str(problem))
    return found


def load_provinces(folder: Path) -> dict[tuple[str, str], CertificateType]:
    """What an export wrote for single provinces: (province, code) -> type."""
    defaults = _parse(folder / DEFAULTS)
    paths = sorted((folder / PROVINCES).rglob("*.toml"))
    return {(path.relative_to(folder).parts[1], path.stem): read(path, defaults) for path in paths}


def read(path: Path, defaults: Mapping[str, Any]) -> CertificateType:
    """One file, checked by itself; BrokenType."""
    data = _parse(path)
    filled = {**defaults.get("all", {}), **defaults.get(data.get("family", ""), {}), **data}
    try:
        made = made_of(filled)
    except msgspec.ValidationError as error:
        key, wrong = told(error)
        raise BrokenType(path.name, key or "file", wrong) from error
    if path.stem != made.code:
        raise BrokenType(path.name, "code", f"{made.code} does not fit the file")
    for key, problem in faults(made):
        raise BrokenType(path.name, key, str(problem))
    return made


def made_of(data: Mapping[str, Any]) -> CertificateType:
    """The type that plain data (of TOML or JSON) describes; msgspec.ValidationError."""
    return msgspec.convert(data, CertificateType, strict=True)


def told(error: msgspec.ValidationError) -> tuple[str, str]:
    """The key and the complaint of a conversion that failed."""
    wrong, _, at = str(error).partition(" - at ")
    return at.strip("`").removeprefix("$").removeprefix("."), wrong


def plain(value: Any) -> Any:
    """A type as plain data, without what only repeats a default; dates as text."""
    if isinstance(value, msgspec.Struct):
        said = {info.name: getattr(value, info.name) for info in msgspec.structs.fields(value)
                if getattr(value, info.name) != info.default}
        return {name: plain(each) for name, each in said.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def written(each: CertificateType) -> str:
    """The type as the text of a TOML file, whole: it needs nothing from defaults.toml."""
    data = plain(each)
    for name in ("aliases", "basis", "requires", "fields", "variants"):
        data.setdefault(name, [])
    last = ("source", "verified", "text")  # what the head says about itself
    head = {name: data[name] for name in (*(n for n in data if n not in last), *last)
            if name in data and not _is_table(data[name])}
    parts = ["".join(f"{name} = {_value(value)}\n" for name, value in head.items())]
    parts += list(_tables("", {name: value for name, value in data.items() if _is_table(value)}))
    return "\n".join(parts)


def _tables(above: str, tables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in tables.items():
        place = f"{above}{name}"
        for one in value if isinstance(value, list) else [value]:
            own = "".join(f"{key} = {_value(inner)}\n" for key, inner in one.items())
            yield f"[[{place}]]\n{own}" if isinstance(value, list) else f"[{place}]\n{own}"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }" if value else "{}"


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BrokenType(path.name, "file", str(error)) from error


