"""The steps and forms of suspension.bpmn."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.actor import SYSTEM
from registry.certificates import codes, lifecycle
from registry.certificates.chain import from_day
from registry.certificates.models import Certificate
from workflows.cancellation.beginning import PASSIVE, start
from workflows.handling.reviewing import note
from workflows.process import Act, Answers
from workflows.requests import Request, of_instance


def certificate_of(session: Session, request: Request) -> Certificate:
    """The certificate that is held back."""
    return session.get_one(Certificate, request.certificate_id)


def suspend(step: Step) -> None:
    """The certificate is 暂扣 from the day of the decision on."""
    request = of_instance(step.session, step.instance.id)
    told = request.details["suspended"]
    lifecycle.suspend(
        step.session, certificate_of(step.session, request), since=dt.date.fromisoformat(told["since"]),
        until=dt.date.fromisoformat(told["until"]), reason=told["reason"], by=step.actor, request_id=request.id)


def give_back(step: Step) -> None:
    """It stands again as it did before; what has ended or was given back meanwhile stays as it is."""
    request = of_instance(step.session, step.instance.id)
    certificate = lifecycle.held(step.session, certificate_of(step.session, request))
    if certificate.state == codes.SUSPENDED:
        lifecycle.give_back(step.session, certificate, by=step.actor, request_id=request.id,
                            since=dt.date.fromisoformat(request.details["returned_on"]))


def begin_cancellation(step: Step) -> None:
    """The authority has turned it into 吊销: the passive way of a cancellation begins."""
    request = of_instance(step.session, step.instance.id)
    start(step.session, certificate_of(step.session, request), by=SYSTEM, subtype=PASSIVE, ground="revoked",
          parent=request, once_key=f"cancellation:suspended:{request.id}")


def suspended(act: Act) -> None:
    """What the decision says."""
    if act.answers["verdict"] != "done":
        return
    told = {key: act.answers[key] for key in ("since", "until", "reason")}
    act.request.details = {**act.request.details, "suspended": told}
    note(act, "suspension.recorded", since=told["since"], until=told["until"])


def rectified(act: Act) -> None:
    """The work is done that the authority asked for."""
    note(act, "suspension.rectified")


def return_checked(act: Act) -> None:
    """It cannot be given back before it was taken."""
    from_day(certificate_of(act.session, act.request), dt.date.fromisoformat(act.answers["returned_on"]), "returned_on")


def returned(act: Act) -> None:
    """When the authority gave it back."""
    act.request.details = {**act.request.details, "returned_on": act.answers["returned_on"]}
    note(act, "suspension.returned", on=act.answers["returned_on"])


def today(key: str) -> Answers:
    """A form that opens with today's date."""
    return {key: clock.today().isoformat()}


STEPS = {"suspend": suspend, "give_back": give_back, "begin_cancellation": begin_cancellation}
CHECKED = {"suspend-record": return_checked}
ANSWERED = {"suspend": suspended, "suspend-rectify": rectified, "suspend-record": returned}
GIVEN = {"suspend": lambda _s, _r: today("since"), "suspend-record": lambda _s, _r: today("returned_on")}
