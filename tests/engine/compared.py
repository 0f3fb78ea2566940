"""Plays random processes with all three and compares them after every step.

`python -m tests.engine.compared 2400` plays so many and says what came out; it fails when the engine is wrong, or the
library differs by none of its known bugs.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.engine.blocks import Block
from tests.engine.blocks_events import Guarded
from tests.engine.players import Model, Ours, Stock
from tests.engine.processes import process
from tests.engine.stock_bugs import KNOWN, Above, Difference

STEPS = 40


@dataclass
class Compared:
    """What came out for one seed."""

    seed: int
    steps: int = 0
    wrong: str = ""  # how the engine differs from the model
    explained: list[str] = field(default_factory=list)  # names of the library's bugs that were met
    unexplained: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.wrong and not self.explained and not self.unexplained


class Comparison:
    """The library against the model; after an explained difference of a variable, the others are compared on."""

    def __init__(self, block: Block) -> None:
        self.block, self.known_wrong = block, set[str]()
        self.earlier: dict[str, list[Any]] = {}
        beside = [one for one, _ in block.all() if isinstance(one, Guarded) and not one.interrupting]
        self.beside = {name for one in beside for name in (*one.parts[1].names(), f"d_{one.name}")}
        self.writers: dict[str, tuple[Above, ...]] = {}
        for one, above in block.all():
            for name in one.names():
                self.writers[name] = (*self.writers.get(name, ()), (*above, one))

    def differences(self, model: Model, stock: Stock, did: list[str]) -> Iterator[Difference]:
        """What differs now."""
        expected, shown = model.seen(), stock.seen()
        names = [name for name, _ in expected], [name for name, _ in shown]
        if stock.broken or names[0] != names[1] or model.over != stock.over:
            yield Difference(self.block, "", (names[0], model.over), (names[1], stock.over), broken=stock.broken,
                             did=tuple(did))
            return
        strays = {one.name for one in model.shown() if one.stray}
        pairs = [(told, seen) for (name, told), (_, seen) in zip(expected, shown, strict=True) if name not in strays]
        if model.over:
            pairs.append((model.data, stock.data))
        skipped = self.block.unsettled() | self.beside | self.known_wrong
        for told, seen in pairs:
            for name in sorted((told.keys() | seen.keys()) - skipped):
                if told.get(name) != seen.get(name):
                    yield Difference(self.block, name, told.get(name), seen.get(name), self.writers.get(name, ()),
                                     tuple(self.earlier.get(name, ())), model.over)
        for told, _ in pairs:
            for name, value in told.items():
                self.earlier.setdefault(name, []).append(value)


def why(found: Difference) -> str | None:
    """The library's bug that explains a difference; None when it is nobody's but ours."""
    return next((bug.name for bug in KNOWN if bug.explains(found)), None)


def play(seed: int) -> Compared:
    """The same choices for all three, until the process is over."""
    block, drawn, drawn_for_stock = process(seed)
    model, ours, stock = Model(block), Ours(drawn, hot=seed % 2 == 1), Stock(drawn_for_stock)
    result, compared, random = Compared(seed), Comparison(block), Random(seed + 1)
    followed, did = True, list[str]()
    for _ in range(STEPS):
        if (model.seen(), model.over) != (ours.seen(), ours.over) or (model.over and model.data != ours.data):
            result.wrong = f"expected {model.seen()}, over {model.over}; ours {ours.seen()}, over {ours.over}"
            break
        followed = followed and _note(result, compared, list(compared.differences(model, stock, did)))
        doing = [name for name, _ in model.seen()]
        choices = doing + model.events()
        if not choices:
            break
        result.steps += 1
        name, value = random.choice(choices), random.randint(0, 9)
        did.append(name)
        players: list[Any] = [model, ours]
        for player in players:
            (player.do if name in doing else player.happen)(name, value)
        if followed:
            stock.told.c |= {**model.told, "round": value}
            (stock.do if name in doing else stock.happen)(name, value)
    return result


def _note(result: Compared, compared: Comparison, found: list[Difference]) -> bool:
    """Write down what differs; False when the library can be followed no longer."""
    for each in found:
        bug = why(each)
        if bug is None:
            result.unexplained.append(f"{each.name or 'tasks'}: {each.expected} {each.shown} {each.broken}")
        elif bug not in result.explained:
            result.explained.append(bug)
        compared.known_wrong.add(each.name)
    return not any(not each.name for each in found)


def summary(played: Iterable[Compared]) -> str:
    """One sentence about many."""
    each = list(played)
    bugs = Counter(bug for one in each for bug in one.explained)
    equal, steps = sum(one.equal for one in each), sum(one.steps for one in each)
    return f"{len(each)} processes, {steps} steps, {equal} equal, differences by stock bug {dict(bugs)}"


def main() -> None:
    played = [play(seed) for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 2400)]
    print(summary(played))
    bad = [one for one in played if one.wrong or one.unexplained]
    for one in bad:
        print(f"seed {one.seed}: {one.wrong} {one.unexplained}")
    if bad:
        raise SystemExit(f"{len(bad)} differ for no known reason")


if __name__ == "__main__":
    main()
