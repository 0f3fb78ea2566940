"""What somebody may do with a task besides handing it in; every module of a verb appends its own.

A verb either acts at once (its endpoint takes a POST) or leads to a page that asks for more first; `act` is then the
endpoint that takes what the page sends. Whoever loses a race is answered by web/desk/late.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ledger.actor import Actor
from workflows.handling.desk import Desk


@dataclass(frozen=True)
class Verb:
    """One entry beside a task. `endpoint` gets `task_id`; `order` sorts; `key` names it in tests and in the page.

    `label` is a lazy text. `act`: the endpoint of the POST, where `endpoint` is a page (GET). `first`: a button of its
    own instead of an entry of the menu. `shortcut` is a key of the keyboard. `keeps` is the field of the POST whose
    text is shown again to whoever was too late.
    """

    key: str
    label: str
    icon: str
    endpoint: str
    may: Callable[[Session, Actor, Desk], bool]
    order: int
    act: str = ""
    first: bool = False
    shortcut: str = ""
    keeps: str = ""


VERBS: list[Verb] = []


def verbs_of(session: Session, actor: Actor, desk: Desk) -> list[Verb]:
    """What the actor may do with an open task now, in order."""
    if desk.task.state != "open":
        return []
    return sorted((verb for verb in VERBS if verb.may(session, actor, desk)), key=lambda verb: verb.order)
