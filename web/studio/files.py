"""A draft's files as the browser has them: text."""

from __future__ import annotations

import re

ENCODING = re.compile(rb"^<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", re.IGNORECASE)


def as_text(body: bytes) -> str:
    """The file as text: UTF-8, else what its first line says, else letter by letter with marks for what is none."""
    said = ENCODING.search(body[:200])
    for encoding in ("utf-8-sig", said[1].decode() if said else "gb18030"):
        try:
            return body.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")
