"""What stands in the way is listed, cleared or waived before something goes on: called by transfer and cancellation."""

from pathlib import Path

from workflows.clearing.weighing import ANSWERED, CHECKED, GIVEN, STEPS
from workflows.process import Process

CLEARING = Process(
    id="clearing", name="核对影响与障碍", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=frozenset({"request_id", "applicant_id", "reviewers"}),
    stages={"hindered": "有障碍待处理", "waiving": "等待豁免审批"},
    words={
        "request.hindered": "核对障碍：还有 {open} 项", "request.waived": "豁免 {count} 项障碍",
        "request.clear": "障碍已清",
    },
    news={"request.hindered": "{title}：有障碍需要处理，请按页面上的办法逐项办理。"},
)
