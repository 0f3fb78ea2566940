"""The ways by which a message leaves the house, one file each. They know no database and keep nothing.

Each has `Settings` (a frozen dataclass), `check(settings)` -> what is wrong with each field, `check_address(address)`,
`parts(settings, message)` -> what it will send, and `send(settings, address, message, http)` -> Receipt, or exactly
one of Refused, TooFast and Unreachable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from registry.alerts.channels import (
    aliyun_sms,
    dingtalk_robot,
    email,
    feishu_robot,
    tencent_sms,
    webhook,
    wecom_app,
    wecom_robot,
)
from registry.alerts.channels.bucket import Bucket
from registry.alerts.channels.facts import NAMES, facts
from registry.alerts.channels.fields import Findings, secrets
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outcomes import NotSent, Refused, TooFast, Unreachable
from registry.alerts.channels.outgoing import Outgoing

__all__ = ["CHANNELS", "Bucket", "Channel", "Findings", "Message", "NotSent", "Outgoing", "Receipt", "Refused",
           "TooFast", "Unreachable"]

Reaches = Literal["mailbox", "mobile", "person", "group", "system"]


class Check(Protocol):
    """What is wrong with each field; `local`: http to this machine is no fault."""

    def __call__(self, settings: Any, *, local: bool = False) -> Findings: ...


class Send(Protocol):
    """Send a message; `after` parts left at an earlier try."""

    def __call__(
        self, settings: Any, address: str, message: Message, http: Outgoing, *, after: int = 0
    ) -> Receipt: ...


@dataclass(frozen=True)
class Channel:
    """One way out. `reaches` says what its addresses are: an e-mail address, a mainland mobile number, a user id at the
    provider; a group's may be empty (else somebody is called by name), a system's is."""

    name: str
    reaches: Reaches
    settings: type[Any]
    check: Check
    check_address: Callable[[str], bool]
    parts: Callable[[Any, Message], Sequence[Any]]
    send: Send

    @property
    def title(self) -> str:
        """Its name for people, a gettext msgid."""
        return NAMES[self.name]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The settings that are kept sealed and shown masked."""
        return secrets(self.settings)

    @property
    def bucket(self) -> Bucket | None:
        """A full bucket for one set of settings (of a channel that reaches a person: for one person of it), None where
        the provider's limit is not one for each minute."""
        most = next((each.value for each in facts().limit if (each.channel, each.what) == (self.name, "per_minute")), 0)
        return Bucket(most) if most else None


_WAYS: tuple[tuple[Any, Reaches], ...] = (
    (email, "mailbox"),
    (aliyun_sms, "mobile"),
    (tencent_sms, "mobile"),
    (wecom_robot, "group"),
    (wecom_app, "person"),
    (dingtalk_robot, "group"),
    (feishu_robot, "group"),
    (webhook, "system"),
)
CHANNELS: dict[str, Channel] = {
    way.NAME: Channel(way.NAME, reaches, way.Settings, way.check, way.check_address, way.parts, way.send)
    for way, reaches in _WAYS}
