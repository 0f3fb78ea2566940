"""A scan as a PDF with a mark burnt into every page.

Pages are drawn as pictures and the mark becomes part of their pixels: there is no layer to be deleted, no hidden text
and nothing of the scan's metadata. PDFium is not safe for threads, so drawing takes turns.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import pypdfium2
import segno
from PIL import Image, ImageDraw, ImageFile, ImageFont, ImageOps

from ledger.errors import WrongKind

DOTS_PER_INCH = 150
POINTS_PER_INCH = 72
LONGEST_SIDE = 2400  # pixels: more than A4 at 150 dpi on its long side (1754)
MOST_PAGES = 20
MOST_PIXELS = 80_000_000  # of a picture as uploaded
QUALITY = 80
INK = (170, 30, 30)
OPACITY = 66  # of 255
ANGLE = 28  # degrees
UNREADABLE = (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What a broken file raises: SyntaxError is Pillow's for a damaged PNG."""
_drawing = threading.Lock()
_decoding = threading.RLock()


class CannotMark(WrongKind):
    """这份扫描件不能加水印：只能处理 20 页以内、未加密的 PDF 和图片。"""


@dataclass(frozen=True)
class Mark:
    """What is burnt in: the mark itself, what the copy is for, the day it was made, and where it is verified."""

    code: str
    purpose: str
    on: dt.date
    address: str

    @property
    def words(self) -> str:
        """仅供<用途>使用，复印无效 · <日期> · <标识>: always Chinese, it is for the paper's readers."""
        return f"仅供{self.purpose}使用，复印无效 · {self.on.isoformat()} · {self.code}"


def marked(content: bytes, media_type: str, mark: Mark) -> bytes:
    """The content (a PDF, PNG, JPEG or WebP) as a PDF with the mark on every page. CannotMark where that fails."""
    out = BytesIO()
    try:
        with _drawing, whole():
            first, *others = [_burnt(page, mark) for page in _pages(content, media_type)]
            first.save(out, "PDF", save_all=True, append_images=others, resolution=DOTS_PER_INCH, quality=QUALITY,
                       title=mark.code)
    except UNREADABLE as error:
        raise CannotMark from error
    return out.getvalue()


@contextmanager
def whole() -> Iterator[None]:
    """A picture that breaks off is an error here: WeasyPrint makes Pillow accept such pictures in the whole process."""
    with _decoding:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _pages(content: bytes, media_type: str) -> Iterator[Image.Image]:
    if media_type == "application/pdf":
        yield from _of_pdf(content)
    elif media_type in ("image/png", "image/jpeg", "image/webp"):
        yield _of_picture(content)
    else:
        raise CannotMark


def _of_pdf(content: bytes) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    try:
        if not 0 < len(document) <= MOST_PAGES:
            raise CannotMark
        for page in document:
            longest = max(page.get_size()) or 1
            scale = min(DOTS_PER_INCH / POINTS_PER_INCH, LONGEST_SIDE / longest)
            yield page.render(scale=scale).to_pil().convert("RGB")
    finally:
        document.close()


def _of_picture(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise CannotMark
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG: decodes no more than is needed
        upright: Image.Image = picture
        with suppress(ValueError, TypeError, SyntaxError):  # a broken EXIF block turns nothing
            upright = ImageOps.exif_transpose(picture)
        flat = Image.new("RGB", upright.size, "white")
        shown = upright.convert("RGBA")
        flat.paste(shown, mask=shown.getchannel("A"))
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return flat


def _burnt(page: Image.Image, mark: Mark) -> Image.Image:
    """The page with rows of slanting words across it and the QR code in its lower right corner."""
    over = page.convert("RGBA")
    over.alpha_composite(_veil(page.size, mark))
    side = max(70, min(page.size) // 8)
    code = _square(mark.address, side)
    over.paste(code, (page.width - code.width - side // 8, page.height - code.height - side // 8))
    return over.convert("RGB")


def _veil(size: tuple[int, int], mark: Mark) -> Image.Image:
    width, height = size
    height_of_type = max(13, min(size) // 34)
    letters = _letters(height_of_type)
    reach = round((width * width + height * height) ** 0.5) + 2
    veil = Image.new("RGBA", (reach, reach), (*INK, 0))
    draw = ImageDraw.Draw(veil)
    long = round(draw.textlength(mark.words, font=letters)) + height_of_type * 3
    step = round(height_of_type * 5.2)
    for row, top in enumerate(range(0, reach, step)):
        for left in range(-(long // 2) * (row % 2), reach, long):
            draw.text((left, top), mark.words, font=letters, fill=(*INK, OPACITY))
    veil = veil.rotate(ANGLE, resample=Image.Resampling.BICUBIC)
    left, top = (reach - width) // 2, (reach - height) // 2
    return veil.crop((left, top, left + width, top + height))


def _square(address: str, side: int) -> Image.Image:
    """A QR code about `side` pixels wide; error correction M survives a crease."""
    code = segno.make(address, error="m", micro=False)
    cells = code.symbol_size(border=2)[0]
    out = BytesIO()
    code.save(out, kind="png", scale=max(2, round(side / cells)), border=2)
    return Image.open(out).convert("RGB")


@cache
def _letters(size: int) -> ImageFont.FreeTypeFont:
    """Noto Sans SC, which has the rare characters of names that other free fonts lack."""
    return ImageFont.truetype(str(files("pylopdf_fonts_zh_cn").joinpath("NotoSansSC-Regular.otf")), size)
