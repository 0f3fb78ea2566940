"""P-REVIEW 复审 (domain 4.6): reviews inside a term and periodic inspections, in lists, each with its own result."""

from pathlib import Path

from workflows.applying.beginning import VARIABLES
from workflows.process import Process
from workflows.review import batches, telling
from workflows.review.answered import ANSWERED, CHECKED, GIVEN
from workflows.review.steps import STEPS

STAGES: dict[str, str] = {"listing": "确定名单", "reviewing": "逐人逐台复审"}
OUTCOMES: dict[str, str] = {"reviewed": "复审办结", "nothing_due": "无需复审"}
WORDS: dict[str, str] = {
    "review.listed": "{code} 列入复审名单", "review.due": "到复审窗口", "review.decided": "确定复审名单",
    "review.answered": "登记复审结果", "review.passed": "{code} 复审合格，下次 {next}",
    "review.refused": "{code} 复审不予通过，停用", "review.lapsed": "{code} 逾期未复审（{due}）",
    "review.overdue": "{code} 到 {due} 没有复审结果",
    "review.summed_up": "汇总：合格 {passed}，不予通过 {refused}，逾期 {lapsed}",
    "certificate.reviewed": "复审日期写入证件", "certificate.suspended": "暂扣入账",
}

REVIEW = Process(
    id="review", name="复审检验", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED, answered=ANSWERED,
    given=GIVEN, stages=STAGES, outcomes=OUTCOMES, words=WORDS, variables=VARIABLES | {"items"},
    reacts=(*batches.REACTS, *telling.REACTS), choices=batches.choices,
    begin=batches.begin,
)
