"""P-ANNUAL 年检、年报、监督 (domain 4.9): the year's campaign of a company, and its duties."""

from pathlib import Path

from ledger.errors import BadAnswer, Problem
from workflows.annual.campaigns import STEPS, confirmed, duties_given
from workflows.applying.beginning import VARIABLES
from workflows.process import Act, Process


def confirm_checked(act: Act) -> None:
    """A1: whatever is left out has a reason."""
    listed = {row["value"] for row in duties_given(act.session, act.request)["duties"]}
    if listed - set(act.answers.get("chosen") or ()) and not act.answers.get("reason"):
        raise BadAnswer({"reason": [Problem("没有勾选的请写明为什么不办。")]})


STAGES: dict[str, str] = {"confirming": "确认本年事项", "running": "各项事项办理中"}
OUTCOMES: dict[str, str] = {"year_closed": "年度工作关闭"}
WORDS: dict[str, str] = {
    "annual.confirmed": "确认本年事项",
    "annual.closed": "{year} 年度：办结 {done} 项，免办 {waived} 项，曾逾期 {late} 项",
}

ANNUAL = Process(
    id="annual", name="年度工作", folder=Path(__file__).parent, steps=STEPS,
    checked={"annual-confirm": confirm_checked}, answered={"annual-confirm": confirmed},
    given={"annual-confirm": duties_given}, stages=STAGES, outcomes=OUTCOMES, words=WORDS,
    variables=VARIABLES | {"held", "duties", "children_open"},
)
