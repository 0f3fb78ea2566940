"""Every type of the catalogue can be applied for and registered, with forms made from what its data says."""

import datetime as dt
from functools import partial
from random import Random

import msgspec
import pytest
from sqlalchemy import select

from forms import schema
from forms.check import check
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.certificates import lifecycle
from registry.certificates.catalogue import type_of, types
from registry.certificates.drafting import item_of
from registry.certificates.kinds import Document
from registry.certificates.models import Certificate
from registry.people.tenure import Employment, employ
from registry.sample.numbers import Numbers
from tests.workflows.walk import APPLICANTS, Walk, holder_for
from workflows import form_for
from workflows.application.given import application
from workflows.application.rules import blocking, faults, registration_faults
from workflows.application.steps import grant_of
from workflows.applying import opening, typed
from workflows.applying.checks import checks_for
from workflows.handling import reviewing
from workflows.registration.entering import registration
from workflows.requests import RequestContent
from workflows.sample import Case, answer

ALL = sorted(types())
WALKED = ["E01", "E12", "J01", "J14", "J16", "P01", "P05", "P07", "P14", "P23", "Q01", "Q04"]
ON_BOTH = ("E12", "P07", "Q04")
REGISTERED = ("P06", "P07", "P08", "P09", "P10")
FIRST = {"P04": "P07", "Q04": "Q03"}
"""What must be held before, by the catalogue."""
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def prepare(company, code, session, kind, number):
    """What rules and requirements ask of the holder before this type may be applied for."""
    holder = opening.holder_of(session, kind, number)
    tied = kind == "person" and session.scalar(select(Employment.id).where(Employment.person_id == number).limit(1))
    for tie in ("contract", "insurance") if code in REGISTERED and not tied else ():
        employ(session, holder, company.unit(session, "company"), tie, from_on=dt.date(2020, 1, 1), by=SYSTEM)
    before = FIRST.get(code)
    column = Certificate.holder_person_id if kind == "person" else Certificate.holder_machine_id
    if before and not session.scalar(select(Certificate.id).where(Certificate.type_code == before, column == number)):
        day, until = dt.date(2026, 1, 5), dt.date(2028, 12, 31)
        made = Numbers(Random(1)).certificate(type_of(before).number.rule, before, day, "")
        lifecycle.grant(session, before, holder, number=made, issued_on=day, issuer="某局", by=SYSTEM,
                        valid_until=until if before == "P07" else None)


def opened(session, company, code):
    """An application of this type, begun by somebody who may; its holder fulfils what is asked."""
    holder = holder_for(session, company, code)
    prepare(company, code, session, *holder)
    return opening.open_request(session, company.actor(session, APPLICANTS[code[0]]), code, *holder)


def filled(session, request, key, given, paper):
    """The form of this key, every required field answered, as the server takes it."""
    form = form_for(request, key)
    answers = answer(form, given, form.verdicts[0].value, paper, request)
    return check(form, answers, given=given, checks=checks_for(session, request))


def registered(session, request, paper):
    """From the form (A1) over what stands against it (A2) to the register (A12), by the functions of the process."""
    code, key = request.type_code, f"apply-{request.type_code}"
    content = filled(session, request, "apply", application(session, request), paper)
    request.contents.append(RequestContent(no=1, form_key=key, answers=content, by_name=""))
    request.item = item_of(type_of(code), content)
    assert blocking(faults(session, request)) == [], code
    request.grant = filled(session, request, "register", registration(session, request), paper)
    assert registration_faults(session, request, request.grant) == {}, code
    return lifecycle.grant(session, **grant_of(session, request, SYSTEM))


def wanted(kind):
    """What a certificate of this type must say beside its columns, where the form is made from the data."""
    return {field.key for field in kind.fields if field.required and not field.column
            and field.kind not in ("file", "image") and f"register-{kind.code}" not in schema.library()}


@on_sqlite
@pytest.mark.parametrize("family", "EJPQ")
def test_every_type_goes_from_its_form_into_the_register(engine, company, clock, tmp_path, family):
    for code in sorted((code for code in ALL if code[0] == family), key=lambda code: (code in FIRST, code)):
        with unit(engine) as session:
            paper = partial(Case(engine, tmp_path, clock).paper, session, company.actor(session, "custodian"))
            made = registered(session, opened(session, company, code), paper)
            term = made.type.validity
            ends = term.kind in ("months", "dated", "start_within") and not term.open_ended
            assert (made.latest.label, made.valid_until is not None) == ("001", ends), code
            assert wanted(made.type) <= set(made.latest.full_fields), code


@on_sqlite
@pytest.mark.parametrize("code", WALKED)
def test_a_type_of_each_kind_walks_through_the_whole_process(engine, company, clock, tmp_path, code):
    case = Walk(engine, company, tmp_path, clock, code, prepare=partial(prepare, company, code)).registered()
    with reading(engine) as session:
        certificate = session.get_one(Certificate, case.request(session).certificate_id)
        assert (case.outcome(), certificate.type_code, certificate.version_no) == ("registered", code, 1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("code", ON_BOTH)
def test_they_do_on_postgresql_too(engine, company, clock, tmp_path, code):
    case = Walk(engine, company, tmp_path, clock, code, prepare=partial(prepare, company, code)).registered()
    assert case.outcome() == "registered"


def edited(kind):
    """The type with one more paper to hand in."""
    more = Document(key="extra", name="补充协议", name_en="Supplementary agreement", source="D")
    return msgspec.structs.replace(kind, documents=(*kind.documents, more))


@on_sqlite
@pytest.mark.parametrize("code", ["J03", "P05"])
def test_a_request_keeps_the_form_it_began_with_when_its_type_is_edited(engine, company, monkeypatch, code):
    with unit(engine) as session:
        before = opened(session, company, code)
        form = form_for(before, "apply")
        now = {**types(), code: edited(type_of(code))}
        for name in ("workflows.applying.typed.type_of", "workflows.applying.opening.type_of"):
            monkeypatch.setattr(name, now.__getitem__)
        monkeypatch.setattr(opening, "in_force_of", lambda wanted, *_: now[wanted])
        after = opening.start(session, now[code], opening.holder_of(session, before.holder_kind, before.holder_id),
                              by=SYSTEM)
        typed._kept.clear()
        assert form_for(before, "apply") == form
        assert "doc_extra" in {one.get("key") for one in form_for(after, "apply").fields()}
        before.contents.append(RequestContent(no=1, form_key=form.key, answers={}, by_name=""))
        assert reviewing.content_form(before).digest == form.digest


def digests():
    typed._made.clear()
    return {(key, code): typed.form_of(key, code).digest for code in ALL for key in typed.MAKERS}


def test_the_same_data_makes_the_same_form_to_the_byte():
    first = digests()
    assert digests() == first and len(set(first.values())) == len(first) == 2 * len(ALL)
