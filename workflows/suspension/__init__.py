"""暂扣与返还 (domain 4.5): a certificate is held back until a day, and given back; it is no cancellation."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.process import Process
from workflows.submission import SUBMISSION
from workflows.suspension.beginning import REACTS, begin, choices
from workflows.suspension.holding import ANSWERED, CHECKED, GIVEN, STEPS

SUSPENSION = Process(
    id="suspension", name="暂扣与返还", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=VARIABLES, calls=(SUBMISSION,),
    stages={
        "suspension_asked": "申请暂扣", "suspended": "已暂扣", "return_asked": "申请返还",
        "return_granted": "待登记返还",
    },
    outcomes={"void": "作废", "to_cancellation": "转入注销", "given_back": "已返还"},
    words={"certificate.suspended": "暂扣入账", "certificate.given_back": "返还入账，证件恢复有效",
           "suspension.recorded": "登记暂扣", "suspension.rectified": "整改完毕", "suspension.returned": "登记返还"},
    news={"suspension.recorded": "{title}：证件被暂扣，请整改。"}, reacts=REACTS, choices=choices, begin=begin,
)
