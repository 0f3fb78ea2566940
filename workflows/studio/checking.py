"""Everything that is wrong, or not wise, in the files of a draft: the drawing, its tables, its forms, its people.

One answer for everybody who asks: the editors as somebody draws, the draft's page, the approval list, the release.
What is an error keeps a draft from being released; a warning is for its owner to weigh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import feel.dmn
from engine import catalog, drawing
from engine.findings import Finding
from engine.resources import digest_of
from engine.vocabulary import BPMN, read_extensions
from feel import prove
from feel.values import Value
from ledger import clock
from ledger.errors import BadDiagram
from ledger.remembered import Remembered
from registry.access import roles
from registry.access.grants import RoleGrant, held_on
from registry.access.retiring import Kind, retired
from workflows.impact.drawings import Said, of_form, of_role, speaking

SERIOUS = frozenset({"gap", "overlap"})
"""What a table leaves open that must not go into force, where it is certain."""


@dataclass(frozen=True)
class Proof:
    """What the prover says of a table: `finding` as any other (its element is the decision), and with it the rules
    (counted from 1), their ids, and an example row {input label: value}."""

    finding: Finding
    kind: str
    rules: tuple[int, ...] = ()
    rule_ids: tuple[str, ...] = ()
    example: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """The findings of a set of files: of drawings and forms, of decision tables, of the people who would do it."""

    drawn: tuple[Finding, ...]
    proofs: tuple[Proof, ...]
    people: tuple[Finding, ...]

    @property
    def findings(self) -> list[Finding]:
        """All of them, errors first."""
        every = [*self.drawn, *(proof.finding for proof in self.proofs), *self.people]
        return sorted(every, key=lambda one: one.severity != "error")

    @property
    def errors(self) -> list[Finding]:
        """What keeps the files from being released."""
        return [finding for finding in self.findings if finding.severity == "error"]


_proved: Remembered[tuple[Proof, ...]] = Remembered(200)


def check(session: Session, files: Mapping[str, bytes], *, group_id: int | None = None) -> Checked:
    """Look at everything. `group_id`: the root company whose people are looked at; None for everybody's.

    What the files say is looked at once for each content; who could do it is asked every time.
    """
    people = (*_people(session, files, group_id), *_used_no_more(session, files, group_id))
    return Checked(catalog.checked(files), tuple(_proofs(files)), people)


def _proofs(files: Mapping[str, bytes]) -> Iterator[Proof]:
    for name in sorted(files):
        if name.lower().endswith(".dmn"):
            yield from _proofs_of(files[name], name)


def _proofs_of(body: bytes, name: str) -> tuple[Proof, ...]:
    """Proved once for each content."""
    return _proved.of(digest_of({name: body}), lambda: tuple(_prove(body, name)))


def _prove(body: bytes, name: str) -> Iterator[Proof]:
    """What the tables of one file leave open; nothing for a file that cannot be read (the lint says why)."""
    try:
        drawing.read(body, name)
        model = feel.dmn.parse(body)
    except (BadDiagram, feel.FeelError):
        return
    for decision in model.decisions.values():
        ids = {rule.number: rule.id or "" for table in decision.tables for rule in table.rules}
        for found in prove.prove(model, decision.id):
            yield _proof(name, decision, found, ids)


def _proof(file: str, decision: feel.dmn.Decision, found: prove.Finding, ids: Mapping[int, str]) -> Proof:
    heavy = found.kind in SERIOUS and found.certain
    told = Finding(f"table-{found.kind.replace(' ', '-')}", found.message_zh, found.message_en, *FIXES[found.kind],
                   element=decision.id, name=decision.name, file=file, severity="error" if heavy else "warning")
    return Proof(told, found.kind, found.rules, tuple(ids.get(number, "") for number in found.rules), found.example)


FIXES = {
    "gap": ("补一条规则，或给输出设默认值", "add a rule, or a default output"),
    "overlap": ("收窄其中一条规则，或改用别的命中策略", "narrow one of the two rules, or choose another hit policy"),
    "shadowed": ("删去它，或移到前面", "remove it, or move it up"),
    "unreachable": ("改正这一栏的条件", "mend the condition of that column"),
    "not analysed": ("请自行核对这条规则", "check that rule yourself"),
}


def _people(session: Session, files: Mapping[str, bytes], group_id: int | None) -> Iterator[Finding]:
    """Tasks that nobody could be given today, or that wait for ever for want of a deadline."""
    held = _held(session, group_id)
    for name in sorted(files):
        if not name.lower().endswith(".bpmn"):
            continue
        try:
            root = drawing.read(files[name], name)
        except BadDiagram:
            continue
        for task in root.iter(f"{{{BPMN}}}userTask"):
            yield from _task(name, task, held)


def _task(file: str, task: drawing.Element, held: Mapping[str, int]) -> Iterator[Finding]:
    words = read_extensions(task)
    written = words.groups or ""
    named = [] if written.startswith("=") else [one.strip().partition("@")[0] for one in written.split(",")]
    offered = [roles.role_of(role) for role in named if role in roles.roles()]
    there = sum(held.get(role.key, 0) for role in offered)
    if offered and not there:
        called, english = "、".join(role.name for role in offered), ", ".join(role.name_en for role in offered)
        yield _advice(file, task, "nobody-holds", f"今天没有人担任“{called}”，这一步没有人能办",
                      f"nobody holds the role {english} today: nobody could do this",
                      "请先授予角色，或换一个角色", "grant the role first, or choose another")
    if offered and there == 1 and words.properties.get("licet:notBy"):
        yield _advice(file, task, "one-holder", "要求与前面的步骤不是同一人，但只有一个人能办这一步",
                      "somebody else than in an earlier step has to do it, but only one person could",
                      "再授予一个人，或增加一个角色", "grant the role to one more person, or add a role")
    if offered and words.due is None and "licet:sla" not in words.properties:
        yield _advice(file, task, "no-deadline", "这一步没有时限，放多久都不会提醒",
                      "this step has no deadline: nobody is ever reminded",
                      "给它设几个工作日的时限", "give it a deadline in working days")


_KINDS: dict[Kind, tuple[Callable[[str], Said], str, str]] = {
    "role": (of_role, "角色", "role"), "form": (of_form, "表单", "form")}


def _used_no_more(session: Session, files: Mapping[str, bytes], group_id: int | None) -> Iterator[Finding]:
    """What is retired while somebody draws keeps the drawing, or the table, from being released."""
    for kind, (speaks, zh, en) in _KINDS.items():
        for key in sorted(retired(session, kind, group_id)):
            for name, body in sorted(files.items()):
                for element, called in speaking({name: body}, speaks(key)):
                    yield Finding(f"{kind}-retired", f"{zh}“{key}”已停用", f"the {en} {key} is retired", f"换一个{zh}",
                                  f"choose another {en}", element, called, file=name, severity="error")


def _advice(file: str, task: drawing.Element, rule: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Finding:
    return Finding(rule, zh, en, fix_zh, fix_en, str(task.get("id") or ""), str(task.get("name") or ""),
                   drawing.line_of(task), file=file, severity="warning")


def _held(session: Session, group_id: int | None) -> Mapping[str, int]:
    """How many people hold each role today."""
    counted = select(RoleGrant.role, func.count(RoleGrant.person_id.distinct())).where(*held_on(clock.today()))
    if group_id is not None:
        counted = counted.where(RoleGrant.group_id == group_id)
    return Counter(dict(session.execute(counted.group_by(RoleGrant.role)).all()))
