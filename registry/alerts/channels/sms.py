"""What both SMS providers demand: an approved template, named short values for it, and one mainland mobile number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Problem
from registry.alerts.channels.facts import limit, refusal
from registry.alerts.channels.fields import Checking
from registry.alerts.channels.message import Message

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_IDENTITY = re.compile(r"[0-9](?:[ _.-]?[0-9]){13,}(?:[ _.-]?[0-9Xx])")
"""Fifteen figures and more, however they are set apart: a number of a person, or one that nobody reads in an SMS."""
_ADDRESS = re.compile(r"://|\bwww\.|\.(?:com|cn|net|org)\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


@dataclass(frozen=True)
class Template:
    """The provider's template for one kind of message, and the names of its variables in their order there."""

    kind: str
    code: str
    names: tuple[str, ...] = ()


def check_templates(checking: Checking, templates: Sequence[Template]) -> None:
    """One template for each kind, with a code and with names that a message may fill."""
    if not templates:
        checking.wrong("templates", Problem("请至少填写一个已通过审核的短信模板。"))
    if len({each.kind for each in templates}) < len(templates):
        checking.wrong("templates", Problem("每类消息只能有一个短信模板。"))
    if any(not each.kind or not re.fullmatch(r"[A-Za-z0-9_]{1,40}", each.code) for each in templates):
        checking.wrong("templates", Problem("短信模板的编号只含字母、数字和下划线，并须指明用于哪类消息。"))
    if any(len(set(each.names)) < len(each.names) or not all(map(_NAME.fullmatch, each.names)) for each in templates):
        checking.wrong("templates", Problem("短信模板的变量名只含字母、数字和下划线，且不能重复。"))


def check_address(address: str) -> bool:
    """Whether an address is one mainland mobile number."""
    return bool(_MOBILE.fullmatch(address))


def mobile(address: str) -> str:
    """The eleven figures of a mainland mobile number."""
    return address[-11:]


def filled(channel: str, templates: Sequence[Template], message: Message) -> tuple[Template, dict[str, str]]:
    """The template for a message and its values in the template's order. Refused: there is no template, a value is
    missing, or one holds an address of a page or a number of a person. A value that is too long ends in "…"."""
    template = next((each for each in templates if each.kind == message.kind), None)
    if template is None:
        raise refusal(channel, "template")
    values = {name: message.params.get(name, "") for name in template.names}
    if not all(map(_fit, values.values())):
        raise refusal(channel, "params")
    most = limit(channel, "variable")
    return template, {name: value if len(value) <= most else value[:most - 1] + "…" for name, value in values.items()}


def _fit(value: str) -> bool:
    plain = unicodedata.normalize("NFKC", value)
    return bool(value) and not _IDENTITY.search(plain) and not _ADDRESS.search(plain)
