"""A list as plain nested lists, the edits done on those, and random edits: what writing and reading again must give."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from workflows.studio.faces import units
from workflows.studio.faces.conditions import Condition, Row
from workflows.studio.faces.edits import (
    END,
    ON,
    AddBranch,
    Asked,
    Change,
    Delete,
    DeleteBranch,
    Edit,
    Insert,
    InsertChoice,
    Move,
    MoveBranch,
    Otherwise,
    Recondition,
    Way,
)
from workflows.studio.faces.graph import MADE
from workflows.studio.faces.listing import Block, Branch, Listing

LEGAL = Asked(name="法务审核", groups=("legal",), form="approve", sla="3")
ROW = Row("applicant_id", "not null")
REFUSING = (Way("approve", "同意", ON), Way("reject", "驳回", END))


@dataclass
class Plain:
    """A block without what a list does not show; what the list itself made has no id."""

    kind: str
    id: str
    name: str
    said: tuple[Any, ...] = ()
    ways: list[PlainWay] = field(default_factory=list)


@dataclass
class PlainWay:
    id: str
    name: str
    condition: str
    otherwise: bool
    goes_on: bool
    steps: list[Plain]


def plain(listing: Listing) -> list[PlainWay]:
    """The courses of a list. Where gateways only join is no part of what people read."""
    return [_way(course) for course in listing.courses]


def _own(key: str) -> str:
    return "" if key.startswith(MADE) else key


def _way(way: Branch) -> PlainWay:
    text = way.condition.text if way.condition else ""
    text = "*" if MADE in text else text
    steps = [_block(block) for block in way.steps if block.kind != "merge"]
    return PlainWay(_own(way.id), way.name, text, way.otherwise, way.goes_on, steps)


def _block(block: Block) -> Plain:
    if block.kind == "jump":
        return Plain("to", _own(block.to), "")
    work = block.work
    said = (work.groups, work.form, work.sla, work.copy_to, work.vote) if work else ()
    if block.kind == "end" and not block.exits:
        return Plain("to", _own(block.id), "")
    return Plain(block.kind, _own(block.id), block.name, said, [_way(way) for way in block.ways])


def edited(listing: Listing, edit: Edit) -> list[PlainWay] | None:
    """What the list must be after an edit; None where only the drawing can tell."""
    courses = plain(listing)
    everything = list(_courses(courses))
    if isinstance(edit, Change | AddBranch) and not any(
        block.id == edit.block and block.kind != "to" for steps in everything for block in steps):
        return None
    if isinstance(edit, Insert | InsertChoice):
        return courses if _put(everything, edit) else None
    if isinstance(edit, Change):
        block = _one(everything, edit.block)
        groups, form, _sla, _copies, vote = block.said
        block.name, block.said = edit.asked.name or "", (groups, form, edit.asked.sla, edit.asked.copy_to, vote)
    elif isinstance(edit, AddBranch):
        block = _one(everything, edit.block)
        task = Plain("approve", "", edit.asked.name or "", _said(edit.asked))
        made = PlainWay("", edit.label, "applicant_id != null", False, True, [task])
        place = next((at for at, way in enumerate(block.ways) if way.otherwise), len(block.ways))
        block.ways.append(made)
        if place < len(block.ways) - 1:
            block.ways.append(block.ways.pop(place))
    elif isinstance(edit, Recondition):
        way = next(way for steps in everything for block in steps for way in block.ways if way.id == edit.flow)
        way.name, way.condition = edit.label or "", "applicant_id != null"
    elif isinstance(edit, MoveBranch):
        return courses if _reordered(listing, everything, edit) else None
    elif isinstance(edit, Delete | Move):
        return courses if _swapped(listing, everything, edit) else None
    else:
        return None
    return courses


def _courses(ways: list[PlainWay]) -> Any:
    for way in ways:
        yield way.steps
        for block in way.steps:
            yield from _courses(block.ways)


def _one(everything: list[list[Plain]], key: str) -> Plain:
    return next(block for steps in everything for block in steps if block.id == key)


def _said(asked: Asked) -> tuple[Any, ...]:
    return (asked.groups or (), asked.form, asked.sla or "", (), "" if asked.mode in (None, "one") else asked.mode)


def _put(everything: list[list[Plain]], edit: Insert | InsertChoice) -> bool:
    steps, place = _place(everything, edit)
    if steps is None:
        return False
    if isinstance(edit, InsertChoice):
        task = Plain("approve", "", edit.asked.name or "", _said(edit.asked))
        ways = [PlainWay("", edit.label, "applicant_id != null", False, True, [task]),
                PlainWay("", "", "", True, True, [])]
        steps[place:place] = [Plain("choice", "", edit.name, (), ways)]
        return True
    made = [Plain(edit.kind, "", edit.asked.name or "", _said(edit.asked))]
    if edit.ways:
        if steps[place : place + 1] and steps[place].kind == "to":
            return False  # what goes on there is only a way elsewhere: either of the two may be read as the main one
        made.append(Plain("choice", "", f"{edit.asked.name}？", (), [
            PlainWay("", "同意", "*", False, True, []),
            PlainWay("", "驳回", "", True, False, [Plain("to", "", "")])]))
    steps[place:place] = made
    return True


def _place(everything: list[list[Plain]], edit: Insert | InsertChoice) -> tuple[list[Plain] | None, int]:
    if edit.after:
        for steps in everything:
            for place, block in enumerate(steps):
                if block.id == edit.after and block.kind != "to":
                    going = [way for way in block.ways if way.goes_on]
                    behind = len(going) == 1 and going[0].steps  # its end and what follows are the same place
                    return (None, 0) if behind else (steps, place + 1)
        return None, 0
    for steps in everything:
        for place, block in enumerate(steps):
            for way in block.ways:
                if way.id == edit.way:
                    only = way.goes_on and not way.steps and sum(each.goes_on for each in block.ways) == 1
                    return (steps, place + 1) if only else (way.steps, 0)
    return None, 0


def _reordered(listing: Listing, everything: list[list[Plain]], edit: MoveBranch) -> bool:
    """A way put before or behind its neighbour; not told where ways lead elsewhere: the first of them may then be read
    as the one in which what they share stands."""
    ways = next(block.ways for steps in everything for block in steps if any(way.id == edit.flow for way in block.ways))
    at = next(place for place, way in enumerate(ways) if way.id == edit.flow)
    if any(block.kind == "jump" for block in listing.blocks()):
        return False
    other = at + (1 if edit.down else -1)
    ways[at], ways[other] = ways[other], ways[at]
    return True


def _swapped(listing: Listing, everything: list[list[Plain]], edit: Delete | Move) -> bool:
    """Blocks taken out or put elsewhere; not told where other ways lead into them."""
    course = next(course for course in units.courses(listing) if course.at(edit.block) is not None)
    at = course.at(edit.block) or 0
    steps = next(steps for steps in everything if any(block.id == edit.block for block in steps))
    if isinstance(edit, Delete):
        gone = {block.id for block in units.taken(course, at)}
        if any(block.ways for block in steps if block.id in gone) or any(
            block.kind == "to" and block.id in gone for other in everything for block in other):
            return False
        steps[:] = [block for block in steps if block.id not in gone]
        return True
    swap = units.swap(course, at, edit.down)
    if swap is None:
        return False
    upper, lower = ([block for block in steps if block.id in {each.id for each in part}] for part in
                    (swap.upper, swap.lower))
    first = steps.index(upper[0])
    steps[first : first + len(upper) + len(lower)] = [*lower, *upper]
    return True


def anything(random: Random, listing: Listing) -> Edit:
    """A random edit that some page could send."""
    blocks, ways = list(listing.blocks()), [way for block, way in listing.branches() if way in block.branches]
    after = random.choice([block.id for block in blocks if block.exits and block.id])
    heads = [way.entry for _, way in listing.branches() if way.entry]
    place = {"way": random.choice(heads)} if heads and random.random() < 0.3 else {"after": after}
    key = random.choice([block.id for block in blocks if block.id])
    people = [block.id for block in blocks if block.work] or [key]
    choices = [block.id for block in blocks if block.kind == "choice"] or [key]
    flow = random.choice([way.id for way in ways]) if ways else ""
    joint = Asked(name="会签", groups=("legal", "safety"), mode="all", form="approve", sla="3")
    return random.choice([
        Insert("approve", LEGAL, ways=REFUSING, **place), Insert("approve", joint, ways=REFUSING, **place),
        Insert("approve", LEGAL, **place),
        Insert("fill", Asked(name="补充", assignee="=applicant_id", form="proofs"), **place),
        InsertChoice("要法务审核吗？", "要", (ROW,), True, LEGAL, **place),
        AddBranch(random.choice(choices), "另一种", (ROW,), True, LEGAL),
        Change(random.choice(people), Asked(name="改名", sla="7", copy_to=("legal",))),
        Recondition(flow, "新", (ROW,)), Delete(key), Delete(key), Move(key, random.random() < 0.5), DeleteBranch(flow),
        Otherwise(flow), MoveBranch(flow, random.random() < 0.5),
    ])


__all__ = ["Condition", "anything", "edited", "plain"]
