"""DMN 1.1 to 1.5: files become models whose decisions can be evaluated, with a trace of why."""

from feel.dmn.model import Decision, Model, parse
from feel.dmn.trace import Match, Result, Visit

__all__ = ["Decision", "Match", "Model", "Result", "Visit", "parse"]
