"""Where signed heads go outside the house. A place takes a checkpoint's bytes and gives a receipt.

Places are named by LICET_CHECKPOINTS, "folder:/mnt/notary folder:/srv/copy"; without it there is one folder in the data
folder, which protects from whoever has the database only. A new kind of place is one line of KINDS.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

VARIABLE = "LICET_CHECKPOINTS"
FOLDER = "checkpoints"


class Place(Protocol):
    """Something outside. `newest` is the last head it was given, if it can tell."""

    name: str

    def give(self, size: int, note: bytes) -> bytes: ...

    def newest(self) -> bytes | None: ...


class Folder:
    """One file for each head, named by its size, never written again: another computer's disk, a WORM share."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.name = f"folder:{path}"[:60]

    def give(self, size: int, note: bytes) -> bytes:
        """The receipt is the file's name."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"{size:012}.checkpoint"
        draft = target.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as out:
            out.write(note)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, target)
        return target.name.encode()

    def newest(self) -> bytes | None:
        found = max(self.path.glob("*.checkpoint"), default=None)
        return found.read_bytes() if found else None


KINDS: dict[str, Callable[[str], Place]] = {"folder": Folder}


def places(data: Path, environ: Mapping[str, str] = os.environ) -> list[Place]:
    """The places of this site. Raises ValueError for a kind that there is not."""
    told = environ.get(VARIABLE, "").split() or [f"folder:{data / FOLDER}"]
    found = []
    for each in told:
        kind, _, address = each.partition(":")
        if kind not in KINDS or not address:
            raise ValueError(f"{VARIABLE}: {each!r} is no place; there are {', '.join(KINDS)}")
        found.append(KINDS[kind](address))
    return found
