"""What was built upon a batch, so that it cannot be undone: each with what it is and where it is to be found."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.facts import Subject


@dataclass(frozen=True)
class Upon:
    """`kind` names the sort (a key of KINDS), `subject` what to look at, `code` the certificate's or request's own."""

    kind: str
    subject: Subject
    label: str
    code: str = ""
