#!/usr/bin/env python3
"""Check what Licet says, without Licet: Python 3.11 and `cryptography` (pip install cryptography), nothing else.

    python licet_verify.py case.zip --key licet.example.org/log/1f2e+4c5d6e7f+AZ...
    python licet_verify.py licet.sqlite --key ... --checkpoint 000000001234.checkpoint [--certificate 7]
    pg_dump --format=plain licet > dump.sql; python licet_verify.py dump.sql --key ... --checkpoint ...

The checkpoint and the key must be yours from before, not from whom you check. Each finding names a row, the first one
in the order of the log comes first, and the exit status is 1. The format: docs/decisions/0026-evidence.md
"""

import argparse
import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Row = dict[str, Any]
NOTE = re.compile(r"(([^\s+]+)\n(\d+)\n([A-Za-z0-9+/]+=*)\n(?:[^\n]+\n)*)\n((?:— .+\n)+)")
COPY = re.compile(r'COPY (?:public\.)?"?(\w+)"? \((.+)\) FROM stdin;')
ESCAPES = dict(zip("bfnrtv", "\b\f\n\r\t\v", strict=True))

def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

def instant(value: str) -> str:
    moment = dt.datetime.fromisoformat(value)
    return (moment.astimezone(dt.UTC) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

READ: dict[str, Any] = {
    "int": int, "float": float, "json": json.loads, "instant": instant, "bool": lambda cell: cell in (1, "t"),
    "bytes": lambda cell: cell[2:] if isinstance(cell, str) else bytes(cell).hex()}
def plain(kind: str, cell: Any) -> Any:
    """A cell of SQLite, of pg_dump or of a case file, as it was hashed."""
    return None if cell is None else READ.get(kind, str)(cell)

def commitment(salts: dict[str, str], label: str, value: Any) -> str:
    derived = hmac.digest(bytes.fromhex(salts[""]), label.encode(), "sha256") if "" in salts else None
    return hashlib.sha256((derived or bytes.fromhex(salts[label])) + canonical(value)).hexdigest()

class Keys:
    def __init__(self, told: Sequence[str]) -> None:
        self.keys: list[tuple[str, bytes, Ed25519PublicKey]] = []
        for name, number, key in (each.strip().split("+", 2) for each in told):
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
            self.keys.append((name, bytes.fromhex(number), public))
    def signed(self, message: bytes, signature: bytes) -> bool:
        for _, _, key in self.keys:
            with suppress(InvalidSignature):
                key.verify(signature, message)
                return True
        return False
    def checkpoint(self, note: str) -> tuple[str, int, bytes]:
        found = NOTE.fullmatch(note)
        for name, signature in re.findall(r"— (\S+) (\S+)\n", found[5]) if found else ():
            content = base64.b64decode(signature)
            named = any((name, content[:4]) == key[:2] for key in self.keys)
            if found and named and self.signed(found[1].encode(), content[4:]):
                return found[2], int(found[3]), base64.b64decode(found[4])
        raise SystemExit("the checkpoint is not signed by the key that was given")

def sqlite(path: Path) -> dict[str, list[Row]]:
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    base.row_factory = sqlite3.Row
    names = base.execute("select name from sqlite_master where type = 'table'").fetchall()
    return {name: [dict(row) for row in base.execute(f'select * from "{name}"')] for (name,) in names}

def pg_dump(path: Path) -> dict[str, list[Row]]:
    def cell(text: str) -> str | None:
        return None if text == r"\N" else re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text)
    tables, lines = {}, iter(path.open(encoding="utf-8", newline="\n"))
    for found in filter(None, map(COPY.match, lines)):
        names = [name.strip(' "') for name in found[2].split(",")]
        rows = [row[:-1].split("\t") for row in iter(lines.__next__, "\\.\n")]
        tables[found[1]] = [dict(zip(names, map(cell, row), strict=True)) for row in rows]
    return tables

class Book:
    """The rows that were given: a database, or the part of one that a case file holds."""
    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.tables, head = tables, tables["log_head"][0]
        self.origin, self.algorithm = head["origin"], head["algorithm"]
        self.leaves = sorted(tables["log_leaf"], key=lambda leaf: int(leaf["seq"]))
        self.shapes = {row["name"]: [row["of"], json.loads(row["keys"]), json.loads(row["columns"])]
                       for row in tables["log_shape"]}
        told = ("facts", "rows", "salts", "erased")
        self.deeds: dict[int, Row] = {int(row["id"]): {**row, "at": instant(row["at"]), **{
            name: json.loads(row[name] or "null") or {} for name in told}} for row in tables["deed"]}
        for deed in self.deeds.values():
            deed["marks"] = {"/".join(mark[:2]): mark for mark in deed["rows"]}
        for leaf in self.leaves:
            held = (leaf["row"] or f"fact/{leaf['fact_id']}").replace("/", " ", 1)
            leaf["what"] = held if int(leaf["deed_id"]) in self.deeds else f"deed {leaf['deed_id']}"
        self.facts, self.about = {int(row["id"]): row for row in tables["fact"]}, dict[int, list[Any]]()
        for row in tables["fact_about"]:
            self.about.setdefault(int(row["fact_id"]), []).append([row["kind"], int(row["subject_id"])])
    def hash(self, *parts: bytes) -> bytes:
        return hashlib.new(self.algorithm, b"".join(parts)).digest()
    def root(self, hashes: Sequence[bytes]) -> bytes:
        """RFC 6962, 2.1"""
        if len(hashes) < 2:
            return hashes[0] if hashes else self.hash(b"")
        middle = 1 << (len(hashes) - 1).bit_length() - 1
        return self.hash(b"\1", self.root(hashes[:middle]), self.root(hashes[middle:]))
    def top(self, index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
        """The root that a proof of inclusion (RFC 6962, 2.1.1) leads to. IndexError if it is too short."""
        if size < 2:
            return leaf if not proof and size > index else b""
        middle = 1 << (size - 1).bit_length() - 1
        if index < middle:
            return self.hash(b"\1", self.top(index, middle, leaf, proof[:-1]), proof[-1])
        return self.hash(b"\1", proof[-1], self.top(index - middle, size - middle, leaf, proof[:-1]))
    def digest(self, leaf: Row) -> bytes:
        """The hash of an entry, from the rows as they are now. KeyError names a row that is gone."""
        deed = self.deeds[int(leaf["deed_id"])]
        if leaf["fact_id"] is None:
            told = {"v": 1, "deed": int(leaf["deed_id"]), "at": deed["at"], "row": deed["marks"][leaf["row"]]}
            return self.hash(b"\0", canonical(told))
        fact = self.facts[number := int(leaf["fact_id"])]
        told = {"v": 1, "fact": number, "at": instant(fact["at"]), "about": sorted(self.about.get(number, [])),
                "subject": [fact["subject_kind"], int(fact["subject_id"])], "kind": fact["kind"], "key": fact["key"]}
        told |= {"actor": plain("int", fact["actor_id"]), "group": plain("int", fact["group_id"])}
        for column, kind in (("actor_name", "text"), ("before", "json"), ("after", "json")):
            label, value = f"fact/{number}/{column}", plain(kind, fact[column])
            told[column] = deed["erased"].get(label) if label in deed["erased"] or value is None else commitment(
                deed["salts"], label, value)
        return self.hash(b"\0", canonical(told))
    def imprinted(self, row: Row, mark: list[str], salts: dict[str, str]) -> bool:
        """Whether a row is what its imprint was made of."""
        shape = self.shapes.get(mark[2], ["", [], []])
        told = {"table": mark[0], "key": mark[1], "shape": hashlib.sha256(canonical(shape)).hexdigest()[:16],
                "row": {column: plain(kind, row[column]) for column, kind in shape[2]}}
        return mark[3] == commitment(salts, f"row/{mark[0]}/{mark[1]}", told)

def entries(book: Book, keys: Keys, head: tuple[str, int, bytes], proofs: dict[str, list[str]] | None) -> Iterator[str]:
    """What is wrong with the log: its order, its completeness, its content; first things first."""
    size, digests, leaves = head[1], list[bytes](), book.leaves
    yield from (f"log_head: this is another log, {book.origin}, not {origin}" for origin in {head[0]} - {book.origin})
    for leaf in leaves:
        digests.append(b"")
        with suppress(LookupError, TypeError, ValueError):  # a row is gone, or holds what cannot be read
            digests[-1] = book.digest(leaf)
    def sealed(place: int, by: int, digest: bytes) -> bool:
        message = b"licet leaf v1\n" + place.to_bytes(8, "big") + digest
        return by < len(leaves) and keys.signed(message, bytes.fromhex(plain("bytes", leaves[by]["seal"])))
    if proofs is not None:
        for leaf, digest in zip(leaves, digests, strict=True):
            proof = [base64.b64decode(each) for each in proofs[str(leaf["seq"])][:64]]
            if book.top(int(leaf["seq"]), size, digest, proof) != head[2]:
                yield f"{leaf['what']}: altered or inserted (entry {leaf['seq']})"
        return
    dense = all(int(leaf["seq"]) == place for place, leaf in enumerate(leaves))
    attested = size if dense and book.root(digests[:size]) == head[2] else 0
    bad = [place for place in range(attested, len(leaves))
           if int(leaves[place]["seq"]) != place or not sealed(place, place, digests[place])]
    homes = {place: next((at for at in {place + 1, *bad[:40]} - {place}
                          if sealed(at, place, digests[place]) or sealed(at, at, digests[place])), None)
             for place in bad[:40]}
    for place in bad[:40]:
        what = leaves[place]["what"]
        if not digests[place]:
            yield f"{what}: missing or broken (entry {place})"
        elif homes.get(place) is None:
            yield f"{what}: altered or inserted (entry {place})"
        elif place in homes.values():
            yield f"{what}: reordered (entry {place}, sealed as entry {homes[place]})"
        else:
            yield f"entry {place}: missing; {what}, which stands there, was entry {homes[place]}"
            break
    yield from [f"and {len(bad) - 40} entries more"] if len(bad) > 40 else []
    if len(leaves) < size:
        yield f"entry {len(leaves)}: missing, and {size - len(leaves) - 1} more; the checkpoint counts {size}"
    elif not bad and not attested and size:
        yield f"log: the first {size} entries are not those of the checkpoint, though their seals are good"

def rows(book: Book, only: list[list[str]] | None) -> Iterator[str]:
    """What is wrong with facts and rows beside the log; of a case file, with those it is about."""
    last: dict[tuple[str, ...], tuple[list[str], Row]] = {}
    for leaf in book.leaves:
        if (deed := book.deeds.get(int(leaf["deed_id"]))) and (mark := deed["marks"].get(leaf["row"])):
            last[mark[0], mark[1]] = mark, deed
    loose = [deed for deed in book.deeds.values() if deed["first"] is None]
    waiting, seen = {(mark[0], mark[1]) for deed in loose for mark in deed["rows"]}, set()
    known = {int(leaf["fact_id"] or 0) for leaf in book.leaves}.union(*(deed["facts"] for deed in loose))
    yield from (f"fact {number}: inserted" for number in book.facts if number not in known)
    yield from (f"deed {number}: inserted" for number, deed in book.deeds.items() if deed["refused"])
    for table, names in {shape[0]: shape[1] for shape in book.shapes.values()}.items():
        for row in book.tables.get(table, []):
            at = table, "/".join(str(row[name]) for name in names)
            seen.add(at)
            mark, deed = last.get(at, (["", "", "", ""], {"erased": {}}))
            excused = at in waiting or "/".join(("row", *at)) in deed["erased"]
            if not excused and not (mark[3] and book.imprinted(row, mark, deed["salts"])):
                yield f"{table} {at[1]}: {'altered' if mark[3] else 'inserted'}"
    wanted = [at for at, (mark, _) in last.items() if mark[3]] if only is None else map(tuple, only)
    yield from (f"{table} {key}: missing" for table, key in wanted if (table, key) not in seen | waiting)
    print(f"{len(book.leaves)} entries, {len(seen)} rows beside them; not sealed yet, so not checked:", sorted(waiting))

def story(book: Book, number: int) -> Iterator[str]:
    """A certificate's story; what is wrong with its versions."""
    for fact in (book.facts.get(int(leaf["fact_id"] or 0)) for leaf in book.leaves):
        if fact and ["certificate", number] in book.about.get(int(fact["id"]), []):
            print(instant(fact["at"]), fact["kind"], fact["actor_name"], fact["before"] or "", fact["after"] or "")
    said = [int(row["version_no"]) for row in book.tables["certificate"] if int(row["id"]) == number]
    numbers = sorted(int(row["no"]) for row in book.tables["certificate_version"]
                     if int(row["certificate_id"]) == number)
    if [numbers] != [list(range(1, last + 1)) for last in said]:
        yield f"certificate {number}: it has the versions {numbers}, and should have {said}"

def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("file", type=Path)
    asked.add_argument("--key", action="append", required=True, help="the log's public key; several after a change")
    asked.add_argument("--checkpoint", type=Path, help="a signed head that you kept")
    asked.add_argument("--certificate", type=int, help="print its story")
    given = asked.parse_args()
    keys, found, case = Keys(given.key), list[str](), dict[str, Any]()
    head = keys.checkpoint(given.checkpoint.read_text("utf-8")) if given.checkpoint else None
    if zipfile.is_zipfile(given.file):
        with zipfile.ZipFile(given.file) as folder:
            case, kept = json.loads(folder.read("case.json")), head
            sums = {row["sha256"] for row in case["tables"]["file"]}
            found += [f"{name}: altered or inserted" for name in folder.namelist() if name.startswith("documents/")
                      and hashlib.sha256(folder.read(name)).hexdigest() not in sums]
            head = keys.checkpoint(folder.read("checkpoint").decode())
        found += ["checkpoint: it is not yours"] if kept and kept[:2] == head[:2] and kept != head else []
    read = sqlite if given.file.open("rb").read(6) == b"SQLite" else pg_dump
    book = Book(case["tables"] if case else read(given.file))
    found = [*entries(book, keys, head or (book.origin, 0, b""), case.get("proofs")), *found,
             *rows(book, case.get("rows"))]
    if number := case.get("certificate", given.certificate):
        found += story(book, number)
    print(*found or ["nothing is wrong" + ("" if head else ", as far as it shows without a checkpoint")], sep="\n")
    raise SystemExit(bool(found))

if __name__ == "__main__":
    main()
