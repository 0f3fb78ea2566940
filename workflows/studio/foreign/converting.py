"""Everything of a drawing that has an exact counterpart in our dialect is said in it, beside what stands there."""

from __future__ import annotations

from collections.abc import Callable

from engine.drawing import Element
from engine.rules.sheet import kind
from engine.vocabulary import BPMN
from workflows.studio.foreign import doing, formdata, people
from workflows.studio.foreign.juel import NoFeel, is_juel
from workflows.studio.foreign.translation import Translation

EXPRESSIONS = frozenset({
    "conditionExpression", "completionCondition", "loopCondition", "loopCardinality", "condition", "timeDate",
    "timeDuration", "timeCycle",
})  # fmt: skip
BY_KIND: dict[str, Callable[[Translation, Element], None]] = {
    "userTask": people.user_task, "serviceTask": doing.step, "sendTask": doing.step,
    "businessRuleTask": doing.decision, "callActivity": doing.call, "multiInstanceLoopCharacteristics": doing.rounds,
}
LANGUAGES = ("", "juel", "uel", "feel")


def convert(work: Translation) -> None:
    """Add our words to the drawing; what cannot be said keeps its reason in `work.reasons`."""
    formdata.embedded(work)
    formdata.start_forms(work)
    for node in list(work.root.iter(f"{{{BPMN}}}*")):
        name = kind(node)
        if name in BY_KIND:
            BY_KIND[name](work, node)
        if name in EXPRESSIONS:
            _expression(work, node)
        doing.data(work, node)


def _expression(work: Translation, node: Element) -> None:
    text, language = node.text or "", node.get("language", "").lower()
    if not is_juel(text) or len(node) or not any(language.endswith(one) if one else not language for one in LANGUAGES):
        return
    try:
        work.rewrite(node, f"={work.feel(text)}")
    except NoFeel as why:
        work.because(node, kind(node), why.zh, why.en)
