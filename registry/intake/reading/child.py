"""The process in which a file is read: `python -m registry.intake.reading.child`, the request on its standard input.

It loads nothing but this room, calamine and msgspec, and says everything it has to say in frames.py's pieces.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from registry.intake.reading.bounds import narrow
from registry.intake.reading.contents import read_any
from registry.intake.reading.frames import teller
from registry.intake.reading.refusals import Broken, TooMuchWork, Unreadable


class Asked(msgspec.Struct):
    """Which file, and the ending of the name its sender gave it."""

    path: str
    ending: str


def main() -> None:
    narrow()
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Asked)
    with os.fdopen(os.dup(1), "wb", buffering=1 << 16) as out:
        tell = teller(out)
        try:
            read_any(Path(asked.path), asked.ending, tell)
            tell("done")
        except Unreadable as refused:
            tell("refused", type(refused).__name__, refused.params)
        except MemoryError:
            tell("refused", TooMuchWork.__name__, {})
        except BaseException as error:  # noqa: B902 - a panic of calamine is no Exception
            if "memory" in str(error).lower():
                tell("refused", TooMuchWork.__name__, {})
            else:
                tell("refused", Broken.__name__, {})


if __name__ == "__main__":
    main()
