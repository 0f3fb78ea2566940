"""The shared strings of a workbook, measured before they are read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry.intake.reading import limits
from registry.intake.reading.archive import odd
from registry.intake.reading.refusals import TooMuchText
from registry.intake.reading.scan import Texts

STRIKE = re.compile(rb"""<(?:\w+:)?strike(?:\s*/>|\s+val=["'](?:1|true)["'])""")
RUN = re.compile(rb"<(?:\w+:)?r>(.*?)</(?:\w+:)?r>", re.DOTALL)
LETTERS = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>\s*[^<\s]")


def measure(blocks: Iterable[bytes]) -> Texts:
    """How long each string is, and which are struck through from end to end."""
    found, carried, ending = Texts(), b"", b"</si>"
    for number, block in enumerate(blocks):
        if not number and (prefix := re.search(rb"<(\w+:)sst[\s>]", block)):
            ending = b"</" + prefix[1] + b"si>"
        if b"<!" in block:
            odd("markup")
        *whole, carried = (carried + block).split(ending)
        found.sizes.extend(map(len, whole))
        if len(found.sizes) > limits.MOST_STRINGS or len(carried) > limits.MOST_SMALL:
            raise TooMuchText
        if b"strike" in block or b"strike" in carried:
            first = len(found.sizes) - len(whole)
            found.struck.update(first + at for at, text in enumerate(whole) if b"strike" in text and _all_struck(text))
    found.longest = max(found.sizes, default=0)
    return found


def _all_struck(text: bytes) -> bool:
    runs = [run for run in RUN.findall(text) if LETTERS.search(run)]
    return bool(runs) and all(STRIKE.search(run) for run in runs)
