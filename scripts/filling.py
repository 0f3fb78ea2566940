"""A form of the house filled in through the browser, field by field, as a person would."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import FilePayload, Locator, Page

from forms import schema

DRAWN = "[data-licet-form][data-drawn]:not([aria-busy])"


def fill(page: Page, key: str, answers: Mapping[str, Any]) -> None:
    """Answer the fields of form `key` that `answers` names; lists get their rows, file fields papers of these names."""
    page.wait_for_selector(DRAWN)
    for one in schema.load(key).fields():
        if one["type"] == "dynamiclist" and one["path"] in answers:
            for number, row in enumerate(answers[one["path"]]):
                _row(page, one, number, row)
        elif one.get("key") in answers and not one.get("readonly"):
            _answer(page, one, answers[one["key"]])


def _row(page: Page, one: Mapping[str, Any], number: int, row: Mapping[str, Any]) -> None:
    if not _field(page, f"{one['components'][0]['id']}_{number}").count():
        page.locator(f'[id$="-{one["id"]}-list"] .fjs-repeat-render-add').click()
    for inner in one["components"]:
        if inner.get("key") in row:
            _answer(page, inner, row[inner["key"]], f"_{number}")


def _field(page: Page, component: str) -> Locator:
    return page.locator(f'[id^="fjs-form-"][id$="-{component}"]')


def _answer(page: Page, one: Mapping[str, Any], value: Any, row: str = "") -> None:
    place = _field(page, one["id"] + row)
    match one["type"]:
        case "licet-files":
            page.set_input_files(f'input[data-files-of="{one["key"]}"]', [paper(name) for name in value])
            place.locator(".licet-files li").nth(len(value) - 1).wait_for()
        case "select":
            place.select_option(label=_label(one, value))
        case "radio":
            page.get_by_label(_label(one, value), exact=True).check()
        case "checkbox":
            place.check()
        case "licet-ticks":
            for box in place.locator("input[type=checkbox]").all():
                box.check()
        case _:
            place.fill(str(value))
            place.blur()


def _label(one: Mapping[str, Any], value: str) -> str:
    return next((str(each["label"]) for each in one.get("values", ()) if each["value"] == value), value)


def paper(name: str) -> FilePayload:
    """A file to upload: a drawn sheet with its name as a headline, or a one-page PDF without content."""
    if name.endswith(".pdf"):
        return {"name": name, "mimeType": "application/pdf", "buffer": PDF}
    return {"name": name, "mimeType": "image/png", "buffer": _sheet(name.rpartition(".")[0])}


@cache
def _sheet(title: str) -> bytes:
    from web.ledgers.certificate_pdf import font_file

    sheet = Image.new("RGB", (620, 440), "#fbf7ec")
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((18, 18, 601, 421), outline="#9c2b2b", width=4)
    draw.text((310, 90), title, "#7a1f1f", ImageFont.truetype(str(font_file()), 34), anchor="mm")
    for line in range(6):
        draw.line((80, 170 + 36 * line, 540 - 60 * (line % 3), 170 + 36 * line), "#8a8f99", 3)
    draw.ellipse((440, 300, 550, 410), outline="#c0392b", width=5)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
