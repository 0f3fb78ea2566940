"""The tables whose rows are imprinted in the log (ledger/deeds.py), and what of a row is not.

What the engine works with from step to step (instances, tasks, timers) is not here: that is what the process is about
to do. What was said, decided, issued, lent and allowed is.
"""

from __future__ import annotations

_ALL: frozenset[str] = frozenset()
_PLACED = frozenset({"unit_path"})  # follows from the unit, for searching

TABLES: dict[str, frozenset[str]] = {
    "certificate": _PLACED | {"search", "revision"},
    "certificate_version": _ALL,
    "certificate_scan": _ALL,
    "certificate_copy": _PLACED,
    "speciality": _ALL,
    "original": _PLACED,
    "loan": _PLACED,
    "type_edition": frozenset({"applied_to", "applied_at", "moved"}),
    "rule_edition": _ALL,
    "definition": _ALL,
    "definition_file": _ALL,
    "resource": _ALL,
    "process_release": frozenset({"noted_at"}),
    "unit": frozenset({"path"}),
    "person": _PLACED | {"pinyin", "initials"},
    "employment": _ALL,
    "assignment": _ALL,
    "account": _ALL,
    "role_grant": _ALL,
    "request": _PLACED | {"search", "revision"},
    "request_content": _ALL,
    "request_file": _ALL,
    "authority_answer": _ALL,
    "correction": _ALL,
    "comment": _ALL,
    "task_answer": _ALL,
    "task_signature": _ALL,
    "file": _ALL,
}
"""Table -> the columns left out: what is computed from others, or counts."""
