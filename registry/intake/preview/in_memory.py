"""A whole book understood in memory: laid out, its columns named, every row judged and compared. No database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.intake.book import Book
from registry.intake.judged import Judged
from registry.intake.judging import Against, compare, judge
from registry.intake.known import Known
from registry.intake.layout import lay_out
from registry.intake.mapping import Mapping
from registry.intake.meaning.proposing import propose
from registry.intake.records import Layout


@dataclass(frozen=True)
class Preview:
    """What a book would bring: its tables with the skipped rows, how each is understood, and the judged rows."""

    layout: Layout
    mappings: list[Mapping]
    rows: list[Judged]


def preview(book: Book, known: Known, mappings: Sequence[Mapping] | None = None) -> Preview:
    """Understand a book; `mappings` by table number where a person has confirmed them, else proposed."""
    layout = lay_out(book, known.learned)
    against = Against(known)
    chosen = list(mappings or ()) or [propose(table, known, against.words) for table in layout.tables]
    pairs = zip(layout.tables, chosen, strict=True)
    rows = [row for table, mapping in pairs for row in judge(table, mapping, known, against)]
    compare(rows, known)
    return Preview(layout, chosen, rows)
