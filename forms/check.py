"""The answers of a form, checked again on the server: what the browser checked, and what it cannot be trusted with.

Refused, each at its field: what is missing or wrong, an answer to a field that is hidden or read-only, an answer to a
field that does not exist. A hidden or read-only field can thus neither be set nor wiped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forms.between import dates
from forms.conditions import context_of, hidden, locked, row_context
from forms.schema import CONTAINERS, FILES, KEYED, MANY, Form, Schema, Verdict, property_of
from forms.values import Wrong, cleaned, options_of, rules_of
from forms.walk import Check, Path, Place, Walk, steps_of
from ledger.errors import BadAnswer, Problem

MOST_ROWS = 200
NOBODY = Verdict("", "")
CLOSED = "这一栏现在不能填写"
SHOWN = "这一栏只能查看，不能修改"


class MissingCheck(LookupError):
    """The form names a check that the caller did not hand in: a defect of the caller, not of an answer."""


def check(
    form: Form,
    answers: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    *,
    checks: Mapping[str, Check] | None = None,
    may_use: Callable[[int], bool] | None = None,
) -> dict[str, Any]:
    """Clean values of the visible, editable fields, and "verdict" where the form has verdicts.

    `answers` as the browser sent them, "verdict" among them; `given` is the data the page showed beside them (options,
    values of read-only fields). Empty single values are left out, empty lists stay. Each of `checks` gets (value, clean
    answers so far) and returns a Problem, the normal form to keep, or None; MissingCheck where one is not handed in.
    `may_use(file id)` says whether the person may attach that file.
    Raises BadAnswer: problems by dotted path ("returns.0.reason"), "" for the form as a whole.
    """
    run = Walk(form, dict(given or {}), NOBODY, dict(checks or {}), may_use)
    _require_checks(run)
    if not isinstance(answers, Mapping):
        raise BadAnswer({"": [Problem("提交的内容不完整，请刷新页面后重新提交")]})
    sent = {key: value for key, value in answers.items() if key != "verdict"}
    run.verdict = _verdict(run, answers.get("verdict"))
    context = {**context_of(form.schema, sent, run.given), "verdict": run.verdict.value or None}
    clean: dict[str, Any] = {}
    _components(run, form.schema.get("components", ()), Place(sent, context, (), clean))
    run.strangers(sent)
    dates(run, clean)
    if run.problems:
        raise BadAnswer(run.problems)
    return {**clean, "verdict": run.verdict.value} if form.verdicts else clean


def _require_checks(run: Walk) -> None:
    wanted = {name for component in run.form.fields() if (name := property_of(component, "licet:check"))}
    if missing := wanted - run.checks.keys():
        raise MissingCheck(f"{run.form.key}: {', '.join(sorted(missing))}")


def _verdict(run: Walk, value: Any) -> Verdict:
    verdicts = run.form.verdicts
    if not verdicts and value is None:
        return NOBODY
    for verdict in verdicts:
        if verdict.value == value:
            return verdict
    run.wrong(("verdict",), "请用页面下方的按钮提交")
    return NOBODY


def _components(run: Walk, components: Any, place: Place) -> None:
    for component in components:
        kind = component.get("type")
        here = place.veil() if hidden(component, place.context) else place
        if kind == "dynamiclist" and component.get("path"):
            _rows(run, component, here)
        elif kind in CONTAINERS:
            _group(run, component, here)
        elif kind in KEYED and component.get("key"):
            _field(run, component, here)


def _group(run: Walk, component: Schema, place: Place) -> None:
    if not component.get("path"):
        return _components(run, component.get("components", ()), place)
    steps = steps_of(component["path"])
    run.open(place.path, steps)
    inner: dict[str, Any] = {}
    _components(run, component.get("components", ()), place.inside(steps, inner))
    if inner:
        place.put(steps, inner)


def _field(run: Walk, component: Schema, place: Place) -> None:
    steps = steps_of(component["key"])
    here = place.path + steps
    run.open(place.path, steps[:-1])
    run.taken.add(here)
    if _refused(run, component, place, steps):
        return
    context = {**place.context, **_choices_given(run, component)}
    try:
        value = cleaned(component, place.reach(steps)[1], context)
    except Wrong as wrong:
        return run.note(here, wrong.problem)
    if _there(run, component, value, here, context) and value is not None:
        place.put(steps, _named_check(run, component, value, here, place.clean))


def _refused(run: Walk, component: Schema, place: Place, steps: tuple[str, ...]) -> bool:
    """Whether this field takes no answer now; one that was sent anyway is a problem."""
    if not place.veiled and not locked(component, place.context):
        return False
    if place.reach(steps)[0]:
        run.wrong(place.path + steps, CLOSED if place.veiled else SHOWN)
    return True


def _choices_given(run: Walk, component: Schema) -> dict[str, Any]:
    """Option lists come from the caller alone: an answer of the same name must not become one."""
    name = component.get("valuesKey")
    return {str(name): run.given.get(str(name))} if name else {}


def _there(run: Walk, component: Schema, value: Any, here: Path, context: Mapping[str, Any]) -> bool:
    """Whether nothing is missing here; notes what is."""
    in_row = any(isinstance(step, int) for step in here)
    required = rules_of(component, context).get("required") is True and (in_row or not run.verdict.partial)
    needed = not in_row and str(component["key"]) in run.verdict.needs
    if value in (None, [], False) and not _is_zero(value) and (required or needed):
        run.wrong(here, _missing(component))
        return False
    everything = property_of(component, "licet:all")
    wanted = options_of(component, context) if everything and everything == run.verdict.value else []
    if isinstance(value, list) and len(value) < len(wanted):
        run.wrong(here, "还有没核对的项目")
        return False
    return True


def _is_zero(value: Any) -> bool:
    """0 equals False in Python, and is an answer."""
    return type(value) in {int, float}


def _missing(component: Schema) -> str:
    kind = component.get("type")
    if kind == "checkbox":
        return "请勾选"
    if kind == "licet-signature":
        return "请签名"
    if kind in FILES:
        return "请上传文件"
    return "请选择" if kind in MANY or kind in {"select", "radio"} else "请填写"


def _named_check(run: Walk, component: Schema, value: Any, here: Path, clean: Mapping[str, Any]) -> Any:
    name = property_of(component, "licet:check")
    if name:
        answer = run.checks[name](value, clean)
        if isinstance(answer, Problem):
            run.note(here, answer)
        elif answer is not None:
            return answer
    if component.get("type") in FILES and run.may_use is not None and not all(run.may_use(one) for one in value):
        run.wrong(here, "有文件不存在或不是您上传的，请重新上传")
    return value


def _rows(run: Walk, component: Schema, place: Place) -> None:
    steps = steps_of(component["path"])
    here = place.path + steps
    run.open(place.path, steps[:-1])
    if _refused(run, component, place, steps):
        run.taken.add(here)
        return
    rows = place.reach(steps)[1]
    if rows is not None and (not isinstance(rows, list) or len(rows) > MOST_ROWS):
        run.taken.add(here)
        return run.wrong(here, "最多 {n} 行", n=MOST_ROWS)
    run.opened.add(here)
    kept = [_row(run, component, row, number, place, here) for number, row in enumerate(rows or [])]
    kept = [row for row in kept if row is not None]
    _count(run, component, len(kept), here)
    place.put(steps, kept)


def _row(
    run: Walk, component: Schema, row: Any, number: int, place: Place, here: Path
) -> dict[str, Any] | None:
    """The clean row; None for one that was left blank."""
    spot = (*here, number)
    if _blank(row):
        run.taken.add(spot)
        return None
    run.opened.add(spot)
    clean: dict[str, Any] = {}
    context = row_context(place.context, row, number + 1, place.scope)
    _components(run, component.get("components", ()), Place(row, context, spot, clean))
    return clean


def _blank(row: Any) -> bool:
    if row is None:
        return True
    return isinstance(row, Mapping) and all(value is None or value in ("", [], False) for value in row.values())


def _count(run: Walk, component: Schema, rows: int, here: Path) -> None:
    least = property_of(component, "licet:min-rows")
    most = property_of(component, "licet:max-rows")
    wanted = int(least) if least.isdecimal() and not run.verdict.partial else 0
    if ".".join(map(str, here)) in run.verdict.needs:
        wanted = max(wanted, 1)
    if rows < wanted:
        run.wrong(here, "至少填写 {n} 行", n=wanted)
    if most.isdecimal() and rows > int(most):
        run.wrong(here, "最多 {n} 行", n=int(most))
