"""A random process for every seed: the blocks, and its drawing for the engine and for stock SpiffWorkflow."""

from __future__ import annotations

from random import Random

from tests.engine import drawings as ours
from tests.engine.blocks import STOCK, Block, Branches, Loop, Pen, Script, Sequence, User
from tests.engine.blocks_events import First, Guarded, Wait
from tests.engine.blocks_scopes import Call, Ending, Failing, Inside, Rounds


def grow(random: Random, depth: int) -> Block:
    """A random block."""
    kinds = ["user"] * 4 + ["script", "wait", "guarded"]
    if depth:
        kinds += ["sequence"] * 3 + ["branches"] * 5 + ["loop"] * 3 + ["inside", "call", "ending", "failing", "first"]
        kinds += ["around"] + ["rounds"] * 2
    kind = random.choice(kinds)
    made: Block
    if kind == "script":
        made = Script(random.randint(1, 9))
    elif kind == "wait":
        made = Wait(random.choice(["message", "timer"]))
    elif kind == "guarded":
        made = guarded(random, User())
    elif kind == "rounds":
        made = rounds(random)
    elif kind == "first":
        made = first(random, depth)
    elif kind == "branches":
        parts = [grow(random, depth - 1) for _ in range(random.randint(2, 3))]
        made = Branches(random.choice(["exclusive", "parallel", "parallel", "inclusive"]), unhurried(parts))
    elif kind == "sequence":
        made = Sequence([grow(random, depth - 1) for _ in range(random.randint(2, 3))])
    elif kind == "user":
        made = User()
    else:
        made = around(random, kind, grow(random, depth - 1))
    return made


def around(random: Random, kind: str, part: Block) -> Block:
    """Something with one block in it."""
    if kind == "ending":
        return Ending(part, User())
    if kind == "around":
        return guarded(random, random.choice([Inside, Call])(part))
    return {"loop": Loop, "inside": Inside, "call": Call, "failing": Failing}[kind](part)


def unhurried(parts: list[Block]) -> list[Block]:
    """Where a call copies the variables, what its sibling paths write must not happen in the very same step."""
    calls = any(isinstance(one, Call) for part in parts for one, _ in part.all())
    return [Sequence([User(), part]) if calls and hurries(part) else part for part in parts]


def hurries(block: Block) -> bool:
    """Whether it may write as soon as it begins."""
    if isinstance(block, Sequence):
        return hurries(block.parts[0])
    if isinstance(block, First | Loop):
        return False
    return isinstance(block, Script | Rounds) or any(hurries(part) for part in block.parts)


def guarded(random: Random, host: Block) -> Block:
    return Guarded(host, random.choice(["message", "timer"]), interrupting=random.random() < 0.6)


def first(random: Random, depth: int) -> Block:
    """Of several messages and at most one timer (two in one gateway never fire in the library)."""
    count = random.randint(2, 3)
    kinds = ["message"] * (count - 1) + [random.choice(["message", "timer"])]
    return First([Wait(kind) for kind in kinds], [grow(random, depth - 1) for _ in range(count)])


def rounds(random: Random) -> Block:
    """A task, or a sub-process of tasks, for each of a list."""
    last = User()
    choice = random.random()
    body: Block = last
    if choice < 0.25:
        body = Inside(Sequence([User(), last]))
    elif choice < 0.45:
        body = Inside(Sequence([Branches("parallel", [User(), User()]), last]))
    return Rounds(body, last, random.randint(0 if choice > 0.9 else 1, 3), sequential=random.random() < 0.5,
                  stops=random.random() < 0.4)


def process(seed: int) -> tuple[Block, bytes, bytes]:
    """A block with its drawing for the engine and for the stock library."""
    random = Random(seed)
    block, pen = Sequence([User(), *(grow(random, 3) for _ in range(3))]), Pen()
    into, out = block.draw(pen)
    pen.both(ours.start())
    pen.both(ours.end())
    pen.flow("S", into)
    pen.flow(out, "E")
    main = [ours.tag("process", "P", *drawn, name="P", isExecutable="true") for drawn in (pen.ours, pen.stock)]
    whole = ["".join([*pen.heads, process, *called]) for process, called in zip(main, pen.called, strict=True)]
    named = f'<bpmn:definitions {ours.NAMESPACES} id="drawing" targetNamespace="urn:x">{whole[0]}</bpmn:definitions>'
    stock = f'<bpmn:definitions {STOCK} id="drawing" targetNamespace="urn:x">{whole[1]}</bpmn:definitions>'
    return block, named.encode(), stock.encode()
