"""P-APPLY 申领 (domain 4.2): from an applicant's form to a certificate in the register."""

from pathlib import Path

from workflows.application.answered import ANSWERED, CHECKED
from workflows.application.given import GIVEN
from workflows.application.steps import STEPS
from workflows.application.won import REACTS
from workflows.applying.beginning import VARIABLES
from workflows.process import Process
from workflows.registration import REGISTRATION, entering
from workflows.submission import SUBMISSION, filing

APPLICATION = Process(
    id="application", name="证件申领", folder=Path(__file__).parent, steps={**filing.STEPS, **STEPS},
    checked={**filing.CHECKED, **CHECKED}, answered={**filing.ANSWERED, **entering.ANSWERED, **ANSWERED},
    given={**filing.GIVEN, **entering.GIVEN, **GIVEN},
    variables=VARIABLES | {"supplement_due", "chases", "contract_amount", "valid"},
    stages={
        **SUBMISSION.stages, **REGISTRATION.stages, "draft": "填报中", "correction": "退回修改",
        "unit_review": "单位初审", "approval": "单位审批", "denied": "不予许可，待处理",
    },
    outcomes={
        "void": "作废", "closed": "自动关闭", "rejected": "驳回", "refused": "不予受理", "lapsed": "逾期未补正",
        "disputed": "转复议或诉讼", "denied": "未获许可", "registered": "已入库", "called_off": "申请人撤回",
    },
    again=frozenset({"apply"}), reacts=REACTS,
)
