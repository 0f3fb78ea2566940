"""Drawings of other tools come in: read without trust, said in our words beside the foreign ones, reported by element.

`read` never raises: any bytes give a report. What cannot be opened has no body. The body holds everything that the
file held - elements, attributes, texts, comments - and what was added; an expression that was translated keeps its
text in `imported:text`.
"""

from workflows.studio.foreign.reading import MOST_FILES, Imported, read, read_all
from workflows.studio.foreign.report import BLOCKING, CONVERTED, SEVERITIES, WARNING, Item, Report, report_of

__all__ = [
    "BLOCKING", "CONVERTED", "MOST_FILES", "SEVERITIES", "WARNING", "Imported", "Item", "Report", "read", "read_all",
    "report_of",
]  # fmt: skip
