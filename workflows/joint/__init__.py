"""内部会签: several people decide something together, by a rule that whoever asks them chooses. No law asks for it."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.joint.asking import ANSWERED, CHECKED, GIVEN, STEPS, begin, choices
from workflows.joint.elsewhere import begin_at, choices_at
from workflows.process import Process

JOINT = Process(
    id="joint", name="内部会签", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, variables=VARIABLES | {"signers", "rule", "percent", "due_on", "silent"},
    stages={"draft": "填报中", "joint_signing": "会签中"},
    outcomes={"void": "作废", "joint_passed": "会签通过", "joint_failed": "会签未通过"},
    words={"joint.concluded": "会签结束：同意 {yes}，不同意 {no}，弃权 {abstain}，退出 {left}",
           "joint.asked": "发起内部会签 {number}"},
    choices=choices, begin=begin, choices_at=choices_at, begin_at=begin_at, repeatable=frozenset({"list_signers"}),
    again=frozenset({"joint-ask"}),
)
