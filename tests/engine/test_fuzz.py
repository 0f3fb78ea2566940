"""Any bytes yield findings, never a crash; and what has no findings can be run."""

from __future__ import annotations

from random import Random

import pytest

from engine import catalog
from engine.dialect import Fault
from feel import FeelError
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    error,
    flow,
    flows,
    gateway,
    loop,
    message,
    script,
    start,
    tag,
    task,
    timer,
)
from tests.engine.players import Ours
from tests.engine.processes import process

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


def spoilt(random: Random, body: bytes, most: int = 3) -> bytes:
    """The drawing with a few things cut, doubled or changed."""
    parts = body.replace(b"<", b"\n<").split(b"\n")
    for _ in range(random.randint(1, most)):
        at = random.randrange(len(parts))
        how = random.random()
        if how < 0.3:
            del parts[at]
        elif how < 0.5:
            parts.insert(random.randrange(len(parts)), parts[at])
        elif how < 0.8:
            words = parts[at].split(b'"')
            words[random.randrange(len(words))] = random.choice(
                [b"", b"A", b"G", b"=c", b"1", b"E", b"true", "证".encode()]
            )
            parts[at] = b'"'.join(words)
        else:
            parts[at] = bytes(random.choice(b"<>\"'= abc/&;") if random.random() < 0.1 else byte for byte in parts[at])
    return b"".join(parts)


def tried(body: bytes) -> bool:
    """Check the bytes; run what is said to be in order. True when it was."""
    if any(one.severity == "error" for one in catalog.check({"d.bpmn": body})):
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
    random = Random(seed)
    ran = sum(tried(spoilt(random, RICH)) for _ in range(100))
    ran += sum(tried(spoilt(random, process(seed * 100 + number)[1], 1)) for number in range(30))
    assert ran


def test_noise_is_refused() -> None:
    random = Random(7)
    for _ in range(100):
        assert not tried(random.randbytes(random.randint(0, 300)))
