"""How far somebody reaches who brings a ledger in: nothing is made or changed through it outside of that."""

from __future__ import annotations

from ledger.actor import Actor
from registry.access.rules import Thing, can
from registry.certificates.kinds import CertificateType

BRINGING = ("import.make",)
SETTLING = ("import.make", "steward.settle")


class Reach:
    """Asked once for each unit and type, however many rows name them."""

    def __init__(self, by: Actor, actions: tuple[str, ...] = BRINGING) -> None:
        self._by, self._actions = by, actions
        self._known: dict[tuple[str, str], bool] = {}

    def holds(self, path: str, kind: CertificateType | None = None) -> bool:
        """Whether something at a unit may be brought in: anything at all, or certificates of a type."""
        key = (path, kind.code if kind is not None else "")
        found = self._known.get(key)
        if found is None:
            thing = Thing(path, kind.family, kind.code) if kind is not None else Thing(path)
            found = self._known[key] = any(can(self._by, action, thing) for action in self._actions)
        return found
