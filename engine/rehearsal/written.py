"""A record as bytes, to be kept for years; and reduced before to what decides its way: nobody can be read in it.

One byte for the format, then MessagePack of the record's parts in order (packing.py keeps FEEL's types). Format 1 knew
no returns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from engine.catalog import Plan
from engine.packing import freeze, pack, unpack
from engine.rehearsal.playing import play
from engine.rehearsal.recording import Answered, Came, Passed, Record, Result
from engine.rehearsal.scripts import Exactly
from engine.rehearsal.sent_back import Back, Spot
from engine.rehearsal.voters import Voter
from ledger.workdays import Calendar

FORMAT = 2
RETURNS: tuple[list[Any], ...] = ([], [], [], [])
CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,39}|\d{1,6}|\d{4}-\d{2}-\d{2}([T ][0-9:.+Z\-]{4,20})?", re.ASCII)
LONGEST_NUMBER = 9_999_999


def dump(record: Record) -> bytes:
    """The bytes of a record."""
    body = [
        record.instance_id, record.process_id, record.definition_id, record.group_id, record.places, record.started_at,
        record.ended_at, record.state, record.outcome, record.begun_at, record.variables, record.payload,
        [[token, one.at, one.answers, one.silent, one.kept, one.returns] for token, one in record.answers.items()],
        [[token, one.element_id, one.kind, one.name, one.at, one.payload]
         for token, all_ in record.came.items() for one in all_],
        [[token, one.values, one.error] for token, all_ in record.results.items() for one in all_],
        [[token, at] for token, all_ in record.resumed.items() for at in all_],
        [[one.token, one.element_id, one.entered, one.left, one.how] for one in record.passed],
        [[token, *_went(one)] for token, all_ in record.back.items() for one in all_],
        [_went(one) for one in record.reopened], record.ends,
        [[token, one.at, one.leaves, one.item] for token, all_ in record.voters.items() for one in all_],
    ]
    return bytes([FORMAT]) + pack(freeze(body))


def _went(back: Back) -> list[Any]:
    return [back.kind, back.at, [[spot.token, spot.element_id, spot.nth] for spot in back.to]]


def _back(kind: str, at: dt.datetime, to: list[list[Any]]) -> Back:
    return Back(kind, _utc(at), tuple(Spot(*spot) for spot in to))


def load(data: bytes) -> Record:
    """The record back. Raises ValueError for a format of a newer release."""
    if not data or not 1 <= data[0] <= FORMAT:
        raise ValueError("a record of another release")
    body = unpack(memoryview(data)[1:])
    *plain, answers, came, results, resumed, passed, back, reopened, ends, voters = (
        [*body, *RETURNS] if data[0] == 1 else body)
    number, process, definition, group, places, started, ended, standing, outcome, begun_at, variables, payload = plain
    found = Record(number, process, definition, group, places, _utc(started), None, _utc(ended), standing, outcome,
                   begun_at, variables, payload)
    for token, at, given, silent, *more in answers:
        kept, back_by_answer = more or (None, False)
        first = None if kept is None else (_utc(kept[0]), kept[1])
        found.answers[token] = Answered(_utc(at), given, silent, first, back_by_answer)
    for token, element_id, kind, name, at, body in came:
        found.came.setdefault(token, []).append(Came(element_id, kind, name, _utc(at), body))
    for token, values, error in results:
        found.results.setdefault(token, []).append(Result(values, error))
    for token, at in resumed:
        found.resumed.setdefault(token, []).append(_utc(at))
    found.passed = [Passed(token, element_id, _utc(entered), None if left is None else _utc(left), how)
                    for token, element_id, entered, left, how in passed]
    for token, *one in back:
        found.back.setdefault(token, []).append(_back(*one))
    for token, at, leaves, item in voters:
        found.voters.setdefault(token, []).append(Voter(_utc(at), leaves, item))
    found.reopened, found.ends = [_back(*one) for one in reopened], [_utc(at) for at in ends]
    return found


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)


def reduced(record: Record, plan: Plan, calendar: Calendar) -> Record:
    """The same without what does not decide its way: answers but verdicts, texts that are no codes, long numbers.

    Each is taken away and the record played by its own drawing: what makes a difference stays as it was.
    """
    before = play(record, plan, calendar, Exactly)

    def same(other: Record) -> bool:
        now = play(other, plan, calendar, Exactly)
        return (now.passed, now.outcome, now.ended_at, now.state) == (
            before.passed, before.outcome, before.ended_at, before.state)

    left = replace(deepcopy(record), started_by=None)
    for values, keep in _parts(left):
        _reduce(values, keep, lambda: same(left))
    return left


def _parts(record: Record) -> Iterator[tuple[dict[str, Any], bool]]:
    """Everything given, and whether names stay there with their texts taken away (else the whole value goes)."""
    yield record.variables, True
    yield record.payload, True
    for answer in record.answers.values():
        yield answer.answers, False
    for all_ in record.results.values():
        yield from ((one.values, True) for one in all_)
    for came in record.came.values():
        yield from ((one.payload, True) for one in came)
    for voters in record.voters.values():
        yield from ((one.item, True) for one in voters if one.item is not None)


def _reduce(values: dict[str, Any], keep: bool, same: Callable[[], bool]) -> None:
    """Take away at once what may go; where that makes a difference, one after the other."""
    wanted = {name: bare(value) for name, value in values.items()} if keep else {
        name: values[name] for name in values if name == "verdict"}
    if wanted == values:
        return
    whole = dict(values)
    _become(values, wanted)
    if same():
        return
    _become(values, whole)
    for name in sorted(whole):
        if name in wanted and wanted[name] == whole[name]:
            continue
        _become(values, {key: value for key, value in {**values, name: wanted.get(name)}.items()
                         if key != name or name in wanted})
        if not same():
            values[name] = whole[name]


def _become(values: dict[str, Any], other: dict[str, Any]) -> None:
    values.clear()
    values.update(other)


def bare(value: Any) -> Any:
    """A value without texts that say something about somebody, and without numbers long enough to be one's own."""
    if isinstance(value, str):
        return value if CODE.fullmatch(value) else ""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and abs(value) > LONGEST_NUMBER:
        return 0
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    return [bare(item) for item in value] if isinstance(value, list) else value


__all__ = ["bare", "dump", "load", "reduced"]
