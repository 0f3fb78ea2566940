"""Every foreign word of a drawing, one by one: what became of it. What was left out here would be dropped silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.drawing import Element, line_of, split_tag
from engine.rules.extensions import PLAIN, WORDS
from engine.rules.foreign import BESIDE, IMPORTED, Standing, named, standing, word_shown
from engine.rules.sheet import kind
from engine.vocabulary import BPMN, XSI, ZEEBE
from workflows.studio.foreign import tools
from workflows.studio.foreign.report import BLOCKING, CONVERTED, WARNING, Item, short
from workflows.studio.foreign.translation import Translation
from workflows.studio.foreign.wording import MEANINGS, OTHER, REMEDIES

DIAGRAMS = ("http://www.omg.org/spec/BPMN/20100524/DI", "http://www.omg.org/spec/DD/")
OURS = (BPMN, XSI, IMPORTED, *DIAGRAMS)


def leftovers(work: Translation, lines: dict[Element, int]) -> Iterator[Item]:
    """An item for every foreign attribute and extension, and for each expression that was or was not translated."""
    for node in work.root.iter(f"{{{BPMN}}}*"):
        yield from _attributes(work, node, lines)
        yield from _extensions(work, node, lines)
        yield from _expression(work, node, lines)
    for node in work.root.iterchildren():
        if isinstance(node.tag, str) and not split_tag(node)[0].startswith(OURS):
            yield _item(work, node, WARNING, word_shown(node), lines, f"{word_shown(node)} 不是 BPMN，保留不执行",
                        f"{word_shown(node)} is not BPMN: kept, not executed")
    for node, word, zh, en in work.advice:
        yield _item(work, node, WARNING, word, lines, zh, en, "用“演练”核对", "check it in a rehearsal")


def _attributes(work: Translation, node: Element, lines: dict[Element, int]) -> Iterator[Item]:
    notes: dict[str, list[str]] = defaultdict(list)
    advised = {(told, word) for told, word, _, _ in work.advice}
    for name in map(str, node.attrib):
        if name[:1] != "{":
            continue
        namespace, local, shown = named(node, name)
        if namespace.startswith(OURS):
            continue
        why = standing(node, namespace, local)
        if why == "note" or (why is None and not _runs(node)):
            notes[namespace].append(shown)
        elif (node, local) not in advised:
            yield _verdict(work, node, why, local, f'{shown}="{short(str(node.get(name)))}"', lines)
    yield from _noted(work, node, notes, lines)


def _extensions(work: Translation, node: Element, lines: dict[Element, int]) -> Iterator[Item]:
    """The foreign words in an element's extensionElements; those of a drawing tool are told together."""
    notes: dict[str, list[str]] = defaultdict(list)
    for holder in node.iterchildren(f"{{{BPMN}}}extensionElements"):
        for word in holder.iterchildren():
            if not isinstance(word.tag, str) or split_tag(word)[0] in (BPMN, IMPORTED):
                continue
            namespace, local = split_tag(word)
            if namespace == ZEEBE:
                yield from _zeebe(work, node, word, lines)
                continue
            why = standing(node, namespace, local)
            if why == "note" or (why is None and not _runs(node)):
                notes[namespace].append(word_shown(word))
            else:
                yield _verdict(work, node, why, local, word_shown(word), lines)
    yield from _noted(work, node, notes, lines)


def _zeebe(work: Translation, node: Element, word: Element, lines: dict[Element, int]) -> Iterator[Item]:
    """Camunda 8 writes words that we know with attributes that we settle otherwise; the check says the rest."""
    for attribute in map(str, word.attrib):
        why = standing(word, ZEEBE, attribute) if attribute[:1] != "{" else None
        if why is not None:
            shown = f'{word_shown(word)} {attribute}="{short(word.get(attribute, ""))}"'
            yield _verdict(work, node, why, attribute, shown, lines)
    local = split_tag(word)[1]
    if local != "userTaskForm" and local not in WORDS.get(kind(node), PLAIN) and _runs(node):
        yield _verdict(work, node, None, local, word_shown(word), lines)
    if local == "userTaskForm":
        why = None if (node, local) in work.reasons else "beside"
        yield _verdict(work, node, why, local, word_shown(word), lines)


def _expression(work: Translation, node: Element, lines: dict[Element, int]) -> Iterator[Item]:
    name, before = kind(node), node.get(f"{{{IMPORTED}}}text")
    word = "calledElement" if name == "callActivity" else name
    told = work.reasons.get((node, word))
    if before is not None:
        now = short(node.text or "")
        yield _item(work, node, CONVERTED, name, lines, f"{name}“{short(before)}”已译为 FEEL：{now}",
                    f"{name} {short(before)!r} is FEEL now: {now}",
                    "空值在 FEEL 里不当作 0，请用“演练”核对", "FEEL does not take null for 0: check it in a rehearsal")
    elif told is not None and (name == "callActivity" or not len(node)):
        text = short((node.get("calledElement") if name == "callActivity" else node.text) or "")
        yield _item(work, node, BLOCKING, word, lines, f"{word}“{text}”不能译为 FEEL：{told[0]}",
                    f"{word} {text!r} has no FEEL: {told[1]}", "改写为 FEEL", "write it as FEEL")
    elif name in BESIDE:
        yield from _standard(work, node, name, lines)


def _standard(work: Translation, node: Element, name: str, lines: dict[Element, int]) -> Iterator[Item]:
    """A word of BPMN itself that this engine follows only in Zeebe's way: performers, lists of rounds."""
    above = node.getparent()
    why = None if above is None else standing(above, BPMN, name)
    if why is not None:
        yield _verdict(work, node, why, name, name, lines)
    elif (told := work.reasons.get((owner_of(node), name))) is not None:
        yield _item(work, node, BLOCKING, name, lines, f"{name} 不能转换：{told[0]}",
                    f"{name} cannot be converted: {told[1]}", *REMEDIES.get(name, REMEDIES[""]))


def _verdict(work: Translation, node: Element, why: Standing | None, local: str, shown: str,
             lines: dict[Element, int]) -> Item:
    zh, en = MEANINGS.get(local, OTHER)
    if why == "beside":
        return _item(work, node, CONVERTED, shown, lines,
                     f"{shown}（{zh}）已在旁边用 Zeebe 写法写明，原文保留",
                     f"{shown} ({en}) is said beside it in Zeebe's words; the original stays",
                     *REMEDIES.get(f"+{local}", ("", "")))
    if why == "idle":
        return _item(work, node, WARNING, shown, lines, f"{shown}（{zh}）在这里没有作用，保留不执行",
                     f"{shown} ({en}) means nothing here: kept, not executed", "不需要做什么", "nothing to do")
    told = work.reasons.get((node, local)) or work.reasons.get((owner_of(node), local))
    remedy = "formData" if kind(node) == "startEvent" and local.startswith("form") else local
    because = (f"：{told[0]}", f": {told[1]}") if told else ("", "")
    return _item(work, node, BLOCKING, shown, lines, f"{shown}（{zh}）不会被执行{because[0]}",
                 f"{shown} ({en}) would not be executed{because[1]}", *REMEDIES.get(remedy, REMEDIES[""]))


def _noted(work: Translation, node: Element, notes: dict[str, list[str]], lines: dict[Element, int]) -> Iterator[Item]:
    for namespace, words in notes.items():
        tool, listed = tools.named(namespace), "、".join(dict.fromkeys(words))
        yield _item(work, node, WARNING, listed, lines,
                    f"{tool} 的 {len(words)} 项数据保留，不执行：{listed}",
                    f"{len(words)} notes of {tool} are kept, not executed: {listed}",
                    "不需要做什么", "nothing to do")


def _item(work: Translation, node: Element, severity: str, word: str, lines: dict[Element, int], zh: str, en: str,
          fix_zh: str = "", fix_en: str = "") -> Item:
    owner = owner_of(node)
    return Item(severity, zh, en, fix_zh, fix_en, owner.get("id", ""), owner.get("name", ""), kind(owner), word,
                lines.get(node) or lines.get(owner) or line_of(owner), work.file)


def owner_of(node: Element) -> Element:
    """The element that a reader knows: the one that has an id."""
    above = node
    while above.get("id") is None or kind(above).endswith(("Definition", "Characteristics", "Expression")):
        parent = above.getparent()
        if parent is None:
            break
        above = parent
    return above


def _runs(node: Element) -> bool:
    """Whether an element lies in a process: what is beside it is never executed by anybody."""
    above: Element | None = node
    while above is not None and kind(above) != "process":
        above = above.getparent()
    return above is not None


