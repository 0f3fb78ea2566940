"""Run every measurement (or those named on the command line) and fail when a bar is not held."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

TOOLS = {"__init__", "__main__", "databases", "measure"}


def measurements() -> list[str]:
    """The modules of this folder that have a `figures()`."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in TOOLS)


def main() -> None:
    wanted = sys.argv[1:] or measurements()
    held = True
    for name in wanted:
        module = importlib.import_module(f"bench.{name}")
        for figure in module.figures() if hasattr(module, "figures") else ():
            print(figure.line(), flush=True)
            held = held and figure.ok
    if not held:
        raise SystemExit("a bar is not held")


if __name__ == "__main__":
    main()
