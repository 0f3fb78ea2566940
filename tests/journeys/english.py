"""What a page says in English, for journeys that are written in the words of the Chinese pages."""

from __future__ import annotations

import json
import re
from functools import cache

from babel.messages.pofile import read_po

from tests.journeys.company import ROLES
from web.i18n import FOLDER
from web.i18n import _english as of_types

HAN = re.compile("[一-鿿]")
HOLE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
TYPED = ("华建第一建筑有限公司", "华建第二建筑有限公司", "滨江花园一期", "华建集团", "石磊", "按实际情况填写",
         "某省住建厅", "（浙）JZ安许证字〔2024〕000777", "中文", *(name for name, _, _ in ROLES.values()))
ALL = """() => [
  document.body.innerText, ...[...document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")]
  .filter(one => one.checkVisibility())
  .flatMap(one => ["aria-label", "placeholder", "title", "alt"].map(name => one.getAttribute(name)))]
  .filter(Boolean).join("\\n")"""


@cache
def messages() -> dict[str, str]:
    """Every message of ours, of the server and of the browser."""
    found: dict[str, str] = json.loads((FOLDER.parents[1] / "browser" / "texts.en.json").read_text("utf-8"))
    for file in sorted((FOLDER / "en" / "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as source:
            for one in read_po(source):
                if one.id and isinstance(one.id, str) and isinstance(one.string, str):
                    found[one.id] = one.string
                elif isinstance(one.id, tuple):  # of one; journeys count no further
                    found[one.id[0]] = one.string[0]
    return {**of_types(), **found}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Messages with values in them, those with the most words of their own first."""
    holed = sorted((one for one in messages() if HOLE.search(one)), key=lambda one: -len(HOLE.sub("", one)))
    made = []
    for one in holed:
        parts, at = [], 0
        for hole in HOLE.finditer(one):
            parts += [re.escape(one[at:hole.start()]), "(.+?)"]
            at = hole.end()
        made.append((re.compile("".join([*parts, re.escape(one[at:])])), one))
    return made


def english(words: str, typed: tuple[str, ...] = ()) -> str:
    """The words as an English page has them; names and what people typed stay."""
    if not HAN.search(_without(words, typed)):
        return words
    if words in messages():
        return messages()[words].replace("%%", "%")
    parts = words.split(" · ")  # a title: web.i18n.title_words
    if len(parts) > 1 and all(one in messages() or not HAN.search(_without(one, typed)) for one in parts):
        return " · ".join(english(one, typed) for one in parts)
    for pattern, one in _patterns():
        if HAN.search(HOLE.sub("", one)) and (found := pattern.fullmatch(words)):
            values = (english(value, typed) for value in found.groups())
            said = dict(zip((_name(hole) for hole in HOLE.finditer(one)), values, strict=True))
            return HOLE.sub(lambda hole, said=said: said[_name(hole)], messages()[one])  # type: ignore[misc]
    raise AssertionError(f"no message of ours: {words}")


def _name(hole: re.Match[str]) -> str:
    return hole.group(1) or hole.group(2)


def left_over(shown: str, typed: tuple[str, ...]) -> list[str]:
    """The lines of an English page that still have Chinese words which nobody typed."""
    return sorted({line.strip() for line in _without(shown, typed).splitlines() if HAN.search(line)})


def _without(words: str, typed: tuple[str, ...]) -> str:
    for one in sorted((*TYPED, *typed), key=len, reverse=True):
        words = words.replace(one, "")
    return words

