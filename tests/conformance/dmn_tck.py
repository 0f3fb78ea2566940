"""Runs a folder in the layout of the DMN TCK: `python -m tests.conformance.dmn_tck DIR [--json FILE]`.

A test file that cannot be read is one failure, a model that cannot be read fails all its cases, and a decision that
cannot be read fails those that ask for it.

Numbers are equal within one part in 10^8, as the kit's own runners compare them; everything else exactly. A result
expected to be an error passes when it is null or a FeelError. A value written without a type is of the type that the
model declares for the input, or that the result has.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any

from lxml import etree

from feel import FeelError, dmn
from feel.budget import Budget
from feel.compare import same
from feel.functions import invoke_named
from feel.iso import read_date, read_datetime, read_duration, read_time
from feel.text import written
from feel.types import Type
from feel.values import KINDS

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
READERS = {"date": read_date, "time": read_time, "dateTime": read_datetime, "duration": read_duration}
NUMBERS = {"decimal", "double", "float", "integer", "int", "long", "short"}
STEPS = 5_000_000


class Untyped(str):
    """A value that the test file gives no type."""


class Failure(Exception):
    """The case did not come out as expected."""


def value_of(element: Any) -> Any:
    """The FEEL value that an input or expected node spells."""
    for child in element:
        tag = etree.QName(child).localname
        if tag == "value":
            return scalar(child)
        if tag == "list":
            return None if nil(child) else [value_of(item) for item in child.findall("{*}item")]
        if tag == "component":
            return {c.get("name"): value_of(c) for c in element.findall("{*}component") if c.get("name") is not None}
    return None


def nil(element: Any) -> bool:
    return element.get(XSI + "nil") in ("true", "1")


def scalar(element: Any) -> Any:
    if nil(element):
        return None
    text = element.text or ""
    kind = (element.get(XSI + "type") or "").rpartition(":")[2]
    if not kind:
        return Untyped(text)
    if kind in NUMBERS:
        return Decimal(text.strip())
    if kind == "boolean":
        return text.strip() in ("true", "1")
    return READERS[kind](text.strip()) if kind in READERS else text


FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "number": lambda text: Decimal(text),
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date": read_date,
    "time": read_time,
    "date and time": read_datetime,
    "days and time duration": read_duration,
    "years and months duration": read_duration,
}


def as_kind(text: Untyped, name: str) -> Any:
    """An untyped value as a kind of FEEL: nothing is null, and what does not spell the kind is a plain text."""
    if not text.strip() and name not in ("", "string"):
        return None
    try:
        made = FROM_TEXT[name](text.strip())
    except (KeyError, DecimalException):
        made = None
    return str(text) if made is None else made


def typed(value: Any, wanted: Type | None) -> Any:
    """The value with what is untyped in it read as the declared type."""
    if isinstance(value, Untyped):
        return as_kind(value, wanted.name if wanted else "")
    if isinstance(value, list):
        return [typed(item, wanted.element if wanted else None) for item in value]
    if isinstance(value, dict):
        return {key: typed(item, wanted.entries.get(key) if wanted else None) for key, item in value.items()}
    return value


def agree(got: Any, expected: Any) -> bool:
    if isinstance(expected, Untyped):
        expected = as_kind(expected, KINDS.get(type(got), ""))
    if isinstance(got, Decimal) and isinstance(expected, Decimal):
        return got == expected or abs(got - expected) <= abs(expected) * Decimal("1e-8")
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(agree, got, expected))
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(agree(got[k], expected[k]) for k in got)
    if got is None or isinstance(got, str | bool):
        return same(got, expected)
    return written(got) == written(expected)


def evaluated(model: dmn.Model, case: Any, name: str, inputs: Mapping[str, Any]) -> Any:
    invocable, kind = case.get("invocableName"), case.get("type")
    budget = Budget(STEPS, seconds=None)
    if kind == "decisionService" and invocable:
        value = model.evaluate(invocable, inputs, budget=budget).value
        service = model.find(invocable)
        several = len(getattr(service, "outputs", ())) > 1
        return value.get(name) if several and isinstance(value, dict) else value
    if kind == "bkm" and invocable:
        function = model.evaluate(invocable, {}, budget=budget).value
        return invoke_named(function, list(inputs), list(inputs.values()))
    return model.evaluate(name, inputs, budget=budget).value


def check(model: dmn.Model, case: Any) -> None:
    inputs: dict[str, Any] = {}
    for node in case.findall("{*}inputNode"):
        provide(inputs, model, node)
    for node in case.findall("{*}resultNode"):
        expected_node = node.find("{*}expected")
        expected = None if expected_node is None else value_of(expected_node)
        wrong = node.get("errorResult") == "true"
        try:
            got = evaluated(model, case, node.get("name"), inputs)
        except FeelError as problem:
            if wrong or expected is None:
                continue
            raise Failure(f"{node.get('name')}: expected {shown(expected)}, got {problem}") from None
        if not agree(got, expected) and not (wrong and got is None):
            raise Failure(f"{node.get('name')}: expected {shown(expected)}, got {shown(got)}")


def shown(value: Any) -> str:
    return f"{written(value, inside=True)} ({type(value).__name__})"


def model_of(path: Path) -> dmn.Model:
    """The model of a file, with whatever other models of its folder it imports, directly or not."""
    known: dict[str, dmn.Model] = {}
    waiting = [other for other in path.parent.glob("*.dmn") if other != path]
    for _ in range(len(waiting)):
        for other in list(waiting):
            try:
                made = dmn.parse(other.read_bytes(), imports=known.values())
            except (FeelError, OSError):
                continue
            known[made.namespace] = made
            waiting.remove(other)
    for other in waiting:
        try:
            made = dmn.parse(other.read_bytes(), imports=known.values(), faults=[])
        except (FeelError, OSError):
            continue
        known.setdefault(made.namespace, made)
    return dmn.parse(path.read_bytes(), imports=known.values(), faults=[])


def provide(inputs: dict[str, Any], model: dmn.Model, node: Any) -> None:
    """An input under its name; one of an imported model under the names of the imports that lead there."""
    way = way_to(model, node.get("namespace") or model.namespace) or ()
    *boxes, name = [*way, *([node.get("name")] if way else dotted(model, node.get("name")))]
    for box in boxes:
        inputs = inputs.setdefault(box, {})
    for each in way:
        model = model.imports[each]
    declared = next((found.type for found in model.inputs.values() if found.name == name), None)
    inputs[name] = typed(value_of(node), declared)


def way_to(model: dmn.Model, namespace: str) -> tuple[str, ...] | None:
    if model.namespace == namespace:
        return ()
    ways = ((name, way_to(inner, namespace)) for name, inner in model.imports.items())
    return next(((name, *way) for name, way in ways if way is not None), None)


def dotted(model: dmn.Model, name: str) -> list[str]:
    """`imported.input` as its parts, when the first is an import."""
    first, _, rest = name.partition(".")
    return [first, *dotted(model.imports[first], rest)] if rest and first in model.imports else [name]


def cases(folder: Path) -> Iterator[tuple[str, str, str | None]]:
    """(file, case, failure or None) of every case below the folder."""
    for path in sorted(folder.rglob("*.xml")):
        file = str(path.relative_to(folder))
        try:
            root = etree.parse(path, etree.XMLParser(remove_comments=True)).getroot()
        except (etree.XMLSyntaxError, OSError) as problem:
            yield file, "-", f"the test file cannot be read: {problem}"
            continue
        if etree.QName(root).localname != "testCases":
            continue
        name = root.findtext("{*}modelName") or ""
        model: dmn.Model | Exception
        try:
            model = model_of(path.parent / name)
        except Exception as problem:
            model = problem
        for case in root.findall("{*}testCase"):
            yield file, str(case.get("id")), outcome(model, case)


def outcome(model: dmn.Model | Exception, case: Any) -> str | None:
    if isinstance(model, Exception):
        return f"the model was refused: {model}"
    try:
        check(model, case)
    except Failure as failure:
        return str(failure)
    except Exception as problem:  # anything but FeelError is a bug of ours, and shown as such
        return f"{type(problem).__name__}: {problem}"
    return None


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--json", type=Path)
    given = asked.parse_args(arguments)
    failures = []
    passed = 0
    for file, case, failure in cases(given.folder):
        if failure is None:
            passed += 1
        else:
            failures.append({"file": file, "case": case, "failure": failure})
            print(f"{file} {case}: {failure}")
    if given.json:
        report = {"passed": passed, "failed": len(failures), "failures": failures}
        given.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
