"""The fields of a channel's settings: which are secrets, and what may be wrong with each."""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from urllib.parse import urlsplit

from ledger.errors import Problem
from registry.alerts.channels.addresses import HOST

Findings = dict[str, list[Problem]]
"""Field -> what is wrong with it, as ledger.errors.BadAnswer takes it; empty when all is well."""
LONGEST_URL = 1000
_PRINTABLE = re.compile(r"[!-~]*")


def secret() -> Any:
    """A field that is kept sealed, is shown masked and stands in no repr."""
    return dataclasses.field(default="", repr=False, metadata={"secret": True})


def secrets(settings: Any) -> tuple[str, ...]:
    """The names of the secret fields of a settings class (or of settings)."""
    return tuple(each.name for each in dataclasses.fields(settings) if each.metadata.get("secret"))


class Checking:
    """Collects what is wrong with settings, field by field."""

    def __init__(self, settings: Any, *, local: bool = False) -> None:
        self.settings, self.local = settings, local
        self.findings: Findings = {}

    def wrong(self, name: str, problem: Problem) -> None:
        """Note one thing wrong with a field."""
        self.findings.setdefault(name, []).append(problem)

    def text(self, name: str, *, longest: int = 200, needed: bool = True, ascii_only: bool = False) -> str:
        """A text on one line; of a token, a key or an account also: no blanks, no address around it."""
        value = getattr(self.settings, name)
        if not value.strip():
            if needed:
                self.wrong(name, Problem("请填写。"))
        elif len(value) > longest:
            self.wrong(name, Problem("太长：最多 {limit} 个字符。", {"limit": longest}))
        elif not value.isprintable() or value != value.strip():
            self.wrong(name, Problem("含有换行、空白或看不见的字符，请重新粘贴。"))
        elif ascii_only and not _PRINTABLE.fullmatch(value):
            self.wrong(name, Problem("只能有英文字母、数字和符号，不能有空格。"))
        elif ascii_only and "://" in value:
            self.wrong(name, Problem("请只填地址里的密钥部分，不要填整个网址。"))
        return str(value)

    def url(self, name: str, *, path: bool = False) -> None:
        """An https address; with a path and a query only where the whole address is ours to call."""
        value = getattr(self.settings, name)
        if not value.strip():
            self.wrong(name, Problem("请填写。"))
        elif len(value) > LONGEST_URL:
            self.wrong(name, Problem("太长：最多 {limit} 个字符。", {"limit": LONGEST_URL}))
        elif not sound(value, local=self.local) or not (path or bare(value)):
            self.wrong(name, Problem("须是 https:// 开头的网址，只含英文域名，不带账号、锚点和多余的路径。"))


def sound(url: str, *, local: bool = False) -> bool:
    """Whether a text is an address we could call: https (or http, where this process may call itself), a plain host,
    nobody's name or password in it, no fragment, nothing but printable ASCII."""
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        return False
    try:
        parted = urlsplit(url)
        port = parted.port
    except ValueError:
        return False
    plain = parted.username is None and parted.password is None and "#" not in url and "@" not in parted.netloc
    schemes = ("https", "http") if local else ("https",)
    return parted.scheme in schemes and plain and bool(HOST.fullmatch(parted.hostname or "")) and port != 0


def bare(url: str) -> bool:
    """Whether an address has neither path nor query."""
    parted = urlsplit(url)
    return parted.path in ("", "/") and "?" not in url
