"""Certificate numbers as ledgers have them, by the rule of the type: brought into the normal form, put right where the
rule proves it, else named for what is wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import NamedTuple

from registry.certificates.numbers import check_number
from registry.intake.book import Value
from registry.intake.judging import cells
from registry.intake.judging.defects import Defect
from registry.intake.judging.identities import Identity, looks_right, read_typed, settled, valid
from registry.people.identity import mask_id
from registry.writing import lost_digits

BUILT_ON_ID = {"TZ-EM": "T", "ID": ""}
"""Rules whose number is an identity number, with what stands before it."""
_BRACKETS = re.compile(r"[()（）\[\]【】〔〕]")
_CLEAN = re.compile(r"[0-9A-Z\u4e00-\u9fff（）〔〕()-]+")
_SWAPS = {"O": "0", "0": "O", "Q": "0", "I": "1", "L": "1", "1": "I", "Z": "2", "2": "Z", "S": "5", "5": "S", "B": "8",
          "8": "B", "G": "6"}
_LEADING_T = re.compile(r"^[TＴtｔ丅┬╤Т][\s:：.\-]*")


class Numbered(NamedTuple):
    """A number read: `value` in normal form where it holds, else as written; `holds`; for one built on an identity
    number that number as `identity`."""

    value: str = ""
    holds: bool = False
    defects: tuple[Defect, ...] = ()
    identity: Identity | None = None
    parts: dict[str, str] = {}


def read_number(
    rule: str, value: Value, today: dt.date, holder: Identity | None = None, rounded: bool = False
) -> Numbered:
    """The number of a certificate by its type's rule; `holder` is the identity number of the row, where it has one."""
    text = cells.shown(value)
    if not text or cells.nothing(cells.plain(text)):
        return Numbered()
    if rounded or (isinstance(value, float) and abs(value) >= 1e15):
        return Numbered(text, False, (Defect("float", "stop", "float"),))
    if rule in BUILT_ON_ID:
        return _on_identity(BUILT_ON_ID[rule], text, today, holder)
    return _by_rule(rule, text, today)


def _on_identity(head: str, text: str, today: dt.date, holder: Identity | None) -> Numbered:
    """T and an identity number, or one alone (facts 2.6). Where the row's own holds, that decides."""
    if head and text[0] == head and len(text) == 19 and valid(text[1:], today):
        identity = Identity(text[1:], text[1:])
        return _agreed(head, text, (), identity, holder)
    seen = cells.number(text)
    typed = seen.value.replace("-", "")
    bare = _LEADING_T.sub("", typed) if head else typed
    missing = bool(head) and bare == typed
    if lost_digits(bare):
        return Numbered(text.strip(), False, (Defect("float", "stop", "float"),))
    if len(bare) < 8 or not bare.isalnum() and not looks_right(bare).isalnum():
        return Numbered(text.strip(), False, (Defect("wrong_number", "stop", _asked(head)),))
    identity = read_typed(seen, bare, today)
    extra: tuple[Defect, ...] = ()
    known = holder.value if holder else ""
    if identity.failed and known and identity.failed != "old_id":
        identity, _ = settled(identity, known, "row")
    if missing and (identity.value or identity.failed not in ("float", "old_id", "wrong_number")):
        extra = (Defect("missing_t", "tidied", "missing_t", head + (identity.value or bare)),)
    return _agreed(head, text, extra, identity, holder)


def _agreed(
    head: str, text: str, extra: tuple[Defect, ...], identity: Identity, holder: Identity | None
) -> Numbered:
    """The number beside the row's identity number: two that hold and differ are a mismatch."""
    defects = tuple(each._replace(proposed=head + each.proposed) if each.proposed else each
                    for each in identity.defects) + extra
    value = head + identity.value if identity.value else text.strip()
    if identity.value and holder is not None and holder.value and holder.value != identity.value:
        defects += (Defect("id_mismatch", "stop", "id_mismatch"),)
        return Numbered(value, False, defects, identity)
    return Numbered(value, bool(identity.value), defects, identity)


def _asked(head: str) -> str:
    return "特种作业操作证号应为 T 加18位身份证号，请核对原件" if head else "号码应为18位身份证号，请核对原件"


def _by_rule(rule: str, text: str, today: dt.date) -> Numbered:
    if _CLEAN.fullmatch(text):
        verdict = check_number(rule, text, on=today)
        if verdict.ok and verdict.value == text:
            return Numbered(text, True, (), None, dict(verdict.parts))
    seen = cells.number(text)
    if lost_digits(seen.value):
        return Numbered(text.strip(), False, (Defect("float", "stop", "float"),))
    verdict = check_number(rule, text if text == seen.value else seen.value, on=today)
    value = verdict.value
    defects = [Defect(kind, "tidied", kind, value) for kind, is_there in (
        ("full_width", seen.wide), ("spaces", seen.blanks)) if is_there]
    if verdict.ok:
        return Numbered(value, True, (*defects, *_bracketed(text, value)), None, dict(verdict.parts))
    for other in _looks(value):
        again = check_number(rule, other, on=today)
        if again.ok:
            defects.append(Defect("look_alike", "tidied", "look_alike_shape", again.value, sure=0.95))
            return Numbered(again.value, True, (*defects, *_bracketed(text, value)), None, dict(again.parts))
    if verdict.problem is not None:
        params = {name: mask_id(said) if isinstance(said, str) else said
                  for name, said in verdict.problem.params.items()}
        defects.append(Defect("wrong_number", "stop", verdict.problem.text, params=params))
    return Numbered(text.strip()[:100], False, tuple(defects))


def _bracketed(text: str, value: str) -> list[Defect]:
    """Brackets that are not written as usual, in a number that holds."""
    if value.isalnum() or _BRACKETS.findall(text) == _BRACKETS.findall(value):
        return []
    return [Defect("brackets", "tidied", "brackets", value, {"number": mask_id(value)})]


def _looks(value: str) -> Iterator[str]:
    """The ways to read characters that look like others: first all letters as digits, then some; at most 33."""
    letters = [at for at, each in enumerate(value) if each in _SWAPS and not each.isdigit()]
    spots = letters[:5] + [at for at, each in enumerate(value[:6]) if each in "01258"][:3]
    yield _changed(value, letters)
    for ways in islice(product((True, False), repeat=len(spots)), 32):
        yield _changed(value, [at for at, way in zip(spots, ways, strict=True) if way])


def _changed(value: str, places: list[int]) -> str:
    return "".join(_SWAPS[each] if at in places else each for at, each in enumerate(value))
