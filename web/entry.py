"""One plain form a page: what it asks is said once, and both drawn and read from that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from ledger.errors import BadAnswer, Conflict, Problem
from web import once
from web.errors import field_problems, sentence
from web.guard import actor
from web.sent_form import SentForm, took
from web.session import db

Kind = Literal["text", "secret", "day", "amount", "whole", "choice", "tick", "note", "file", "hidden"]
EARLIEST, LATEST = dt.date(1950, 1, 1), dt.date(2099, 12, 31)
MOST_AMOUNT = Decimal("99999999999")


@dataclass(frozen=True)
class Ask:
    """One field. `options` are (value, words) of a choice; an empty choice and an empty field read as None (text: "").

    `value` is what stands there at first; amounts have two decimals at most. What is hidden always is what it is now;
    a secret is never shown, not even again after a refusal.
    """

    name: str
    label: Any
    kind: Kind = "text"
    required: bool = False
    hint: Any = ""
    options: Sequence[tuple[str, str]] = ()
    most: int = 80
    value: Any = None
    accept: str = ""


@dataclass
class Entry:
    """A form: its title, what it asks, where it goes, and where one came from (`trail`: address and words).

    `above` is a template shown over the fields, with `given`; `question` is asked before it is sent. `closed` says why
    there is nothing to fill in.
    """

    title: str
    button: str
    address: str
    trail: Sequence[tuple[str, str]]
    asks: Sequence[Ask]
    lead: str = ""
    question: str = ""
    above: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    closed: str = ""


def drawn(entry: Entry, problems: dict[str, list[str]] | None = None, refusal: str = "") -> str:
    """The page; after a refusal with what was typed and what is wrong with it."""
    found = problems or {}
    known = {ask.name for ask in entry.asks}
    return render_template(
        "entry.html", entry=entry, problems=found, typed=request.form if request.method == "POST" else None,
        others=[words for name, told in found.items() if name not in known for words in told], refusal=refusal,
        once=once.given() or once.fresh(),
    )


def read(asks: Sequence[Ask]) -> dict[str, Any]:
    """The answers, each of its kind; BadAnswer with what is wrong at each field."""
    answers: dict[str, Any] = {}
    problems: dict[str, list[Problem]] = {}
    for ask in asks:
        try:
            answers[ask.name] = _answer(ask)
        except BadAnswer as wrong:
            problems |= wrong.problems
    if problems:
        raise BadAnswer(problems)
    return answers


def answered(entry: Entry, act: Callable[[dict[str, Any]], str]) -> ResponseReturnValue:
    """Read the form, do the act once, and go where it says; or the page again with the reasons."""
    token = once.given()
    try:
        row = taken(token) if token else None
        if isinstance(row, str):
            return redirect(row, 303)
        address = act(read(entry.asks))
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return drawn(entry, problems), error.status
    except Conflict as error:
        words = sentence(error)
        db.session.rollback()
        return drawn(entry, refusal=words), error.status
    if row is not None:
        row.address = address
    return redirect(address, 303)


def taken(token: str) -> SentForm | str:
    """A form's once-name taken for this request, or where it led when it was sent before."""
    try:
        with db.session.begin_nested():
            row = took(db.session(), token, actor().id or 0)
    except IntegrityError:
        row = None
    if row is not None:
        return row
    done = db.session.get(SentForm, token, populate_existing=True)
    if done is None or done.person_id != actor().id:
        raise Conflict
    return done.address


def _answer(ask: Ask) -> Any:
    if ask.kind == "file":
        sent = request.files.get(ask.name)
        if sent is None or not sent.filename:
            return _empty(ask)
        return sent
    text = request.form.get(ask.name, "").strip()
    if ask.kind == "tick":
        return text == "yes"
    if not text:
        return _empty(ask)
    return {"text": _text, "secret": _text, "note": _text, "hidden": _text,
            "day": _day, "amount": _amount, "whole": _whole, "choice": _choice}[
        ask.kind](ask, text)


def _empty(ask: Ask) -> Any:
    if ask.required:
        raise _wrong(ask, Problem("请选择。") if ask.kind in ("choice", "day", "file") else Problem("请填写。"))
    return "" if ask.kind in ("text", "secret", "note", "hidden") else None


def _text(ask: Ask, text: str) -> str:
    kept = "".join(each for each in text if each.isprintable() or (each == "\n" and ask.kind == "note"))
    if len(kept) > ask.most:
        raise _wrong(ask, Problem("最多 {most} 个字。", {"most": ask.most}))
    return kept


def _day(ask: Ask, text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise _wrong(ask, Problem("日期应写成 2026-11-22 的样子。")) from None
    if not EARLIEST <= day <= LATEST:
        raise _wrong(ask, Problem("日期应在1950年至2099年之间。"))
    return day


def _amount(ask: Ask, text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise _wrong(ask, Problem("请填写数字。")) from None
    if not value.is_finite() or not 0 <= value <= MOST_AMOUNT or value != round(value, 2):
        raise _wrong(ask, Problem("请填写不小于0、最多两位小数的数字。"))
    return value


def _whole(ask: Ask, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise _wrong(ask, Problem("请填写整数。"))
    return int(text)


def _choice(ask: Ask, text: str) -> str:
    if text not in {value for value, _ in ask.options}:
        raise _wrong(ask, Problem("请从列表中选择。"))
    return text


def _wrong(ask: Ask, problem: Problem) -> BadAnswer:
    return BadAnswer({ask.name: [problem]})
