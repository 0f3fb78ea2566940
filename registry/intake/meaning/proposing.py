"""A mapping proposed for a table: what a person would have to choose, chosen as far as it can be seen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import msgspec

from registry.intake.book import Value
from registry.intake.known import Known
from registry.intake.mapping import Content, Mapped, Mapping
from registry.intake.meaning import surroundings
from registry.intake.meaning.columns import DAYS, candidates
from registry.intake.meaning.dayorder import day_order
from registry.intake.meaning.evidence import Look, look
from registry.intake.meaning.folding import fold
from registry.intake.meaning.types import TypeWords
from registry.intake.meaning.vocabulary import certificate_in
from registry.intake.records import Table

_SAMPLE = 400
"""So many records are looked at, spread over the table."""
_LONGEST = 400
LOANS = frozenset(("borrower", "returner", "lent_at", "returned_at"))
_LENT = {"状态": "loan_state", "归还情况": "loan_state", "经办人": "handler", "日期": "lent_at", "使用时间": "lent_at"}
_MACHINES = frozenset(("machine", "serial", "model", "registration_no", "inspected_on", "inspect_on", "made_on"))
_HINTS = ("number", "issuer", "category", "item", "trade", "level", "registration_no")
_UNHEADED = (("id", "id_number"), ("phone", "phone"), ("uscc", "company_code"), ("t_id", "number"), ("span", "term"))
_ONLY_LOANS = LOANS | {"handler", "purpose", "loan_state"}
_PLAIN = re.compile(r"(?:sheet|工作表|表)?[0-9]*", re.IGNORECASE)
REPEATABLE = frozenset(("keep", "ignore"))


def signature(table: Table) -> str:
    """What a learned mapping of a whole table is found by, at most 400 characters: its headings, folded."""
    text = "|".join(fold(column.heading) for column in table.columns)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:300]}#{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def propose(table: Table, known: Known, words: TypeWords | None = None) -> Mapping:
    """How a table is to be understood: as learned for tables with these headings, else column by column.

    `words`: built once for several tables of a book.
    """
    learned = _learned(table, known)
    if learned is not None:
        return learned
    some = _some(table)
    looks = [look([record[index] for record in some]) for index in range(len(table.columns))]
    content = _content(table, known)
    columns = _columns(table, known, looks, content)
    mapping = Mapping(columns=columns, content=content)
    mapping.days = day_order(value for index, each in enumerate(columns) if each.field in (*DAYS, "term")
                             for value in (record[index] for record in some))
    if content == "certificates":
        mapping.type_code = _type(table, mapping, some, words or TypeWords(known))
        _units(table, mapping, known)
    return mapping


def _learned(table: Table, known: Known) -> Mapping | None:
    kept = known.learned.tables
    keys = (signature(table), table.signature, fold(table.signature))
    found = next((kept[key] for key in keys if key in kept), None)
    if found is None:
        return None
    try:
        mapping = msgspec.json.decode(found, type=Mapping)
    except msgspec.DecodeError:
        return None
    if len(mapping.columns) != len(table.columns):
        return None
    if table.shape == "vertical":  # such a sheet is about one project, the next one about another
        mapping.holder_unit = None
    _units(table, mapping, known)
    return mapping


def _some(table: Table) -> list[list[Value]]:
    """Records spread over the table."""
    records = table.records
    step = max(1, len(records) // _SAMPLE)
    return [record.values for record in records[::step]][:_SAMPLE]


def _content(table: Table, known: Known) -> Content:
    """A borrow register says who took something and when; what has none of our words is still kept as certificates."""
    firsts = {candidates(column.heading, known.learned, Look())[0].field for column in table.columns}
    lends = firsts & LOANS
    if len(lends) >= 3 or (len(lends) == 2 and "borrower" in lends and "number" not in firsts):
        return "loans"
    return "certificates"


def _columns(table: Table, known: Known, looks: Sequence[Look], content: Content) -> list[Mapped]:
    """One column for each field, the surest first; what loses gets its next meaning, at last it is kept as it is."""
    pairs = zip(table.columns, looks, strict=True)
    options = [_options(column.heading, known, seen, content) for column, seen in pairs]
    _suit(table, options, known)
    for index, some in enumerate(options):
        surroundings.settle(table, index, some, known)
    chosen: dict[int, Mapped] = {}
    taken: set[str] = set()
    order = sorted((-each.sure, not looks[index].count, index, at)
                   for index, some in enumerate(options) for at, each in enumerate(some))
    for _, _, index, at in order:
        each = options[index][at]
        if index not in chosen and (each.field in REPEATABLE or each.field not in taken):
            chosen[index] = each
            taken.add(each.field)
    return [chosen[index] for index in range(len(options))]


def _options(heading: str, known: Known, seen: Look, content: Content) -> list[Mapped]:
    key = fold(heading)
    if not key:
        return _unheaded(seen)
    found = candidates(heading, known.learned, seen)
    if key in known.learned.columns:
        return found
    if content == "loans":
        lent = _LENT.get(key)
        return [Mapped(field=lent, sure=0.95), *(each for each in found if each.field != lent)] if lent else found
    return [each for each in found if each.field not in _ONLY_LOANS]


def _unheaded(seen: Look) -> list[Mapped]:
    """Without a heading only the values speak."""
    for name, field in _UNHEADED:
        if getattr(seen, name) >= 0.6:
            return [Mapped(field=field, sure=0.6), Mapped(field="keep", sure=0.5)]
    if seen.running and seen.count > 2:
        return [Mapped(field="sequence", sure=0.6), Mapped(field="keep", sure=0.5)]
    if seen.name >= 0.8 and seen.distinct >= 0.5:
        return [Mapped(field="name", sure=0.55), Mapped(field="keep", sure=0.5)]
    return [Mapped(field="keep", sure=0.5)]


def _suit(table: Table, options: list[list[Mapped]], known: Known) -> None:
    """What depends on the other columns: 名称 is a machine's among machines' columns, else a certificate's; a serial
    number needs a machine; the project of a person is where he works."""
    firsts = {some[0].field for some in options if some[0].sure >= 0.85}
    machines = len(firsts & _MACHINES) >= 2
    persons = "name" in firsts or "id_number" in firsts
    for column, some in zip(table.columns, options, strict=True):
        key = fold(column.heading)
        if key in known.learned.columns:
            continue
        if key in ("名称", "品名"):
            field = "machine" if machines else "type"
            others = [each for each in some if each.field not in ("machine", "type")]
            some[:] = [Mapped(field=field, sure=0.75), *others]
        some[:] = [_machined(each, machines) for each in some
                   if machines or each.field not in _MACHINES or each.sure >= 0.85]
        if persons and some[0].field == "project":
            some.insert(0, Mapped(field="unit", sure=some[0].sure - 0.05))


def _machined(option: Mapped, machines: bool) -> Mapped:
    """What belongs to a machine is surer among machines."""
    if machines and option.field in _MACHINES and option.sure < 0.85:
        return Mapped(field=option.field, sure=0.85)
    return option


def _type(table: Table, mapping: Mapping, some: Sequence[Sequence[Value]], words: TypeWords) -> str:
    """The one type of all rows: said by title, sheet or section and by the rows themselves; "" where they differ."""
    if mapping.of("machine") is not None or mapping.of("registration_no") is not None:
        return _machine_type(table, mapping, some, words)
    titles = _titles(table)
    if mapping.of("type") is not None:
        said = words.guess("", titles)
        return said.code if said.sure >= 0.85 else ""
    places = [place for field in _HINTS if (place := mapping.of(field)) is not None]
    found: dict[str, int] = {}
    for record, section in _rows(table, some):
        told = [str(record[place]) for place in places if record[place] is not None]
        code = words.guess("", [section, *titles, *told] if section else [*titles, *told]).code
        found[code] = found.get(code, 0) + 1
    decided = {code: count for code, count in found.items() if code}
    total = sum(decided.values())
    if len(decided) == 1 and total >= 0.3 * sum(found.values()):
        return next(iter(decided))
    most = max(decided, key=lambda code: decided[code], default="")
    return most if most and decided[most] >= 0.98 * sum(found.values()) else ""


def _titles(table: Table) -> list[str]:
    """What is written over the table, first over the numbers; the file's name only where its sheet has none."""
    plain = _PLAIN.fullmatch(table.name) is not None
    numbers = [column.heading for column in table.columns if certificate_in(fold(column.heading))]
    texts = [*numbers, table.title, "" if plain else table.name, table.context.get("file", "") if plain else ""]
    return [text for text in texts if text]


def _rows(table: Table, some: Sequence[Sequence[Value]]) -> Iterator[tuple[Sequence[Value], str]]:
    step = max(1, len(table.records) // _SAMPLE)
    sections = [record.section for record in table.records[::step]][:_SAMPLE]
    yield from zip(some, sections, strict=True)


def _machine_type(table: Table, mapping: Mapping, some: Sequence[Sequence[Value]], words: TypeWords) -> str:
    """Machines: what title and headings say; else a registration where there is a column for it, which for cranes and
    hoists on sites is that of the housing authority (Q04), an inspection otherwise."""
    said = words.guess("", _titles(table)).code
    place = mapping.of("machine")
    if mapping.of("registration_no") is not None:
        names = [str(record[place]) for record in some if record[place] is not None] if place is not None else []
        found = [words.guess("使用登记证", (name,)).code for name in names]
        site = found.count("Q04") >= 0.8 * max(1, len(found))
        return said if said.startswith("Q") and not site else "Q04" if site else "Q01" if "Q01" in words.types else ""
    if not said.startswith("Q"):
        said = words.guess("", [column.heading for column in table.columns]).code
    if said.startswith("Q"):
        return said
    return "Q02" if "Q02" in words.types and mapping.of("inspect_on") is not None else ""


def _units(table: Table, mapping: Mapping, known: Known) -> None:
    """The unit that holds all of it, or to which new people belong, where a line above or the sheet's name names one
    that we know; never one above the unit it is brought into."""
    home = known.units.get(known.unit_id)
    names = {fold(name): unit for unit in known.units.values() for name in (unit.name, *unit.former)}
    longest = sorted((name for name in names if len(name) > 3), key=len, reverse=True)
    texts = [fold(text) for text in (*table.context.values(), table.title)]
    found = [next((name for name in longest if name in text), "") for text in texts]
    said = [names[name] for name in found if name]
    below = [unit for unit in said if home is None or unit.path.startswith(home.path)]
    persons = mapping.of("name") is not None or mapping.of("id_number") is not None
    machines = mapping.of("machine") is not None or mapping.of("serial") is not None
    if not below:
        return
    if persons or machines:
        mapping.unit = next((unit.id for unit in below if unit.id != known.unit_id), None)
    elif mapping.of("company") is None and mapping.of("project") is None:
        mapping.holder_unit = below[0].id
