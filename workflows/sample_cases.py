"""The demonstration's requests in other hands: handed on, signed, counted, given back, taken back, paused, left behind.

Each is a story of its own in the first company, played by those who can be signed in as; nothing here is written but
by the verbs that people have.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import CORRECTION, Task
from engine.time import pausing, timers
from engine.usertasks import tasks
from forms import narrow
from forms.schema import Form
from forms.signing import KEY
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import unit
from registry.access import handovers
from registry.access.accounts import actor_for
from registry.access.appointing import appoint
from registry.access.grants import grant_role, holders
from registry.certificates.models import Certificate
from registry.people.persons import Person, leave
from registry.people.units import Unit
from workflows import CATALOG
from workflows.absence import handover
from workflows.applying import choices, opening
from workflows.handling import assigning, correcting, desk, inbox, reopening, returning, signing
from workflows.requests import Request
from workflows.sharing import consulting
from workflows.sharing.consulting import Wanted

Deed = Callable[["Stage", Session, Request], None]
Answering = Callable[[Form, dict[str, Any], str, Actor, Session, Request], dict[str, Any]]
Signing = Callable[[Session, Actor, bytes], int]


class Stage:
    """Who plays: the holders of the roles of the first company. `fill` answers a form for a verdict, `sign` is
    what somebody signs with, `links` are addresses that nobody can be told a second time."""

    def __init__(self, session: Session, fill: Answering, sign: Signing, links: list[str]) -> None:
        self.company_id = session.scalars(
            select(Unit.id).where(Unit.kind == "company").order_by(Unit.id).limit(1)).one()
        self.fill, self.sign, self.links = fill, sign, links

    def who(self, session: Session, role: str, place: int = 0) -> Actor:
        """The holder of a role, or the next one after."""
        found = sorted(holders(session, [f"{role}@{self.company_id}"])) or holders(session, [f"{role}@1"])
        return actor_for(session, session.get_one(Person, found[place]))

    def number(self, session: Session, role: str) -> int:
        """The id of the holder of a role."""
        number = self.who(session, role).id
        assert number is not None
        return number

    def claimed(self, session: Session, request: Request, element: str, role: str) -> tuple[Actor, Task]:
        """The open task of that step in the hands of a holder of the role."""
        by = self.who(session, role)
        task = session.scalars(select(Task).where(
            Task.instance_id == request.instance_id, Task.element_id == element, Task.state == "open",
            Task.parent_id.is_(None))).one()
        if task.assignee_id is None:
            task = tasks.claim(session, task.id, by)
        return by, task

    def does(self, session: Session, request: Request, task: Task, by: Actor, verdict: str, **more: Any) -> None:
        """Complete a task in one's hands."""
        shown = desk.open_task(session, by, task.id)
        answers = self.fill(shown.form, shown.data, verdict, by, session, request)
        desk.complete(session, by, task.id, {**answers, **more})


def transferred(stage: Stage, session: Session, request: Request) -> None:
    """转办 between the two custodians."""
    by, task = stage.claimed(session, request, "A5_file", "custodian")
    to = stage.who(session, "custodian", 1).id
    assigning.transfer(session, by, task.id, to, reason="下周我在外地驻点，窗口申报由您接手。", version=task.version)


def delegated(stage: Stage, session: Session, request: Request) -> None:
    """委派: the other custodian prepares it, and gives it back."""
    by, task = stage.claimed(session, request, "A5_file", "custodian")
    to = stage.who(session, "custodian", 1).id
    assigning.delegate(session, by, task.id, to, question="请先在窗口预审，填好受理渠道再交回。",
                       version=task.version)


def advised(stage: Stage, session: Session, request: Request) -> None:
    """前加签: two departments are heard one after the other before the approver decides."""
    by, task = stage.claimed(session, request, "A4_approve", "approver")
    asked = [stage.number(session, role) for role in ("safety_head", "hr_head")]
    signing.ask(session, by, task.id, asked, "before", question="该同志去年换过工种，请先看是否符合上岗条件。",
                in_order=True, version=task.version)


def agreed(stage: Stage, session: Session, request: Request) -> None:
    """后加签: approved, and without effect until the personnel department agrees."""
    by, task = stage.claimed(session, request, "A4_approve", "approver")
    signing.ask(session, by, task.id, [stage.number(session, "hr_head")], "after",
                question="涉及本月用工计划，请会核。", in_order=False, version=task.version)
    stage.does(session, request, task, by, "approve", opinion="同意，请人力资源部核对用工计划。")


def passed_by_hr(stage: Stage, session: Session, request: Request) -> None:
    """The other branch of the review goes on."""
    by, task = stage.claimed(session, request, "A3_hr", "hr")
    stage.does(session, request, task, by, "pass")


def given_back(stage: Stage, session: Session, request: Request) -> None:
    """退回 to the application from inside the review, straight back to whoever gave it back."""
    by, task = stage.claimed(session, request, "A3_safety", "safety")
    target = next(one for one in returning.targets(session, by, task.id) if one.refused is None)
    returning.give_back(
        session, by, task.id, target.task_id, reason="体检表看不清签字，请换一份清楚的扫描件。", straight=True,
        version=task.version, instance_version=request.instance.version)


def trade_asked(stage: Stage, session: Session, request: Request) -> None:
    """补正: a field is asked for while the reviewer keeps the task."""
    by, task = stage.claimed(session, request, "A3_safety", "safety")
    wanted = {"trade": "培训证明写的是架子工，与所填工种不一致，请核对。"}
    correcting.ask(session, by, task.id, wanted, version=task.version)


def trade_corrected(stage: Stage, session: Session, request: Request) -> None:
    """The applicant answers at the field; who had judged what it said before is asked again."""
    task = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.role == "correction")).one()
    stage.does(session, request, task, actor_of(session, request.applicant_id), "answer", trade="02",
               said_trade="填错了，按培训证明改为架子工。")


def handed_in_again(stage: Stage, session: Session, request: Request) -> None:
    """The application once more, as it was: what others have judged stays."""
    task = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "open").order_by(Task.id)).one()
    stage.does(session, request, task, actor_of(session, request.applicant_id), "submit")


def withdrawn(how: str, reason: str, _stage: Stage, session: Session, request: Request) -> None:
    """撤回: to change it, or for good."""
    returning.withdraw(session, actor_of(session, request.applicant_id), request, how=how, reason=reason)


def paused(stage: Stage, session: Session, request: Request) -> None:
    """The clock stands still: somebody waits for a paper from outside."""
    _, task = stage.claimed(session, request, "A3_safety", "safety")
    pausing.pause(session, task.id, by=stage.who(session, "safety_head"), reason="等医院补发体检结论，预计三个工作日。")


def consulted(stage: Stage, session: Session, request: Request) -> None:
    """咨询: two experts outside; one has answered, the other's link waits to be opened."""
    by, task = stage.claimed(session, request, "A4_approve", "approver")
    shown = consulting.material(session, request)
    fields = [one.path for one in shown.entries if one.path not in shown.personal][:3]
    _, first = consulting.ask(session, by, task.id, Wanted(
        "江若水", "市职业病防治院", "体检医院不在我市名单上，它的结论能不能用？", fields))
    consulting.open_link(session, first, address="", agent="")
    consulting.answer(session, first, verdict="agree", text="该院有职业健康检查备案，结论可以采用。")
    _, second = consulting.ask(session, by, task.id, Wanted(
        "顾启明", "省建设安全技术协会", "按新版考核大纲，这个工种的复审培训学时够不够？", fields,
        days=consulting.MOST_DAYS))
    stage.links.append(f"/x/{second}")


def asked_to_correct(stage: Stage, session: Session, request: Request) -> None:
    """请申请人补正: the task stays where it is and waits; the clock stands still."""
    by, task = stage.claimed(session, request, "A3_safety", "safety")
    correcting.ask(session, by, task.id, {
        "doc_health": "体检表看不清签字，请换一份清楚的扫描件。",
        "training_hours": "学时与培训证明不一致，请核对。"}, version=task.version)


def corrected(stage: Stage, session: Session, request: Request) -> None:
    """Two places were asked for, one was changed: the reviewer reads both."""
    task = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.role == CORRECTION)).one()
    stage.does(session, request, task, actor_of(session, request.applicant_id), narrow.ANSWER, training_hours=48,
               **{narrow.said_key("training_hours"): "原来填错了，已按培训证明改为 48 学时。"})


def reopened(stage: Stage, session: Session, request: Request) -> None:
    """重新开启: what was rejected goes on from where it was judged."""
    by = stage.who(session, "vice_president")
    target = next(one for one in reopening.targets(session, by, request) if one.refused is None)
    reopening.reopen(session, by, request, target.task_id, version=request.instance.version,
                     reason="年度用工计划已调整，原驳回理由不再成立，请重新审核。")


def signature() -> bytes:
    """A picture of strokes as of a hand."""
    picture = Image.new("L", (360, 120), 255)
    pen = ImageDraw.Draw(picture)
    for strokes in STROKES:
        pen.line(strokes, fill=20, width=5, joint="curve")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


STROKES = (
    ((40, 30), (110, 24)), ((76, 10), (72, 60), (48, 100)), ((76, 52), (96, 80), (124, 98)), ((150, 34), (216, 28)),
    ((186, 14), (180, 96), (166, 86)), ((156, 62), (212, 56)), ((250, 26), (236, 60), (262, 70), (330, 60)),
    ((292, 18), (286, 100)), ((262, 98), (318, 92)),
)
APPROVAL, DECIDED, REJECTED = ("submit", "pass"), ("submit", "pass", "approve"), ("submit", "pass", "reject")
LEFT = 3
"""One request of the present moment, and those of somebody who leaves."""
CLERKS = ("工程部工程师", "预算员", "行政专员", "会计", "设计师")
AT_VOTE = b'<zeebe:property name="licet:stage" value="joint_signing"/>'
SIGNED = b'<zeebe:property name="licet:signature" value="agree"/>'
OVERDUE, ESCALATED = 3, 6
"""Working days ago: since then nobody has judged what has two of them."""
CASES: tuple[tuple[Sequence[str], Sequence[Deed], int], ...] = (
    (DECIDED, (transferred,), 0),
    (DECIDED, (delegated,), 0),
    (APPROVAL, (advised,), 0),
    (APPROVAL, (agreed,), 0),
    (("submit",), (passed_by_hr, given_back), 0),
    (("submit",), (passed_by_hr, given_back, handed_in_again), 0),
    (("submit",), (passed_by_hr, partial(withdrawn, "edit", "填错了工种，改好再交。")), 0),
    (("submit",), (partial(withdrawn, "end", "本人调往外地项目，不再申请。"),), 0),
    (("submit",), (paused,), 0),
    (("submit",), (passed_by_hr, trade_asked, trade_corrected), 0),
    (APPROVAL, (consulted,), 0),
    (("submit",), (asked_to_correct,), 0),
    (("submit",), (asked_to_correct, corrected), 0),
    (REJECTED, (), 0),
    (REJECTED, (reopened,), 0),
    (("submit",), (), OVERDUE),
    (APPROVAL, (), ESCALATED),
)
"""Verdicts to come as far as that, what is done then, and how many working days ago."""


def actor_of(session: Session, person_id: int | None) -> Actor:
    """Somebody as they act."""
    return actor_for(session, session.get_one(Person, person_id))


def spare(session: Session, subjects: Iterator[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """As many people of the first company's sites as there are stories, of those who hold nothing yet."""
    first = session.scalars(select(Unit.path).where(Unit.kind == "company").order_by(Unit.id).limit(1)).one()
    found: list[tuple[str, str, int]] = []
    for code, kind, holder_id in subjects:
        if kind == "person" and session.get_one(Person, holder_id).unit_path.startswith(first):
            found.append((code, kind, holder_id))
        if len(found) == len(CASES) + LEFT:
            break
    return found


def arrange(engine: Engine, subjects: Sequence[tuple[str, str, int]], at: Callable[[Session], Stage]) -> None:
    """What is no request of the last days: a countersign half voted, somebody away, somebody who leaves, a saved view,
    an approval of this moment; and what the timers would have done meanwhile."""
    timers.sweep(engine)
    with unit(engine) as session:
        stage = at(session)
        _countersign(stage, session)
        _absence(stage, session)
        _just_passed(stage, session, subjects[:1])
        _leaver(stage, session, subjects[1:])
        inbox.save_view(session, stage.who(session, "approver"), "已逾期的审批",
                        {"scope": "groups", "step": "A4_approve", "overdue": "1"})


def _countersign(stage: Stage, session: Session) -> None:
    by = stage.who(session, "applicant")
    held = session.scalars(select(Certificate).where(
        Certificate.type_code == "E03", Certificate.holder_unit_id == stage.company_id)).first()
    if held is None:
        return  # a small demonstration may not have it
    _draw(stage, session, SIGNED)
    request = choices.begin(session, by, held.id, "joint")
    _draw(stage, session, b"\n")  # tried once, and taken back; without a difference it would be the first version again
    task = session.scalars(select(Task).where(Task.instance_id == request.instance_id, Task.state == "open")).one()
    signers = [{"person": str(stage.who(session, role).id), "weight": weight, "veto": role == "safety_head"}
               for role, weight in (("legal_head", 2), ("safety_head", 2), ("hr_head", 1))]
    asked = {"subject": "借出安全生产许可证副本参加外省投标", "question": "原件离开本单位十个工作日，是否同意借出？",
             "signers": signers, "rule": "percent", "percent": 60, "days": 3, "silence": "none"}
    stage.does(session, request, task, by, "submit", **asked)
    voter = stage.who(session, "legal_head")
    mine = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.assignee_id == voter.id)).one()
    desk.complete(session, voter, mine.id, {
        "verdict": "agree", "opinion": "借期内无续期安排，同意。",
        KEY: [stage.sign(session, voter, signature())]})


def _draw(stage: Stage, session: Session, words: bytes) -> None:
    """A version of the countersign's drawing with these words at the vote."""
    files = CATALOG["joint"].files
    drawn = files["joint.bpmn"].replace(AT_VOTE, AT_VOTE + words)
    catalog.deploy(session, {**files, "joint.bpmn": drawn}, by=stage.who(session, "process_owner"))


def _just_passed(stage: Stage, session: Session, subjects: Sequence[tuple[str, str, int]]) -> None:
    """One branch of a review has passed just now: ten minutes long that can be taken back."""
    by = stage.who(session, "applicant")
    for code, kind, holder_id in subjects:
        request = opening.open_request(session, by, code, kind, holder_id)
        session.flush()
        handed_in_again(stage, session, request)
        passed_by_hr(stage, session, request)


def _absence(stage: Stage, session: Session) -> None:
    """The safety officer is away from today for a week; the head of safety stands in."""
    away, by = stage.who(session, "safety"), stage.who(session, "safety_head")
    today = clock.today()
    moments = [dt.datetime.combine(day, dt.time(), clock.SHANGHAI) for day in (today, today + dt.timedelta(days=7))]
    appoint(session, session.get_one(Person, away.id), session.get_one(Person, by.id), from_at=moments[0],
            until_at=moments[1], reason="外出参加安全标准化考评", by=away)


def _leaver(stage: Stage, session: Session, subjects: Sequence[tuple[str, str, int]]) -> None:
    """A second clerk leaves in a fortnight: one of two requests has gone over, the rest has not."""
    stays, hr = stage.who(session, "applicant"), stage.who(session, "hr")
    company = session.get_one(Unit, stage.company_id)
    person = session.scalars(select(Person).where(
        Person.unit_path.startswith(company.path), Person.left_on.is_(None), Person.post.in_(CLERKS)
    ).order_by(Person.id).limit(1)).one()
    grant_role(session, person, "applicant", company, by=SYSTEM, from_on=clock.today())
    for code, kind, holder_id in subjects:
        opening.open_request(session, actor_for(session, person), code, kind, holder_id)
    session.flush()
    leave(session, person, on=clock.today() + dt.timedelta(days=14), by=hr, reason="合同到期不再续签")
    begun = handovers.begin(session, person, by=hr)
    theirs = handover.open_items(session, person, "request")
    handover.move(session, begun, "request", [one.id for one in theirs[:1]], session.get_one(Person, stays.id), by=hr)
