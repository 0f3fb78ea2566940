"""The tree of RFC 6962 against the vectors of others, and against itself computed the slow way."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import (
    BYTES,
    Growing,
    Log,
    ProofFails,
    Tree,
    check_consistency,
    check_inclusion,
    check_subtree_consistency,
    check_subtree_inclusion,
)

VECTORS = Path(__file__).parents[2].parent / "shared/material/identifiers/merkle-rfc6962/testdata"
TREE = Tree()
# RFC 6962 names no vectors; these eight leaves and their roots are those of the first logs (certificate-transparency).
LEAVES = [bytes.fromhex(each) for each in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def vectors() -> list[Path]:
    return sorted(VECTORS.rglob("*.json"))


def agrees(kind: str, told: dict[str, Any]) -> bool:
    def read(name: str) -> bytes:
        return base64.b64decode(told[name])

    proof = [base64.b64decode(each) for each in told["proof"] or ()]
    try:
        if kind == "inclusion":
            check_inclusion(TREE, told["leafIdx"], told["treeSize"], read("leafHash"), proof, read("root"))
        elif kind == "subtreeinclusion":
            check_subtree_inclusion(
                TREE, told["leafIdx"], told["start"], told["end"], read("leafHash"), proof, read("root"))
        elif kind == "consistency":
            check_consistency(TREE, told["size1"], told["size2"], read("root1"), proof, read("root2"))
        else:
            check_subtree_consistency(
                TREE, told["start"], told["end"], told["size"], read("root1"), proof, read("root2"))
    except ProofFails:
        return False
    return True


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors of transparency-dev/merkle lie beside the checkout")
def test_every_proof_of_others_gets_their_verdict() -> None:
    wrong = []
    for file in vectors():
        kind, told = file.relative_to(VECTORS).parts[0], json.loads(file.read_text())
        if agrees(kind, told) == told["wantErr"]:
            wrong.append(str(file.relative_to(VECTORS)))
    assert wrong == []
    assert len(vectors()) == 262


def test_the_roots_are_those_of_the_first_logs() -> None:
    hashes = [TREE.leaf(each) for each in LEAVES]
    assert [TREE.root(hashes[:count]).hex() for count in range(1, 9)] == list(ROOTS)
    assert TREE.root([]) == hashlib.sha256(b"").digest()


def test_sm3_hashes_another_tree() -> None:
    tree = Tree("sm3")
    assert tree.leaf(b"") == hashlib.new("sm3", b"\0").digest() != TREE.leaf(b"")


def grown(count: int, at_once: int = 100) -> tuple[list[bytes], Log]:
    """A log of `count` leaves, stored in steps, and their hashes."""
    hashes = [TREE.leaf(str(number).encode()) for number in range(count)]
    stored: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        return stored.get((level, index), b"")

    for begin in range(0, count, at_once):
        growing = Growing(TREE, begin, read)
        for each in hashes[begin:begin + at_once]:
            growing.add(each)
        stored.update(growing.tiles())
        assert growing.root() == TREE.root(hashes[:growing.size])
    return hashes, Log(TREE, count, read)


HASHES, LOG = grown(66_100, 9_973)


@given(st.integers(1, len(HASHES)), st.data())
def test_what_the_tiles_prove_is_checked(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = LOG.root(size)
    check_inclusion(TREE, index, size, HASHES[index], LOG.inclusion(index, size), root)
    check_consistency(TREE, old, size, LOG.root(old), LOG.consistency(old, size), root)
    with pytest.raises(ProofFails):
        check_inclusion(TREE, index, size, TREE.leaf(b"another"), LOG.inclusion(index, size), root)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, 66_100])
def test_the_root_from_tiles_is_the_root_from_leaves(size: int) -> None:
    assert LOG.root(size) == TREE.root(HASHES[:size])


def test_a_tile_that_was_cut_proves_nothing() -> None:
    _, log = grown(300)
    cut = Log(TREE, 300, lambda level, index: log._tiles(level, index)[:-BYTES])
    with pytest.raises(ProofFails):
        cut.root()
