"""A mark is burnt into whatever can be read; what cannot is refused with a sentence."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from io import BytesIO
from random import Random

import pypdfium2
import pytest
from PIL import Image, ImageFile

from registry.custody.watermark import CannotMark, Mark, marked

MARK = Mark("AAAA-BBBB-CCCC", "滨江花园二期投标", dt.date(2026, 11, 22), "https://licet.example/c/AAAA-BBBB-CCCC")


def picture(kind: str, size: tuple[int, int] = (300, 300)) -> bytes:
    out = BytesIO()
    Image.frombytes("RGB", size, Random(1).randbytes(size[0] * size[1] * 3)).save(out, kind)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = picture("PNG")
SECOND = PNG.index(b"IDAT", PNG.index(b"IDAT") + 4)


def test_a_large_photo_becomes_a_page_of_bounded_size() -> None:
    document = pypdfium2.PdfDocument(marked(picture("JPEG", (5000, 200)), "image/jpeg", MARK))
    assert len(document) == 1 and max(document[0].get_size()) * 150 / 72 == pytest.approx(2400, abs=2)


def test_a_broken_exif_block_spoils_nothing() -> None:
    content = PNG[:33] + chunk(b"eXIf", b"zzzz") + PNG[33:]
    assert marked(content, "image/png", MARK).startswith(b"%PDF")


@pytest.mark.parametrize(("content", "media_type"), [
    (PNG[:SECOND] + b"\1\2\3\4" + PNG[SECOND + 4:], "image/png"), (PNG[:2000], "image/png"), (PNG[:20], "image/png"),
    (b"%PDF-1.4 nothing", "application/pdf"), (b"", "image/jpeg"), (PNG, "application/ofd"),
])
def test_what_cannot_be_read_is_refused(content: bytes, media_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    with pytest.raises(CannotMark):
        marked(content, media_type, MARK)
