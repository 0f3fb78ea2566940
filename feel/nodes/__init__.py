"""How each kind of the grammar compiles. Importing this package fills `compiler.NODES`."""

from feel.nodes import boxes, calls, literals, loops, operators, tests

__all__ = ["boxes", "calls", "literals", "loops", "operators", "tests"]
