"""Filing with an authority and waiting for its answers (domain 4.2 A5 to A8): called by every process that needs it."""

from pathlib import Path

from workflows.process import Process
from workflows.submission.filing import ANSWERED, CHECKED, GIVEN, STEPS

SUBMISSION = Process(
    id="submission", name="向机关申报", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=frozenset({"decision_days", "supplement_days", "supplement_by", "request_id"}),
    stages={"filing": "待申报", "filed": "已申报，等待受理", "supplement": "补正中", "accepted": "已受理，等待决定"},
)
