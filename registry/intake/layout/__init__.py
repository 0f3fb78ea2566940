"""A book becomes tables of records, and no row is lost on the way: it is in a record, or skipped with the reason."""

from __future__ import annotations

from registry.intake.book import Book
from registry.intake.known import Learned
from registry.intake.layout.rows import rows_of
from registry.intake.layout.vertical import is_vertical, vertical_of
from registry.intake.records import Layout, Skipped, Table

__all__ = ["lay_out"]


def lay_out(book: Book, learned: Learned | None = None) -> Layout:
    """Find the tables of every sheet. `learned` are headings that people of the company have explained before."""
    more = frozenset(learned.columns) if learned is not None else frozenset()
    tables: list[Table] = []
    skipped: list[Skipped] = []
    for number, sheet in enumerate(book.sheets):
        found, rest = (vertical_of if is_vertical(sheet, more) else rows_of)(sheet, number, more)
        tables += found
        skipped += rest
    for number, table in enumerate(tables):
        table.number = number
        table.context["file"] = book.name
    return Layout(tables, skipped)
