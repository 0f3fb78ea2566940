"""Any bytes yield findings, never a crash; and what has no findings can be run."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from engine import catalog
from engine.dialect import Fault
from engine.findings import Finding
from feel import FeelError
from tests.conformance.corpus import again, files
from tests.conformance.course import Ground
from tests.conformance.translated import Drawing
from tests.engine.drawings import (
    association,
    boundary,
    catch,
    compensate,
    conditional,
    drawing,
    end,
    error,
    escalation,
    event_sub,
    flow,
    flows,
    gateway,
    link,
    loop,
    message,
    script,
    service,
    signal,
    start,
    sub,
    tag,
    task,
    throw,
    timer,
)
from tests.engine.players import Ours
from tests.engine.processes import process
from tests.engine.spoiling import corrupted, reshaped, spoilt, steady

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material")) / "bpmn"
RICH = drawing(
    start(),
    script("X", "people", "=[1, 2]"),
    gateway("exclusive", "G", "d"),
    task("A", loop("=people", "who", "votes", "=c"), assignee="=who", groups="", sla="2", escalateTo="hr"),
    boundary("late", "A", timer("timeDuration", "P1D")),
    gateway("eventBased", "W"),
    catch("yes", message("m")),
    catch("no", timer("timeDate", "2027-01-01")),
    tag("subProcess", "sub", start("s"), end("bad", error("R")), flows("s bad")),
    boundary("caught", "sub", error("R")),
    end(),
    flow("G", "A", id="d"),
    flow("G", "W", "=c > 1".replace(">", "&gt;")),
    flows("S X G", "A E", "late E", "W yes sub E", "W no E", "caught E"),
    messages={"m": "granted"},
    errors={"R": "returned"},
)
LOOP = '<bpmn:standardLoopCharacteristics loopMaximum="3"/>'
WIDE = drawing(
    start(), gateway("parallel", "G"), gateway("inclusive", "J"), end(),
    service("A", "work", LOOP), boundary("B", "A", compensate()), association("B", "undo"),
    service("undo", "work").replace("<bpmn:serviceTask ", '<bpmn:serviceTask isForCompensation="true" '),
    throw("back", compensate()),
    catch("heard", signal("g")), throw("called", signal("g"), message("m")),
    throw("away", link("over")), catch("there", link("over")),
    catch("when", conditional("=c = 1")), script("set", "c", "=1"),
    sub("inner", start("s"), throw("up", escalation("R")), task("T"), end("e"), flows("s up T e"),
        event_sub("late", timer("timeCycle", "R3/P1D"), end("x"), flows("late_s x"), interrupting=False)),
    boundary("rises", "inner", escalation("R"), interrupting=False), end("E2"),
    event_sub("stop", message("n"), end("y"), flows("stop_s y")),
    flows("S G A back J", "G heard J", "G called away", "there J", "G when J", "G set J", "G inner J", "J E"),
    flows("rises E2"),
    messages={"m": "sent", "n": "withdrawn"}, signals={"g": "go"}, escalations={"R": "slow"},
)  # fmt: skip


def findings(body: bytes) -> list[Finding]:
    """The errors of a drawing; each is a whole sentence with a rule."""
    found = [one for one in catalog.check({"d.bpmn": body}) if one.severity == "error"]
    assert all(one.rule and one.zh and one.en for one in found)
    return found


def tried(body: bytes) -> bool:
    """Check the bytes; run what is said to be in order. True when it was."""
    if findings(body):
        return False
    try:
        Ours(body)
    except (Fault, FeelError):
        pass
    return True


def test_the_drawing_that_is_spoilt_is_in_order() -> None:
    assert tried(RICH)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_drawing_is_refused_or_runs(seed: int) -> None:
    random, rich = Random(seed), steady(RICH)
    ran = sum(tried(spoilt(random, rich, 2)) for _ in range(100))
    ran += sum(tried(spoilt(random, steady(process(seed * 100 + number)[1]), 1)) for number in range(30))
    assert ran


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def played(ground: Ground, body: bytes) -> bool:
    """Deploy, start and let ten days go by on a real database, if the lint has nothing against it."""
    drawn = Drawing(body, ["P"], tokens={"work"})
    catalog.provide("P", steps={"work": lambda step: None})
    wrong = findings(body)
    catalog.STEPS.pop("P", None)
    if not wrong:
        ground.run(drawn, "P", {"delay_ms": 864_000_000})
    return not wrong


def test_a_drawing_of_everything_is_refused_or_runs_for_ten_days(ground: Ground) -> None:
    random, wide = Random(11), steady(WIDE)
    assert played(ground, wide)
    assert sum(played(ground, spoilt(random, wide, 2)) for _ in range(150))


def test_a_drawing_of_everything_joined_otherwise_is_refused_or_runs_for_ten_days(ground: Ground) -> None:
    random, wide = Random(13), steady(WIDE)
    assert sum(played(ground, reshaped(random, wide)) for _ in range(80)) > 5


def test_noise_is_refused() -> None:
    random = Random(7)
    for _ in range(100):
        assert not tried(random.randbytes(random.randint(0, 300)))


def test_corrupted_bytes_yield_findings_or_a_drawing() -> None:
    random = Random(5)
    for number in range(400):
        findings(corrupted(random, (RICH, WIDE)[number % 2]))


def test_other_peoples_drawings_spoilt_yield_findings() -> None:
    if not MATERIAL.is_dir():
        pytest.skip("the corpus is not at hand (LICET_MATERIAL)")
    random, known = Random(3), list(files(MATERIAL))
    for path in random.sample(known, 250):
        body = path.read_bytes()[:60_000]
        for bad in (spoilt(random, body), corrupted(random, body)):
            findings(bad)
            again(bad)
