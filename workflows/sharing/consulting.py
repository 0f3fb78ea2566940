"""A question to an expert outside: one link, which ends with the answer, a revocation, its time, or the task.

The link shows what was ticked for it and nothing else. It is asked by whoever holds a task; its token is shown once, of
which the SHA-256 is kept. Opening is an act (a POST): scanners of mail follow links, and would use it up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import OPEN, Task
from engine.usertasks import tasks
from engine.usertasks.hands import BEFORE
from forms import contents
from forms.contents import Entry
from forms.signing import KEY as SIGNATURE
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound, Problem
from ledger.facts import Fact, record
from ledger.files import File
from ledger.outbox import Handler
from ledger.workdays import calendar
from registry.alerts.notices import notify
from registry.people import sealing
from workflows import requests
from workflows.handling.reviewing import content_form
from workflows.requests import Request, RequestFile

TOKEN = re.compile(r"[\w-]{22}", re.ASCII)
DAYS, MOST_DAYS, MOST_OPEN, MOST_ASKED, MOST_VIEWS = 5, 30, 5, 30, 200
VERDICTS: dict[str, str] = {"agree": "同意", "disagree": "不同意", "unsure": "不能判断"}
PERSONAL_VALUE = re.compile(r"\d{17}[\dXx]|1[3-9]\d{9}")
PERSONAL_LABEL = re.compile("姓名|身份证|电话|手机|邮箱|住址|联系人|负责人|法定代表人")


class MadeBefore(Conflict):
    """链接已经生成过，只显示一次。如果没有保存，请撤销后重新生成。"""


class Ended(Conflict):
    """这份咨询已经答复、撤销或过期，不能再撤销。"""


class Consultation(Base):
    """What is asked of whom; `fields` and `files` are all that the link shows. Of its token the SHA-256 is kept."""

    __tablename__ = "consultation"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expert_name: Mapped[str] = mapped_column(String(60))
    expert_org: Mapped[str] = mapped_column(String(120), default="")
    question: Mapped[str] = mapped_column(String(2000))
    fields: Mapped[list[str]] = mapped_column(Json)
    files: Mapped[list[int]] = mapped_column(Json)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answer: Mapped[str] = mapped_column(String(4000), default="")
    verdict: Mapped[str] = mapped_column(String(12), default="")

    @property
    def running(self) -> bool:
        """Neither answered nor revoked, and its time is not over."""
        return self.answered_at is None and self.revoked_at is None and clock.now() < self.expires_at


class ConsultationView(Base):
    """The link was opened; the address it came from is kept as a keyed hash only."""

    __tablename__ = "consultation_view"

    id: Mapped[Id]
    consultation_id: Mapped[int] = mapped_column(BigId, ForeignKey("consultation.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    agent: Mapped[str] = mapped_column(String(200), default="")
    address_hash: Mapped[str] = mapped_column(String(32))


@dataclass(frozen=True)
class Wanted:
    """What an asker fills in; `days` are working days."""

    expert_name: str
    expert_org: str
    question: str
    fields: Sequence[str] = ()
    files: Sequence[int] = ()
    days: int = DAYS


@dataclass(frozen=True)
class Material:
    """What an expert may be shown of a request: answered fields and files; `personal` are the paths of fields that look
    like data of a person."""

    entries: Sequence[Entry]
    files: Sequence[File]
    personal: frozenset[str]


def material(session: Session, request: Request) -> Material:
    """Everything that can be ticked for a link: the content as last submitted and the request's files, but nobody's
    signature."""
    found: list[Entry] = []
    if request.contents:
        known = {"holder_name": request.holder_name}
        found = [one for one in contents.entries(content_form(request), request.content, known) if not one.files]
    query = select(File).join(RequestFile, RequestFile.file_id == File.id).where(
        RequestFile.request_id == request.id, RequestFile.what != SIGNATURE)
    return Material(found, list(session.scalars(query.order_by(File.id))), frozenset(
        one.path for one in found if _personal(request, one)))


def _personal(request: Request, entry: Entry) -> bool:
    if entry.path == "holder_name":
        return request.holder_kind == "person"
    named = PERSONAL_LABEL.search(entry.label) and not entry.text.isdecimal()  # not how many of them there are
    return bool(named or PERSONAL_VALUE.search(entry.text))


def shown(session: Session, consultation: Consultation) -> Material:
    """What its link shows now."""
    everything = material(session, session.get_one(Request, consultation.request_id))
    return Material([one for one in everything.entries if one.path in consultation.fields],
                    [one for one in everything.files if one.id in consultation.files], everything.personal)


def ask(session: Session, actor: Actor, task_id: int, wanted: Wanted, *, key: str | None = None
        ) -> tuple[Consultation, str]:
    """Make a link for an expert; with it the token, which nobody can be told a second time.

    Raises what tasks.held raises (the actor must hold the task), Waiting where it is handed in or the applicant is
    asked, MadeBefore, or BadAnswer at the fields.
    """
    task, instance = tasks.held(session, task_id, actor)
    if task.hold not in (None, BEFORE):  # an expert may be heard while others are
        raise tasks.waiting(session, task)
    request = requests.of_instance(session, instance.id)
    if key and session.scalar(select(Fact.id).where(Fact.key == key)) is not None:
        raise MadeBefore()  # the form arrived twice at once
    if actor.id == request.applicant_id:
        raise NotAllowed("咨询由审核的人提出，答复也只给他们看。申请人可以用评论说明。")
    _check(session, request, task, wanted)
    token, today = secrets.token_urlsafe(16), clock.today()
    row = Consultation(
        group_id=task.group_id, request_id=request.id, task_id=task.id, token_hash=_hash(token),
        expert_name=wanted.expert_name.strip(), expert_org=wanted.expert_org.strip(),
        question=wanted.question.strip(), fields=list(dict.fromkeys(wanted.fields)),
        files=list(dict.fromkeys(wanted.files)), by_id=actor.id, by_name=actor.name, at=clock.now(),
        expires_at=clock.end_of_day(calendar(session).after(today, wanted.days)),
    )
    session.add(row)
    session.flush()
    _note(session, "consultation.asked", row, actor, task=task.id, fields=len(row.fields), files=len(row.files),
          key=key)
    return row, token


def _check(session: Session, request: Request, task: Task, wanted: Wanted) -> None:
    wrong: dict[str, list[Problem]] = {}
    for name, text, most in (("expert_name", wanted.expert_name, 60), ("expert_org", wanted.expert_org, 120),
                             ("question", wanted.question, 2000)):
        if not text.strip() and name != "expert_org":
            wrong[name] = [Problem("请填写")]
        elif len(text) > most:
            wrong[name] = [Problem("最长 {most} 字。", {"most": most})]
    if not 1 <= wanted.days <= MOST_DAYS:
        wrong["days"] = [Problem("有效期为 1 至 {most} 个工作日。", {"most": MOST_DAYS})]
    known = material(session, request)
    strange = set(wanted.fields) - {one.path for one in known.entries}
    if strange or set(wanted.files) - {one.id for one in known.files}:
        wrong["fields"] = [Problem("有的内容已经不在这项申请里，请刷新页面重新勾选。")]
    asked = [one for one in of_request(session, request) if one.task_id == task.id]
    if len(asked) >= MOST_ASKED:
        wrong[""] = [Problem("这项任务已咨询 {most} 次，不能再生成链接。", {"most": MOST_ASKED})]
    elif sum(one.running for one in asked) >= MOST_OPEN:
        wrong[""] = [Problem("这项任务已有 {most} 份咨询没有答复。请先撤销不需要的。", {"most": MOST_OPEN})]
    if wrong:
        raise BadAnswer(wrong)


def of_request(session: Session, request: Request) -> list[Consultation]:
    """All that was asked about a request, oldest first."""
    query = select(Consultation).where(Consultation.request_id == request.id).order_by(Consultation.id)
    return list(session.scalars(query))


def views(session: Session, rows: Sequence[Consultation]) -> dict[int, int]:
    """How often each link was opened."""
    counted = select(ConsultationView.consultation_id, func.count()).where(
        ConsultationView.consultation_id.in_([one.id for one in rows])).group_by(ConsultationView.consultation_id)
    return dict(session.execute(counted).all()) if rows else {}


def revoke(session: Session, actor: Actor, task_id: int, consultation_id: int) -> Consultation:
    """End a link now: who asked may, and whoever holds the task. Raises NotFound, NotAllowed, Ended."""
    task = tasks.get(session, task_id, actor)
    row = session.scalar(select(Consultation).where(
        Consultation.id == consultation_id, Consultation.task_id == task.id).with_for_update())
    if row is None:
        raise NotFound
    if actor.id is None or actor.id not in (row.by_id, task.assignee_id):
        raise NotAllowed("只有提出咨询的人和任务的办理人可以撤销。")
    if not row.running:
        raise Ended
    row.revoked_at = clock.now()
    _note(session, "consultation.revoked", row, actor)
    return row


# what an expert does
def living(session: Session, token: str, *, lock: bool = False) -> Consultation | None:
    """What a link leads to while it lives; None for any other, without a difference between unknown and over."""
    if not TOKEN.fullmatch(token):
        return None
    query = select(Consultation).where(Consultation.token_hash == _hash(token))
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None or not row.running or session.get_one(Task, row.task_id).state != OPEN:
        return None
    return row


def open_link(session: Session, token: str, *, address: str, agent: str) -> Consultation | None:
    """The expert opens it (or fetches a file): that is written down, at most MOST_VIEWS times."""
    row = living(session, token, lock=True)
    if row is None:
        return None
    if views(session, [row]).get(row.id, 0) < MOST_VIEWS:
        session.add(ConsultationView(consultation_id=row.id, at=clock.now(), agent=agent[:200],
                                     address_hash=sealing.index(address, "consultation")[:32]))
    if row.opened_at is None:
        row.opened_at = clock.now()
        _note(session, "consultation.opened", row, SYSTEM)
    return row


def answer(session: Session, token: str, *, verdict: str, text: str) -> Consultation | None:
    """The expert's one answer; the link ends with it. None where it has ended; BadAnswer where something is missing."""
    row = living(session, token, lock=True)
    if row is None or row.opened_at is None:
        return None
    wrong: dict[str, list[Problem]] = {}
    if verdict not in VERDICTS:
        wrong["verdict"] = [Problem("请选择")]
    if not text.strip():
        wrong["answer"] = [Problem("请填写")]
    elif len(text) > 4000:
        wrong["answer"] = [Problem("最长 {most} 字。", {"most": 4000})]
    if wrong:
        raise BadAnswer(wrong)
    row.verdict, row.answer, row.answered_at = verdict, text.strip(), clock.now()
    _note(session, "consultation.answered", row, SYSTEM)
    return row


def file_of(session: Session, consultation: Consultation, file_id: int) -> File | None:
    """A file that its link shows."""
    return next((one for one in shown(session, consultation).files if one.id == file_id), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _note(session: Session, kind: str, row: Consultation, by: Actor, *, key: str | None = None, **more: int) -> Fact:
    return record(session, kind, ("request", row.request_id), by=by, group_id=row.group_id, key=key,
                  after={"consultation": row.id, **more})


def tell(session: Session, fact: Fact) -> None:
    """Whoever asked is told of the answer."""
    row = session.get(Consultation, (fact.after or {}).get("consultation", 0))
    if row is not None and row.by_id is not None:
        title = session.get_one(Request, row.request_id).title
        notify(session, [row.by_id], fact, "{expert} 答复了您关于“{title}”的咨询。",
               {"expert": row.expert_name, "title": title}, subject=("task", row.task_id))


HANDLERS: list[tuple[str, Handler]] = [("consultation.answered", tell)]
