"""Pictures of signatures from people who mean no good: each is refused with a sentence, before it costs anything."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageFile, PngImagePlugin

from tests.journeys.papers import picture
from workflows.sharing import pictures
from workflows.sharing.pictures import BadPicture, Blank, Broken, Hiding, Moving, TooBig


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that says it is so large; a few bytes of content."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return pictures.PNG + head + b"".join(more) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    out, frames = BytesIO(), [Image.new("RGB", (40, 20), colour) for colour in ("white", "black")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def white() -> bytes:
    out = BytesIO()
    Image.new("RGB", (640, 200), "white").save(out, "PNG")
    return out.getvalue()


HOSTILE: dict[str, tuple[bytes, type[BadPicture]]] = {
    "an SVG with a script": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", BadPicture),
    "a page": (b"<!doctype html><script>alert(1)</script>", BadPicture),
    "a GIF": (moving("GIF"), BadPicture),
    "a PDF": (b"%PDF-1.4\n", BadPicture),
    "nothing": (b"", BadPicture),
    "a PNG that moves": (moving("PNG"), Moving),
    "a PNG of 50000 by 50000": (png(50_000, 50_000), TooBig),
    "a PNG as wide as can be written": (png(2**31 - 1, 1), TooBig),
    "a PNG of no width": (png(0, 10), Broken),
    "a PNG without its end": (picture("PNG")[:-12], Broken),
    "half a PNG": (picture("PNG")[:200], Broken),
    "a PNG with little in it": (png(640, 200), Broken),
    "half a JPEG": (picture("JPEG")[:2000], Broken),
    "an archive behind a PNG": (picture("PNG") + b"PK\x03\x04" + b"x" * 100, Hiding),
    "a page behind a JPEG": (picture("JPEG") + b"<script>alert(1)</script>", Hiding),
    "a chunk that runs away": (pictures.PNG + struct.pack(">I", 2**31) + b"IHDR" + b"\0" * 40, Broken),
    "more than 2 MB": (picture("PNG") + b"\0" * pictures.MOST_BYTES, TooBig),
    "a white sheet": (white(), Blank),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused_with_a_sentence(name: str) -> None:
    content, error = HOSTILE[name]
    with pytest.raises(BadPicture) as refused:
        pictures.clean(content)
    assert type(refused.value) is error, refused.value
    assert "{" not in str(refused.value)


@pytest.mark.parametrize("name", ["half a PNG", "a PNG with little in it", "half a JPEG"])
def test_what_breaks_off_is_refused_also_once_something_has_made_pillow_lenient(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    with pytest.raises(Broken):
        pictures.clean(HOSTILE[name][0])


def test_what_is_hidden_inside_does_not_survive() -> None:
    image, said = Image.open(BytesIO(picture("PNG"))), PngImagePlugin.PngInfo()
    said.add_text("Comment", "<script>alert(1)</script>", zip=False)
    out = BytesIO()
    image.save(out, "PNG", pnginfo=said, icc_profile=b"secret profile")
    assert b"<script>" in out.getvalue()
    kept = pictures.clean(out.getvalue())
    assert b"<script>" not in kept and b"secret" not in kept


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_honest_picture_is_kept_small_and_on_white(kind: str) -> None:
    kept = Image.open(BytesIO(pictures.clean(picture(kind))))
    assert (kept.format, kept.mode) == ("PNG", "RGB") and kept.width <= 1280 and kept.height <= 640
    see_through = Image.new("RGBA", (100, 40), (0, 0, 0, 0))
    see_through.putpixel((5, 5), (10, 10, 10, 255))
    out = BytesIO()
    see_through.save(out, "PNG")
    assert Image.open(BytesIO(pictures.clean(out.getvalue()))).getpixel((50, 20)) == (255, 255, 255)
