"""Long messages in parts that the provider takes whole: cut at line ends, counted as the provider counts, nothing lost.

What would need too many parts is summed up: as many lines as fit, how many more there are, and where to see them.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from registry.alerts.channels.message import Message

Size = Callable[[str], int]
MOST_PARTS = 5
"""More than this nobody reads in a chat, and a robot may send twenty a minute to everybody."""
MORE: dict[str, str] = {"zh": "…另有 {count} 条，见链接", "en": "… {count} more, see the link"}
MORE_WITHIN: dict[str, str] = {
    "zh": "…另有 {count} 条，请登录系统查看", "en": "… {count} more, please sign in to see them"}
_JOINERS = "\u200d\ufe0e\ufe0f"
_LOOK_BACK = 16


def octets(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


def octets_in_json(text: str) -> int:
    """Bytes of a text inside a JSON string in UTF-8: quotes and line ends take two."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def split(text: str, limit: int, size: Size = octets) -> list[str]:
    """The text in pieces of at most `limit`; joined they are the text. They end at line ends where there are any, else
    between two characters. ValueError: not even one character fits."""
    pieces, piece = list[str](), ""
    for chunk in _chunks(text, limit, size):
        if piece and size(piece) + size(chunk) > limit:
            pieces.append(piece)
            piece = ""
        piece += chunk
    return [*pieces, piece] if piece or not pieces else pieces


def in_parts(
    message: Message, limit: int, *, size: Size = octets, most: int = MOST_PARTS, title: bool = True, link: bool = True
) -> list[str]:
    """A message as at most `most` (under ten) texts of at most `limit`, numbered where there are several. `title` and
    `link`: whether they stand in the text (each part has the title, the last one the link)."""
    lines, head, foot = list(message.lines), message.title if title else "", message.link if link else ""
    if size(head) > limit // 4:
        lines, head = [head, *lines], ""
    whole = _laid_out(head, "\n".join(lines), foot)
    if size(whole) <= limit:
        return [whole]
    room = limit - size(_laid_out(head + "（9/9）", "", "")) - size("\n")
    bodies = _parted(lines, room, room - size("\n" + foot), size)
    if len(bodies) > most:
        bodies, foot = _summed_up(lines, room, size, most, _words(message), foot)
    count = len(bodies)
    return [_laid_out(head + (f"（{number}/{count}）" if count > 1 else ""), body, foot if number == count else "")
            for number, body in enumerate(bodies, 1)]


def _words(message: Message) -> str:
    words = MORE if message.link else MORE_WITHIN
    return words.get(message.language, words["zh"])


def _parted(lines: Sequence[str], room: int, last_room: int, size: Size) -> list[str]:
    """Bodies that each fit; the last leaves room for the link."""
    bodies = [piece.removesuffix("\n") for piece in split("\n".join(lines), room, size)]
    if size(bodies[-1]) > last_room:
        bodies[-1:] = [piece.removesuffix("\n") for piece in split(bodies[-1], last_room, size)]
    return bodies


def _summed_up(
    lines: Sequence[str], room: int, size: Size, most: int, words: str, foot: str
) -> tuple[list[str], str]:
    """As many whole lines as fit into `most` parts, and what stands below: how many more there are, and where."""
    last_room = room - size("\n" + _laid_out(words.replace("{count}", str(len(lines))), foot))
    bodies, shown = list[str](), 0
    for number in range(most):
        body, space = list[str](), room if number < most - 1 else last_room
        while shown < len(lines) and size("\n".join([*body, lines[shown]])) <= space:
            body.append(lines[shown])
            shown += 1
        if body:
            bodies.append("\n".join(body))
    if not bodies or size(bodies[-1]) > last_room:
        bodies.append("")
    left = len(lines) - shown
    return bodies, _laid_out(words.replace("{count}", str(left)) if left else "", foot)


def _laid_out(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _chunks(text: str, limit: int, size: Size) -> Iterator[str]:
    """The lines of a text, each with its end; of a line that is too long, pieces."""
    for line in text.splitlines(keepends=True) if text else []:
        while size(line) > limit:
            end = _fitting(line, limit, size)
            yield line[:end]
            line = line[end:]
        if line:
            yield line


def _fitting(line: str, limit: int, size: Size) -> int:
    """How many characters of a line fit, if possible without leaving an accent or half a picture behind."""
    low, high = 0, min(len(line), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(line[:middle]) <= limit else (low, middle - 1)
    if not low:
        raise ValueError("not even one character fits")
    end = low
    while end > max(1, low - _LOOK_BACK) and end < len(line) and _clings(line, end):
        end -= 1
    return low if end < len(line) and _clings(line, end) else end


def _clings(line: str, end: int) -> bool:
    return bool(unicodedata.combining(line[end])) or line[end] in _JOINERS or line[end - 1] == "\u200d"
