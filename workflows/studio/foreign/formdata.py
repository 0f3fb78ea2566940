"""Form fields that other engines keep inside the drawing become a .form file, which the editor shows and we check."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.drawing import Element, children
from engine.vocabulary import BPMN, ZEEBE
from workflows.studio.foreign.translation import Translation, foreign_words, inside

TYPES = {"string": "textfield", "long": "number", "integer": "number", "int": "number", "double": "number",
         "boolean": "checkbox", "date": "datetime", "enum": "select"}
KEY = re.compile(r"[^\w]+")
MOST_FIELDS = 200


def form_of(work: Translation, owner: Element) -> str | None:
    """The key of the form made from an element's fields; None when it has none."""
    fields = [field for data in foreign_words(owner, "formData") for field in inside(data, "formField")]
    fields += list(foreign_words(owner, "formProperty"))
    if not fields:
        return None
    key = KEY.sub("-", f"form-{owner.get('id', 'start')}").strip("-")[:100]
    schema = {
        "id": key, "type": "default", "schemaVersion": 19, "licet:title": owner.get("name", "") or key,
        "licet:verdicts": [{"value": "done", "label": "提交", "style": "success"}],
        "components": [_field(field, number) for number, field in enumerate(fields[:MOST_FIELDS], 1)],
    }
    work.forms[f"{key}.form"] = json.dumps(schema, ensure_ascii=False, indent=2).encode()
    if len(fields) > MOST_FIELDS:
        work.advice.append((owner, "formData", f"有 {len(fields)} 个表单字段，只做了前 {MOST_FIELDS} 个",
                            f"there are {len(fields)} form fields; the first {MOST_FIELDS} were made"))
    return key


def embedded(work: Translation) -> None:
    """Forms that Camunda 8 keeps inside a process (zeebe:userTaskForm) become files under their own id."""
    for process in children(work.root, BPMN, "process"):
        for holder in children(process, BPMN, "extensionElements"):
            for word in children(holder, ZEEBE, "userTaskForm"):
                try:
                    schema = json.loads(word.text or "")
                except (ValueError, RecursionError):
                    work.because(process, "userTaskForm", "里面不是 JSON", "it does not hold JSON")
                    continue
                name = KEY.sub("-", word.get("id", "")).strip("-")[:100]
                if name and isinstance(schema, dict):
                    work.forms[f"{name}.form"] = json.dumps(schema, ensure_ascii=False, indent=2).encode()


def _field(field: Element, number: int) -> dict[str, Any]:
    kind_of = TYPES.get(field.get("type", "string"), "textfield")
    key = KEY.sub("_", field.get("id", "") or f"field_{number}")
    made: dict[str, Any] = {"id": f"field_{number}", "key": key, "type": kind_of,
                            "label": field.get("label") or field.get("name") or key}
    if kind_of == "datetime":
        made |= {"subtype": "date", "dateLabel": made["label"]}
    if kind_of == "select":
        made["values"] = [{"label": one.get("name") or one.get("id", ""), "value": one.get("id", "")}
                          for one in inside(field, "value")]
    rules = _rules(field)
    if rules:
        made["validate"] = rules
    default = field.get("defaultValue")
    if default and "{" not in default and kind_of == "textfield":
        made["defaultValue"] = default
    return made


def _rules(field: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"required": True} if field.get("required") == "true" else {}
    names = {"minlength": "minLength", "maxlength": "maxLength", "min": "min", "max": "max"}
    for group in inside(field, "validation"):
        for rule in inside(group, "constraint"):
            name, value = rule.get("name", ""), rule.get("config", "")
            if name == "required" and value != "false":
                found["required"] = True
            elif name in names and re.fullmatch(r"-?\d{1,9}", value):
                found[names[name]] = int(value)
    return found


def start_forms(work: Translation) -> None:
    """What start events ask: a form is made of their fields; here it is the first user task that shows one."""
    for start in work.root.iter(f"{{{BPMN}}}startEvent"):
        if form_of(work, start):
            work.because(start, "formData", "这里的开始事件没有表单，已另存为表单文件",
                         "a start event has no form here; it is kept as a form file")
        for word in ("formKey", "formRef"):
            work.because(start, word, "这里的开始事件没有表单，由第一个用户任务填写",
                         "a start event has no form here; the first user task shows one")
