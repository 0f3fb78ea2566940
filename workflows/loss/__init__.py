"""P-LOST 遗失补办 (domain 4.8): report, freeze, announce, apply for a new original, enter it, learn from it."""

from pathlib import Path

from registry.custody import originals
from workflows.applying.beginning import VARIABLES
from workflows.loss import freezing, reporting
from workflows.loss.answered import ANSWERED, CHECKED
from workflows.loss.steps import STEPS
from workflows.process import Process
from workflows.submission import SUBMISSION

STAGES: dict[str, str] = {
    "draft": "填报中", "verifying": "核实中", "announcing": "待刊登遗失声明", "reissuing": "补发中",
    "closing": "待事件记录",
}
OUTCOMES: dict[str, str] = {
    "void": "作废", "found": "没有丢失", "turned_up": "已找回", "redownloaded": "已重新下载", "reissued": "已补发",
    "not_reissued": "未补发",
}
WORDS: dict[str, str] = {
    "loss.confirmed": "核实疑似遗失", "loss.frozen": "原件停用，作废借用 {loans} 笔",
    "loss.announced": "刊登遗失声明（{on}）",
    "loss.replaced": "登记补发的原件或文件", "loss.incident": "记录遗失事件",
    "original.lost": "原件报失", "certificate.reissued": "补发入册",
}

LOSS = Process(
    id="loss", name="遗失补办", folder=Path(__file__).parent, calls=(SUBMISSION,), steps=STEPS, checked=CHECKED,
    answered=ANSWERED, given=reporting.GIVEN, variables=VARIABLES | {"electronic"}, stages=STAGES,
    again=frozenset({"report-loss"}),
    outcomes=OUTCOMES, words=WORDS, choices=reporting.choices, begin=reporting.begin, reacts=reporting.REACTS,
)
originals.STOPS.append(freezing.refuse)
