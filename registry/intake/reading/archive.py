"""The inside of an .xlsx: a zip whose every claim is checked before anything in it is believed.

Zip bombs live on the difference between what two readers see, so only plain archives pass: one central directory at the
end, no bytes before, between names or behind, no name twice, no part inside another, sizes and checksums that are true.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from registry.intake.reading import limits
from registry.intake.reading.refusals import (
    ODDITIES,
    Broken,
    HasEntities,
    HasPassword,
    Odd,
    TooManyParts,
    UnpacksTooLarge,
)

BLOCK = 1 << 20
TAIL = 65_557  # the farthest from the end that the end record of a zip can begin
END = b"PK\x05\x06"
PACKED = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"\xfd7zXZ", b"BZh")
ENDINGS = {".zip", ".rar", ".7z", ".gz", ".tar", ".tgz", ".xz", ".bz2"}
EMBEDDED = "xl/embeddings/"
XML = (".xml", ".rels", ".vml")


def odd(what: str) -> NoReturn:
    """Refuse for one of ODDITIES."""
    raise Odd(None, oddity=ODDITIES[what])


class Archive:
    """An open zip, checked. `names` goes by the lower-case name, as Excel itself looks parts up."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        try:
            self.zip = zipfile.ZipFile(self.file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
            raise Broken from error
        self.names = {info.filename.lower(): info for info in self.zip.infolist()}
        self.unpacked = 0
        self._data: dict[str, int] = {}
        self._check_claims()
        self._check_places(path.stat().st_size)
        self._check_nested()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.names

    def _check_claims(self) -> None:
        """What the central directory says, before a byte is unpacked."""
        infos = self.zip.infolist()
        if len(infos) > limits.MOST_PARTS:
            raise TooManyParts
        if len(self.names) != len(infos):
            odd("twice")
        if any(info.flag_bits & 0x41 for info in infos):
            raise HasPassword
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            odd("packing")
        if any(_leads_out(info.filename) for info in infos):
            odd("outside")
        if sum(info.file_size for info in infos) > limits.MOST_UNPACKED:
            raise UnpacksTooLarge(None, limit=limits.MOST_UNPACKED // limits.MEGABYTE)

    def _check_places(self, size: int) -> None:
        """Where each part lies: one after the other, from the first byte to the directory at the end."""
        self.file.seek(max(0, size - TAIL))
        if self.file.read().count(END) != 1 or self.zip.comment:
            odd("surplus")
        reached = 0
        for info in sorted(self.zip.infolist(), key=lambda each: each.header_offset):
            if info.header_offset < reached:
                odd("overlap")
            if not reached and info.header_offset:
                odd("surplus")
            reached = self._begins(info) + info.compress_size
        if reached > self.zip.start_dir:
            odd("overlap")

    def _begins(self, info: zipfile.ZipInfo) -> int:
        """Where the data of a part begins; its own header must tell the same as the directory."""
        self.file.seek(info.header_offset)
        head = self.file.read(30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            raise Broken
        flags, method = struct.unpack_from("<HH", head, 6)
        names, extra = struct.unpack_from("<HH", head, 26)
        written = self.file.read(names)
        told = info.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace")
        if written != told or method != info.compress_type or flags & 0x41:
            odd("lies")
        self._data[info.filename] = info.header_offset + 30 + names + extra
        return self._data[info.filename]

    def _check_nested(self) -> None:
        for info in self.zip.infolist():
            name = info.filename.lower()
            if PurePosixPath(name).suffix in ENDINGS:
                odd("nested")
            plain = name.endswith(XML) or name.startswith(EMBEDDED) or info.is_dir()
            if not plain and next(self.blocks(name, 8), b"").startswith(PACKED):
                odd("nested")

    def blocks(self, name: str, size: int = BLOCK) -> Iterator[bytes]:
        """A part unpacked piece by piece. Odd when it is larger or other than it says, Broken when it breaks off."""
        info = self.names[name.lower()]
        left, told, checksum = info.compress_size, 0, 0
        place = self._data[info.filename]
        inflater = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
        rest = b""
        while True:
            if not rest and left:
                self.file.seek(place)
                rest = self.file.read(min(left, BLOCK >> 2, size if inflater is None else BLOCK))
                left, place = left - len(rest), place + len(rest)
                if not rest:
                    raise Broken
            try:
                block = rest if inflater is None else inflater.decompress(rest, size)
            except zlib.error as error:
                raise Broken from error
            rest = b"" if inflater is None else inflater.unconsumed_tail
            if not block and not rest and (not left or (inflater is not None and inflater.eof)):
                break
            told, checksum = told + len(block), zlib.crc32(block, checksum)
            self._count(len(block))
            if told > info.file_size:
                odd("lies")
            yield block
        if told != info.file_size or left or (inflater is not None and not inflater.eof):
            odd("lies")
        if checksum != info.CRC:
            raise Broken

    def _count(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > limits.MOST_UNPACKED:
            raise UnpacksTooLarge(None, limit=limits.MOST_UNPACKED // limits.MEGABYTE)

    def markup(self, name: str) -> Iterator[bytes]:
        """The same of an XML part. HasEntities for a document type, Odd for another encoding than UTF-8."""
        before = b""
        for number, block in enumerate(self.blocks(name)):
            if not number:
                _check_encoding(block[:200])
            if b"<!" in block or before.endswith(b"<"):
                seen = before + block
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise HasEntities
            before = block[-10:]
            yield block

    def small(self, name: str) -> bytes:
        """A part that is read as a whole; TooManyParts when it is larger than such parts are."""
        if self.names[name.lower()].file_size > limits.MOST_SMALL:
            raise TooManyParts
        whole = b"".join(self.markup(name))
        if whole.count(b"<") > limits.MOST_TAGS:
            raise TooManyParts
        return whole


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name


def _check_encoding(head: bytes) -> None:
    if b"\0" in head or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        odd("encoding")
    declared = head.partition(b"?>")[0].lower() if head.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml") else b""
    if b"encoding" in declared and not any(name in declared for name in (b"utf-8", b"utf8", b"us-ascii")):
        odd("encoding")
