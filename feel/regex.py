"""Regular expressions as XPath writes them, run by RE2: time grows with the text, never explodes.

RE2 has no back-references; backreferences.py runs the patterns that have them, on the expression's budget.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from feel.backreferences import REFERENCE, Invalid, Machine
from feel.budget import check_text, look, spend

CLASSES = {
    r"\i": r"[_:A-Za-z\p{L}]",
    r"\I": r"[^_:A-Za-z\p{L}]",
    r"\c": r"[-._:A-Za-z0-9\p{L}\p{N}]",
    r"\C": r"[^-._:A-Za-z0-9\p{L}\p{N}]",
    r"\d": r"\p{Nd}",
    r"\D": r"\P{Nd}",
}
BLOCKS = {
    "IsBasicLatin": r"\x{0}-\x{7f}", "IsLatin-1Supplement": r"\x{80}-\x{ff}", "IsLatinExtended-A": r"\x{100}-\x{17f}",
    "IsLatinExtended-B": r"\x{180}-\x{24f}", "IsGreek": r"\x{370}-\x{3ff}", "IsCyrillic": r"\x{400}-\x{4ff}",
    "IsHebrew": r"\x{590}-\x{5ff}", "IsArabic": r"\x{600}-\x{6ff}", "IsThai": r"\x{e00}-\x{e7f}",
    "IsHiragana": r"\x{3040}-\x{309f}", "IsKatakana": r"\x{30a0}-\x{30ff}",
    "IsCJKUnifiedIdeographs": r"\x{4e00}-\x{9fff}", "IsHangulSyllables": r"\x{ac00}-\x{d7a3}",
}  # fmt: skip
PIECE = re.compile(r"\\[pP]\{[\w-]+\}|\\.|\[(?:\\.|[^\]\[\\])*(?:-\[(?:\\.|[^\]\[\\])*\])?\]|[\s\S]", re.DOTALL)
BLOCK = re.compile(r"\\([pP])\{([\w-]+)\}")
PATTERN_LENGTH = 2_000
REPEATED = re.compile(r"\{(\d+)(?:,(\d*))?\}")
PER_STEP = 20
"""Characters times atoms of a pattern that one step pays: RE2's slowest road takes some ten nanoseconds for each."""
GROUP = re.compile(r"\\([\\$])|\$(\d+)|(\\|\$)")


@lru_cache(32)
def compiled(pattern: str, flags: str = "") -> Any:
    """The pattern ready to run, or None when it or its flags are not valid."""
    if len(pattern) > PATTERN_LENGTH or not set(flags) <= set("smixq"):
        return None
    look()  # the clock runs while a pattern is read
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.case_sensitive = "i" not in flags
    options.dot_nl = "s" in flags
    parts = [re2.escape(pattern)] if "q" in flags else _translated(_bare(pattern) if "x" in flags else pattern, options)
    if parts is None:
        return None
    if any(REFERENCE.fullmatch(part) for part in parts):
        return _machine(parts, options, "m" in flags)
    body = "".join(parts)
    if "m" in flags:
        body = f"(?m:{body})"
    try:
        program = re2.compile(body, options)
    except re2.error:
        return None
    spend(program.programsize)
    look()
    return program


@lru_cache(1024)
def weight(pattern: str) -> int:
    """How many atoms the pattern has once its counted repetitions are written out; rather too many than too few."""
    total, open_groups, last = 0, [], 0
    for piece in re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]", pattern):
        counted = REPEATED.fullmatch(piece)
        if counted:
            times = max(int(counted[1][:5]), int((counted[2] or "0")[:5]), 1)
            total += last * (times - 1)
            last *= times
        elif piece == "(":
            open_groups.append(total)
        elif piece == ")" and open_groups:
            last = total - open_groups.pop() + 1
            total += 1
        elif piece not in "*+?|^$":
            last = 1
            total += 1
    return total


def _paid(text: str, pattern: str, flags: str = "") -> Any:
    """The program for a pattern, once the work of one search in the text is paid for; None when it is not valid."""
    program = compiled(pattern, flags)
    if program is not None:
        spend(len(text) * weight(pattern) // PER_STEP)
    return program


def _bare(pattern: str) -> str:
    """The x flag: white space goes, but not inside a character class."""
    kept: list[str] = []
    depth = 0
    for at, char in enumerate(pattern):
        escaped = at > 0 and kept and kept[-1] == "\\" and (len(kept) < 2 or kept[-2] != "\\")
        if char in "[]" and not escaped:
            depth = max(0, depth + (1 if char == "[" else -1))
        if depth or char not in " \t\n\r":
            kept.append(char)
    return "".join(kept)


def _machine(parts: list[str], options: Any, lines: bool) -> Machine | None:
    def single(part: str) -> Callable[[str], bool]:
        program = re2.compile(f"(?:{part})", options)
        return lru_cache(512)(lambda char: program.fullmatch(char) is not None)

    try:
        return Machine(parts, single, lines=lines, fold=not options.case_sensitive)
    except (Invalid, re2.error, RecursionError):
        return None


def _translated(pattern: str, options: Any) -> list[str] | None:
    """XPath's pattern in RE2's words, piece by piece: without the s flag, a dot is no line feed or carriage return."""
    parts: list[str] = []
    for piece in PIECE.findall(pattern):
        if piece.startswith("["):
            made = _class(piece) if piece.endswith("]") else None
            if made is None:
                return None
            parts.append(made)
        elif piece == ".":
            parts.append("." if options.dot_nl else r"[^\n\r]")
        elif piece in ("\\0", "]"):
            return None
        else:
            parts.append(_escape(piece))
    return parts


def _escape(piece: str) -> str:
    block = BLOCK.fullmatch(piece)
    if block and block[2] in BLOCKS:
        return f"[{'^' if block[1] == 'P' else ''}{BLOCKS[block[2]]}]"
    return CLASSES.get(piece, piece)


def _class(text: str) -> str | None:
    """A character class; `[a-z-[aeiou]]` is worked out, which RE2 cannot, when both sides are plain characters."""
    outer, minus, inner = text[1:-1].partition("-[")
    if re.search(r"(?<!\\)(?:\\\\)*\\\d", text):
        return None
    if not minus:
        return "[" + re.sub(r"\\(?:[pP]\{[\w-]+\}|.)", lambda mark: _inside(mark[0]), outer) + "]"
    kept, removed = _intervals(outer), _intervals(inner.removesuffix("]"))
    if kept is None or removed is None:
        return None
    for low, high in removed:
        kept = [part for a, b in kept for part in ((a, min(b, low - 1)), (max(a, high + 1), b)) if part[0] <= part[1]]
    return "[" + "".join(f"\\x{{{a:x}}}-\\x{{{b:x}}}" for a, b in kept) + "]" if kept else None


def _inside(escape: str) -> str:
    """A class escape as it stands inside brackets."""
    made = _escape(escape)
    return made[1:-1] if made.startswith("[") and not made.startswith("[^") else made


def _intervals(body: str) -> list[tuple[int, int]] | None:
    """The code points of a class of plain characters and ranges, None for any other."""
    if "\\" in body or body.startswith("^") or not body:
        return None
    found = re.findall(r"([\s\S])-([\s\S])|([\s\S])", body)
    return [(ord(a or single), ord(b or single)) for a, b, single in found]


def found_in(text: str, pattern: str, flags: str = "") -> bool | None:
    program = _paid(text, pattern, flags)
    if program is None:
        return None
    found = program.search(text) is not None
    look()
    return found


def replaced(text: str, pattern: str, replacement: str, flags: str = "") -> str | None:
    """Every match replaced; `$1` is a group, `\\$` a dollar. None when the pattern can match nothing at all."""
    program = _paid(text, pattern, flags)
    if program is None or program.search("") is not None:
        return None
    if any(m[3] for m in GROUP.finditer(replacement)):
        return None
    made: list[str] = []
    at = size = 0
    for match in program.finditer(text):
        piece = _filled(replacement, match)
        spend(3)
        look()
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
    program = _paid(text, pattern)
    if program is None:
        return None
    made: list[str] = []
    at = 0
    for match in program.finditer(text):
        spend(2)
        look()
        if match.end() == match.start():
            continue
        made.append(text[at : match.start()])
        at = match.end()
    return [*made, text[at:]]
