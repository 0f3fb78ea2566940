"""Small pictures of uploads. An upload is decoded once, within bounds, and only what we encoded ourselves is shown."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
MOST_PIXELS = 40_000_000
SIDE = 360  # pixels
KINDS = {"application/pdf": ("PDF", "#c0392b"), "application/ofd": ("OFD", "#2b6cb0")}
PAPER = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 96" width="144" height="192">'
    '<path d="M6 2h42l18 18v70a4 4 0 0 1-4 4H6a4 4 0 0 1-4-4V6a4 4 0 0 1 4-4z" fill="#fff" stroke="#b6c0cc"'
    ' stroke-width="2"/><path d="M48 2v14a4 4 0 0 0 4 4h14" fill="#eef1f5" stroke="#b6c0cc" stroke-width="2"/>'
    '<path d="M14 34h36M14 42h44M14 50h30" stroke="#d5dbe3" stroke-width="3" stroke-linecap="round"/>'
    '<rect x="12" y="62" width="48" height="20" rx="4" fill="{colour}"/>'
    '<text x="36" y="77" font-family="sans-serif" font-size="13" font-weight="700" fill="#fff"'
    ' text-anchor="middle">{word}</text></svg>'
)


def thumbnail(source: Path, target: Path) -> Path | None:
    """The small picture of an image file, made on first use; None when the image is too large or broken."""
    if target.exists():
        return target
    try:
        small = _shrink(source)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as out:
        small.save(out, "WEBP", quality=78)
    os.replace(draft, target)
    return target


def _shrink(source: Path) -> Image.Image:
    """At most SIDE pixels a side, turned upright, without EXIF; only the first frame is read."""
    with Image.open(source, formats=tuple(PICTURES.values())) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG: decodes at a fraction of the size
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((SIDE, SIDE))
        return _on_white(upright)


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA") if "A" in image.getbands() or "transparency" in image.info else image.convert("RGB")
    if image.mode == "RGB":
        return Image.frombytes("RGB", image.size, image.tobytes())
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def kind_picture(media_type: str) -> str:
    """A sheet of paper with the kind of file on it, as SVG."""
    word, colour = KINDS.get(media_type, ("IMG", "#5b6b7d") if media_type in PICTURES else ("FILE", "#5b6b7d"))
    return PAPER.format(word=word, colour=colour)
