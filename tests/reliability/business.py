"""The invariants of requests, certificates and notices: what was written there agrees with what the engine did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from engine.model import Instance, Task, TaskAnswer
from ledger.facts import Fact
from registry.alerts.notices import Notice
from registry.certificates.codes import LIVE, STATES, WITHDRAWN
from registry.certificates.models import Certificate, Version
from tests.reliability.invariants import Look, Rule
from workflows.applying.beginning import RequestCount
from workflows.requests import AuthorityAnswer, Correction, Request, RequestContent


def requests_are_numbered(look: Look) -> Iterator[str]:
    """I1: numbers of a group's year are 1, 2, 3 ... without a gap, one process and one opening fact to each request."""
    session = look.session
    numbers: dict[tuple[int, int], list[int]] = defaultdict(list)
    opened = Counter(session.scalars(select(Fact.subject_id).where(Fact.kind == "request.opened")))
    for request in session.scalars(select(Request).order_by(Request.id)):
        _mark, year, number = request.number.split("-")
        numbers[request.group_id, int(year)].append(int(number))
        if opened[request.id] != 1 or request.instance_id is None:
            yield f"I1 request {request.id}: {opened[request.id]} openings, instance {request.instance_id}"
    last = {(row.group_id, row.year): row.last for row in session.scalars(select(RequestCount))}
    for key in sorted({*numbers, *last}):
        if sorted(numbers[key]) != list(range(1, last.get(key, 0) + 1)):
            yield f"I1 group and year {key}: {len(numbers[key])} requests, the counter says {last.get(key)}"
    keys = select(Request.instance_id).group_by(Request.instance_id).having(func.count() > 1)
    yield from (f"I1 instance {number} has two requests" for number in session.scalars(keys))


def submissions_are_kept_once(look: Look) -> Iterator[str]:
    """I2, I13: each round of a request is one completed form, one content and one fact."""
    session = look.session
    facts = Counter(session.scalars(select(Fact.subject_id).where(Fact.kind == "request.submitted")))
    forms = Counter[int]()
    rows = select(Task.instance_id, TaskAnswer.answers).join(TaskAnswer, TaskAnswer.task_id == Task.id)
    for instance_id, answers in session.execute(rows.where(Task.form_key == "apply", Task.state == "completed")):
        forms[instance_id] += answers.get("verdict") == "submit"
    contents: dict[int, list[int]] = defaultdict(list)
    for content in session.scalars(select(RequestContent).order_by(RequestContent.no)):
        contents[content.request_id].append(content.no)
    for request in session.scalars(select(Request)):
        count = forms[request.instance_id or 0]
        kept, told = contents[request.id], facts[request.id]
        if kept != list(range(1, count + 1)) or told != count or (request.submitted_at is not None) != bool(count):
            yield f"I2 request {request.id}: {count} forms handed in, contents {kept}, {told} facts"


def one_request_for_a_holder(look: Look) -> Iterator[str]:
    """I11: no two requests for the same certificate of the same holder are on their way at once."""
    submitted = select(Request).join(Instance, Request.instance_id == Instance.id)
    submitted = submitted.where(Request.submitted_at.is_not(None), Instance.ended_at.is_(None))
    found = Counter((row.type_code, row.holder_kind, row.holder_id, row.item)
                    for row in look.session.scalars(submitted))
    yield from (f"I11 {count} requests on their way for {key}" for key, count in found.items() if count > 1)


def answers_of_the_authority_are_told_once(look: Look) -> Iterator[str]:
    """I13: each recorded answer is one fact; each return's corrections are named by one fact."""
    session = look.session
    told = Counter(session.execute(select(Fact.subject_id, Fact.kind).where(
        Fact.kind.like("authority.%"), Fact.kind != "authority.silent")))
    kept = Counter((row.request_id, f"authority.{row.kind}") for row in session.scalars(select(AuthorityAnswer)))
    for key in sorted({*told, *kept}):
        if told[key] != kept[key]:
            yield f"I13 {key}: {kept[key]} answers kept, {told[key]} facts"
    returned = session.scalars(select(Fact).where(Fact.kind == "request.returned"))
    named = Counter(number for fact in returned for number in (fact.after or {})["corrections"])
    for number in session.scalars(select(Correction.id)):
        if named[number] != 1:
            yield f"I13 correction {number} is named by {named[number]} facts"


def certificates_are_granted_once(look: Look) -> Iterator[str]:
    """I11, I12: versions 1, 2, 3 ..., the last is what the row repeats; one certificate a request, one live number."""
    session = look.session
    granted = Counter(session.scalars(select(Fact.subject_id).where(
        Fact.kind.in_(("certificate.granted", "certificate.imported")))))
    chains: dict[int, list[Version]] = defaultdict(list)
    for version in session.scalars(select(Version).order_by(Version.no)):
        chains[version.certificate_id].append(version)
    live, codes, asked = Counter[Any](), Counter[str](), Counter[int]()
    for one in session.scalars(select(Certificate)):
        chain = chains[one.id]
        codes[one.code] += 1
        live[one.type_code, one.number_key, one.item] += one.state in LIVE
        asked[chain[0].request_id or 0] += 1 if chain else 0
        whole = [version.no for version in chain] == list(range(1, one.version_no + 1))
        if not whole or chain[-1].state != one.state or one.state not in (*STATES, WITHDRAWN) or granted[one.id] != 1:
            yield f"I11 certificate {one.code}: version {one.version_no} of {len(chain)}, {granted[one.id]} grants"
    for request in session.scalars(select(Request)):
        ends = request.instance.outcome == "registered" if request.instance else False
        if asked[request.id] != ends or (request.certificate_id is not None) != ends:
            yield f"I11 request {request.id}: {asked[request.id]} certificates, registered {ends}"
    yield from (f"I12 {key} is live {count} times" for key, count in live.items() if count > 1)
    yield from (f"I12 code {key} is used {count} times" for key, count in codes.items() if count > 1)


def people_are_told_once(look: Look) -> Iterator[str]:
    """I8, I9: whoever applied is told of the end once, as soon as that fact has been delivered."""
    session = look.session
    told = Counter(session.execute(select(Notice.fact_id, Notice.person_id)))
    yield from (f"I9 person and fact {key}: {count} notices" for key, count in told.items() if count > 1)
    ended = select(Fact, Request.applicant_id).join(Request, Request.instance_id == Fact.subject_id)
    for fact, person in session.execute(ended.where(Fact.kind == "instance.ended")):
        if told[fact.id, person] != (fact.delivered_at is not None):
            yield f"I8 fact {fact.id}: delivered at {fact.delivered_at}, {told[fact.id, person]} notices"


BUSINESS: tuple[Rule, ...] = (
    requests_are_numbered, submissions_are_kept_once, one_request_for_a_holder,
    answers_of_the_authority_are_told_once, certificates_are_granted_once, people_are_told_once,
)
