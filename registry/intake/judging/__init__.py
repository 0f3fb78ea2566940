"""A record becomes a judged certificate: every cell read, every defect named, put right where that is certain.

Pure: what it needs to know is in `Known`. Cells are text to be read; nothing in them is ever evaluated.
"""

from registry.intake.judging.across import compare
from registry.intake.judging.plan import Against
from registry.intake.judging.rows import judge, judge_records

__all__ = ["Against", "compare", "judge", "judge_records"]
