"""P-CANCEL 注销 (domain 4.5): from a ground, or from an authority's notice, to the end of a certificate."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.cancellation.answered import ANSWERED, CHECKED, GIVEN
from workflows.cancellation.beginning import begin, choices
from workflows.cancellation.following import REACTS
from workflows.cancellation.impact import impact
from workflows.cancellation.steps import STEPS
from workflows.clearing import CLEARING
from workflows.clearing.hindrance import WEIGH
from workflows.process import Process
from workflows.submission import SUBMISSION

CANCELLATION = Process(
    id="cancellation", name="证件注销", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=VARIABLES, calls=(CLEARING, SUBMISSION), again=frozenset({"cancel-ground"}),
    stages={
        "draft": "填报中", "opinions": "会签意见", "appeal": "等待复议期", "approval": "单位审批",
        "collecting": "收回原件", "recording": "待登记注销", "denied": "不予许可，待处理", "hindered": "有障碍待处理",
    },
    outcomes={
        "void": "作废", "given_up": "不再办理", "overturned": "原决定已撤销，不注销", "rejected": "驳回",
        "denied": "未获许可", "cancelled": "已注销",
    },
    words={
        "cancellation.noticed": "机关已决定或公告，记为事件", "cancellation.collected": "收回原件 {count} 件",
        "cancellation.recorded": "登记注销", "cancellation.archived": "档案保管至 {until}",
        "certificate.cancelled": "证件注销入账",
    },
    news={"cancellation.archived": "{title}：证件已注销并归档。"}, reacts=REACTS, choices=choices, begin=begin,
)
WEIGH["cancellation"] = impact
