"""Small DMN files, built for one test each."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from feel import dmn

SPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def decision(name: str, inner: str, *requires: str, type: str = "") -> str:
    """`requires` are references such as `requiredDecision other`."""
    links = "".join(
        f'<informationRequirement><{kind} href="#{target}"/></informationRequirement>'
        if kind != "requiredKnowledge"
        else f'<knowledgeRequirement><{kind} href="#{target}"/></knowledgeRequirement>'
        for kind, target in (link.split() for link in requires)
    )
    reference = f' typeRef="{type}"' if type else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{reference}/>{links}{inner}</decision>'


def table(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rules: Sequence[Sequence[str]],
    *,
    hit: str = "UNIQUE",
    aggregation: str = "",
    values: Sequence[str] = (),
    default: str = "",
) -> str:
    """A decision table; each rule is its input cells followed by its output cells."""
    parts = [f"<input><inputExpression><text>{escape(i)}</text></inputExpression></input>" for i in inputs]
    for place, name in enumerate(outputs):
        allowed = f"<outputValues><text>{escape(values[place])}</text></outputValues>" if values else ""
        otherwise = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
        parts.append(f'<output name="{name}">{allowed}{otherwise}</output>')
    for number, cells in enumerate(rules, 1):
        entries = [f"<inputEntry><text>{escape(c)}</text></inputEntry>" for c in cells[: len(inputs)]]
        entries += [f"<outputEntry><text>{escape(c)}</text></outputEntry>" for c in cells[len(inputs) :]]
        parts.append(f'<rule id="r{number}">{"".join(entries)}</rule>')
    aggregated = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable id="table" hitPolicy="{hit}"{aggregated}>{"".join(parts)}</decisionTable>'


def file(*elements: str, space: str = SPACE) -> bytes:
    body = "".join(elements)
    return f'<definitions xmlns="{space}" id="d" name="d" namespace="n">{body}</definitions>'.encode()


def model(*elements: str) -> dmn.Model:
    return dmn.parse(file(*elements))
