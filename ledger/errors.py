"""What may go wrong on purpose. The docstring is the message (a gettext msgid); HTTP meets them in web/errors.py."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """This cannot be done."""

    status = 409

    def __init__(self, message: str | None = None, /, **params: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.params = params
        super().__init__(self.message)

    def __str__(self) -> str:
        return fill(self.message, self.params)


def fill(text: str, params: Mapping[str, Any]) -> str:
    """Put named values into a message: "{name}" and nothing cleverer; of a list, each value. What a value says in such
    brackets stays as somebody wrote it."""
    def told(found: re.Match[str]) -> str:
        value = params.get(found[1], found[0])
        return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    return re.sub(r"\{([^{}]+)\}", told, text)


class NotAllowed(Refused):
    """您没有权限在这里进行此操作。"""

    status = 403


class NotFound(Refused):
    """没有找到该内容，或您无权查看。"""

    status = 404


class Conflict(Refused):
    """内容已被他人更改，请刷新后再试。"""

    status = 409


class AlreadyDone(Conflict):
    """已由 {by} 于 {at} 处理，您的操作没有生效。"""

    def __init__(self, by: str, at: dt.datetime | None) -> None:
        self.by, self.at = by, at
        super().__init__(by=by, at=at)


class TooLarge(Refused):
    """文件超过 {limit} MB，请压缩后再上传。"""

    status = 413


class WrongKind(Refused):
    """不支持这种文件，请上传 PDF、OFD 或图片。"""

    status = 400


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one answer: a gettext msgid and the values to put into it."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.text, self.params)

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it, {"text", "params"}; values that are problems themselves likewise."""
        return {"text": self.text, "params": {key: _plain(one) for key, one in self.params.items()}}


def problem_of(kept: Mapping[str, Any]) -> Problem:
    """What `Problem.plain` made, as a problem again."""
    return Problem(kept["text"], {key: _again(one) for key, one in kept["params"].items()})


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.plain() if isinstance(value, Problem) else value


def _again(value: Any) -> Any:
    if isinstance(value, list):
        return [_again(one) for one in value]
    return problem_of(value) if isinstance(value, Mapping) else value


class BadAnswer(Refused):
    """有内容需要修改，请看各栏目的提示。"""

    status = 400

    def __init__(self, problems: Mapping[str, Sequence[Problem]], message: str | None = None) -> None:
        self.problems = {key: list(found) for key, found in problems.items()}
        super().__init__(message)


class BadDiagram(Refused):
    """流程图不能发布，请按提示修改。"""

    status = 422

    def __init__(self, findings: Sequence[Any]) -> None:
        self.findings = list(findings)
        super().__init__()

    def __str__(self) -> str:
        return "\n".join([self.message, *map(str, self.findings)])
