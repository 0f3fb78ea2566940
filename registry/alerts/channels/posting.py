"""What the channels over HTTP have in common: a request, what came of it, and several parts one after the other."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from ledger import clock
from registry.alerts.channels.facts import failure, reason, refusal
from registry.alerts.channels.fields import Findings
from registry.alerts.channels.message import Receipt
from registry.alerts.channels.outcomes import NotSent, Refused, TooFast, Unreachable
from registry.alerts.channels.outgoing import Answer, Barred, Lost, Outgoing

JSON = {"Content-Type": "application/json; charset=utf-8"}
LOST = {"timeout": "timeout", "tls": "tls", "size": "garbage"}
"""How a request failed -> the sentence for it, if it is not the one for a network that failed."""
LATER = {408, 425}
MINUTE, DAY = 60, 86_400
_USER = re.compile(r"(?!all$)[A-Za-z0-9][A-Za-z0-9@._-]{0,63}", re.IGNORECASE)


def posted(channel: str, http: Outgoing, url: str, body: bytes, headers: Mapping[str, str] = JSON) -> Answer:
    """What a provider answered a POST, whatever it says in it; the three outcomes for what is plain already."""
    return _answered(channel, lambda: http.post(url, body, headers))


def fetched(channel: str, http: Outgoing, url: str) -> Answer:
    """The same for a GET."""
    return _answered(channel, lambda: http.get(url))


def _answered(channel: str, ask: Callable[[], Answer]) -> Answer:
    lost = ""
    try:
        answer = ask()
    except Barred:
        lost = "barred"
    except Lost as error:
        lost = error.kind
    if lost == "barred":
        raise refusal(channel, "address")
    if lost:
        raise Unreachable(channel, lost, reason(LOST.get(lost, "connect"), channel))
    _plain(channel, answer)
    return answer


def _plain(channel: str, answer: Answer) -> None:
    """What a status says by itself."""
    status = answer.status
    if status == 429:
        raise TooFast(channel, status, reason("rate", channel), after=retry_after(answer))
    if status >= 500 or status in LATER:
        raise Unreachable(channel, status, reason("busy", channel))
    if 300 <= status < 400:
        raise Refused(channel, status, reason("redirect", channel))


def retry_after(answer: Answer) -> int:
    """Seconds, as Retry-After says them or until the day it names; a minute if it says nothing, a day at most."""
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit() and len(said) < 8:
        return min(max(int(said), 1), DAY)
    try:
        until = parsedate_to_datetime(said)
        left = (until - clock.now()) // dt.timedelta(seconds=1)
    except (ValueError, TypeError):
        return MINUTE
    return min(max(left, 1), DAY)


def object_in(channel: str, answer: Answer) -> Mapping[str, Any]:
    """The JSON object that a provider answered. Anything else is no provider's answer: Refused with a 4xx, else
    Unreachable."""
    said = answer.mapping()
    if said is None:
        raise nonsense(channel, answer)
    return said


def judged(channel: str, answer: Answer, name: str, text: str) -> Mapping[str, Any]:
    """What the provider answered, if its code is 0; raises what the code means. `name` and `text` are the keys of code
    and sentence."""
    said = object_in(channel, answer)
    code = said.get(name)
    if isinstance(code, bool) or not isinstance(code, int | str):
        raise nonsense(channel, answer)
    if str(code) != "0":
        raise failure(channel, code, str(said.get(text, "")))
    return said


def nonsense(channel: str, answer: Answer) -> NotSent:
    """The outcome for an answer that the provider's own description does not know."""
    if answer.status >= 400:
        return Refused(channel, answer.status, reason("http", channel))
    return Unreachable(channel, "garbage", reason("garbage", channel))


def ready(channel: str, findings: Findings, addressed: bool = True) -> None:
    """Refused: settings that are not complete, or an address that is none."""
    if findings:
        raise refusal(channel, "settings")
    if not addressed:
        raise refusal(channel, "recipient")


def one_person(address: str) -> bool:
    """Whether this may be one person's id at a provider: never everybody, never several."""
    return bool(_USER.fullmatch(address))


def one_person_or_nobody(address: str) -> bool:
    """The same for a group, in which nobody need be called by name."""
    return not address or one_person(address)


def in_turn(channel: str, parts: Sequence[Any], after: int, post: Callable[[Any], str]) -> Receipt:
    """Post the parts that come after the first `after`, which left at an earlier try. Whatever stops it says how many
    are out now."""
    reference = ""
    for number in range(after, len(parts)):
        try:
            reference = post(parts[number])
        except NotSent as stopped:
            stopped.sent = number
            raise
    return Receipt(channel, reference, len(parts))


def encoded(value: object) -> bytes:
    """JSON in UTF-8, as short as it goes: providers count the bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
