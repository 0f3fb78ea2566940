"""Passwords known to strangers: a short list of our own, and a long one if the site keeps it.

The long list is a file of SHA-1 hashes in ascending order, one a line, as "Have I Been Pwned" hands it out
(HASH:COUNT). It stays on this machine: nothing of a password is ever sent anywhere (ASVS 6.2.12).
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

VARIABLE = "LICET_BREACHED"
"""Names the file of the long list."""


@cache
def common() -> frozenset[str]:
    """The short list (ASVS 6.2.4 asks for 3,000 that fit the rules): 8 characters and more, in small letters."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())


def is_common(password: str) -> bool:
    """Whether it is on the short list, whatever the case of its letters and whatever few digits follow it."""
    plain = password.casefold()
    return plain in common() or plain.rstrip("0123456789!.") in common()


def is_breached(password: str) -> bool:
    """Whether it is on the long list; False where the site keeps none."""
    name = os.environ.get(VARIABLE, "")
    return bool(name) and listed(Path(name), hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest())


def listed(file: Path, digest: str) -> bool:
    """Whether a sorted file of hashes holds this one: some thirty reads, however long it is."""
    sought = digest.upper().encode()
    with file.open("rb") as lines:
        low, high = 0, file.stat().st_size
        while low < high:
            middle = (low + high) // 2
            lines.seek(middle)
            if middle:
                lines.seek(middle - 1)
                lines.readline()
            line = lines.readline()
            found = line[:40].upper()
            if found == sought:
                return True
            if line and found < sought:
                low = lines.tell()
            else:
                high = middle
    return False
