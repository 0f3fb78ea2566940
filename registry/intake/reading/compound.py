"""The container of old Office files (MS-CFB): a small file system, of which only names and one stream are wanted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from registry.intake.reading.refusals import Broken

FREE, END = 0xFFFFFFFF, 0xFFFFFFFE
MOST_ENTRIES = 20_000


@dataclass(frozen=True)
class Entry:
    """A stream or storage: its name, its first sector, its size in bytes."""

    name: str
    first: int
    size: int


class Compound:
    """An open container. Broken wherever its chains do not hold."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        try:
            self._open()
        except (struct.error, IndexError, UnicodeError, ValueError) as error:
            raise Broken from error

    def _open(self) -> None:
        shift, = struct.unpack_from("<H", self.data, 0x1E)
        if shift not in (9, 12):
            raise Broken
        self.sector = 1 << shift
        directory, self.cutoff = struct.unpack_from("<I4xI", self.data, 0x30)
        self.table = self._allocation()
        raw = b"".join(self._chain(directory))
        if len(raw) // 128 > MOST_ENTRIES:
            raise Broken
        self.entries = [entry for at in range(0, len(raw) - 127, 128) if (entry := _entry(raw[at:at + 128]))]

    def _allocation(self) -> list[int]:
        """The table that says which sector follows which."""
        per = self.sector // 4
        places = list(struct.unpack_from("<109I", self.data, 0x4C))
        more, count = struct.unpack_from("<II", self.data, 0x44)
        for _ in range(min(count, len(self.data) // self.sector)):
            if more >= END:
                break
            *listed, more = struct.unpack(f"<{per}I", self._at(more))
            places += listed
        table: list[int] = []
        for place in places:
            if place < END:
                table += struct.unpack(f"<{per}I", self._at(place))
        return table

    def _at(self, sector: int) -> bytes:
        begin = (sector + 1) * self.sector
        block = self.data[begin:begin + self.sector]
        if len(block) < self.sector:
            raise Broken
        return block

    def _chain(self, sector: int) -> Iterator[bytes]:
        for _ in range(len(self.data) // self.sector + 1):
            if sector >= END:
                return
            yield self._last(sector)
            sector = self.table[sector]
        raise Broken

    def _last(self, sector: int) -> bytes:
        """A sector, of which the last one of a file may be short."""
        begin = (sector + 1) * self.sector
        block = self.data[begin:begin + self.sector]
        if not block:
            raise Broken
        return block

    def stream(self, *names: str) -> bytes:
        """The content of the first stream of these names; b"" for a tiny one, which lies elsewhere."""
        entry = next((each for name in names for each in self.entries if each.name == name), None)
        if entry is None:
            raise Broken
        if entry.size < self.cutoff:
            return b""
        try:
            return b"".join(self._chain(entry.first))[:entry.size]
        except IndexError as error:
            raise Broken from error


def _entry(raw: bytes) -> Entry | None:
    length, kind = struct.unpack_from("<HB", raw, 64)
    if kind not in (1, 2, 5) or not 2 <= length <= 64:
        return None
    first, size = struct.unpack_from("<II", raw, 116)
    return Entry(raw[:length - 2].decode("utf-16-le", "replace"), first, size)
