"""One duty of a company's year: a report, an audit, inspections, training, a check of our own (domain 4.9)."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.duty.doing import ANSWERED, CHECKED, GIVEN, REACTS, STEPS
from workflows.process import Process

STAGES: dict[str, str] = {"duty_open": "待办理"}
OUTCOMES: dict[str, str] = {"duty_done": "已办结", "duty_waived": "免办"}
WORDS: dict[str, str] = {
    "duty.late": "{due} 到期未办，已记风险并通报", "duty.done": "办结（系统核对出 {lacking} 处不足）",
    "duty.answered": "办理年度事项",
}

DUTY = Process(
    id="duty", name="年度事项", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, stages=STAGES, outcomes=OUTCOMES, words=WORDS, variables=VARIABLES | {"roles", "due_on"},
    reacts=REACTS,
)
