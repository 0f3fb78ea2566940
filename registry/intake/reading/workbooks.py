"""An .xlsx, in the child: checked, measured, and only then read by calamine, within what it measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from registry.intake.reading.archive import Archive
from registry.intake.reading.bounds import widen
from registry.intake.reading.formulas import PICTURE, Formulas
from registry.intake.reading.parts import Part, check_kind, hang, relations, sheets
from registry.intake.reading.refusals import Broken
from registry.intake.reading.scan import Seen, Texts, Totals, scan
from registry.intake.reading.styles import Marks, marks
from registry.intake.reading.texts import measure
from registry.intake.reading.told import Tell, tell_sheet

IN_CELL = "=" + PICTURE.decode()
"""How WPS shows that a picture lies in a cell."""


def read_xlsx(path: Path, ending: str, tell: Tell) -> None:
    """Tell the whole workbook, or refuse it."""
    archive = Archive(path)
    check_kind(archive, ending)
    parts = sheets(archive)
    seen, totals, strings = look(archive, parts)
    widen(cells=totals.cells, area=totals.area, text=totals.text + strings)
    tell("book", "xlsx", "")
    tell_sheets(path, tell, {part.name: (part.hidden, seen[part.place]) for part in parts})


def look(archive: Archive, parts: list[Part]) -> tuple[dict[str, Seen], Totals, int]:
    """Everything about the sheets but their values. Every other XML part is looked through as well."""
    by_role = _roles(archive)
    texts = measure(archive.markup(by_role["strings"])) if by_role["strings"] else Texts()
    coloured = _marks(archive, by_role)
    totals, formulas, found = Totals(), Formulas(), {}
    for part in parts:
        found[part.place] = scan(part.name, archive.markup(part.place), totals, texts, coloured, formulas)
        hang(archive, part, found[part.place])
    formulas.joining.check()
    done = {part.place.lower() for part in parts} | {by_role["strings"].lower()}
    for name in archive.names:
        if name.endswith((".xml", ".rels", ".vml")) and name not in done:
            for _ in archive.markup(name):
                pass
    return found, totals, sum(texts.sizes) + 60 * len(texts.sizes)


def _roles(archive: Archive) -> dict[str, str]:
    """Where the shared strings, the styles and the theme lie; "" for what a workbook does not have."""
    targets = [target for target in relations(archive, "xl/workbook.xml").values() if target in archive]

    def ending(name: str) -> str:
        return next((target for target in targets if target.lower().endswith(name)), "")

    return {"strings": ending("sharedstrings.xml"), "styles": ending("styles.xml"), "theme": ending("theme1.xml")}


def _marks(archive: Archive, by_role: dict[str, str]) -> Marks:
    if not by_role["styles"]:
        return Marks({})
    return marks(archive.small(by_role["styles"]), archive.small(by_role["theme"]) if by_role["theme"] else b"")


def tell_sheets(path: Path, tell: Tell, known: dict[str, tuple[bool, Seen]], walked: Sequence[Seen] = ()) -> None:
    """Read the sheets with calamine and tell them with what is known of them; any that is not known is Broken.

    Of an old workbook `walked` is what was seen of its sheets, in their order; calamine knows its merged areas.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with CalamineWorkbook.from_path(str(path)) as book:
        for number, told in enumerate(book.sheets_metadata):
            if told.typ != SheetTypeEnum.WorkSheet:
                continue
            if known and told.name not in known:
                raise Broken
            unnamed = walked[number] if number < len(walked) else Seen()
            hidden, seen = known.get(told.name) or (told.visible != SheetVisibleEnum.Visible, unnamed)
            sheet = book.get_sheet_by_name(told.name)
            if not known:
                seen.merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
            offset = sheet.start[1] if sheet.start else 0
            tell_sheet(tell, told.name, hidden, _without_pictures(sheet.iter_rows(), seen), offset, seen)
            del sheet


def _without_pictures(rows: Iterator[list[Any]], seen: Seen) -> Iterator[list[Any]]:
    """Where WPS keeps a picture in a cell, its formula is the value: counted already, it is not a text."""
    for number, row in enumerate(rows):
        if number in seen.pictures:
            row = ["" if type(value) is str and value.startswith(IN_CELL) else value for value in row]
        yield row
