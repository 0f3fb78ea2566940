"""The tables of a large workbook as a person is asked about them: those alike as one, and page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from registry.intake.batch.models import Batch
from registry.intake.mapping import Mapping
from registry.intake.preview import mapping_acts
from web.intake.imports_told import Table, Word

ONE_PAGE = 240
"""So many columns and words stand on a page, or one table; a workbook with no more is asked about sheet by sheet."""
MOST_WORDS = 300


@dataclass(frozen=True)
class Asked:
    """Tables under the same headings, of which we propose the same: one decision serves them all. `table` is the first,
    with the rows and words of all."""

    table: Table
    before: Mapping
    members: list[Table]


def asked(batch: Batch, told: list[Table]) -> list[list[Asked]]:
    """The pages of the form, in the order of the file; `told` are all its tables."""
    mappings = mapping_acts.mappings_of(batch)
    if sum(_weight(each) for each in told) <= ONE_PAGE:
        return [[Asked(table, mapping, [table]) for table, mapping in zip(told, mappings, strict=True)]]
    alike: dict[tuple[object, ...], list[int]] = {}
    meant: dict[int, str] = {}
    for number, table in enumerate(told):
        plain = batch.mappings[number]
        if id(plain) not in meant:
            meant[id(plain)] = repr(plain | {"columns": [each["field"] for each in plain["columns"]]})
        headings = tuple(column.heading for column in table.columns)
        alike.setdefault((meant[id(plain)], table.shape, headings), []).append(number)
    pages: list[list[Asked]] = []
    left = 0
    for numbers in alike.values():
        members = [told[number] for number in numbers]
        one = Asked(_together(members), mappings[numbers[0]], members)
        left -= _weight(one.table)
        if left < 0 or not pages:
            pages.append([])
            left = ONE_PAGE - _weight(one.table)
        pages[-1].append(one)
    return pages


def _weight(table: Table) -> int:
    return len(table.columns) + len(table.words)


def _together(members: list[Table]) -> Table:
    words: dict[str, Word] = {}
    for table in members:
        for word in table.words:
            there = words.get(word.text)
            words[word.text] = replace(there, count=there.count + word.count) if there else word
    some = [replace(word, no=no) for no, word in enumerate(list(words.values())[:MOST_WORDS])]
    return replace(members[0], rows=sum(table.rows for table in members), words=some)


def spread(batch: Batch, said: list[tuple[Asked, Mapping]], out: set[int]) -> list[Mapping]:
    """What was said of each, for every table of the file; `out` are tables that stay out though those alike come in."""
    found = mapping_acts.mappings_of(batch)
    for one, mapping in said:
        left_out = msgspec.structs.replace(mapping, content="ignored")
        for table in one.members:
            found[table.no] = left_out if table.no in out else mapping
    return found
