"""What axe has examined, in all test processes: pages, and elements at their places. It examines what is new."""

from __future__ import annotations

import os
from pathlib import Path


class Examined:
    """A set of words; once shared, of all processes that share it: what each adds is a line of one file."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.file: Path | None = None
        self.read = 0

    def share(self, file: Path) -> None:
        """From now on with all processes that name this file."""
        self.file = file

    def missing(self, words: set[str]) -> set[str]:
        """Those of the words that nobody has added yet."""
        if self.file is not None and self.file.exists():
            with self.file.open("rb") as opened:
                opened.seek(self.read)
                whole, end, _ = opened.read().rpartition(b"\n")  # another process may be writing the rest
            self.read += len(whole) + len(end)
            self.known.update(whole.decode().split("\n"))
        return words - self.known

    def update(self, words: set[str]) -> None:
        self.known |= words
        if self.file is not None:
            lines = "".join(f"{word}\n" for word in words).encode()
            opened = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                assert os.write(opened, lines) == len(lines)
            finally:
                os.close(opened)
