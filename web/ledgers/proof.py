"""提醒送达证明: who was told of a certificate's end, by which way, in which words and when; as a page and on paper."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, make_response, render_template
from flask_babel import gettext as _

from ledger import clock
from registry.alerts import proof
from registry.alerts.channels.facts import NAMES
from registry.alerts.letters.model import DEAD, DROPPED, PLANNED, SENT, LetterTry
from registry.alerts.model import Alert
from registry.alerts.proof import Passage, Told
from registry.certificates.models import Certificate
from web.alerting.told import ACTED, SILENT, alert_stage, rung_words
from web.guard import actor, needs
from web.i18n import say, spoken
from web.ledgers.certificate import certificate_of
from web.ledgers.certificate_pdf import FONT, printed
from web.limits import limiter
from web.organisation.lines import said
from web.session import db
from web.text import moment

bp = Blueprint("proof", __name__)


@bp.get("/certificates/<int:certificate_id>/proof")
@needs("certificate.read")
def shown(certificate_id: int) -> str:
    """All of it, and when it was printed before."""
    found = certificate_of(certificate_id)
    return render_template("certificate/proof.html", found=found, printings=proof.printings(db.session(), found.id),
                           **_told(found))


@bp.post("/certificates/<int:certificate_id>/proof")
@needs("certificate.read")
@limiter.limit("30 per minute", key_func=lambda: f"proof|{actor().id}")
def print_out(certificate_id: int) -> Response:
    """The sheet as a download. Its hash is written down, so that whoever holds the paper can compare it."""
    found, now = certificate_of(certificate_id), clock.now()
    told = _told(found)
    whole = proof.content(found, told["entries"], at=now, by=actor().name)
    mark = proof.digest(whole)
    answer = make_response(pdf(found, told, whole, mark, now))
    proof.printed(db.session(), found, mark, by=actor())
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.code}-alerts.pdf"'
    return answer


def pdf(found: Certificate, told: dict[str, Any], whole: bytes, mark: str, at: dt.datetime) -> bytes:
    """The pages, with what the hash is of attached to them."""
    from weasyprint import Attachment

    html = render_template("certificate/proof_sheet.html", found=found, mark=mark, at=at, by=actor().name, font=FONT,
                           **told)
    attached = Attachment(string=whole.decode(), name=f"{found.code}-alerts.json", description="SHA-256 " + mark)
    written: bytes = printed(html).write_pdf(attachments=[attached])
    return written


def _told(found: Certificate) -> dict[str, Any]:
    return {"entries": proof.entries(db.session(), found.id, spoken), "kind": found.type, "stage": alert_stage,
            "outcome": outcome, "rung": rung_words, "way": way, "steps": steps}


def outcome(alert: Alert) -> str:
    """What came of an alert, with when."""
    if alert.acted_at is not None:
        return str(ACTED[alert.acted_how]).replace("{name}", alert.acted_by_name) + " " + moment(alert.acted_at)
    if alert.silent_at is not None:
        return f"{SILENT[alert.silent_why]} {moment(alert.silent_at)}"
    return _("等待处理")


def way(passage: Passage) -> str:
    """The way by which it went, as people call it."""
    if passage.channel == proof.INAPP:
        return _("系统通知")
    name = say(NAMES[passage.channel])
    return name if passage.title == name else f"{name} · {passage.title}"


def steps(passage: Passage, told: Told | None = None) -> list[tuple[str, str]]:
    """What happened to it, in order: (when, what)."""
    if passage.channel == proof.INAPP:
        opened = told.row.opened_at if told is not None else None
        return [(moment(passage.sent_at), _("送达")),
                (moment(opened), _("本人打开")) if opened else ("", _("未打开"))]
    found = [(moment(passage.planned_at), _("排入发送"))]
    found += [_tried(number, each) for number, each in enumerate(passage.tries, 1)]
    if passage.state == SENT and not passage.tries:
        found.append((moment(passage.sent_at), _with(_("已交服务商"), passage.reference)))
    elif passage.state == DEAD:
        found.append(("", _("没有发出") if passage.tries or not passage.why
                      else _("没有发出：%(why)s", why=said(passage.why))))
    elif passage.state == DROPPED:
        found.append(("", _("事由消失，不再发送")))
    elif passage.state == PLANNED:
        found.append(("", _("等待发送")))
    return found


def _tried(number: int, each: LetterTry) -> tuple[str, str]:
    if each.outcome == SENT:
        words = _("第 %(n)d 次：已交服务商", n=number)
        return moment(each.over_at), _with(words, each.reference)
    if not each.outcome:
        return moment(each.at), _("第 %(n)d 次：中断，结果不明", n=number)
    words = _("第 %(n)d 次：%(why)s", n=number, why=said(each.why) if each.why else _("没有发出"))
    return moment(each.over_at), _("%(words)s（代码 %(code)s）", words=words, code=each.code) if each.code else words


def _with(words: str, reference: str) -> str:
    return _("%(words)s，回执号 %(reference)s", words=words, reference=reference) if reference else words


__all__ = ["bp", "pdf"]
