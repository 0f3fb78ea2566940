"""Which cell formats are marks in a ledger: struck through, or with a coloured background."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring

from registry.intake.reading.refusals import Broken

T = TypeVar("T")
WHITE = "FFFFFF"
_EIGHT = ("000000", "FFFFFF", "FF0000", "00FF00", "0000FF", "FFFF00", "FF00FF", "00FFFF")
INDEXED = (*_EIGHT, *_EIGHT, *(
    "800000 008000 000080 808000 800080 008080 C0C0C0 808080 9999FF 993366 FFFFCC CCFFFF 660066 FF8080 0066CC CCCCFF "
    "000080 FF00FF FFFF00 00FFFF 800080 800000 008080 0000FF 00CCFF CCFFFF CCFFCC FFFF99 99CCFF FF99CC CC99FF FFCC99 "
    "3366FF 33CCCC 99CC00 FFCC00 FF9900 FF6600 666699 969696 003366 339966 003300 333300 993300 993366 333399 333333"
).split())
"""The colours of the old palette by number (ECMA-376 part 1, 18.8.27)."""


@dataclass(frozen=True)
class Mark:
    """What a cell format says: its text is struck through; its background, RRGGBB or ""."""

    struck: bool
    colour: str


def tree(part: bytes) -> Element:
    """A small part as a tree without namespaces. It has no document type (archive.markup)."""
    try:
        root = fromstring(part)
    except (ParseError, ValueError) as error:
        raise Broken from error
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    return root


class Marks:
    """The cell formats that mark, by their number as written, and a pattern that finds the cells with one of them."""

    def __init__(self, by_number: dict[int, Mark]) -> None:
        self.by_style = {str(number).encode(): mark for number, mark in by_number.items()}
        self.styled = re.compile(rb' s="(%b)"' % b"|".join(sorted(self.by_style, reverse=True))) if by_number else None


def marks(styles: bytes, theme: bytes) -> Marks:
    """What the workbook's cell formats say."""
    root, colours = tree(styles), theme_colours(theme)
    fonts = [_struck(font) for font in root.findall("fonts/font")]
    fills = [_colour(fill, colours) for fill in root.findall("fills/fill")]
    found = {}
    for number, form in enumerate(root.findall("cellXfs/xf")):
        mark = Mark(_at(fonts, form.get("fontId"), False), _at(fills, form.get("fillId"), ""))
        if mark.struck or mark.colour:
            found[number] = mark
    return Marks(found)


def _at(known: Sequence[T], number: str | None, none: T) -> T:
    place = int(number) if number and number.isdecimal() else -1
    return known[place] if 0 <= place < len(known) else none


def _struck(font: Element) -> bool:
    strike = font.find("strike")
    return strike is not None and strike.get("val", "1") not in ("0", "false")


def _colour(fill: Element, theme: Sequence[str]) -> str:
    pattern = fill.find("patternFill")
    told = pattern.find("fgColor") if pattern is not None and pattern.get("patternType") == "solid" else None
    if told is None:
        return ""
    if (rgb := told.get("rgb", "")) and len(rgb) in (6, 8):
        plain = rgb[-6:].upper()
    else:
        plain = _at(theme, told.get("theme"), "") or _at(INDEXED, told.get("indexed"), "")
    tinted = _tinted(plain, told.get("tint", "0"))
    return "" if tinted == WHITE else tinted


def _tinted(colour: str, tint: str) -> str:
    """Lighter (above 0) or darker, by the light of the colour (ECMA-376 part 1, 18.3.1.15)."""
    try:
        amount = max(-1.0, min(1.0, float(tint)))
        red, green, blue = (int(colour[at:at + 2], 16) / 255 for at in (0, 2, 4))
    except ValueError:
        return ""
    if not amount:
        return colour
    hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
    light = light * (1 + amount) if amount < 0 else light + (1 - light) * amount
    return "".join(f"{round(part * 255):02X}" for part in colorsys.hls_to_rgb(hue, light, strength))


def theme_colours(theme: bytes) -> list[str]:
    """The colours of the theme by the number that cells use: the first two pairs stand crossed in the file."""
    if not theme:
        return []
    scheme = next(iter(tree(theme).iter("clrScheme")), None)
    found = [next((str(each.get("lastClr") or each.get("val") or "").upper() for each in slot), "")
             for slot in (scheme if scheme is not None else ())]
    return [*found[1::-1], *found[3:1:-1], *found[4:]]
