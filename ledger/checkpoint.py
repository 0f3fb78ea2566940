"""The head of the log, signed: a C2SP tlog-checkpoint in a signed note (Ed25519).

    licet.example.org/log/1f2e3d4c          the log
    1234                                    so many leaves
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — licet.example.org/log/1f2e3d4c Az3grl...   name, 4 bytes that name the key, signature
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import Refused

ED25519 = b"\1"
LEAF = b"licet leaf v1\n"
_NOTE = re.compile(r"((?P<origin>[^\s+]+)\n(?P<size>0|[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]+=*)\n(?:[^\n]+\n)*)\n"
                   r"(?P<signed>(?:— .+\n)+)")


class NotSigned(Refused):
    """该检查点没有本系统密钥的有效签名。"""


@dataclass(frozen=True)
class Checkpoint:
    """So many leaves have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Key:
    """A public key and its name, as others are told it: name+id+key."""

    name: str
    public: bytes

    @classmethod
    def read(cls, told: str) -> Key:
        name, number, key = told.strip().split("+", 2)
        found = cls(name, base64.b64decode(key, validate=True)[1:])
        if found.number.hex() != number:
            raise ValueError("the key does not belong to its name")
        return found

    def __str__(self) -> str:
        return f"{self.name}+{self.number.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @property
    def number(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n".encode() + ED25519 + self.public).digest()[:4]

    def signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """The sealer's key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(name, self._private.public_key().public_bytes_raw())

    def note(self, checkpoint: Checkpoint) -> str:
        text = checkpoint.text()
        signature = base64.b64encode(self.key.number + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.key.name} {signature}\n"

    def leaf(self, seq: int, digest: bytes) -> bytes:
        """What says that this leaf stands at this place: a log that was hashed anew shows where it first differs."""
        return self._private.sign(leaf_message(seq, digest))


def leaf_message(seq: int, digest: bytes) -> bytes:
    return LEAF + seq.to_bytes(8, "big") + digest


def read(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises NotSigned if it is no note."""
    found = _NOTE.fullmatch(note)
    if found is None:
        raise NotSigned
    return Checkpoint(found["origin"], int(found["size"]), base64.b64decode(found["root"]))


def verified(note: str, *keys: Key) -> Checkpoint:
    """What a note says, if one of these keys signed it. Raises NotSigned."""
    found = _NOTE.fullmatch(note)
    for line in found["signed"].splitlines() if found else ():
        _, name, signature = line.split(" ", 2)
        content = base64.b64decode(signature)
        for key in keys:
            if (key.name, key.number) == (name, content[:4]) and key.signed(found[1].encode(), content[4:]):  # type: ignore[index]
                return read(note)
    raise NotSigned
