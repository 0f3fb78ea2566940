"""The catalogue of certificate types: a TOML file each under types/, read once, checked, and never code (DESIGN D9)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from ledger.errors import NotFound
from registry.certificates.kinds import CertificateType, Field, Stated, Variant, Window
from registry.certificates.numbers import RULES
from registry.people.regions import SHORTS

FOLDER = Path(__file__).parent / "types"
SECTIONS = ("validity", "review", "window", "change", "ending", "age", "decision")
HOLDERS = {"E": "enterprise", "P": "person", "J": "project", "Q": "equipment"}
# Ends of terms on which a window's points are put in order: a plain day, ends of long and short months, a leap day.
_TRIED = (dt.date(2027, 5, 31), dt.date(2027, 12, 31), dt.date(2028, 2, 29), dt.date(2028, 5, 29))


class UnknownType(NotFound):
    """没有代码为 {code} 的证书种类。"""


class BrokenType(ValueError):
    """A file of the catalogue cannot be used; the message names the file, the key and what is wrong."""

    def __init__(self, file: str, key: str, wrong: str) -> None:
        self.file, self.key, self.wrong = file, key, wrong
        super().__init__(f"{file}: {key}: {wrong}")


def types() -> Mapping[str, CertificateType]:
    """Every type by code, as in force in general (no province, no day)."""
    return shipped()


def type_of(code: str) -> CertificateType:
    """The type with this code; UnknownType otherwise."""
    try:
        return shipped()[code]
    except KeyError:
        raise UnknownType(code=code) from None


def in_force(on: dt.date, province: str = "") -> Mapping[str, CertificateType]:
    """The types as they stand on a day in a province (京, 苏, ...): not yet effective ones left out, variants applied.

    A variant without a known first day is taken to be in force; a pending one never is.
    """
    found = {code: as_of(each, on, province) for code, each in shipped().items()}
    return MappingProxyType({code: each for code, each in found.items() if each is not None})


def in_force_of(code: str, on: dt.date, province: str = "") -> CertificateType:
    """One type as it stands on a day in a province; UnknownType when there is none then."""
    found = as_of(type_of(code), on, province)
    if found is None:
        raise UnknownType(code=code)
    return found


def as_of(each: CertificateType, on: dt.date, province: str = "") -> CertificateType | None:
    """A type with the variants of a day and a province, later and provincial ones winning; None before its start."""
    if each.effective_from is not None and each.effective_from > on:
        return None
    applying = [one for one in each.variants if _applies(one, on, province)]
    applying.sort(key=lambda one: (bool(one.province), one.effective_from or dt.date.min))
    changes: dict[str, Any] = {}
    for one in applying:
        changes |= {name: part for name in SECTIONS if (part := getattr(one, name)) is not None}
    return msgspec.structs.replace(each, **changes) if changes else each


def statements(said: Stated, place: str = "type") -> Iterator[tuple[str, Stated]]:
    """Every statement of a type, also inside its variants and rows, with its key ("window", "fields[3]")."""
    yield place, said
    for name in said.__struct_fields__:
        value = getattr(said, name)
        at = name if place == "type" else f"{place}.{name}"
        if isinstance(value, Stated):
            yield from statements(value, at)
        elif isinstance(value, tuple):
            for number, one in enumerate(value):
                if isinstance(one, Stated):
                    yield from statements(one, f"{at}[{number}]")


def doubts(each: CertificateType) -> list[tuple[str, Stated]]:
    """What is not verified about a type (未核实), with its key; our own rules (D) are no doubts."""
    return [(key, said) for key, said in statements(each) if not said.verified and not said.source.startswith("D")]


def load(folder: Path) -> dict[str, CertificateType]:
    """Read and check a folder of types (*.toml, any depth; defaults.toml fills what a file leaves out).

    BrokenType on the first file that cannot be used.
    """
    defaults = _parse(folder / "defaults.toml")
    found: dict[str, CertificateType] = {}
    for path in sorted(folder.rglob("*.toml")):
        if path.name == "defaults.toml":
            continue
        each = _read(path, defaults)
        if each.code in found:
            raise BrokenType(path.name, "code", f"{each.code} is taken")
        found[each.code] = each
    for each in found.values():
        _check_links(each, found)
    return found


@cache
def shipped() -> Mapping[str, CertificateType]:
    """Every type by code, as its file says."""
    return MappingProxyType(load(FOLDER))


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BrokenType(path.name, "file", str(error)) from error


def _read(path: Path, defaults: Mapping[str, Any]) -> CertificateType:
    data = _parse(path)
    family = data.get("family", "")
    filled = {**defaults.get("all", {}), **defaults.get(family, {}), **data}
    try:
        made = msgspec.convert(filled, CertificateType, strict=True)
    except msgspec.ValidationError as error:
        wrong, _, at = str(error).partition(" - at ")
        raise BrokenType(path.name, at.strip("`").removeprefix("$.") or "file", wrong) from error
    for key, wrong in _faults(made, path):
        raise BrokenType(path.name, key, wrong)
    return made


def _faults(each: CertificateType, path: Path) -> Iterator[tuple[str, str]]:
    if path.stem != each.code or not each.code.startswith(each.family):
        yield "code", f"{each.code} does not fit the file or the family {each.family}"
    if each.holder != HOLDERS[each.family]:
        yield "holder", f"{each.holder} does not fit the family {each.family}"
    if each.number.rule not in RULES:
        yield "number.rule", f"no rule {each.number.rule}"
    if (each.validity.kind in ("months", "start_within")) != (each.validity.months is not None):
        yield "validity.months", f"does not fit the kind {each.validity.kind}"
    keys = {"number", *(field.key for field in each.fields)}
    for key in each.number.unique_by:
        if key not in keys:
            yield "number.unique_by", f"no field {key}"
    for key, said in statements(each):
        if said.source[:1] not in ("S", "M", "D", "K"):
            yield f"{key}.source", f"{said.source!r} is none of S, M, D, K"
        if said.verified and said.source[:1] in ("D", "K"):
            yield f"{key}.verified", f"source {said.source} cannot be verified"
    yield from _field_faults("fields", each.fields)
    yield from _window_faults("window", each.window)
    for at, variant in enumerate(each.variants):
        yield from _variant_faults(f"variants[{at}]", variant)


def _field_faults(place: str, fields: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for field in fields:
        at = f"{place}.{field.key}"
        if field.key in seen:
            yield at, "is there twice"
        seen.add(field.key)
        if field.rule and field.rule not in RULES:
            yield at, f"no rule {field.rule}"
        if (field.kind == "code") != bool(field.options):
            yield at, "a coded field needs options, and only it"
        if (field.kind == "rows") != bool(field.fields):
            yield at, "rows need fields, and only they"
        yield from _field_faults(at, field.fields)


def _window_faults(place: str, window: Window) -> Iterator[tuple[str, str]]:
    steps = window.steps()
    for name, offset in steps:
        if min(offset.months_before, offset.days_before) < 0 or (offset.months_before and offset.days_before):
            yield f"{place}.{name}", "needs months_before or days_before, not both, not negative"
    for (earlier, first), (later, second) in zip(steps, steps[1:], strict=False):
        if any(first.before(until) > second.before(until) for until in _TRIED):
            yield f"{place}.{later}", f"comes before {earlier}"


def _variant_faults(place: str, variant: Variant) -> Iterator[tuple[str, str]]:
    if variant.province and variant.province not in SHORTS:
        yield f"{place}.province", f"no province {variant.province}"
    if not (variant.province or variant.effective_from or variant.pending):
        yield place, "needs a province, a first day, or to be pending"
    if variant.window:
        yield from _window_faults(f"{place}.window", variant.window)


def _check_links(each: CertificateType, found: Mapping[str, CertificateType]) -> None:
    for at, need in enumerate(each.requires):
        for code in need.types:
            if code not in found:
                raise BrokenType(f"{each.code}.toml", f"requires[{at}]", f"no type {code}")


def _applies(variant: Variant, on: dt.date, province: str) -> bool:
    if variant.pending or (variant.province and variant.province != province):
        return False
    return variant.effective_from is None or variant.effective_from <= on
