"""P-CHANGE 变更、转移 (domain 4.4): eight kinds of change, one life; what is special about each is a called process."""

from pathlib import Path

from workflows import children
from workflows.applying.beginning import VARIABLES
from workflows.clearing import CLEARING
from workflows.clearing.hindrance import WEIGH
from workflows.process import Process
from workflows.registration import REGISTRATION
from workflows.submission import SUBMISSION
from workflows.transfer import applying, chain, filling, posts, steps
from workflows.transfer.beginning import begin, choices
from workflows.transfer.guards import guards

FOLDER = Path(__file__).parent
EMPLOYER = Process(id="transfer_employer", name="转注册会签", folder=FOLDER, steps=steps.EMPLOYER,
                   variables=frozenset({"request_id"}))
MANAGER = Process(id="transfer_manager", name="负责人交接", folder=FOLDER, steps=posts.STEPS,
                  checked=filling.SUCCEEDING_CHECKED, answered=filling.SUCCEEDED,
                  given={**filling.SUCCEEDING, **posts.GIVEN},
                  variables=frozenset({"request_id", "applicant_id", "reviewers"}))
EQUIPMENT = Process(id="transfer_equipment", name="设备转场", folder=FOLDER, steps=steps.EQUIPMENT,
                    checked={"deregister": filling.ended_checked},
                    variables=frozenset({"request_id", "way"}))
CHAIN = Process(id="transfer_chain", name="联动变更", folder=FOLDER, steps=chain.STEPS,
                variables=frozenset({"request_id"}))
PERMIT = Process(id="transfer_permit", name="重新申领施工许可", folder=FOLDER, steps={**steps.PERMIT, **children.STEPS},
                 checked={"permit-return": filling.ended_checked},
                 variables=frozenset({"request_id"}))
PROVINCE = Process(id="transfer_province", name="省际转移", folder=FOLDER, steps=steps.PROVINCE,
                   variables=frozenset({"request_id"}))
PARTS = (EMPLOYER, MANAGER, EQUIPMENT, CHAIN, PERMIT, PROVINCE)
"""The processes that only a change calls; their drawings lie in the same folder."""

TRANSFER = Process(
    id="transfer", name="证件变更", folder=FOLDER,
    steps=applying.STEPS, checked=filling.CHECKED, answered=filling.ANSWERED, given=filling.GIVEN,
    variables=VARIABLES | {"due_on"}, again=frozenset(filling.FORMS),
    calls=(CLEARING, SUBMISSION, REGISTRATION, *PARTS), forms={"register": "change"},
    stages={
        "draft": "填报中", "hindered": "有障碍待处理", "old_employer": "等调出单位意见",
        "new_employer": "等调入单位确认", "proofs": "核对劳动关系",
        "successor": "继任人待定", "handover": "书面交接", "deregistering": "注销原登记",
        "notice": "安装告知", "testing": "检测验收", "unit_review": "单位初审", "approval": "单位审批",
        "permit_return": "交回原证", "reapplying": "重新申领中", "leaving": "办理转出", "denied": "不予许可，待处理",
    },
    outcomes={
        "void": "作废", "not_needed": "不需变更", "given_up": "不再办理", "not_agreed": "未能办理", "rejected": "驳回",
        "denied": "未获许可", "withdrawn": "取消转出", "sent_out": "已转出", "changed": "已变更",
    },
    words={
        "certificate.changed": "变更入账", "certificate.sending_out": "转为办理转出",
        "certificate.sent_out": "转出，本省终止",
        "certificate.sending_withdrawn": "取消转出", "certificate.brought_in": "转入入账",
        "transfer.successor_checked": "核对继任人资格", "transfer.chain_planned": "排定联动变更 {steps} 项",
    },
    choices=choices, begin=begin,
)
WEIGH["transfer"] = guards
