"""The translations as gettext reads them: `python -m scripts.texts FILE.po ...` writes each as .mo beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def main(names: list[str]) -> None:
    """All in one process: starting one for each file took longer than their compiling."""
    for name in names:
        source = Path(name)
        with source.open("rb") as said, source.with_suffix(".mo").open("wb") as made:
            write_mo(made, read_po(said, locale=source.parts[-3], abort_invalid=True))


if __name__ == "__main__":
    main(sys.argv[1:])
