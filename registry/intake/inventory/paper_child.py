"""The process in which PDFs are looked into: `python -m registry.intake.inventory.paper_child`.

One file after the other, each within its time; a file that kills the process is the last one it was told to open.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

import msgspec

from registry.intake.reading.frames import teller

BYTES, SECONDS = 900_000_000, 10
PAGES, CHARACTERS = 3, 4_000


class Asked(msgspec.Struct):
    """The files, by their paths."""

    paths: list[str]


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Asked)
    with os.fdopen(os.dup(1), "wb") as out:
        tell = teller(out)
        for path in asked.paths:
            signal.alarm(SECONDS)
            tell(*_text(path))
            out.flush()


def _text(path: str) -> tuple[str, str]:
    """("text", what the first pages say), or ("broken", "")."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as document:
            pages = (document[number] for number in range(min(PAGES, len(document))))
            return "text", "\n".join(page.get_textpage().get_text_bounded() for page in pages)[:CHARACTERS]
    except (pypdfium2.PdfiumError, OSError, ValueError, MemoryError):
        return "broken", ""


if __name__ == "__main__":
    main()
