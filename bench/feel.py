"""FEEL: conditions, tables, the prover, and how soon what is too much is stopped; beside others who read conditions.

Processor time of this process throughout: it is our code that is measured, not who else is on the machine.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from xml.sax.saxutils import escape

from bench import rivals
from bench.hostile import HOSTILE
from bench.measure import Figure, cpu
from feel import FeelError, compile, dmn, evaluate
from feel.expression import program
from feel.prove import prove

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
TABLE = {"kind": "permit", "days": 37, "region": "bj", "amount": 150, "urgent": False}


def figures() -> Iterator[Figure]:
    condition = compile(rivals.TEXT)
    yield Figure("FEEL condition, compiled", each(lambda: condition(rivals.CONTEXT), 20_000) * 1e6, "us", 5)
    numbers = count(1000)
    first = each(lambda: compile(f'amount > {next(numbers)} and region = "bj"')(rivals.CONTEXT), 500)
    yield Figure("FEEL condition, met for the first time", first * 1e3, "ms", 1)
    for who, taken in rivals.microseconds():
        yield Figure(f"the same condition, {who}", taken, "us")
    table = dmn.parse(drawn(100, list(TABLE), 5, "RULE ORDER"))
    yield Figure("table of 100 rules and 5 inputs", each(lambda: table.evaluate("d", TABLE), 500) * 1e6, "us", 200)
    whole = dmn.parse(drawn(200, [*TABLE, "level"], 7, "UNIQUE"))
    assert prove(whole, "d")
    yield Figure("200 rules and 6 inputs proved", cpu(lambda: prove(whole, "d")), "s", 2)
    yield Figure("10,000 cached expressions", in_child(fill_the_cache)[1], "MB", 50)
    costs = [in_child(partial(attempt, text)) for text in HOSTILE]
    slowest, largest = max(seconds for seconds, _ in costs), max(grown for _, grown in costs)
    yield Figure(f"the slowest of {len(HOSTILE)} hostile expressions is stopped", slowest * 1e3, "ms", 50)
    yield Figure(f"the largest of {len(HOSTILE)} hostile expressions", largest, "MB", 50)


def each(act: Callable[[], object], times: int) -> float:
    """Processor seconds for one call: the median of five rounds, once warm."""
    act()
    return statistics.median(cpu(lambda: [act() for _ in range(times)]) for _ in range(5)) / times


def attempt(text: str) -> None:
    try:
        evaluate(text)
    except FeelError:
        pass


def fill_the_cache() -> None:
    for number in range(10_000):
        compile(f'amount > {number} and region = "bj" or status in ("open", "late", "k{number % 7}")')
    assert program.cache_info().currsize == 10_000


def in_child(act: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds and the most MB that memory grew by, in a copy of this process that does nothing else."""
    gc.collect()
    gc.freeze()  # what was here before is not the expression's to walk
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as marks:
            marks.write("5")  # the peak starts here
        before, begun = peak(), time.process_time()
        act()
        os.write(sink, f"{time.process_time() - begun} {peak() - before}".encode())
        os._exit(0)
    gc.unfreeze()
    os.close(sink)
    with os.fdopen(source) as told:
        seconds, grown = told.read().split()
    os.waitpid(child, 0)
    return float(seconds), float(grown)


def peak() -> float:
    """The most memory this process has had so far, in MB (Linux)."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def drawn(rules: int, inputs: list[str], seed: int, hit: str) -> bytes:
    """A decision table whose cells are what people write: one value, a list, a range, a comparison, a dash."""
    chance = random.Random(seed)
    columns = "".join(f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in inputs)
    outputs = [f"<outputEntry><text>{number}</text></outputEntry>" for number in range(rules)]
    rows = "".join(f"<rule>{cells(chance, inputs)}{output}</rule>" for output in outputs)
    table = f'<decisionTable id="t" hitPolicy="{hit}">{columns}<output name="out"/>{rows}</decisionTable>'
    decision = f'<decision id="d" name="d">{table}</decision>'
    return f'<definitions xmlns="{MODEL}" id="m" name="m" namespace="n">{decision}</definitions>'.encode()


def cells(chance: random.Random, inputs: list[str]) -> str:
    low = chance.randrange(1000)
    written = {
        "kind": ['"permit"', '"licence", "permit"', 'not("letter")', "-"],
        "days": [f"[{low}..{low + 30})", f"> {low}", f"<= {low}"],
        "region": ['"bj"', '"sh", "gz"', "-"],
        "amount": [f"> {low}", f"[{low}..{low + 99}]"],
        "urgent": ["true", "false", "-"],
        "level": ["1", "2", "> 2", "-"],
    }
    texts = (chance.choice(written[name]) for name in inputs)
    return "".join(f"<inputEntry><text>{escape(text)}</text></inputEntry>" for text in texts)
