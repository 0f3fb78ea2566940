"""What is told of a workbook of many sheets under the same headings, kept once: 1,000 sheets of 200 columns are 30 MB
otherwise, which every page of the batch would read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect

from ledger.db import Json

WHOLE = 2_000
"""So many columns are told in full; after them a table with the headings of an earlier one tells what it has of its
own: sums and words, but no examples."""
OWN = ("numbers", "sum", "words")


class Told(Json):
    """Batch.told: its tables share the columns of the first with their headings."""

    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        return value | {"tables": _packed(value["tables"])} if value and "tables" in value else value

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        if value and "tables" in value:
            value["tables"] = _unpacked(value["tables"])
        return value


class Mappings(Json):
    """Batch.mappings: those that are the same are one."""

    cache_ok = True

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        firsts: dict[str, int] = {}
        written: dict[int, str] = {}
        return [each if (first := firsts.setdefault(_once(written, each), number)) == number else {"like": first}
                for number, each in enumerate(value or ())]

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> Any:
        found = value or []
        return [found[each["like"]] if "like" in each else each for each in found]


def _once(written: dict[int, str], mapping: dict[str, Any]) -> str:
    if id(mapping) not in written:
        written[id(mapping)] = repr(mapping)
    return written[id(mapping)]


def _packed(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    firsts: dict[tuple[Any, ...], int] = {}
    found, told = [], 0
    for number, table in enumerate(tables):
        columns = table["columns"]
        first = firsts.setdefault(tuple((each["heading"], each["place"]) for each in columns), number)
        if first == number or told < WHOLE:
            told += len(columns)
            found.append(table)
            continue
        own = {str(place): {name: each[name] for name in OWN if name in each}
               for place, (each, other) in enumerate(zip(columns, tables[first]["columns"], strict=True))
               if each is not other and any(each.get(name) != other.get(name) for name in OWN)}
        found.append({name: each for name, each in table.items() if name != "columns"} | {"like": first, "own": own})
    return found


def _unpacked(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for table in tables:
        if "like" in table:
            columns = tables[table.pop("like")]["columns"]
            if own := table.pop("own"):
                columns = list(columns)
                for place, said in own.items():
                    columns[int(place)] = columns[int(place)] | said
            table["columns"] = columns
    return tables
