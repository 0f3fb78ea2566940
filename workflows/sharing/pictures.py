"""Pictures of signatures: only what we have decoded and encoded ourselves is kept, and only still pictures of one kind.

What is not what it says (something else behind the picture's end, moving pictures, broken or huge ones) is refused
before it is decoded; what hides inside (comments, profiles) does not survive the encoding.
"""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

from PIL import Image, ImageOps

from ledger.errors import WrongKind
from registry.custody.watermark import whole

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 8_000_000
SIDES = (1280, 640)
"""How wide and high a signature is kept at most, in pixels."""
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


class BadPicture(WrongKind):
    """签名要是 PNG 或 JPEG 图片，请换一张。"""


class TooBig(BadPicture):
    """签名图片太大：不超过 2 MB、{most} 万像素。请缩小后再上传。"""


class Moving(BadPicture):
    """这是会动的图片，签名只能用静止的图片。"""


class Broken(BadPicture):
    """图片不完整或已损坏，请重新保存后再上传。"""


class Hiding(BadPicture):
    """图片文件里还附着别的内容，请重新保存为 PNG 或 JPEG 再上传。"""


class Blank(BadPicture):
    """图片是空白的，请写下签名后再保存。"""


def clean(content: bytes) -> bytes:
    """The picture as a PNG on white of at most SIDES, made anew. Raises BadPicture in one of its kinds."""
    if len(content) > MOST_BYTES:
        raise TooBig(most=MOST_PIXELS // 10_000)
    if content.startswith(PNG):
        _whole_png(content)
    elif content.startswith(JPEG):
        _whole_jpeg(content)
    else:
        raise BadPicture
    picture = _decoded(content)
    low, high = picture.convert("L").getextrema()
    if low == high:
        raise Blank
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _whole_png(content: bytes) -> None:
    """Chunk after chunk up to IEND, and nothing behind it."""
    place = len(PNG)
    while place + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[place:place + 8])
        place += 12 + length
        if kind == b"acTL":
            raise Moving
        if kind == b"IEND":
            if place != len(content):
                raise Hiding if place < len(content) else Broken
            return
    raise Broken


def _whole_jpeg(content: bytes) -> None:
    end = content.rfind(b"\xff\xd9")
    if end < 0:
        raise Broken
    if end + 2 != len(content):
        raise Hiding


def _decoded(content: bytes) -> Image.Image:
    try:
        with whole(), warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise TooBig(most=MOST_PIXELS // 10_000)
                if getattr(image, "n_frames", 1) > 1:
                    raise Moving
                image.load()
                upright = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooBig(most=MOST_PIXELS // 10_000) from None
    except (OSError, ValueError, SyntaxError, struct.error):
        raise Broken from None
    upright.thumbnail(SIDES)
    with_alpha = upright.convert("RGBA")
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return paper
