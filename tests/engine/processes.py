"""A random process for every seed: the blocks, and its drawing for the engine and for stock SpiffWorkflow."""

from __future__ import annotations

from random import Random

from tests.engine import drawings as ours
from tests.engine.blocks import STOCK, Block, Branches, Loop, Pen, Script, Sequence, User
from tests.engine.blocks_events import First, Guarded, Reminded, Wait
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


def plain(random: Random, depth: int, alone: bool = True) -> Block:
    """A random block of user tasks only; beside parallel branches (`alone` False) no timer ends a path."""
    chance = random.random()
    if depth == 0 or chance < 0.35:
        boundary = random.choice(["", "", "", "interrupting" if alone else "", "beside"])
        return Reminded(interrupting=boundary == "interrupting") if boundary else User()
    if chance < 0.55:
        return Sequence([plain(random, depth - 1, alone) for _ in range(random.randint(2, 3))])
    if chance < 0.63:
        return Inside(plain(random, depth - 1))
    if chance < 0.90:
        kind = random.choice(["exclusive", "parallel", "parallel", "inclusive"])
        single = alone and kind == "exclusive"
        return Branches(kind, [plain(random, depth - 1, single) for _ in range(random.randint(2, 3))])
    return Loop(plain(random, depth - 1, alone))


def of_tasks(seed: int) -> bytes:
    """A process that goes on by completing tasks alone, drawn for the engine."""
    random = Random(seed)
    return drawn(Sequence([plain(random, 3) for _ in range(3)]))[0]


def process(seed: int) -> tuple[Block, bytes, bytes]:
    """A process of every construct, with its drawing for the engine and for the stock library."""
    random = Random(seed)
    block = Sequence([User(), *(grow(random, 3) for _ in range(3))])
    return block, *drawn(block)


def drawn(block: Block) -> tuple[bytes, bytes]:
    """Its drawing for the engine and for the stock library."""
    pen = Pen()
    into, out = block.draw(pen)
    pen.both(ours.start())
    pen.both(ours.end())
    pen.flow("S", into)
    pen.flow(out, "E")
    main = [ours.tag("process", "P", *lines, name="P", isExecutable="true") for lines in (pen.ours, pen.stock)]
    whole = ["".join([*pen.heads, process, *called]) for process, called in zip(main, pen.called, strict=True)]
    named = f'<bpmn:definitions {ours.NAMESPACES} id="drawing" targetNamespace="urn:x">{whole[0]}</bpmn:definitions>'
    stock = f'<bpmn:definitions {STOCK} id="drawing" targetNamespace="urn:x">{whole[1]}</bpmn:definitions>'
    return named.encode(), stock.encode()
