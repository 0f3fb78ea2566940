"""What a file said when it was read stays beside its batch, sealed, until its rows are stored: a person confirms the
columns in between, and unpacking the file once more would cost a fifth of the time until the preview."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from sqlalchemy import Engine, select

from ledger.db import reading
from ledger.files import path_of
from registry.intake.batch.models import Batch
from registry.intake.batch.progress import FOLDER, put
from registry.intake.book import Book
from registry.intake.reading import read, told_again
from registry.intake.reading.frames import FORMAT
from registry.intake.reading.refusals import Broken
from registry.people import sealing

ENDING = ".book"
BEFORE = ("received", "mapping", "judging")
"""The states of batches whose book is still to be judged."""


@dataclass(frozen=True)
class Upload:
    """A batch's file: where it lies, what its sender called it, and where its book is kept."""

    path: Path
    name: str
    sha256: str
    kept: Path

    def book(self) -> Book:
        """As it was read before, else read now, and kept. Unreadable."""
        purpose = f"intake_batch.file.{self.sha256}"
        try:
            told = zlib.decompress(sealing.unseal_bytes(self.kept.read_bytes(), purpose))
            return told_again(io.BytesIO(told), self.name)
        except (OSError, InvalidTag, zlib.error, Broken):
            pass
        packer, pieces = zlib.compressobj(1), list[bytes]()
        book = read(self.path, self.name, lambda told: pieces.append(packer.compress(told)))
        put(self.kept, sealing.seal_bytes(b"".join([*pieces, packer.flush()]), purpose))
        return book


def upload_of(folder: Path, batch: Batch) -> Upload:
    """The file of a batch; `folder` is that of all files."""
    file = batch.file
    kept = folder / FOLDER / f"{batch.id}-{file.sha256[:16]}-{FORMAT}{ENDING}"
    return Upload(path_of(folder, file), batch.name, file.sha256, kept)


def tidy(engine: Engine, folder: Path) -> None:
    """Books of batches that need none any more go, whatever became of the worker that had them."""
    kept = [(place, _batch_of(place)) for place in (folder / FOLDER).glob(f"*{ENDING}")]
    if not kept:
        return
    with reading(engine) as session:
        needed = set(session.scalars(
            select(Batch.id).where(Batch.id.in_({number for _, number in kept}), Batch.state.in_(BEFORE))))
    for place, number in kept:
        if number not in needed:
            place.unlink(missing_ok=True)


def _batch_of(place: Path) -> int:
    number = place.name.partition("-")[0]
    return int(number) if number.isdigit() else 0
