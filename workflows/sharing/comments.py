"""Comments on a request, at any time; whoever is mentioned is told.

Whoever may read the request may comment. Mentioning somebody gives them no right: who cannot read it is refused, and
offered a copy instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, Index, Select, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import Instance, Task
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from ledger.facts import Fact, record
from ledger.files import File
from ledger.outbox import Handler
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from registry.people.persons import Person
from workflows import requests
from workflows.handling import eligible, naming
from workflows.requests import INVOLVED, Request, RequestFile
from workflows.sharing import colleagues

LONGEST, LONGEST_NAME, MOST_FILES, MOST_A_DAY = 4000, 12, 10, 100


class Comment(Base):
    """A comment; struck out, never changed. Its files are `request_file` rows with what="comment:<id>"."""

    __tablename__ = "comment"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(BigId)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(4000))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    struck_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class CommentMention(Base):
    """Somebody whom a comment mentions."""

    __tablename__ = "comment_mention"
    __table_args__ = (Index("ix_comment_mention_person_id", "person_id"),)

    comment_id: Mapped[int] = mapped_column(BigId, ForeignKey("comment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)


@dataclass(frozen=True)
class Said:
    """A comment as it is shown: of one that was struck out only who, and when."""

    comment: Comment
    mentioned: Sequence[str] = ()
    files: Sequence[File] = ()


def write(
    session: Session, actor: Actor, request_id: int, text: str, *, mentions: Sequence[int] = (),
    files: Sequence[int] = (), task_id: int | None = None, key: str | None = None,
) -> Comment:
    """Say something about a request that the actor may read; "@name" in the text mentions that colleague.

    `mentions` are people chosen from a list, `files` uploads of the actor's. `key` lets the same wish through once.
    Raises NotFound, or BadAnswer at "text", "to" or "files".
    """
    request = requests.get(session, actor, request_id)
    text = text.strip()
    _check(session, actor, text, files)
    if (said := _room(session, actor, request, key)) is not None:
        return said
    picked = colleagues.require_all(session, actor, request, "mention", mentions)
    named = _named_in(session, actor, request, text, {one.name for one in picked})
    comment = Comment(group_id=request.group_id, request_id=request.id, task_id=_task(session, request, task_id),
                      by_id=actor.id, by_name=actor.name, text=text, at=clock.now())
    session.add(comment)
    session.flush()
    people = dict.fromkeys([*(one.id for one in picked), *named])
    session.add_all(CommentMention(comment_id=comment.id, person_id=number) for number in people)
    requests.attach(session, request, {f"comment:{comment.id}": list(files)})
    record(session, "request.commented", ("request", request.id), by=actor, group_id=request.group_id, key=key,
           after={"comment": comment.id, "mentioned": len(people), "files": len(files)})
    return comment


def _check(session: Session, actor: Actor, text: str, files: Sequence[int]) -> None:
    if not text and not files:
        raise BadAnswer({"text": [Problem("请写下评论，或附上文件。")]})
    if len(text) > LONGEST:
        raise BadAnswer({"text": [Problem("评论最长 {most} 字，请精简或作为附件上传。", {"most": LONGEST})]})
    if len(files) > MOST_FILES:
        raise BadAnswer({"files": [Problem("一条评论最多附 {most} 个文件。", {"most": MOST_FILES})]})
    for number in files:
        file = session.get(File, number)
        if file is None or file.by_id != actor.id:
            raise BadAnswer({"files": [Problem("有文件不存在或不是您上传的，请重新上传")]})


def _room(session: Session, actor: Actor, request: Request, key: str | None) -> Comment | None:
    """BadAnswer at "text" where it is too much: each comment tells others. What somebody says at once, in several
    windows, is counted too; what arrives twice at once is the comment that it was the first time."""
    session.execute(select(Person.id).where(Person.id == actor.id).with_for_update())
    known = session.scalar(select(Fact).where(Fact.key == key)) if key else None
    if known is not None:
        return session.get(Comment, (known.after or {}).get("comment", 0))
    said = select(func.count()).select_from(Comment).where(
        Comment.request_id == request.id, Comment.by_id == actor.id, Comment.at >= clock.start_of_day(clock.today()))
    if (session.scalar(said) or 0) >= MOST_A_DAY:
        raise BadAnswer({"text": [Problem("您今天在这项申请里已发表 {most} 条评论，请明天再说，或当面沟通。",
                                          {"most": MOST_A_DAY})]})
    return None


def _task(session: Session, request: Request, task_id: int | None) -> int | None:
    task = session.get(Task, task_id) if task_id else None
    return task.id if task is not None and task.instance_id == request.instance_id else None


def _named_in(session: Session, actor: Actor, request: Request, text: str, known: Iterable[str]) -> list[int]:
    """Whom the text mentions by "@" and a full name. A name that several may be mentioned by is refused at "to": one of
    them must be chosen; an "@" before anything else is just a sign."""
    called: dict[str, list[int]] = {}
    for name in _names(session, request, text):
        if name not in known:
            query = select(Person.id).where(Person.group_id == request.group_id, Person.name == name)
            called[name] = list(session.scalars(query.order_by(Person.id).limit(colleagues.MOST)))
    return [_the_one(session, actor, request, name, people) for name, people in called.items()]


def _names(session: Session, request: Request, text: str) -> list[str]:
    """The names of the company group that stand behind an "@", the longest that fits each."""
    pieces = [piece[:LONGEST_NAME] for piece in text.split("@")[1:colleagues.MOST + 1]]
    wanted = {piece[:end] for piece in pieces for end in range(2, len(piece) + 1)}
    if not wanted:
        return []
    query = select(Person.name).where(Person.group_id == request.group_id, Person.name.in_(wanted)).distinct()
    known = sorted(session.scalars(query), key=len, reverse=True)
    fitting = (next((name for name in known if piece.startswith(name)), None) for piece in pieces)
    return list(dict.fromkeys(name for name in fitting if name))


def _the_one(session: Session, actor: Actor, request: Request, name: str, people: Sequence[int]) -> int:
    able, refused = [], []
    for number in people:
        try:
            able.append(colleagues.require(session, actor, request, "mention", number).id)
        except BadAnswer as error:
            refused += error.problems["to"]
    if len(able) > 1:
        raise BadAnswer({"to": [Problem("叫“{name}”的不止一位，请在“提及同事”里选择。", {"name": name})]})
    if not able:
        raise BadAnswer({"to": refused[:1]})
    return able[0]


def strike(session: Session, actor: Actor, request_id: int, comment_id: int) -> Comment:
    """Strike out one's own comment: nobody reads it or fetches its files any more, that it was there stays.

    Raises NotFound, or NotAllowed for what somebody else wrote. Twice is once.
    """
    request = requests.get(session, actor, request_id)
    query = select(Comment).where(Comment.id == comment_id, Comment.request_id == request.id).with_for_update()
    comment = session.scalar(query)
    if comment is None:
        raise NotFound
    if comment.by_id is None or comment.by_id != actor.id:
        raise NotAllowed("只能划去自己的评论。")
    if comment.struck_at is None:
        comment.struck_at = clock.now()
        session.execute(delete(RequestFile).where(
            RequestFile.request_id == request.id, RequestFile.what == f"comment:{comment.id}"))
        record(session, "request.comment_struck", ("request", request.id), by=actor, group_id=request.group_id,
               after={"comment": comment.id})
    return comment


def count(session: Session, request: Request) -> int:
    """How many comments a request has, those struck out among them."""
    return session.scalar(select(func.count()).select_from(Comment).where(Comment.request_id == request.id)) or 0


def of_request(session: Session, request: Request, *, before: int | None = None, limit: int = 50) -> list[Said]:
    """The newest comments, oldest of them first; `before` is the id that the last page began with."""
    query = select(Comment).where(Comment.request_id == request.id)
    if before is not None:
        query = query.where(Comment.id < before)
    rows = list(session.scalars(query.order_by(Comment.id.desc()).limit(limit)))[::-1]
    shown = [one.id for one in rows if one.struck_at is None]
    names, files = _mentioned(session, shown), _files(session, request, shown)
    return [Said(one, names.get(one.id, ()), files.get(one.id, ())) for one in rows]


def _mentioned(session: Session, numbers: Sequence[int]) -> Mapping[int, list[str]]:
    query = select(CommentMention.comment_id, Person.name).join(Person, Person.id == CommentMention.person_id).where(
        CommentMention.comment_id.in_(numbers)).order_by(Person.pinyin, Person.id)
    found: dict[int, list[str]] = {}
    for number, name in session.execute(query) if numbers else ():
        found.setdefault(number, []).append(name)
    return found


def _files(session: Session, request: Request, numbers: Sequence[int]) -> Mapping[int, list[File]]:
    places = {f"comment:{number}": number for number in numbers}
    query = select(RequestFile.what, File).join(File, File.id == RequestFile.file_id).where(
        RequestFile.request_id == request.id, RequestFile.what.in_(places)).order_by(File.id)
    found: dict[int, list[File]] = {}
    for what, file in session.execute(query) if places else ():
        found.setdefault(places[what], []).append(file)
    return found


def _by_mention(actor: Actor) -> Select[int]:
    """Of what somebody was asked to look at, while they could: the task that let them read it may be over."""
    mine = select(Instance.id).join(Request, Request.instance_id == Instance.id).join(
        Comment, Comment.request_id == Request.id).join(CommentMention, CommentMention.comment_id == Comment.id)
    return mine.where(CommentMention.person_id == actor.id, Comment.struck_at.is_(None))


INVOLVED.append(_by_mention)


def tell(session: Session, fact: Fact) -> None:
    """Whoever is mentioned is told; so are the applicant and whoever has the request in hand now, and whoever stands
    in for one of them and may read it."""
    comment = session.get(Comment, (fact.after or {}).get("comment", 0))
    request = session.get(Request, fact.subject_id)
    if comment is None or request is None or comment.struck_at is not None:
        return
    params = {"by": comment.by_name, "title": request.title}
    if request.applicant_id is not None and _nameless(session, request) and comment.by_id != request.applicant_id:
        notify(session, [request.applicant_id], fact, "“{title}”有新的评论。", {"title": request.title})
    mentioned = session.scalars(select(CommentMention.person_id).where(CommentMention.comment_id == comment.id)).all()
    notify(session, mentioned, fact, "{by} 在“{title}”的评论里提到了您。", params)
    holders = select(Task.assignee_id).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.assignee_id.is_not(None))
    others = sorted(one for one in {request.applicant_id, *session.scalars(holders)} if one)
    stand_in = [one for one in expand(session, [*mentioned, *others], request.process_id)
                if one not in mentioned and one not in others
                and eligible.reads(session, session.get_one(Person, one), request)]
    notify(session, [one for one in [*others, *stand_in] if one != comment.by_id], fact, "{by} 评论了“{title}”。",
           params)


def _nameless(session: Session, request: Request) -> bool:
    return request.instance is not None and not naming.shown(
        session, request.instance.definition_id, request.process_id)


HANDLERS: list[tuple[str, Handler]] = [("request.commented", tell)]
