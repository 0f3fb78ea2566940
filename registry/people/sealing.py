"""Personal values at rest: AES-256-GCM for reading back, a keyed HMAC-SHA256 index for finding the exact value again.

The key is 32 bytes, given once at start: from the environment (LICET_PERSON_KEY, base64) or a file in the data folder.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger import deeds

VARIABLE = "LICET_PERSON_KEY"
FILE = "person.key"
NONCE = 12


class KeyNotSet(RuntimeError):
    """The key of personal data is not set: call sealing.load_key(folder) or set LICET_PERSON_KEY."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class _Keys:
    cipher: AESGCM
    index: bytes


_keys: _Keys | None = None


def set_key(key: bytes) -> None:
    """Use this key (32 bytes) from here on, in this process."""
    global _keys
    if len(key) != 32:
        raise ValueError("the key of personal data has 32 bytes")
    _keys = _Keys(AESGCM(_derive(key, b"licet person cipher")), _derive(key, b"licet person index"))
    deeds.set_key(_derive(key, b"licet deed"))  # the same secret, known to every process that writes


def load_key(folder: Path) -> None:
    """Take the key from the environment, else from `folder`/person.key, which is made (mode 0600) when missing."""
    set_key(kept_key(folder / FILE, VARIABLE))


def kept_key(path: Path, variable: str) -> bytes:
    """32 secret bytes from the environment, else from a file, which is made when missing."""
    if from_environment := os.environ.get(variable):
        return base64.b64decode(from_environment, validate=True)
    if not path.exists():
        _write_new(path)
    return base64.b64decode(path.read_bytes(), validate=True)


def _write_new(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(base64.b64encode(secrets.token_bytes(32)))
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)  # the first of two starting processes wins, whole
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key)


def _held() -> _Keys:
    if _keys is None:
        if VARIABLE not in os.environ:
            raise KeyNotSet
        set_key(base64.b64decode(os.environ[VARIABLE], validate=True))
    assert _keys is not None
    return _keys


def seal(text: str, purpose: str) -> bytes:
    """Encrypt; `purpose` ("person.phone") is bound in, so that a value cannot be moved to another column."""
    return seal_bytes(text.encode(), purpose)


def unseal(sealed: bytes, purpose: str) -> str:
    """Decrypt; cryptography.exceptions.InvalidTag when the key, the purpose or the content is another."""
    return unseal_bytes(sealed, purpose).decode()


def seal_bytes(content: bytes, purpose: str) -> bytes:
    """The same for what is no text."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _held().cipher.encrypt(nonce, content, purpose.encode())


def unseal_bytes(sealed: bytes, purpose: str) -> bytes:
    """What `seal_bytes` encrypted."""
    return _held().cipher.decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())


def index(text: str, purpose: str) -> str:
    """The searchable stand-in of a value: 64 hex digits, the same for the same value, useless without the key."""
    return hmac.new(_held().index, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
