"""Flows end where their elements are: what one moved is followed by the line that the other has left where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence

from workflows.studio.outline import Outline, Record

ENDS = (("@sourceRef", 0), ("@targetRef", -1))
Shift = tuple[float, float]


def dock(merged: Outline, versions: Sequence[Outline]) -> None:
    """Move the ends of lines by as much as their elements stand elsewhere than in the version the line is from."""
    for edge in merged.records.values():
        flow = merged.records.get(edge.of)
        if edge.kind == "BPMNEdge" and "points" in edge.fields and flow is not None:
            drawn = [each for each in versions if _points(each, edge.key) == edge.fields["points"]]
            shifts = [[_shift(each, merged, flow.fields.get(name, "")) for name, _ in ENDS] for each in drawn]
            if shifts and not any(one == [(0, 0), (0, 0)] for one in shifts):
                _move(edge, shifts[0])


def _points(version: Outline, key: str) -> str | None:
    found = version.records.get(key)
    return found.fields.get("points") if found else None


def _shift(version: Outline, merged: Outline, element: str) -> Shift:
    """By how much an element stands elsewhere in the merged drawing; (0, 0) where either does not draw it."""
    before, after = (_place(outline, element) for outline in (version, merged))
    return (after[0] - before[0], after[1] - before[1]) if before and after else (0, 0)


def _place(outline: Outline, element: str) -> Shift | None:
    bounds = next((one for one in outline.within(f"di:BPMNShape {element}") if one.kind == "Bounds"), None)
    try:
        return (float(bounds.fields["@x"]), float(bounds.fields["@y"])) if bounds else None
    except (KeyError, ValueError):
        return None


def _move(edge: Record, shifts: Sequence[Shift]) -> None:
    points = json.loads(edge.fields["points"])
    for (_, at), (x, y) in zip(ENDS, shifts, strict=True):
        try:
            points[at] |= {"x": f"{float(points[at]['x']) + x:g}", "y": f"{float(points[at]['y']) + y:g}"}
        except (KeyError, ValueError):
            return
    edge.fields["points"] = json.dumps(points)
