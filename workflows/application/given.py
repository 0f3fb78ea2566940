"""What the forms of application.bpmn open with: earlier answers, and the lists that choices are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from forms.schema import FILES, Form, label_of, load
from ledger import clock
from workflows.requests import AuthorityAnswer, Request

Given = dict[str, Any]


def application(_session: Session, request: Request) -> Given:
    """A1: the holder's name, and what was submitted the last time."""
    return {**request.content, "holder_name": request.holder_name}


def review(_session: Session, request: Request) -> Given:
    """A3, A4: the documents to tick one by one, and what may be returned."""
    form = load(f"apply-{request.type_code}")
    return {
        "documents": [
            {"value": key, "label": label, "files": request.content[key]}
            for key, label, kind in _fields(form) if kind in FILES and request.content.get(key)
        ],
        "returnable": [{"value": key, "label": label} for key, label, _ in _fields(form)],
    }


def _fields(form: Form) -> Iterator[tuple[str, str, str]]:
    """Key, label and type of what an applicant fills in; a list by its path."""
    inside: set[int] = set()
    for component in form.fields():
        inside.update(id(inner) for inner in component.get("components", ()) if component.get("path"))
        key = component.get("key") or component.get("path")
        kind = str(component.get("type"))
        if key and id(component) not in inside and not component.get("readonly") and kind != "checkbox":
            yield str(key), label_of(component), kind


def supplement(session: Session, request: Request) -> Given:
    """A7: the notice's items, each to be answered."""
    notice = _last_notice(request)
    items = [{"item": row["item"], "response": None} for row in (notice.answers.get("items") or [])] if notice else []
    return {"items": items, "resubmitted_on": clock.today().isoformat()}


def _last_notice(request: Request) -> AuthorityAnswer | None:
    notices = [answer for answer in request.authority_answers if answer.kind == "supplement"]
    return notices[-1] if notices else None


def filing(_session: Session, _request: Request) -> Given:
    """A5: filed today, unless somebody says otherwise."""
    return {"filed_on": clock.today().isoformat()}


def chase(_session: Session, _request: Request) -> Given:
    """A8c: chased today, unless somebody says otherwise."""
    return {"chased_on": clock.today().isoformat()}


def registration(_session: Session, request: Request) -> Given:
    """A10: what was registered before it came back, else what the application already says."""
    form = load(f"register-{request.type_code}")
    keys = {str(component.get("key")) for component in form.fields()}
    known = {key: value for key, value in request.content.items() if key in keys}
    return {**known, **(request.grant or {})}


def comparison(_session: Session, request: Request) -> Given:
    """A11: what was registered, line by line, to be compared with the scan."""
    form, grant = load(f"register-{request.type_code}"), request.grant or {}
    facts = [
        {"value": key, "label": f"{label}：{_shown(component, grant[key])}"}
        for component in form.fields()
        if (key := str(component.get("key") or "")) in grant and (label := label_of(component))
        and component.get("type") not in FILES
    ]
    scans = [{"value": "scans", "label": "证书扫描件", "files": grant["scans"]}] if grant.get("scans") else []
    returnable = [{"value": fact["value"], "label": str(fact["label"]).partition("：")[0]} for fact in [*facts, *scans]]
    return {"facts": [*facts, *scans], "returnable": returnable}


def _shown(component: Mapping[str, Any], value: Any) -> str:
    labels = {option["value"]: option["label"] for option in component.get("values", ())}
    return str(labels.get(value, value))


GIVEN: dict[str, Callable[[Session, Request], Given]] = {
    "A1_fill": application, "A1_correct": application, "A3_pm": review, "A3_hr": review, "A3_legal": review,
    "A3_safety": review, "A4_approve": review, "A4_second": review, "A5_file": filing, "A7_supplement": supplement,
    "A8c_chase": chase, "A10_register": registration, "A11_compare": comparison,
}
