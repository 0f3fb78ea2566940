"""A form that wants a signature by hand under some of its verdicts: where a diagram asks for one, not the form."""

from __future__ import annotations

from collections.abc import Iterable

from forms.schema import Form, form_of

KEY = "signature"
WORDS: dict[str, str] = {
    "label": "签名", "description": "用手指、笔或鼠标写下姓名，再按“用这个签名”；也可以用下面的其他办法",
}
"""What people read of the field: it stands in no form of the library."""
COMPONENT = {
    "id": "licet_signature", "type": "licet-signature", "key": KEY, "multiple": False, **WORDS,
    "layout": {"row": "Row_signature", "columns": None},
}


WAYS = "licet:ways"
"""The property of the field that lists how somebody may sign: drawn, stored, typed."""


def with_signature(form: Form, verdicts: Iterable[str], ways: Iterable[str] = ("drawn", "stored")) -> Form:
    """The form with a field for a signature at its end, which these of its verdicts need; the form itself where it has
    none of them, or a field of that key of its own."""
    wanted = set(verdicts) & {verdict.value for verdict in form.verdicts}
    if not wanted or any(field.get("key") == KEY for field in form.fields()):
        return form
    asked = [{**one, "needs": [*one.get("needs", ()), KEY]} if one["value"] in wanted else one
             for one in form.schema["licet:verdicts"]]
    return form_of({**form.schema, "licet:verdicts": asked, "components": [
        *form.schema["components"], {**COMPONENT, "properties": {WAYS: ",".join(ways)}}]},
                   form.key)
