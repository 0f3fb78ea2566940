"""Chinese first, English by a switch. Messages are Chinese in the code; `translations/en` holds the English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, session
from flask_babel import Babel, Domain, get_locale, gettext

from ledger.errors import Problem, fill
from registry.alerts.templates.saying import OWN
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType

LANGUAGES = {"zh": "zh_CN", "en": "en"}
NAMES = {"zh": "中文", "en": "English"}
FOLDER = Path(__file__).parent / "translations"


class Catalogues(Domain):
    """Every *.po file of a language, read as it is: nothing to compile, nothing to forget to compile."""

    def get_translations(self) -> NullTranslations:
        return catalogue(language())


@cache
def catalogue(name: str) -> NullTranslations:
    """The messages of a language, from translations/<name>/LC_MESSAGES/*.po."""
    messages = Translations(fp=None)
    for file in sorted((FOLDER / name / "LC_MESSAGES").glob("*.po")):
        compiled = BytesIO()
        with file.open("rb") as source:
            write_mo(compiled, read_po(source, locale=LANGUAGES[name]))
        compiled.seek(0)
        part = Translations(fp=compiled)
        messages.merge(part)
        messages.plural = part.plural  # merge() forgets it
    return messages


def language() -> str:
    """ "zh" or "en": what the visitor chose, kept in the signed cookie (and in the account, see account.py)."""
    chosen = session.get("language") if has_request_context() else None
    return chosen if chosen in LANGUAGES else "zh"


def speak(chosen: str | None) -> None:
    """Answer this visitor in `chosen` from now on; anything unknown is left as it is."""
    if chosen in LANGUAGES:
        session["language"] = chosen


def say(text: str, params: Mapping[str, Any] | None = None) -> str:
    """A message id in the visitor's language, with named values ("{name}") put in; names of the types are known too.

    Values that are message ids themselves, problems, or lists of either are told in that language as well. Where a
    group has words of its own for it (an alert's template), those are said.
    """
    if own := _own(params, language()):
        return own
    return fill(_spoken(text), {key: _value(one) for key, one in (params or {}).items()}) if text else ""


def _own(params: Mapping[str, Any] | None, tongue: str) -> str:
    wording = (params or {}).get(OWN)
    return str(wording.get(tongue, "")) if isinstance(wording, Mapping) else ""


def _value(value: Any) -> Any:
    if isinstance(value, Problem):
        return say(value.text, value.params)
    if isinstance(value, list | tuple):
        return gettext("、").join(str(_value(one)) for one in value)
    return title_words(value) if isinstance(value, str) else value


def spoken(text: str, params: Mapping[str, Any], tongue: str) -> str:
    """The same in a language named, for whoever speaks to somebody who visits no page: a letter."""
    if own := _own(params, tongue):
        return own

    def told(one: Any) -> Any:
        if not isinstance(one, str) or tongue == "zh" or tongue not in LANGUAGES:
            return one
        found = str(catalogue(tongue).gettext(one))
        return _english().get(one, one) if found == one else found

    return fill(told(text), {key: told(one) for key, one in params.items()})


MATTERS: dict[str, str] = {"注销": "注销手续", "离职": "离职手续"}
"""Matters whose name means a state elsewhere -> the message id of the matter."""


def title_words(title: str) -> str:
    """The title of a request, "type · holder" or "matter · type · holder", in the visitor's language."""
    if language() == "zh":
        return title
    first, *rest = title.split(" · ")
    return " · ".join(map(say, [MATTERS.get(first, first) if rest else first, *rest]))


def _spoken(text: str) -> str:
    found = gettext(text)
    if found == text and " · " in text and language() != "zh":
        return title_words(text)
    return _english().get(text, text) if found == text and language() != "zh" else found


_names: tuple[Mapping[str, CertificateType], dict[str, str]] | None = None


def _english() -> dict[str, str]:
    """The English of everything the types name in both languages: types, fields, options, documents."""
    global _names
    known = types()
    if _names is None or _names[0] is not known:
        _names = known, {chinese: english for kind in known.values() for chinese, english in _pairs(kind) if english}
    return _names[1]


def _pairs(kind: CertificateType) -> Iterator[tuple[str, str]]:
    yield kind.name, kind.name_en
    yield from ((document.name, document.name_en) for document in kind.documents)
    for field in (inner for outer in kind.fields for inner in (outer, *outer.fields)):
        yield field.label, field.label_en
        yield from ((option.label, option.label_en) for option in field.options)


def named(thing: Any) -> str:
    """The name of a type, field or option in the visitor's language (they carry both themselves)."""
    chinese = getattr(thing, "label", "") or getattr(thing, "name", "")
    english = getattr(thing, "label_en", "") or getattr(thing, "name_en", "")
    return chinese if language() == "zh" or not english else english


def open_languages(app: Flask) -> None:
    """Set up Flask-Babel with our catalogues and Shanghai's clock."""
    babel = Babel(
        app, default_locale="zh_CN", default_timezone="Asia/Shanghai", locale_selector=lambda: LANGUAGES[language()]
    )
    babel.__dict__["domain_instance"] = Catalogues()  # a cached_property: Flask-Babel has no setting for it
    app.jinja_env.globals.update(language=language, languages=NAMES, say=say, named=named, get_locale=get_locale)
