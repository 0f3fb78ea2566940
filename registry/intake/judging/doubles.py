"""The same row, number or certificate again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import msgspec
from rapidfuzz.distance import OSA

from registry.certificates.numbers import RULES, check_number
from registry.intake.judged import Judged
from registry.intake.judging import names
from registry.intake.judging.numbering import BUILT_ON_ID
from registry.intake.judging.places import told
from registry.intake.judging.plan import KEPT
from registry.intake.known import Known
from registry.people.spelling import spell

TELLING = ("category", "item", "trade", "speciality", "specialities", "level", "position", "kind")
LEAST = 6
"""Numbers shorter than this are not compared."""
MOST = {"holder": 3, "name": 12}
"""Nor are more rows of one type and day than this, with one holder or with names that are alike."""


def repeated(rows: Sequence[Judged]) -> set[int]:
    """Rows that say exactly what an earlier one says, their running number apart: left out. The ids of those."""
    encode = msgspec.msgpack.Encoder(order="deterministic").encode
    seen: dict[bytes, Judged] = {}
    found: set[int] = set()
    for row in rows:
        if not (row.number or row.loan):
            continue
        key = encode((row.type_code, row.number, row.part, row.issued_on, row.valid_from, row.valid_until,
                      row.review_on, row.issuer, row.fields, row.holder, row.papers, row.loan, row.keeper, row.note,
                      row.state))
        first = seen.setdefault(key, row)
        if first is not row:
            row.findings.append(told(row, first, "repeated_row", "tidied", "repeated_row", None))
            found.add(id(row))
    return found


def numbers(rows: Sequence[Judged], known: Known) -> None:
    """One number with two holders. Where the number is an identity number, that is a matter of names (persons)."""
    blocks: dict[tuple[object, ...], list[Judged]] = {}
    own = {code for code, kind in known.types.items() if kind.number.rule in BUILT_ON_ID}
    for row in rows:
        if row.number and row.holder is not None and row.type_code and row.type_code not in own and row.loan is None:
            blocks.setdefault((row.type_code, row.number, row.fields.get("kind")), []).append(row)
    for block in blocks.values():
        if len(block) > 1:
            _holders(block, known)


def _holders(block: list[Judged], known: Known) -> None:
    """The rows with one number: whoever is best supported keeps it."""
    parts: list[list[Judged]] = []
    for row in block:
        part = next((each for each in parts if _same(each[0], row)), None)
        if part is None:
            parts.append([row])
        else:
            part.append(row)
    if len(parts) < 2:
        return
    fits = {id(part): max(_support(row, known) for row in part) for part in parts}
    parts.sort(key=lambda part: (-fits[id(part)], -len(part)))
    first, even = parts[0][0], [part for part in parts if fits[id(part)] == fits[id(parts[0])]
                                and len(part) == len(parts[0])]
    for part in parts[1:]:
        for row in part:
            _clash(row, first)
    if len(even) > 1:  # nobody can say whose it is
        _clash(first, even[1][0])


def _clash(row: Judged, other: Judged) -> None:
    assert other.holder is not None
    row.findings.append(told(row, other, "duplicate_number", "stop", "duplicate_number", row.came.get("number"),
                             name=other.holder.name or other.holder.unit_name))


def _same(one: Judged, other: Judged) -> bool:
    """Whether two rows with one number have one holder; a name written in two ways is noted."""
    a, b = one.holder, other.holder
    assert a is not None and b is not None
    if a.kind != "person" or b.kind != "person":
        return (a.kind, a.unit, a.unit_name, a.serial) == (b.kind, b.unit, b.unit_name, b.serial) or (
            a.kind == b.kind != "equipment" and a.unit is not None and a.unit == b.unit)
    if a.id_number and b.id_number:
        return a.id_number == b.id_number
    if a.name == b.name:
        return True
    likely = names.alike(a.name, b.name) if a.name and b.name else 0.0
    if likely < 0.8:
        return names.lost(a.name) or names.lost(b.name)
    wrong, right = (one, other) if names.tail(a.name, b.name) or (b.id_number and not a.id_number) else (other, one)
    assert right.holder is not None
    wrong.findings.append(told(wrong, right, "two_names", "doubt", "two_names", wrong.came.get("name"),
                               proposed=right.holder.name, sure=likely, name=right.holder.name))
    return True


def _support(row: Judged, known: Known) -> int:
    """What of a row fits the pieces of its number: the year of its issue, its trade, its class."""
    kind = known.types[row.type_code]
    parts = check_number(kind.number.rule, row.number, on=known.today).parts if kind.number.rule in RULES else {}
    day, fits = row.issued_on or row.valid_from, 0
    if day is not None:
        year = parts.get("year") or parts.get("registered")
        fits += (str(day.year).endswith(year) if year else str(day.year) in row.number)
    fits += parts.get("trade", "-") == row.fields.get("trade")
    return fits + (parts.get("kind", "-") == row.fields.get("category"))


def similar(rows: Sequence[Judged], known: Known) -> None:
    """Two certificates that look like one typed twice: numbers that differ in one place, with the same holder (or one
    of a similar name) and the same days."""
    own = {code for code, kind in known.types.items() if kind.number.rule in BUILT_ON_ID}
    blocks: dict[tuple[object, ...], list[Judged]] = {}
    for row in rows:
        if len(row.number) < LEAST or row.type_code in own or row.holder is None or row.loan is not None:
            continue
        days = row.valid_until or row.issued_on
        if days is not None:
            blocks.setdefault((row.type_code, row.item, len(row.number), days), []).append(row)
    for block in blocks.values():
        if len(block) > 1:
            _block(block)


def _block(block: list[Judged]) -> None:
    """Rows of one type and day: those with the same holder or the same sound or shape of a name meet."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for row in block:
        for key in _keys(row):
            groups.setdefault(key, []).append(row)
    noted: set[int] = set()
    for (how, _), group in groups.items():
        if len(group) > MOST[how]:
            continue  # numbers that were given out in one go differ in one place, too
        for one, other in combinations(group, 2):
            if id(other) not in noted and _pair(one, other, how):
                noted.add(id(other))


def _keys(row: Judged) -> list[tuple[str, str]]:
    holder = row.holder
    assert holder is not None
    if holder.kind != "person":
        said = holder.serial or holder.unit or holder.unit_name
        return [("holder", f"{holder.kind} {said}")] if said else []
    keys = [("holder", holder.id_number or f"{holder.name} {holder.unit}")]
    if holder.name:
        keys += [("name", _sound(holder.name)), ("name", names.shape(holder.name))]
    return keys


_sounds: dict[str, str] = {}


def _sound(name: str) -> str:
    """How a name sounds; a book has fewer names than rows."""
    found = _sounds.get(name)
    if found is None:
        if len(_sounds) > 50_000:
            _sounds.clear()
        found = _sounds[name] = spell(name)[0]
    return found


def _pair(one: Judged, other: Judged, how: str) -> bool:
    """Whether two rows of a block look like one certificate; said of the later."""
    a, b = one.holder, other.holder
    assert a is not None and b is not None
    if one.number == other.number or OSA.distance(one.number, other.number, score_cutoff=1) != 1:
        return False
    if a.id_number and b.id_number and a.id_number != b.id_number:
        return False
    if how == "name" and a.name == b.name or a.name != b.name and names.alike(a.name, b.name) < 0.8:
        return False
    if any(one.fields.get(key) != other.fields.get(key) for key in (*TELLING, *_kept(one))):
        return False
    if _words(one) != _words(other):
        return False
    if one.issued_on != other.issued_on and one.valid_until != other.valid_until:
        return False
    other.findings.append(told(other, one, "similar", "doubt", f"similar_{how}", other.came.get("number"), sure=0.6))
    return True


def _kept(row: Judged) -> list[str]:
    """Columns kept as they are: where such rows differ they are two, whatever those say."""
    return [key for key in row.fields if key.startswith(KEPT)]


def _words(row: Judged) -> str:
    place = row.came.get("type")
    return row.raw[place] if place is not None and place < len(row.raw) else ""
