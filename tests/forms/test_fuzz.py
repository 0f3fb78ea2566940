"""Whatever is sent, the check answers with clean values or with BadAnswer, and clean values are clean again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms import library, load
from forms.check import check
from forms.schema import Form, form_of, property_of
from ledger.errors import BadAnswer
from tests.forms.making import CHECKS, conditional, filled
from tests.forms.pages import DATA

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates().map(str)
    | st.sampled_from(
        [
            "return",
            "pass",
            "other",
            "99",
            "2026-01-02",
            "",
            " ",
            "x" * 20_000,
            "\ud800",
            10**400,
            "1e999999999",
            "-0",
            ".",
        ]
    )
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FORMS = {key: load(key) for key in library()}


def paths(form: Form) -> list[str]:
    return sorted({str(c.get("key") or c.get("path")) for c in form.fields() if c.get("key") or c.get("path")})


def answers_for(form: Form) -> st.SearchStrategy[dict[str, Any]]:
    verdicts = st.sampled_from([v.value for v in form.verdicts]) | scalars
    row = st.dictionaries(st.sampled_from(paths(form)) | st.text(max_size=5), anything, max_size=5)
    sent = st.dictionaries(
        st.sampled_from(paths(form)) | st.text(max_size=5), anything | st.lists(row, max_size=3), max_size=12
    )
    return st.builds(lambda found, verdict: {**found, "verdict": verdict}, sent, verdicts)


def run(form: Form, answers: Any, data: dict[str, Any]) -> dict[str, Any] | None:
    try:
        clean = check(form, answers, data, checks=CHECKS, may_use=lambda _: True)
    except BadAnswer as bad:
        assert bad.problems and all(found for found in bad.problems.values())
        return None
    json.dumps(clean, allow_nan=False).encode()
    return clean


@pytest.mark.parametrize("key", library())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_form_of_the_library_survives_any_answers(key: str, data: st.DataObject) -> None:
    sent = data.draw(answers_for(FORMS[key]))
    clean = run(FORMS[key], sent, DATA)
    if clean is not None:
        assert run(FORMS[key], clean, DATA) == clean


@pytest.mark.parametrize("key", library())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_spoiled_field_spoils_only_itself(key: str, data: st.DataObject) -> None:
    form = FORMS[key]
    right = {**filled(form.schema, DATA), "verdict": form.verdicts[0].value}
    spoiled = data.draw(st.sampled_from(sorted(right)))
    try:
        check(form, {**right, spoiled: data.draw(anything)}, DATA, checks=CHECKS, may_use=lambda _: True)
    except BadAnswer as bad:
        later = {str(c["key"]) for c in form.fields() if property_of(c, "licet:after")}
        related = {spoiled, *conditional(form), *later}
        if spoiled != "verdict":
            assert {name.split(".")[0] for name in bad.problems} <= related


kinds = st.sampled_from(
    [
        "textfield",
        "textarea",
        "number",
        "checkbox",
        "select",
        "radio",
        "checklist",
        "taglist",
        "licet-ticks",
        "licet-files",
        "datetime",
        "licet-number",
        "text",
        "group",
        "dynamiclist",
        "iframe",
        "nonsense",
    ]
)
rules = st.dictionaries(
    st.sampled_from(["required", "minLength", "maxLength", "min", "max", "pattern", "validationType"]),
    scalars,
    max_size=4,
)
components = st.recursive(
    st.fixed_dictionaries(
        {"type": kinds, "key": st.sampled_from(["a", "b", "a.b", "c"])},
        optional={
            "validate": rules,
            "readonly": scalars,
            "disabled": st.booleans(),
            "valuesKey": st.just("list"),
            "values": st.lists(scalars, max_size=3),
            "conditional": st.sampled_from([{"hide": "=a = b"}, {"hide": "=)"}, {"hide": "=1"}, {}]),
            "decimalDigits": st.integers(0, 3),
            "subtype": st.sampled_from(["date", "time", "datetime", "?"]),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["group", "dynamiclist"]), "components": st.lists(inner, max_size=3)},
        optional={"path": st.sampled_from(["g", "g.h", "a"])},
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parts=st.lists(components, max_size=5),
    sent=st.dictionaries(st.sampled_from(["a", "b", "c", "g"]), anything, max_size=4),
    listed=anything,
)
def test_any_form_survives_any_answers(parts: list[dict[str, Any]], sent: dict[str, Any], listed: Any) -> None:
    run(form_of({"id": "any", "components": parts}), sent, {"list": listed})
