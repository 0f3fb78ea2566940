"""The Merkle tree of RFC 6962 (hash: SHA-256, or SM3), its proofs, and reading it from tiles of 256 hashes.

A leaf is hashed behind a byte 0, two nodes behind a byte 1. A tile (C2SP tlog-tiles) holds the roots of up to 256
complete subtrees of height 8 x its level: any node is at most 128 hashings away from one tile, and a proof for one leaf
of ten million reads about six of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from ledger.errors import Refused

WIDTH = 256  # hashes in a full tile
HEIGHT = 8  # levels of the tree from one level of tiles to the next
BYTES = 32  # of a hash, in both algorithms
Proof = list[bytes]
Tiles = Callable[[int, int], bytes]
"""The hashes of a tile, one behind the other, by its level and index."""


class ProofFails(Refused):
    """证明与根不符。"""


class Tree:
    """Hashing by one algorithm ("sha256" or "sm3")."""

    def __init__(self, algorithm: str = "sha256") -> None:
        self.algorithm = algorithm
        self._new = hashlib.sha256 if algorithm == "sha256" else lambda data: hashlib.new(algorithm, data)

    def leaf(self, content: bytes) -> bytes:
        return self._new(b"\0" + content).digest()

    def node(self, left: bytes, right: bytes) -> bytes:
        return self._new(b"\1" + left + right).digest()

    def empty(self) -> bytes:
        """The root of no leaf."""
        return self._new(b"").digest()

    def root(self, hashes: Sequence[bytes]) -> bytes:
        """The root over leaf hashes: whole subtrees from the left, joined from the right."""
        peaks: list[tuple[int, bytes]] = []
        for each in hashes:
            height, top = 0, each
            while peaks and peaks[-1][0] == height:
                top, height = self.node(peaks.pop()[1], top), height + 1
            peaks.append((height, top))
        if not peaks:
            return self.empty()
        top = peaks.pop()[1]
        while peaks:
            top = self.node(peaks.pop()[1], top)
        return top


class Log:
    """A tree of `size` leaves, read from its tiles; each tile is read once."""

    def __init__(self, tree: Tree, size: int, tiles: Tiles) -> None:
        self.tree, self.size = tree, size
        self._tiles, self._read = tiles, dict[tuple[int, int], bytes]()

    def root(self, size: int | None = None) -> bytes:
        """The root, now or when the log had so many leaves."""
        size = self.size if size is None else size
        return self._over(0, self._within(size)) if size else self.tree.empty()

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self._hash(0, index)

    def inclusion(self, index: int, size: int | None = None) -> Proof:
        """What proves that a leaf is in the tree of `size` leaves (RFC 6962, 2.1.1)."""
        size = self._within(self.size if size is None else size)
        if not 0 <= index < size:
            raise ValueError("no such leaf")
        return self._path(index, 0, size)

    def consistency(self, old: int, size: int | None = None) -> Proof:
        """What proves that the tree of `old` leaves is the beginning of that of `size` (RFC 6962, 2.1.2)."""
        size = self._within(self.size if size is None else size)
        if not 0 < old <= size:
            raise ValueError("no such tree")
        return self._part(old, 0, size, whole=True)

    def _within(self, size: int) -> int:
        if size > self.size:
            raise ValueError("the log is not that long")
        return size

    def _path(self, index: int, begin: int, end: int) -> Proof:
        if end - begin == 1:
            return []
        middle = begin + _split(end - begin)
        if index < middle:
            return [*self._path(index, begin, middle), self._over(middle, end)]
        return [*self._path(index, middle, end), self._over(begin, middle)]

    def _part(self, old: int, begin: int, end: int, *, whole: bool) -> Proof:
        if old == end:
            return [] if whole else [self._over(begin, end)]
        middle = begin + _split(end - begin)
        if old <= middle:
            return [*self._part(old, begin, middle, whole=whole), self._over(middle, end)]
        return [*self._part(old, middle, end, whole=False), self._over(begin, middle)]

    def _over(self, begin: int, end: int) -> bytes:
        """The root over leaves begin..end-1, where `begin` is a multiple of the largest power of two within."""
        count = end - begin
        if count & (count - 1) == 0:
            return self._hash(count.bit_length() - 1, begin // count)
        middle = begin + _split(count)
        return self.tree.node(self._over(begin, middle), self._over(middle, end))

    def _hash(self, height: int, index: int) -> bytes:
        """The root of a complete subtree of 2^height leaves."""
        level, rest = divmod(height, HEIGHT)
        first = index << rest
        tile = self._tile(level, first // WIDTH)
        place = first % WIDTH * BYTES
        hashes = [tile[at:at + BYTES] for at in range(place, place + (BYTES << rest), BYTES)]
        if not hashes or len(hashes[-1]) < BYTES:
            raise ProofFails
        while len(hashes) > 1:
            hashes = [self.tree.node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._read:
            self._read[level, index] = self._tiles(level, index)
        return self._read[level, index]


class Growing:
    """The right edge of a log's tiles, to which leaves are added. `tiles` gives what is stored."""

    def __init__(self, tree: Tree, size: int, tiles: Tiles) -> None:
        self.tree, self.size = tree, size
        self.changed: dict[tuple[int, int], bytes] = {}
        self._edge: dict[int, bytearray] = {}
        self._tiles = tiles

    def add(self, leaf: bytes) -> None:
        """One more leaf hash; whole tiles give a hash to the level above."""
        self._add(0, self.size, leaf)
        self.size += 1

    def _add(self, level: int, index: int, top: bytes) -> None:
        number, place = divmod(index, WIDTH)
        if level not in self._edge:
            self._edge[level] = bytearray(self._tiles(level, number)[:place * BYTES] if place else b"")
        edge = self._edge[level]
        edge += top
        if place < WIDTH - 1:
            return
        self.changed[level, number] = bytes(edge)
        self._edge[level] = bytearray()
        self._add(level + 1, number, self.tree.root([bytes(edge[at:at + BYTES]) for at in range(0, len(edge), BYTES)]))

    def tiles(self) -> dict[tuple[int, int], bytes]:
        """Every tile that is to be stored, the unfinished ones too."""
        count = self.size
        found = dict(self.changed)
        for level, edge in self._edge.items():
            count = self.size >> (HEIGHT * level)
            if edge:
                found[level, count // WIDTH] = bytes(edge)
        return found

    def root(self) -> bytes:
        """The root of the log as it now stands."""
        kept = self.tiles()
        return Log(self.tree, self.size, lambda *at: kept.get(at) or self._tiles(*at)).root()


def check_inclusion(tree: Tree, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2. Raises ProofFails."""
    check_subtree_inclusion(tree, index, 0, size, leaf, proof, root)


def check_consistency(tree: Tree, old: int, size: int, old_root: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.4.2. Raises ProofFails; nothing is consistent with no leaf at all, for that would prove nothing."""
    if old <= 0:
        raise ProofFails
    check_subtree_consistency(tree, 0, old, size, old_root, proof, root)


def check_subtree_consistency(
    tree: Tree, begin: int, end: int, size: int, part: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """That `part` is the root over leaves begin..end-1 of the tree of `size` (draft-ietf-plants-merkle-tree-certs).
    Raises ProofFails. No leaf at all is part of every tree."""
    if begin == end <= size and begin >= 0 and not proof and part == tree.empty() and (size or root == part):
        return
    if not _is_subtree(begin, end) or end > size or len(proof) > 2 * size.bit_length():
        raise ProofFails
    if _joined(tree, begin, end, size, part, list(proof), known=True) != (part, root):
        raise ProofFails


def _joined(
    tree: Tree, begin: int, end: int, size: int, part: bytes, proof: Proof, *, known: bool
) -> tuple[bytes, bytes]:
    """The roots of the part and of the whole that a proof leads to; its last hash is the topmost."""
    if (begin, end) == (0, size):
        if len(proof) != (not known):
            raise ProofFails
        top = part if known else proof[0]
        return top, top
    if not proof:
        raise ProofFails
    *rest, beside = proof
    middle = _split(size)
    if end <= middle:
        first, second = _joined(tree, begin, end, middle, part, rest, known=known)
        return first, tree.node(second, beside)
    inside = begin >= middle
    first, second = _joined(
        tree, max(begin - middle, 0), end - middle, size - middle, part, rest, known=known and inside)
    return first if inside else tree.node(beside, first), tree.node(beside, second)


def check_subtree_inclusion(
    tree: Tree, index: int, begin: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """The same inside the subtree over leaves begin..end-1 (MTC). Raises ProofFails."""
    if not _is_subtree(begin, end) or not begin <= index < end or len(leaf) != BYTES:
        raise ProofFails
    number, last, top = index - begin, end - begin - 1, leaf
    for each in proof:
        if last == 0:
            raise ProofFails
        if number & 1 or number == last:
            top = tree.node(each, top)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            top = tree.node(top, each)
        number, last = number >> 1, last >> 1
    if last or top != root:
        raise ProofFails


def _is_subtree(begin: int, end: int) -> bool:
    count = end - begin
    return 0 <= begin < end and begin % (1 << (count - 1).bit_length()) == 0


def _split(count: int) -> int:
    """The largest power of two below."""
    return 1 << ((count - 1).bit_length() - 1)
