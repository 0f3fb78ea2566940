"""FEEL, the expression language of DMN 1.5, and DMN's decisions. Imports nothing of the house; see README.md."""

from feel import dmn
from feel.errors import FeelError, OverBudget
from feel.expression import Expression, Tests, compile, evaluate, unary_tests

__all__ = ["Expression", "FeelError", "OverBudget", "Tests", "compile", "dmn", "evaluate", "unary_tests"]
