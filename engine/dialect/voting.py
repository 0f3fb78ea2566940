"""A countersign as the drawing words it: who weighs how much, what a verdict says, when it is decided.

The ballots stand in the bookkeeping of the loop's token, "votes": [weight, veto, said] for each of its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from engine import expressions
from engine.dialect.ballots import Ballot, Rule, Said, Tally, tally
from engine.dialect.nodes import Fault, Node, Token, context
from engine.vocabulary import Extensions
from ledger.facts import record

AGREE, ABSTAIN = "pass,approve,agree", "abstain"
KINDS = ("all", "any", "percent")


class Vote:
    """The vote words (licet:vote*) of a multi-instance user task."""

    def __init__(self, words: Extensions, element: str | None) -> None:
        said, self.element = words.properties, element
        self.kind = expressions.value(said["licet:vote"])
        self.percent = expressions.value(said.get("licet:votePercent", "100"))
        self.weight = expressions.formula(said.get("licet:voteWeight", "1"))
        self.veto = expressions.formula(said.get("licet:voteVeto", "false"))
        self.agree = _words(said.get("licet:voteFor", AGREE))
        self.abstain = _words(said.get("licet:voteAbstain", ABSTAIN))
        self.early = said.get("licet:voteEarly", "true") == "true"
        self.result = said.get("licet:voteResult", "")

    def open(self, token: Token, node: Node, items: list[Any]) -> list[list[Any]]:
        """The empty ballots. Raises Fault for a weight that is none, or when nobody weighs anything."""
        self.rule(token, node)
        votes = [self.ballot(token, node, item) for item in items]
        if votes and not sum(vote[0] for vote in votes):
            raise Fault(node.bpmn_id, "会签人的权重合计为零", "the weights of all members add up to nothing")
        return votes

    def ballot(self, token: Token, node: Node, item: Any) -> list[Any]:
        """The empty ballot of one item."""
        seen = context(token, {self.element or "item": item})
        weight = self.weight(seen)
        if isinstance(weight, bool) or not isinstance(weight, int | Decimal) or not 0 <= weight <= 1_000_000:
            raise Fault(node.bpmn_id, "会签权重须是不小于 0 的数", "a weight is a number from 0")
        return [Decimal(weight), self.veto(seen) is True, None]

    def rule(self, token: Token, node: Node) -> Rule:
        """When it is decided. Raises Fault for words that are none."""
        kind, percent = self.kind(context(token)), _number(self.percent(context(token)))
        if kind not in KINDS:
            raise Fault(node.bpmn_id, f"会签规则“{kind}”不是 all、any 或 percent", f"{kind} is no rule of a vote")
        if percent is None or not 0 < percent <= 100:
            raise Fault(node.bpmn_id, "会签比例须大于 0、不超过 100", "a percentage lies between 0 and 100")
        return Rule(cast(Any, kind), percent, self.early)

    def said(self, verdict: Any) -> Said:
        """What a verdict means: whatever is neither for it nor abstains is against it."""
        return "yes" if verdict in self.agree else "abstain" if verdict in self.abstain else "no"

    def counted(self, token: Token, node: Node, votes: list[list[Any]]) -> Tally:
        """Where the vote of a loop's token stands with these ballots."""
        ballots = [Ballot(index, *vote) for index, vote in enumerate(votes)]
        return tally(self.rule(token, node), ballots)

    def close(self, token: Token, node: Node, votes: list[list[Any]]) -> tuple[str, Mapping[str, Any]] | None:
        """Tell how it ended; the variable for the result, where one is named."""
        found, act = self.counted(token, node, votes), token.workflow.top_workflow.act
        passed = found.state == "passed"
        heads = {"yes": found.yes, "no": found.no, "abstain": found.abstain, "left": found.left}
        if act.why == "event":
            act.why = "vote_over"
        if not act.dry:
            record(act.session, "vote.closed", ("instance", act.instance.id), by=act.actor,
                   group_id=act.instance.group_id, after={
                       "element": node.bpmn_id, "name": node.bpmn_name or node.bpmn_id,
                       "verdict": "vote_passed" if passed else "vote_failed", **heads, "vetoed": found.vetoed})
        result = {"passed": passed, **heads, "weight_yes": found.weight_yes, "weight_all": found.weight_all,
                  "vetoed": found.vetoed}
        return (self.result, result) if self.result else None


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _number(found: Any) -> Decimal | None:
    if isinstance(found, str) and found.strip().replace(".", "", 1).isdecimal():
        return Decimal(found.strip())
    return Decimal(found) if isinstance(found, int | Decimal) and not isinstance(found, bool) else None


__all__ = ["Vote"]
