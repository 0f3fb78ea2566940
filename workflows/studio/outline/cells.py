"""The cells of a decision table belong to columns; in the file they are only counted."""

from __future__ import annotations

from lxml import etree

from engine.drawing import Element

CELL = "cell:"
ENTRIES = {"input": "inputEntry", "output": "outputEntry", "annotation": "annotationEntry"}


def columns(node: Element) -> dict[str, list[str]]:
    """For a rule: the columns of its cells in order, by the tag of the cell; empty for any other element."""
    table = node.getparent()
    if not isinstance(node.tag, str) or etree.QName(node).localname != "rule" or table is None:
        return {}
    space = etree.QName(node).namespace
    prefix = f"{{{space}}}" if space else ""
    return {f"{prefix}{entry}": [_name(one, column, at) for at, one in enumerate(table.findall(f"{prefix}{column}"), 1)]
            for column, entry in ENTRIES.items()}


def _name(column: Element, kind: str, at: int) -> str:
    return str(column.get("id") or f"{kind}:{at}")


def column_of(key: str) -> str:
    """The id of the column that a cell's key names; empty for any other key."""
    _, found, rest = key.rpartition(f"/{CELL}")
    return rest.partition("/")[0] if found else ""
