"""Every built-in function of DMN 1.5, chapter 10.3.4. Importing this package fills `signatures.BUILTINS`."""

from feel.builtins import calendar, contexts, conversion, lists, numbers, ranges, statistics, strings
from feel.signatures import BUILTINS

__all__ = [
    "BUILTINS",
    "calendar",
    "contexts",
    "conversion",
    "lists",
    "numbers",
    "ranges",
    "statistics",
    "strings",
]
