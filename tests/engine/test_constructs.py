"""Each element of the vocabulary, drawn small and run on both databases."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.conftest import HAN, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    error,
    extensions,
    flow,
    flows,
    gateway,
    loop,
    mapping,
    message,
    script,
    start,
    tag,
    task,
    terminate,
    timer,
    zeebe,
)


def test_a_task_is_offered_done_and_the_process_ends(world: World):
    it = world.run(drawing(start(), task("A"), end(outcome="granted"), flows("S A E")))
    assert world.names(it) == ["A"]
    world.do(it, "A", c=1)
    assert (world.state(it), world.row(it).outcome, world.variables(it)) == ("completed", "granted", {"c": 1})
    assert world.path(it) == ["S", "A", "E"]


def test_the_first_true_condition_decides_else_the_default(world: World):
    world.deploy(
        drawing(
            start(),
            task("A"),
            gateway("exclusive", "G", "no"),
            task("B"),
            task("C"),
            end(),
            flows("S A G", "B E", "C E"),
            flow("G", "B", "=c &gt; 5"),
            flow("G", "C", id="no"),
        )
    )
    for answer, wanted in ((9, "B"), (1, "C")):
        it = world.start()
        world.do(it, "A", c=answer)
        assert world.names(it) == [wanted]


def test_parallel_branches_keep_each_others_variables(world: World):
    it = world.run(
        drawing(
            start(),
            gateway("parallel", "F"),
            task("A", gives={"a": "=x"}),
            task("B", gives={"b": "=x"}),
            gateway("parallel", "J"),
            task("C"),
            end(),
            flows("S F A J", "F B J", "J C E"),
        )
    )
    assert world.names(it) == ["A", "B"]
    world.do(it, "A", x=1)
    assert world.names(it) == ["B"]
    world.do(it, "B", x=2)
    assert world.names(it) == ["C"]
    assert world.variables(it) == {"a": 1, "b": 2}


def test_a_parallel_join_in_a_loop_waits_for_both_in_every_round(world: World):
    it = world.run(
        drawing(
            start(),
            gateway("exclusive", "M"),
            gateway("parallel", "F"),
            task("A"),
            task("B"),
            gateway("parallel", "J"),
            task("C"),
            gateway("exclusive", "X", "out"),
            end(),
            flows("S M F A J", "F B J", "J C X"),
            flow("X", "M", "=c = 1"),
            flow("X", "E", id="out"),
        )
    )
    for first, second, again in (("B", "A", 1), ("A", "B", 1), ("B", "A", 0)):
        world.do(it, first)
        assert world.names(it) == [second]
        world.do(it, second)
        world.do(it, "C", c=again)
    assert world.state(it) == "completed"


def test_an_inclusive_join_waits_for_the_branches_that_were_taken(world: World):
    drawn = drawing(
        start(),
        gateway("inclusive", "F", "d"),
        task("A"),
        task("B"),
        task("D"),
        gateway("inclusive", "J"),
        task("C"),
        end(),
        flows("S F", "A J", "B J", "D J", "J C E"),
        flow("F", "A", "=a"),
        flow("F", "B", "=b"),
        flow("F", "D", id="d"),
    )
    world.deploy(drawn)
    both = world.start(a=True, b=True)
    assert world.names(both) == ["A", "B"]
    world.do(both, "A")
    assert world.names(both) == ["B"]
    world.do(both, "B")
    assert world.names(both) == ["C"]
    neither = world.start(a=False, b=False)
    world.do(neither, "D")
    assert world.names(neither) == ["C"]


def test_a_script_is_feel(world: World):
    it = world.run(drawing(start(), script("X", "sum", "=a + 1"), task("A"), end(), flows("S X A E")), a=41)
    assert world.variables(it) == {"a": 41, "sum": 42}


def test_a_sub_process_may_end_in_several_places(world: World):
    inside = tag(
        "subProcess",
        "sub",
        start("s1"),
        task("A"),
        gateway("exclusive", "G", "n"),
        task("B"),
        end("e1"),
        end("e2"),
        flows("s1 A G", "B e2"),
        flow("G", "e1", "=c = 1"),
        flow("G", "B", id="n"),
    )
    world.deploy(drawing(start(), inside, task("C"), end(), flows("S sub C E")))
    short, long = world.start(), world.start()
    world.do(short, "A", c=1)
    assert world.names(short) == ["C"]
    world.do(long, "A", c=2)
    assert world.names(long) == ["B"]
    world.do(long, "B")
    assert world.names(long) == ["C"]


def test_an_error_end_leaves_the_sub_process_by_its_boundary_event(world: World):
    inside = tag(
        "subProcess",
        "sub",
        start("s1"),
        gateway("parallel", "F"),
        task("A"),
        task("B"),
        end("e1"),
        end("bad", error("R")),
        flows("s1 F A e1", "F B bad"),
    )
    it = world.run(
        drawing(
            start(),
            inside,
            boundary("caught", "sub", error("R")),
            task("C"),
            task("D"),
            end(),
            end("E2"),
            flows("S sub C E", "caught D E2"),
            errors={"R": "returned"},
        )
    )
    assert world.names(it) == ["A", "B"]
    world.do(it, "B")
    assert world.names(it) == ["D"]
    world.do(it, "D")
    assert world.state(it) == "completed"


def test_a_message_interrupts_a_task(world: World):
    it = world.run(
        drawing(
            start(),
            task("A"),
            boundary("back", "A", message("M")),
            task("B"),
            end(),
            end("E2"),
            flows("S A E", "back B E2"),
            messages={"M": "withdraw"},
        )
    )
    world.send(it, "withdraw")
    assert world.names(it) == ["B"]


def test_a_timer_interrupts_a_task(world: World, clock):
    it = world.run(
        drawing(
            start(),
            task("A"),
            boundary("late", "A", timer("timeDuration", "P5D")),
            task("B"),
            end(),
            end("E2"),
            flows("S A E", "late B E2"),
        )
    )
    assert world.sweep() == 0
    clock.advance(timedelta(days=5))
    assert world.sweep() == 1
    assert world.names(it) == ["B"]
    assert world.sweep() == 0


def test_a_timer_beside_a_task_does_not_interrupt_it(world: World, clock):
    it = world.run(
        drawing(
            start(),
            task("A"),
            boundary("late", "A", timer("timeDuration", "PT1H"), interrupting=False),
            task("B"),
            end(),
            end("E2"),
            flows("S A E", "late B E2"),
        )
    )
    clock.advance(timedelta(hours=1))
    world.sweep()
    assert world.names(it) == ["A", "B"]
    world.do(it, "A")
    world.do(it, "B")
    assert world.state(it) == "completed"


def test_the_first_event_after_the_gateway_decides(world: World, clock):
    world.deploy(
        drawing(
            start(),
            gateway("eventBased", "G").replace("eventBasedGateway", "eventBasedGateway"),
            catch("yes", message("Y")),
            catch("no", message("N")),
            catch("silence", timer("timeDuration", "P3D")),
            task("A"),
            task("B"),
            task("C"),
            end(),
            flows("S G yes A E", "G no B E", "G silence C E"),
            messages={"Y": "accepted", "N": "refused"},
        )
    )
    by_message, by_time = world.start(), world.start()
    world.send(by_message, "refused")
    assert world.names(by_message) == ["B"]
    clock.advance(timedelta(days=3))
    assert world.sweep() == 1
    assert world.names(by_time) == ["C"]


def test_a_called_process_gets_and_gives_what_is_mapped(world: World):
    call = tag(
        "callActivity",
        "call",
        extensions(
            zeebe(
                "calledElement",
                processId="Q",
                propagateAllChildVariables="false",
                propagateAllParentVariables="false",
            ),
            mapping({"m": "=n"}, {"r": "=m + c"}),
        ),
    )
    it = world.run(
        drawing(start(), call, task("B"), end(), flows("S call B E")),
        drawing(start(), task("A"), end(), flows("S A E"), id="Q"),
        n=40,
    )
    world.do(it, "A", c=2)
    assert world.variables(it) == {"n": 40, "r": 42}


def test_each_of_a_list_signs_and_the_results_are_gathered(world: World):
    it = world.run(
        drawing(
            start(),
            task("A", loop("=people", "who", "votes", "=c"), assignee="=who", groups=""),
            task("B"),
            end(),
            flows("S A B E"),
        ),
        people=[12, 13],
    )
    assert [task.assignee_id for task in world.open(it)] == [12, 13]
    first, second = world.open(it)
    from engine.usertasks import tasks
    from ledger.db import unit
    from tests.engine.conftest import LI

    with unit(world.engine) as session:
        tasks.complete(session, second.id, LI, {"c": "no"})
    with unit(world.engine) as session:
        tasks.complete(session, first.id, HAN, {"c": "yes"})
    assert world.names(it) == ["B"]
    assert world.variables(it)["votes"] == ["yes", "no"]


def test_a_terminate_end_ends_everything(world: World):
    it = world.run(
        drawing(
            start(),
            gateway("parallel", "F"),
            task("A"),
            task("B"),
            end(),
            end("X", terminate()),
            flows("S F A E", "F B X"),
        )
    )
    world.do(it, "B")
    assert (world.state(it), world.names(it)) == ("completed", [])


def test_a_drawing_may_use_ids_that_the_library_uses_itself(world: World):
    it = world.run(drawing(start("Start"), task("Root"), end("End"), flows("Start Root End")))
    world.do(it, "Root", c=1)
    assert world.path(it) == ["Start", "Root", "End"]
