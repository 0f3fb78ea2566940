"""Papers to upload: small, synthetic, of every kind that is taken."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def paper(name: str) -> Any:
    """A file of this name as Playwright wants it: a PDF, or a picture for .jpg and .png."""
    if name.endswith(".pdf"):
        return {"name": name, "mimeType": "application/pdf", "buffer": PDF}
    kind = "PNG" if name.endswith(".png") else "JPEG"
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": picture(kind)}


def picture(kind: str) -> bytes:
    image = Image.new("RGB", (640, 900), "#f4efe1")
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 30, 610, 870), outline="#9b1c1c", width=6)
    draw.ellipse((420, 680, 570, 830), outline="#c0392b", width=8)
    out = BytesIO()
    image.save(out, kind)
    return out.getvalue()
