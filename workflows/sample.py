"""The demonstration group with requests in every state, made by running the processes as people would: act by act."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, Exists, exists, or_, select
from sqlalchemy.orm import Session, aliased, object_session

import workflows
from engine.model import Task
from forms.conditions import hidden
from forms.schema import FILES, Form, label_of
from ledger import clock, files, workdays
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from registry import sample
from registry.access.accounts import actor_for
from registry.access.grants import holders
from registry.certificates.catalogue import type_of
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.certificates.numbers import rule_of
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample.numbers import Numbers
from workflows import authority, sample_cases
from workflows.applying import groundwork, opening
from workflows.handling import desk
from workflows.requests import Request
from workflows.sharing import specimens
from workflows.sharing.sample import share

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj " \
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CREDIT_CODE = "91320100135800013L"
CHECKED = {"uscc": CREDIT_CODE, "cn-id": "110101199003070214"}
"""What the checks of a form accept; both are synthetic."""
HOURS = [dt.time(9, 12), dt.time(10, 40), dt.time(14, 25), dt.time(16, 5)]
ON_SITE = ("普工", "木工", "瓦工", "钢筋工", "焊工")

START = ["submit"]
REVIEWED = [*START, "pass"]
APPROVED = [*REVIEWED, "approve"]
FILED = [*APPROVED, "file"]
ACCEPTED = [*FILED, "accepted"]
GRANTED = [*ACCEPTED, "granted"]
REGISTERED = [*GRANTED, "register"]
PATHS: list[list[str]] = [
    [], START, REVIEWED, APPROVED, FILED, ACCEPTED, GRANTED, REGISTERED, [*REGISTERED, "match"],
    [*START, "return"], [*START, "return", *REVIEWED], [*REVIEWED, "reject"], [*FILED, "supplement"],
    [*FILED, "supplement", "reply", "supplement", "reply", "accepted", "granted", "register", "match"],
    [*FILED, "refused"], [*ACCEPTED, "denied"], [*ACCEPTED, "denied", "give_up"], [*REGISTERED, "mismatch"],
    ["abandon"], [*REVIEWED, "return"],
]


@dataclass
class Case:
    """One request on its way. `moments` are when people act, one after the other, all before the present."""

    engine: Engine
    folder: Path
    now: clock.Fixed
    moments: list[dt.datetime] = field(default_factory=list)
    request_id: int = 0
    papers: dict[tuple[int | None, str], int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def act(self, do: Callable[[Session], Any]) -> Any:
        """One transaction, at the next moment."""
        if self.moments:
            self.now.move_to(self.moments.pop(0))
        with unit(self.engine) as session:
            return do(session)

    def paper(self, session: Session, by: Actor, name: str = "材料") -> int:
        """A file that this person uploaded, called after what it is."""
        if (by.id, name) not in self.papers:
            self.papers[by.id, name] = files.keep(session, self.folder, io.BytesIO(PAPER), f"{name}.pdf", by=by).id
        return self.papers[by.id, name]

    def sign(self, session: Session, by: Actor, picture: bytes) -> int:
        """What this person signs with, drawn by hand."""
        return specimens.drawn(session, self.folder, picture, by=by).id

    def stage(self, session: Session) -> sample_cases.Stage:
        """Where sample_cases plays."""
        return sample_cases.Stage(session, self.fill, self.sign, self.links)

    def fill(
        self, form: Form, given: dict[str, Any], verdict: str, by: Actor, session: Session, request: Request
    ) -> dict[str, Any]:
        """Answers to a form for a verdict."""
        return answer(form, given, verdict, partial(self.paper, session, by), request)


def load(
    engine: Engine, folder: Path, *, seed: int = 2026, size: sample.Size = sample.SIZES["demo"],
    told: sample.Told = lambda what, done, of: None,
) -> list[str]:
    """Fill an empty, migrated database: calendar, organisation, register, processes, then requests by running them.

    Answers with the addresses of its links for people outside, which nobody can be told a second time.
    """
    with unit(engine) as session:
        workdays.seed(session)
        sample.load(session, seed=seed, companies=size.companies, projects=size.projects, people=size.people,
                    certificates=size.certificates, told=told)
        workflows.publish(session, by=SYSTEM)
    with unit(engine) as session:
        free = _subjects(session)
        subjects = list(islice(free, size.requests))
        spare = sample_cases.spare(session, free)
        for project in _permitted(session, subjects):
            groundwork.lay(session, project)
    for done, ((code, kind, holder), path) in enumerate(zip(subjects, cycle(PATHS), strict=False), 1):
        play(engine, folder, code, kind, holder, path)
        told("requests", done, len(subjects))
    links = _cases(engine, folder, spare)
    share(engine)
    return links


def _cases(engine: Engine, folder: Path, spare: Sequence[tuple[str, str, int]]) -> list[str]:
    """The stories of sample_cases, of those people; what is left over is for the present. Their links."""
    case = Case(engine, folder, clock.Fixed(clock.now()))
    for (code, kind, holder), (path, deeds, early) in zip(spare, sample_cases.CASES, strict=False):
        play(engine, folder, code, kind, holder, path, deeds, early, case.links)
    sample_cases.arrange(engine, spare[len(sample_cases.CASES):], case.stage)
    return case.links


def _subjects(session: Session) -> Iterator[tuple[str, str, int]]:
    """Who may be applied for: people on site, projects, companies that do not hold the certificate yet, in turn.

    The first company and its projects stay free for whoever tries the demonstration.
    """
    first = session.scalars(select(Unit).where(Unit.kind == "company").order_by(Unit.id).limit(1)).one()
    employed = select(Person.id).where(Person.left_on.is_(None), Person.post.in_(ON_SITE))
    people = session.scalars(employed.where(~_held("P02", Certificate.holder_person_id, Person.id)).order_by(Person.id))
    away = [Unit.closed_on.is_(None), Unit.id != first.id]
    projects = session.scalars(select(Unit.id).where(
        Unit.kind == "project", Unit.parent_id != first.id, *away,
        ~_held("J03", Certificate.holder_unit_id, Unit.id)).order_by(Unit.id))
    site = aliased(Unit)
    building = exists().where(site.parent_id == Unit.id, site.kind == "project")  # these hold one, or have lost it
    firms = session.scalars(select(Unit.id).where(
        Unit.kind == "company", *away, ~building, ~_held("E03", Certificate.holder_unit_id, Unit.id)
    ).order_by(Unit.id))
    rows = [[("J03", "unit", number) for number in projects], [("E03", "unit", number) for number in firms],
            [("P02", "person", number) for number in people]]
    for number in range(max(map(len, rows))):
        yield from (row[number] for row in rows if number < len(row))


def _permitted(session: Session, subjects: Sequence[tuple[str, str, int]]) -> list[Unit]:
    """The projects that a construction permit will be applied for, and those of the first company."""
    first = select(Unit.id).where(Unit.kind == "company").order_by(Unit.id).limit(1).scalar_subquery()
    asked = [number for code, _, number in subjects if code == "J03"]
    return list(session.scalars(select(Unit).where(
        Unit.kind == "project", Unit.closed_on.is_(None), or_(Unit.id.in_(asked), Unit.parent_id == first)
    ).order_by(Unit.id)))


def _held(code: str, holder: Any, own: Any) -> Exists:
    return exists().where(holder == own, Certificate.type_code == code, Certificate.state.in_(LIVE))


def play(
    engine: Engine, folder: Path, code: str, kind: str, holder_id: int, path: Sequence[str],
    deeds: Sequence[sample_cases.Deed] = (), early: int = 0, links: list[str] | None = None,
) -> int | None:
    """Open a request and take it along a path of verdicts and answers, then further deeds, the last of them `early`
    working days ago; its id, or None where it may not be opened. `links` takes what nobody is told a second time."""
    acts = len(path) + len(deeds) + 1
    moments = office_hours(engine, acts + (0 if early else holder_id % 4), early)[:acts]
    case = Case(engine, folder, clock.Fixed(moments[0]), moments, links=[] if links is None else links)
    with clock.use(case.now):
        opened = case.act(lambda session: _open(session, code, kind, holder_id))
        if opened is None:
            return None
        case.request_id = opened
        for move in path:
            case.act(partial(_move, case, move))
        for deed in deeds:
            case.act(partial(_do, case, deed))
    return case.request_id


def _do(case: Case, deed: sample_cases.Deed, session: Session) -> None:
    deed(case.stage(session), session, session.get_one(Request, case.request_id))


def office_hours(engine: Engine, count: int, early: int = 0) -> list[dt.datetime]:
    """The last `count` moments at which an office would have acted, `early` working days ago, oldest first."""
    with reading(engine) as session:
        cal = workdays.calendar(session)
    day, found = clock.today(), list[dt.datetime]()
    for _ in range(early):
        day = next(before for ago in range(1, 30) if cal.is_workday(before := day - dt.timedelta(days=ago)))
    while len(found) < count:
        hours = [dt.datetime.combine(day, hour, clock.SHANGHAI) for hour in HOURS] if cal.is_workday(day) else []
        found = [moment for moment in hours if moment < clock.now()] + found
        day -= dt.timedelta(days=1)
    return found[-count:]


def _open(session: Session, code: str, kind: str, holder_id: int) -> int | None:
    holder = opening.holder_of(session, kind, holder_id)
    path = holder.path if isinstance(holder, Unit) else holder.unit_path
    groups = [f"applicant@{place}" for place in path.strip("/").split("/")]
    people = holders(session, groups)
    if not people:
        return None
    by = actor_for(session, session.get_one(Person, people[0]))
    return opening.open_request(session, by, code, kind, holder_id).id


def _move(case: Case, move: str, session: Session) -> None:
    request = session.get_one(Request, case.request_id)
    if move in authority.MESSAGES:
        return _answer(case, session, request, move)
    tasks = session.scalars(
        select(Task).where(Task.instance_id == request.instance_id, Task.state == "open").order_by(Task.id)).all()
    for task in tasks[:1] if move in ("return", "mismatch") else tasks:
        by = _who(session, task)
        shown = desk.open_task(session, by, task.id)
        answers = answer(shown.form, shown.data, move, partial(case.paper, session, by), request)
        desk.complete(session, by, task.id, answers)
    if move == "approve" and _open_task(session, request, "A4_second"):
        _move(case, move, session)


def _open_task(session: Session, request: Request, element_id: str) -> bool:
    query = select(Task.id).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.element_id == element_id)
    return session.scalar(query) is not None


def _who(session: Session, task: Task) -> Actor:
    people = [task.assignee_id] if task.assignee_id else holders(session, task.offer)
    free = [person for person in people if person not in task.barred]
    return actor_for(session, session.get_one(Person, free[0]))


def _answer(case: Case, session: Session, request: Request, kind: str) -> None:
    keepers = holders(session, [f"custodian@{place}" for place in request.unit_path.strip("/").split("/")])
    by = actor_for(session, session.get_one(Person, keepers[0]))
    form, given = authority.form_for(request, kind)
    answers = answer(form, given, "done", partial(case.paper, session, by), request)
    authority.record_answer(session, by, request.id, kind, {**answers, "kind": kind})


def answer(
    form: Form, given: dict[str, Any], verdict: str, paper: Callable[[str], int], request: Request
) -> dict[str, Any]:
    """Answers to a form for a verdict: what is given stays, what is required is filled with what its rules accept."""
    known = {one.value: one for one in form.verdicts}
    chosen = known[verdict if verdict in known else "done"]
    answers = _filled(form.schema["components"], given, chosen.value, chosen.partial, paper, request)
    if chosen.value == "return":
        first = given["returnable"][0]["value"]
        answers["returns"] = [{"field": first, "reason": "与原件不一致，请核对后重新填写。"}]
    if chosen.value == "mismatch":
        answers["differences"] = [{"field": given["returnable"][0]["value"], "found": "扫描件上的编号不同"}]
    if chosen.value == "reject":
        answers["reason"] = "不符合本单位本年度计划。"
    return {**answers, "verdict": chosen.value}


def _filled(
    components: Any, given: dict[str, Any], verdict: str, lenient: bool, paper: Callable[[str], int], request: Request
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in components:
        kind, key = one.get("type"), one.get("key")
        if one.get("readonly") or _hidden(one, given, verdict):
            continue
        if kind == "group":
            found |= _filled(one["components"], given, verdict, lenient, paper, request)
        elif kind == "dynamiclist":
            if not lenient and (one.get("properties") or {}).get("licet:min-rows"):
                rows = given.get(one["path"]) or [{}]
                found[one["path"]] = [
                    {**_filled(one["components"], {}, verdict, lenient, paper, request),
                     **{name: value for name, value in row.items() if value is not None}} for row in rows]
        elif key and kind == "licet-ticks" and not lenient:
            found[key] = [row["value"] for row in given.get(one["valuesKey"], [])]
        elif key and not lenient and (one.get("validate") or {}).get("required"):
            value = given.get(key)
            found[key] = _value(one, given, paper, request) if value in (None, "", []) or kind in FILES else value
    return found


def _hidden(component: Any, given: dict[str, Any], verdict: str) -> bool:
    return hidden(component, {"verdict": verdict, "fatal_accident": "no", "trade": "01", **given})


def _value(component: Any, given: dict[str, Any], paper: Callable[[str], int], request: Request) -> Any:
    key, kind = component["key"], component["type"]
    if key in SAID:
        said = SAID[key]
        return said(request) if callable(said) else said
    if kind in FILES:
        return [paper(label_of(component))]
    if kind in ("select", "radio"):
        return (given.get(component.get("valuesKey", "")) or component["values"])[0]["value"]
    if kind == "number":
        return max(1, (component.get("validate") or {}).get("min") or 1)
    if kind == "datetime":
        return clock.today().isoformat()
    if kind == "checkbox":
        return True
    check = str((component.get("properties") or {}).get("licet:check", ""))
    return CHECKED.get(check) or (rule_of(check.removeprefix("rule-")).example if check.startswith("rule-") else
                                  "按实际情况填写"[: (component.get("validate") or {}).get("maxLength") or None])


def number_for(request: Request) -> str:
    """A number that the type's rule accepts, one of its own for each request."""
    session = object_session(request)
    assert session is not None
    holder = opening.holder_of(session, request.holder_kind, request.holder_id)
    own = holder.id_number if isinstance(holder, Person) else holder.uscc if isinstance(holder, Unit) else ""
    rule = type_of(request.type_code).number.rule
    serial = 900_000 + request.id if rule in ("AX", "TZ-JZ") else request.id
    return Numbers(Random(request.id)).certificate(rule, request.type_code, clock.today(), own or "", serial=serial)


def _end(request: Request) -> str:
    months = type_of(request.type_code).validity.months or 24
    return (workdays.months_before(clock.today(), -months) - dt.timedelta(days=1)).isoformat()


SAID: dict[str, Any] = {
    "project_code": "2026-320102-48-01-000001", "number": number_for, "valid_until": _end, "review_on": _end,
    "price": 4800,
    "finish_on": lambda _: (clock.today() + dt.timedelta(days=540)).isoformat(), "fatal_accident": "no", "trade": "01",
    "issuer": "某市住房和城乡建设局", "ground": "ordinary", "scale": "25000 平方米",
    "application_number": lambda request: f"SL-{clock.today().year}-{request.id:04d}",
}
