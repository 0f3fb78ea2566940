"""Copies made for one purpose: marked, short-lived, and traceable to who asked for them and for which loan."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path as Folder

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from ledger.files import File, keep
from registry.certificates.models import Certificate, Scan
from registry.custody.loans import PURPOSES, Loan
from registry.custody.originals import follow, held_by, refuse_stopped, repeated
from registry.custody.watermark import Mark, marked
from registry.people.scope import Belonging, Visible

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
MARK_LENGTH = 12
MOST_DAYS = 92
MOST_BYTES = 64 * 1024 * 1024
"""A copy is for one purpose and at most three months (domain facts 4.7)."""


class Revoked(Conflict):
    """这份副本已作废。"""


class Copy(Belonging, Base):
    """One marked copy of a scan. `mark` is printed all over it: twelve of 31 characters, 59 bits, in groups of four."""

    __tablename__ = "certificate_copy"
    __visible__ = Visible(action="custody.read", family="family", type="type_code", owner="by_id")

    id: Mapped[Id]
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"), index=True)
    scan_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate_scan.id"))
    loan_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("loan.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"))
    mark: Mapped[str] = mapped_column(String(14), unique=True)
    purpose: Mapped[str] = mapped_column(String(12))
    purpose_note: Mapped[str] = mapped_column(String(60))
    until_on: Mapped[dt.date]
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_name: Mapped[str] = mapped_column(String(80), default="")
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[int | None] = mapped_column(BigId)
    certificate: Mapped[Certificate] = relationship()
    scan: Mapped[Scan] = relationship()
    file: Mapped[File] = relationship()
    loan: Mapped[Loan | None] = relationship()

    def usable(self, on: dt.date) -> bool:
        """Whether it may still be relied on for its purpose on a day."""
        return self.revoked_at is None and self.until_on >= on


follow(Copy, lambda holder: Copy.certificate_id.in_(select(Certificate.id).where(held_by(holder))))
_home: list[tuple[Folder, str]] = []


def keep_in(folder: Folder, address: str) -> None:
    """Say where files lie and where copies are verified ("https://.../c/"), for copies that a process makes."""
    _home[:] = [(folder, address)]


def home() -> tuple[Folder, str]:
    """What `keep_in` was told."""
    return _home[0]


def new_mark() -> str:
    """A random mark, in three groups; without letters and digits that look alike."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(MARK_LENGTH))
    return "-".join(drawn[at:at + 4] for at in range(0, MARK_LENGTH, 4))


@dataclass(frozen=True)
class Draft:
    """A copy that may be made: checked, with its mark, not drawn yet."""

    mark: str
    purpose: str
    purpose_note: str
    until: dt.date


def drafted(
    certificate: Certificate, *, purpose: str, purpose_note: str, until: dt.date, loan: Loan | None = None
) -> Draft:
    """A draft with a new mark; BadAnswer for a missing purpose, a day beyond three months, a loan of something else."""
    told = " ".join(purpose_note.split())[:60]
    problems: dict[str, list[Problem]] = {}
    if purpose not in PURPOSES:
        problems["purpose"] = [Problem("请选择用途。")]
    if not told:
        problems["purpose_note"] = [Problem("请写明具体用途，如“滨江花园二期投标”；它会印在每一页上。")]
    if not 0 <= (until - clock.today()).days < MOST_DAYS:
        last = clock.today() + dt.timedelta(days=MOST_DAYS - 1)
        problems["until"] = [Problem("截止日期应在今天至 {last} 之间，副本最长用三个月。", {"last": last})]
    if loan is not None and loan.original.certificate_id != certificate.id:
        problems["loan"] = [Problem("这笔借用不是这份证件的。")]
    if problems:
        raise BadAnswer(problems)
    return Draft(new_mark(), purpose, told, until)


def draw(place: Folder, media_type: str, draft: Draft, address: str) -> bytes:
    """The marked PDF of a scan's content at `place`. `address` is where copies are verified; the mark is put behind it.

    Takes about half a second a page: a caller that can should hold no transaction meanwhile. CannotMark (400).
    """
    return marked(place.read_bytes(), media_type, Mark(draft.mark, draft.purpose_note, clock.today(),
                                                       address + draft.mark))


def make(
    session: Session, folder: Folder, scan: Scan, draft: Draft, drawn: bytes, *, by: Actor, loan: Loan | None = None,
    request_id: int | None = None, once: str | None = None,
) -> Copy:
    """Keep what was drawn from a scan in `folder`, under its mark. A Conflict where the certificate is stopped."""
    certificate = scan.version.certificate
    refuse_stopped(session, certificate)
    file = keep(session, folder, BytesIO(drawn), f"{certificate.code}-{draft.mark}.pdf", by=by, limit=MOST_BYTES)
    copy = Copy(
        **repeated(certificate), certificate=certificate, scan=scan, loan=loan, request_id=request_id,
        file=file, mark=draft.mark, purpose=draft.purpose, purpose_note=draft.purpose_note, until_on=draft.until,
        by_id=by.id, by_name=by.name)
    session.add(copy)
    session.flush()
    _note(session, "copy.made", copy, by, once)
    return copy


def of_mark(session: Session, text: str) -> Copy | None:
    """The copy that carries a mark, typed with or without dashes and in small letters too; None for anything else."""
    plain = "".join(each for each in text.upper() if each in ALPHABET)
    if len(plain) != MARK_LENGTH:
        return None
    mark = "-".join(plain[at:at + 4] for at in range(0, MARK_LENGTH, 4))
    return session.scalar(select(Copy).where(Copy.mark == mark))


def revoke(session: Session, copy: Copy, *, by: Actor) -> None:
    """It is not to be relied on any more; the verification page says so. Revoked when it was before."""
    session.refresh(copy, ["revoked_at"], with_for_update={"of": Copy})
    if copy.revoked_at is not None:
        raise Revoked
    copy.revoked_at, copy.revoked_by = clock.now(), by.id
    session.flush()
    _note(session, "copy.revoked", copy, by)


def read(session: Session, certificate: Certificate, *, by: Actor, scan: Scan | None = None,
         copy: Copy | None = None) -> None:
    """Write down that somebody read a scan or copy of a personal certificate: it shows an ID number."""
    if certificate.holder_person_id is None:
        return
    what = {"scan": scan.id} if scan else {"copy": copy.id} if copy else {}
    record(session, "scan.read", ("certificate", certificate.id), by=by, group_id=certificate.group_id,
           about=[("person", certificate.holder_person_id)], after={"code": certificate.code, **what})


def _note(session: Session, kind: str, copy: Copy, by: Actor, key: str | None = None) -> None:
    about = [("certificate", copy.certificate_id)]
    if copy.request_id:
        about.append(("request", copy.request_id))
    if copy.loan_id:
        about.append(("loan", copy.loan_id))
    if copy.certificate.holder_person_id:
        about.append(("person", copy.certificate.holder_person_id))
    record(session, kind, ("copy", copy.id), by=by, group_id=copy.group_id, about=about,
           after={"code": copy.certificate.code, "purpose": copy.purpose, "until": copy.until_on.isoformat()},
           key=key)

