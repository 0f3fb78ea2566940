"""Regular expressions as XPath writes them, run by RE2: time grows with the text, never explodes.

RE2 has no back-references and no look-around; a pattern that needs them is refused (null in FEEL).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from feel.budget import check_text, spend

CLASSES = {
    r"\i": r"[_:A-Za-z\p{L}]",
    r"\I": r"[^_:A-Za-z\p{L}]",
    r"\c": r"[-._:A-Za-z0-9\p{L}\p{N}]",
    r"\C": r"[^-._:A-Za-z0-9\p{L}\p{N}]",
    r"\d": r"\p{Nd}",
    r"\D": r"\P{Nd}",
}
PATTERN_LENGTH = 2_000
GROUP = re.compile(r"\\([\\$])|\$(\d+)|(\\|\$)")


@lru_cache(128)
def compiled(pattern: str, flags: str = "") -> Any:
    """The pattern ready to run, or None when it or its flags are not valid."""
    if len(pattern) > PATTERN_LENGTH or not set(flags) <= set("smixq"):
        return None
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.case_sensitive = "i" not in flags
    options.dot_nl = "s" in flags
    options.literal = "q" in flags
    body = pattern if "q" in flags else _translated(pattern, "x" in flags)
    if "m" in flags:
        body = f"(?m:{body})"
    try:
        return re2.compile(body, options)
    except re2.error:
        return None


def _translated(pattern: str, extended: bool) -> str:
    """XPath's class escapes in RE2's words; with the x flag, white space outside classes is dropped."""
    parts: list[str] = []
    inside = 0
    for piece in re.findall(r"\\.|[\s\S]", pattern):
        if piece in CLASSES:
            text = CLASSES[piece]
            piece = text[1:-1] if inside and text.startswith("[") and not text.startswith("[^") else text
        elif piece == "[":
            inside += 1
        elif piece == "]":
            inside = max(0, inside - 1)
        elif extended and piece.isspace() and not inside:
            continue
        parts.append(piece)
    return "".join(parts)


def found_in(text: str, pattern: str, flags: str = "") -> bool | None:
    program = compiled(pattern, flags)
    return None if program is None else program.search(text) is not None


def replaced(text: str, pattern: str, replacement: str, flags: str = "") -> str | None:
    """Every match replaced; `$1` is a group, `\\$` a dollar. None when the pattern can match nothing at all."""
    program = compiled(pattern, flags)
    if program is None or program.search("") is not None:
        return None
    parts = replacement if "q" in flags else None
    if parts is None and any(m[3] for m in GROUP.finditer(replacement)):
        return None
    made: list[str] = []
    at = size = 0
    for match in program.finditer(text):
        piece = parts if parts is not None else _filled(replacement, match)
        spend(3)
        size += len(piece)
        check_text(size)
        made += (text[at : match.start()], piece)
        at = match.end()
    made.append(text[at:])
    return "".join(made)


def _filled(replacement: str, match: Any) -> str:
    groups = match.re.groups

    def fill(mark: re.Match[str]) -> str:
        if mark[1]:
            return mark[1]
        digits = mark[2]
        while len(digits) > 1 and int(digits) > groups:
            digits = digits[:-1]
        rest = mark[2][len(digits) :]
        return ((match.group(int(digits)) or "") if int(digits) <= groups else "") + rest

    return GROUP.sub(fill, replacement)


def pieces(text: str, pattern: str) -> list[str] | None:
    """The text cut at every match."""
    program = compiled(pattern)
    if program is None:
        return None
    made: list[str] = []
    at = 0
    for match in program.finditer(text):
        spend(2)
        if match.end() == match.start():
            continue
        made.append(text[at : match.start()])
        at = match.end()
    return [*made, text[at:]]
