"""What answering the forms of cancellation.bpmn asks and leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.certificates.chain import turned_on
from registry.custody.originals import Original
from workflows.borrowing.papers import label
from workflows.clearing.hindrance import subject
from workflows.handling import reviewing
from workflows.handling.reviewing import note
from workflows.process import Act, Answers
from workflows.requests import Request


def grounded(act: Act) -> None:
    """C1: keep the ground and its evidence as the next round."""
    if act.answers.get("verdict") == "submit":
        reviewing.asked(act)
        act.request.details = {**act.request.details, "ground": act.answers["ground"], "waived": {}}


def collected(act: Act) -> None:
    """C5: what came back, and what did not."""
    act.request.details = {**act.request.details, "collected_on": act.answers["collected_on"]}
    note(act, "cancellation.collected", count=len(act.answers.get("collected") or ()),
         missing=bool(act.answers.get("missing")))


def collect_checked(act: Act) -> None:
    """C5: whatever is not there must be explained."""
    listed = {row["value"] for row in originals(act.session, act.request)["originals"]}
    if listed - set(act.answers.get("collected") or ()) and not act.answers.get("missing"):
        raise BadAnswer({"missing": [Problem("有原件没有收回，请说明原因。")]})


def recorded(act: Act) -> None:
    """C5: how and when it ended."""
    kept = {key: act.answers[key] for key in ("kind", "ended_on", "document_no") if act.answers.get(key)}
    act.request.details = {**act.request.details, "recorded": kept}
    note(act, "cancellation.recorded", ending=kept["kind"], on=kept["ended_on"],
         document_no=kept.get("document_no") or "")


def record_checked(act: Act) -> None:
    """C5: it cannot end before what stands in the register began."""
    certificate = subject(act.session, act.request)
    ended = dt.date.fromisoformat(act.answers["ended_on"])
    if certificate is not None and ended < (turned := turned_on(certificate)):
        raise BadAnswer({"ended_on": [Problem("注销日期早于台账最后一次变动 {day}。", {"day": turned})]})


def ground(_session: Session, request: Request) -> Answers:
    """C1: the ground it was begun for, and what was submitted the last time."""
    known = {"ground": request.details["ground"]} if request.details.get("ground") else {}
    return {**known, **request.content}


def originals(session: Session, request: Request) -> Answers:
    """C5: the originals to collect, one by one."""
    rows = session.scalars(select(Original).where(Original.certificate_id == request.certificate_id)
                           .order_by(Original.kind.desc(), Original.serial)).all()
    kept = [{"value": str(row.id), "label": Problem("{original}（{place}）", {
        "original": label(row), "place": row.place}).plain()} for row in rows]
    return {"originals": kept or [{"value": "all", "label": request.title}], "collected_on": clock.today().isoformat(),
            "way": "announced" if request.subtype == "passive" else "file"}


def recording(_session: Session, request: Request) -> Answers:
    """C5: the kind that goes with the ground."""
    kind = {"annulled": "annulled", "withdrawn": "withdrawn", "revoked": "revoked"}.get(
        str(request.details.get("ground")), "cancelled")
    return {"kind": kind, "ended_on": clock.today().isoformat()}


Writes = dict[str, Callable[[Act], None]]
CHECKED: Writes = {"collect": collect_checked, "cancel-record": record_checked}
ANSWERED: Writes = {"cancel-ground": grounded, "collect": collected, "cancel-record": recorded, **reviewing.ANSWERED}
GIVEN = {"cancel-ground": ground, "collect": originals, "cancel-record": recording, **reviewing.GIVEN}
