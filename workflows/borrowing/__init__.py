"""P-BORROW 借阅归还 (domain 4.7): a marked copy at once, or an original with two signatures and reminders."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.borrowing import starting, telling
from workflows.borrowing.answered import ANSWERED
from workflows.borrowing.papers import GIVEN
from workflows.borrowing.steps import STEPS
from workflows.handling import reviewing
from workflows.process import Process

STAGES: dict[str, str] = {"draft": "填报中", "approval": "单位审批", "handing": "待当面交接", "out": "已借出，等待归还"}
OUTCOMES: dict[str, str] = {
    "void": "作废", "copied": "副本已制作", "rejected": "驳回", "not_fetched": "没有领取", "returned": "已归还",
    "lost": "原件遗失",
}
WORDS: dict[str, str] = {
    "borrowing.consented": "征求意见", "borrowing.reminded": "提醒归还，应还日期 {until}",
    "borrowing.late": "逾期未还，已告知负责人", "borrowing.blocked": "逾期三天，停止再借",
    "borrowing.suspected": "逾期七天，按疑似遗失办理：{number}",
    "reservation.made": "预约原件 {from} 至 {to}", "reservation.cancelled": "取消预约",
    "loan.handed_over": "借出原件，{until} 前归还", "loan.received": "领取人签收",
    "loan.extended": "借期延长至 {until}",
    "loan.returned": "归还原件", "loan.voided": "借用作废", "copy.made": "制作带水印的副本，{until} 前使用",
}

BORROWING = Process(
    id="borrowing", name="借阅归还", folder=Path(__file__).parent, steps=STEPS, answered=ANSWERED,
    given={"approve": reviewing.given, **GIVEN}, variables=VARIABLES | set(starting.BEGUN), stages=STAGES,
    outcomes=OUTCOMES, words=WORDS, choices=starting.choices, begin=starting.begin,
    reacts=(*starting.REACTS, *telling.REACTS),
)
