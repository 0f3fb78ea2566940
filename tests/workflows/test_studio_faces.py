"""The approval list of a drawing: read, edited, read again; what nobody touched stays as it is written."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

import workflows
from engine import catalog, drawing
from engine.package import unpack
from engine.vocabulary import BPMN
from ledger.errors import BadDiagram
from tests.engine.drawings import boundary, end, flow, flows, gateway, start, task, timer
from tests.engine.drawings import drawing as drawn
from tests.engine.processes import process
from tests.workflows.faces_model import LEGAL, REFUSING, anything, edited, plain
from workflows.studio.faces import conditions, known, reading, writing
from workflows.studio.faces.conditions import Row
from workflows.studio.faces.edits import (
    AddBranch,
    Asked,
    CannotEdit,
    Change,
    Delete,
    DeleteBranch,
    Edit,
    Insert,
    InsertChoice,
    LastBranch,
    Move,
    MoveBranch,
    NoSuchWay,
    NowhereToMove,
    OnlyWayOn,
    Otherwise,
    Recondition,
    Way,
)
from workflows.studio.faces.graph import Scope
from workflows.studio.faces.listing import Listing, elements_of
from workflows.studio.faces.painting import Picture
from workflows.studio.faces.paper import Paper
from workflows.studio.faces.units import neighbour

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material")) / "bpmn"
SHIPPED = {process_id: (each.files, f"{process_id}.bpmn") for process_id, each in workflows.CATALOG.items()}
SIMPLE = drawn(start(), task("A", gives={"a": "=verdict"}), gateway("exclusive", "G", default="no"), task("B"), end(),
               end("E2"), flows("S A G", "B E"),
               flow("G", "B", '=a = "approve"'), flow("G", "E2", id="no"))
PASSED = frozenset({"unreachable", "no-exit", "stuck", "flow-list", "idle-gateway", "id", "flow", "dead-end"})


def every_element_once(body: bytes, process_id: str) -> None:
    listing = reading.read(body, process_id)
    shown = Counter(each for course in listing.courses for block in course.steps for each in elements_of(block))
    shown.update(listing.left_over.holds if listing.left_over else ())
    root = next(node for node in drawing.read(body).iter(f"{{{BPMN}}}process") if node.get("id") == process_id)
    assert set(Scope(root).elements) <= set(shown)
    assert [each for each, count in shown.items() if count > 1] == []


def done(body: bytes, edit: Edit, process_id: str = "P") -> Listing:
    return reading.read(writing.write(body, process_id, [edit]), process_id)


def names(listing: Listing) -> list[str]:
    return [block.id or block.name for block in listing.courses[0].steps]


@pytest.mark.parametrize("process_id", SHIPPED)
def test_a_shipped_drawing_is_listed_whole_and_left_as_it_is(process_id: str) -> None:
    files, main = SHIPPED[process_id]
    for name in (name for name in files if name.endswith(".bpmn")):
        for each, _ in reading.processes_in(files[name]):
            every_element_once(files[name], each)
            assert writing.write(files[name], each, []) == files[name]


@pytest.mark.parametrize("process_id", SHIPPED)
def test_whatever_a_condition_can_look_at_has_a_name_that_people_know(process_id: str) -> None:
    files, _main = SHIPPED[process_id]
    for name in (name for name in files if name.endswith(".bpmn")):
        for each, _ in reading.processes_in(files[name]):
            told = {one.name: one.label for one in known.variables(reading.read(files[name], each), files)}
            assert [key for key, label in told.items() if key == label and not key.startswith("count(")] == []


def test_what_a_table_decides_is_called_by_its_columns() -> None:
    files, main = SHIPPED["borrowing"]
    told = {one.name: (one.step, one.label) for one in known.variables(reading.read(files[main], "borrowing"), files)}
    assert told["plan.consent"] == ("谁来审批", "要持证人同意") and "plan" not in told
    own = {one.name: one.label for one in known.variables(reading.read(files[main], "borrowing"), {
        name: body.replace("要持证人同意".encode(), "要本人点头".encode()) for name, body in files.items()})}
    assert own["plan.consent"] == "要本人点头"


def test_hardly_anything_of_the_shipped_drawings_is_locked() -> None:
    locked = [block.holds for files, main in SHIPPED.values()
              for each, _ in reading.processes_in(files[main]) for block in reading.read(files[main], each).blocks()
              if block.kind == "locked"]
    assert len(locked) == 1 and locked[0][0] == "S3_split"


@pytest.mark.parametrize("seed", range(12))
def test_a_random_drawing_is_listed_whole(seed: int) -> None:
    body = process(seed)[1]
    for each, _ in reading.processes_in(body):
        every_element_once(body, each)


@pytest.mark.parametrize("part", range(4))
def test_real_drawings_are_listed_whole_and_edited_or_refused(part: int) -> None:
    if not MATERIAL.is_dir():
        pytest.skip("the shared material is not here")
    random = Random(part)
    for path in sorted(MATERIAL.rglob("*.bpmn"))[part * 11 :: 44]:
        body = path.read_bytes()
        try:
            found = reading.processes_in(body)
        except BadDiagram:
            continue
        for each, _ in found:
            every_element_once(body, each)
            assert writing.write(body, each, []) == body
            changed(random, body, each)


def changed(random: Random, body: bytes, process_id: str) -> bytes:
    """The drawing after a random edit, or as it was where that is refused."""
    listing = reading.read(body, process_id)
    if not any(block.exits and block.id for block in listing.blocks()):
        return body
    try:
        made = writing.write(body, process_id, [anything(random, listing)])
    except CannotEdit:
        return body
    every_element_once(made, process_id)
    return made


@pytest.mark.parametrize("part", range(3))
def test_what_is_written_is_read_as_the_edited_list(part: int) -> None:
    told = 0
    for seed in range(part * 40, part * 40 + 40):
        random = Random(seed)
        process_id = random.choice(sorted(SHIPPED))
        body = SHIPPED[process_id][0][SHIPPED[process_id][1]]
        listing = reading.read(body, process_id)
        edit = anything(random, listing)
        try:
            made = writing.write(body, process_id, [edit])
        except CannotEdit:
            continue
        wanted = edited(listing, edit)
        if wanted is not None:
            told += 1
            assert plain(reading.read(made, process_id)) == wanted, (seed, process_id, edit)
    assert told > 8


@pytest.mark.parametrize("seed", range(10))
def test_edits_one_after_the_other_leave_nothing_wrong_and_a_tidy_picture(seed: int) -> None:
    random = Random(seed)
    process_id = random.choice(sorted(SHIPPED))
    files, main = SHIPPED[process_id]
    body = files[main]
    for _ in range(4):
        body = changed(random, body, process_id)
    before = {(one.rule, one.element) for one in catalog.check(files) if one.severity == "error"}
    after = {(one.rule, one.element) for one in catalog.check({**files, main: body}) if one.severity == "error"}
    assert after - before == set()
    assert overlaps(body) - overlaps(files[main]) == set()
    assert askew(body) - askew(files[main]) == set()


def overlaps(body: bytes) -> set[tuple[str, str]]:
    shapes = [one for one in Picture(Paper(body, "")).shapes.values() if not one.holds and not one.host]
    return {(a.id, b.id) for place, a in enumerate(shapes) for b in shapes[place + 1 :] if all(
        a.box.lead(axis) < b.box.far(axis) and b.box.lead(axis) < a.box.far(axis) for axis in (0, 1))}


def askew(body: bytes) -> set[str]:
    picture = Picture(Paper(body, ""))
    return {flow for flow in picture.edges
            if any(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(picture.points(flow)))}


def test_an_edit_changes_no_line_that_it_does_not_concern() -> None:
    files, main = SHIPPED["renewal"]
    for ending in (b"\n", b"\r\n"):
        body = files[main].replace(b"<?xml version='1.0' encoding='UTF-8'?>", b'<?xml version="1.0"?><!-- kept -->')
        body = body.replace(b"/>", b" />").replace(b"\n", ending)
        made = writing.write(body, "renewal", [Change("N5_approve", Asked(sla="9"))])
        before, after = body.split(ending), made.split(ending)
        assert len(before) == len(after) and sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_same_edit_of_the_same_file_makes_the_same_bytes() -> None:
    edit = Insert("approve", LEGAL, after="A", ways=REFUSING)
    assert writing.write(SIMPLE, "P", [edit]) == writing.write(SIMPLE, "P", [edit])


def test_an_approval_is_put_behind_a_step_with_the_way_of_its_refusal() -> None:
    listing = done(SIMPLE, Insert("approve", LEGAL, after="G", ways=REFUSING))
    assert [block.name for block in listing.courses[0].steps][3:5] == ["法务审核", "法务审核？"]
    ways = next(block for block in listing.blocks() if block.name == "法务审核？").branches
    assert [(way.name, way.goes_on) for way in ways] == [("同意", True), ("驳回", False)]


def test_a_refusal_can_lead_back_to_a_step_but_not_out_of_ways_taken_together() -> None:
    back = (Way("approve", "同意", "on"), Way("reject", "退回", "A"))
    listing = done(SIMPLE, Insert("approve", LEGAL, after="B", ways=back))
    jump = next(block for block in listing.blocks() if block.kind == "jump" and block.to == "A")
    assert jump.back
    forked = drawn(start(), gateway("parallel", "F"), task("A"), task("B"), gateway("parallel", "J"), task("C"), end(),
                   flows("S F A J C E", "F B J"))
    with pytest.raises(NoSuchWay):
        writing.write(forked, "P", [Insert("approve", LEGAL, after="B", ways=(*back[:1], Way("reject", "", "C")))])
    ended = writing.write(forked, "P", [Insert("approve", LEGAL, after="B", ways=REFUSING)])
    assert b"terminateEventDefinition" in ended and plainly_sound(ended)


def plainly_sound(body: bytes) -> bool:
    return not [one for one in catalog.check({"d.bpmn": body}) if one.rule in PASSED]


def test_a_vote_asks_each_role_and_the_way_on_looks_at_its_result() -> None:
    joint = Asked(mode="percent", percent="60", groups=("legal", "hr"))
    made = writing.write(SIMPLE, "P", [Change("A", joint)])
    work, choice = reading.read(made, "P").one("A"), reading.read(made, "P").one("G")
    assert work and work.work and (work.work.groups, work.work.vote, work.work.vote_percent) == (
        ("legal", "hr"), "percent", "60")
    assert choice and choice.branches[0].condition and choice.branches[0].condition.text == "A_vote.passed = true"
    again = reading.read(writing.write(made, "P", [Change("A", Asked(mode="one"))]), "P").one("G")
    assert again and again.branches[0].condition and again.branches[0].condition.rows == (
        Row("A_verdict", "in", ("approve", "agree", "pass")),)


def test_deleting_a_task_takes_the_choice_about_its_verdict_and_its_mentions_along() -> None:
    body = drawn(start(), task("A", gives={"a": "=verdict"}), gateway("exclusive", "G", default="no"),
                 task("B", notBy="A"), end(), end("E2"), flows("S A G", "B E"), flow("G", "B", '=a = "approve"'),
                 flow("G", "E2", id="no"))
    made = writing.write(body, "P", [Delete("A")])
    assert names(reading.read(made, "P")) == ["S", "B", "E"] and plainly_sound(made)
    assert b"licet:notBy" not in made


def test_what_only_a_deleted_step_led_to_goes_with_it() -> None:
    body = drawn(start(), task("A"), boundary("late", "A", timer("timeDuration", "P1D")), task("L"), end("E2"),
                 task("B"), end(), flows("S A B E", "late L E2"))
    made = writing.write(body, "P", [Delete("A")])
    assert names(reading.read(made, "P")) == ["S", "B", "E"] and plainly_sound(made)
    assert reading.read(made, "P").left_over is None


def test_neighbours_change_places_with_the_choice_about_a_verdict() -> None:
    body = drawn(start(), task("X"), task("A", gives={"a": "=verdict"}), gateway("exclusive", "G", default="no"),
                 task("B"), end(), end("E2"), flows("S X A G", "B E"), flow("G", "B", '=a = "approve"'),
                 flow("G", "E2", id="no"))
    assert names(done(body, Move("A", down=False))) == ["S", "A", "G", "X", "B", "E"]
    assert names(done(body, Move("B", down=False)))[:5] == ["S", "X", "B", "A", "G"]


def test_a_branch_is_added_before_the_others_case_and_taken_away_again() -> None:
    listing = reading.read(writing.write(SIMPLE, "P", [
        InsertChoice("大吗？", "大", (Row("days", ">", (conditions.literal("30"),)),), True, LEGAL, after="B")]), "P")
    choice = next(block for block in listing.blocks() if block.name == "大吗？")
    assert [way.otherwise for way in choice.branches] == [False, True]
    made = writing.write(writing.write(SIMPLE, "P", []), "P", [])
    made = writing.write(SIMPLE, "P", [
        InsertChoice("大吗？", "大", (Row("days", ">", (conditions.literal("30"),)),), True, LEGAL, after="B"),
        AddBranch(choice.id, "小", (Row("days", "<", (conditions.literal("3"),)),), True, LEGAL)])
    ways = next(block for block in reading.read(made, "P").blocks() if block.name == "大吗？").branches
    assert [way.name for way in ways] == ["大", "小", ""]
    with pytest.raises(LastBranch):
        writing.write(made, "P", [DeleteBranch(ways[2].id)])
    left = writing.write(made, "P", [DeleteBranch(ways[0].id), DeleteBranch(ways[1].id)])
    assert names(reading.read(left, "P")) == names(reading.read(SIMPLE, "P")) and plainly_sound(left)


def test_the_only_way_on_is_not_deleted() -> None:
    choice = reading.read(SIMPLE, "P").one("G")
    assert choice is not None
    with pytest.raises(OnlyWayOn):
        writing.write(SIMPLE, "P", [DeleteBranch(choice.branches[0].id)])


def test_another_way_becomes_the_others_case_and_the_meaning_stays() -> None:
    going = reading.read(SIMPLE, "P").one("G")
    assert going is not None
    choice = done(SIMPLE, Otherwise(going.branches[0].id)).one("G")
    assert choice is not None and choice.branches[0].otherwise
    assert choice.branches[1].condition and choice.branches[1].condition.text == 'a != "approve"'


ORDER = drawn(start(), gateway("exclusive", "G", default="o"), task("A"), task("B"), end(),
              flows("S G", "A E", "B E"), flow("G", "A", "=days > 3", id="a"), flow("G", "B", "=days > 30", id="b"),
              flow("G", "E", id="o"))


def looked_at(body: bytes) -> list[str]:
    """The flows of G in the order in which the engine looks at their conditions."""
    return [each.id for each in catalog.assemble(unpack({"d.bpmn": body}), "P").blueprint.spec.task_specs["G"].flows]


def test_the_conditions_are_looked_at_in_the_order_of_the_branches() -> None:
    for edits, wanted in (([], "a b o"), ([MoveBranch("b", False)], "b a o"), ([MoveBranch("o", False)], "a o b"),
                          ([MoveBranch("a", True), MoveBranch("a", True)], "b o a")):
        made = writing.write(ORDER, "P", edits)
        choice = reading.read(made, "P").one("G")
        assert choice and [way.id for way in choice.branches] == wanted.split() == looked_at(made)
        assert plainly_sound(made)


def test_a_branch_moved_there_and_back_leaves_the_file_as_it_was() -> None:
    moved = 0
    for process_id, (files, main) in SHIPPED.items():
        for block, way in reading.read(files[main], process_id).branches():
            for down in (True, False):
                if way in block.branches and neighbour(block, way, down) is not None:
                    there = writing.write(files[main], process_id, [MoveBranch(way.id, down)])
                    every_element_once(there, process_id)
                    assert there != files[main]
                    assert writing.write(there, process_id, [MoveBranch(way.id, not down)]) == files[main]
                    moved += 1
    assert moved > 50


def test_the_first_branch_is_not_moved_forward_nor_the_last_back() -> None:
    for flow_id, down in (("a", False), ("o", True)):
        with pytest.raises(NowhereToMove):
            writing.write(ORDER, "P", [MoveBranch(flow_id, down)])


def test_a_start_an_end_and_a_locked_part_are_neither_moved_nor_deleted() -> None:
    for key in ("S", "E"):
        for edit in (Delete(key), Move(key, down=True)):
            with pytest.raises(CannotEdit):
                writing.write(SIMPLE, "P", [edit])


@pytest.mark.parametrize("text", [
    'a = "x"', "days > 30", 'a.b != "x"', "a = null", "a != null", 'x in ["a", "b"]', 'list contains(r, "hr")',
    "count(gaps) = 0", 'a = "x" and days <= 2', "a = true or b = false", 'd > date("2027-01-01")', 'a = "值"',
])
def test_a_simple_condition_is_rows_and_the_rows_say_the_same(text: str) -> None:
    found = conditions.read(f"={text}")
    assert found.simple and conditions.write(found.rows, found.together) == text


@pytest.mark.parametrize("text", [
    "a + 1 > 2", "some x in y satisfies x", 'a = "x" and (b = 1 or c)', "=", "a = b", 'a = "1"', "not(a and b)", "((((",
])
def test_another_condition_stays_text(text: str) -> None:
    assert not conditions.read(text).simple


def test_a_row_cannot_smuggle_feel_into_a_condition() -> None:
    flow_id = next(block for block in reading.read(SIMPLE, "P").blocks() if block.id == "G").branches[0].id
    for row in (Row("a = 1 or b", "=", ("x",)), Row("a", "= 1 or b =", ("x",)), Row("1", "true")):
        with pytest.raises(CannotEdit):
            writing.write(SIMPLE, "P", [Recondition(flow_id, None, (row,))])
    safe = done(SIMPLE, Recondition(flow_id, None, (Row("a", "=", ('"] or true',)),))).one("G")
    assert safe and safe.branches[0].condition and safe.branches[0].condition.rows[0].values == ('"] or true',)


def test_names_are_text_and_what_xml_cannot_hold_is_refused() -> None:
    listing = done(SIMPLE, Change("B", Asked(name='<script>"&amp;')))
    block = listing.one("B")
    assert block is not None and block.name == '<script>"&amp;'
    with pytest.raises(CannotEdit):
        writing.write(SIMPLE, "P", [Change("B", Asked(name="a\x00b"))])


def test_choices_nested_without_end_become_a_locked_part() -> None:
    parts = [start(), *(gateway("exclusive", f"G{n}") for n in range(80)), end(), *(end(f"X{n}") for n in range(80))]
    lines = [flow(f"G{n}", f"X{n}", "=a") for n in range(80)] + [
        flow(f"G{n}", f"G{n + 1}" if n < 79 else "E", "=b") for n in range(80)]
    every_element_once(drawn(*parts, *lines, flows("S G0")), "P")
