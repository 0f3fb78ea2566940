"""The cabinet of a founded company, with requests to borrow from it that walk as people would."""

import datetime as dt
from io import BytesIO

from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.files import keep
from registry.alerts.notices import Notice
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.custody import copies, loans, originals
from registry.custody.loans import Loan
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.workflows.passage import Passage
from workflows.applying import choices
from workflows.sample import PAPER

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


def day(after):
    return (MONDAY.date() + dt.timedelta(days=after)).isoformat()


class Cabinet:
    """The company's licence and the worker's certificate, with their papers; begins and walks requests."""

    def __init__(self, engine, company, folder, clock):
        self.engine, self.company, self.folder, self.clock, self.count = engine, company, folder, clock, 0
        copies.keep_in(folder, "https://licet.example/c/")
        with unit(engine) as session:
            firm, worker = unit_of(session, company.units["company"]), person_of(session, company.people["worker"])
            licence = lifecycle.grant(
                session, "E03", firm, number="（浙）JZ安许证字〔2026〕000777", issued_on=dt.date(2026, 1, 1),
                valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2028, 12, 31), issuer="某省住建厅", by=SYSTEM)
            card = lifecycle.grant(session, "P02", worker, number="浙A012025000123", issued_on=dt.date(2025, 6, 1),
                                   valid_until=dt.date(2027, 5, 31), issuer="某省住建厅", by=SYSTEM)
            scan = keep(session, folder, BytesIO(PAPER), "许可证.pdf", by=SYSTEM)
            lifecycle.add_scans(session, licence.latest, [scan], by=SYSTEM)
            self.licence, self.card = licence.id, card.id

    def paper(self, kind="original", certificate=None):
        """One more original."""
        self.count += 1
        with unit(self.engine) as session:
            row = session.get_one(Certificate, certificate or self.licence)
            return originals.enter(session, row, kind, serial=str(self.count), place="柜", by=SYSTEM,
                                   keeper=unit_of(session, self.company.units["company"])).id

    def passage(self):
        return Passage(self.engine, self.company, self.folder, self.clock)

    def asked(self, wanted, *, login="desk", certificate=None, **more):
        """A request handed in."""
        case = self.passage()
        case.begin(lambda session: choices.begin(
            session, self.company.actor(session, login), certificate or self.licence, "borrowing"))
        given = {"from_on": day(0), "until": day(3), "carrier": str(self.company.people[login]), "outside": "no",
                 "purpose": "bid", "purpose_note": "滨江花园二期投标"}
        if wanted == "copy":
            given |= {"from_on": None, "carrier": None, "outside": None}
        case.do(login, "B1_fill", "submit", wanted=str(wanted), **{**given, **more})
        return case

    def out(self, **more):
        """A duplicate, approved and handed over."""
        case = self.asked(self.paper("duplicate"), **more)
        case.do("approver", "B2_head", "approve")
        case.do("custodian", "B3_hand", "handed")
        return case

    def loan(self, session, case):
        return session.get_one(Loan, case.request(session).details["loan"])

    def act(self, case, do, login="custodian"):
        """Somebody does something with the loan at the counter; then the worker works."""
        with unit(self.engine) as session:
            do(session, self.loan(session, case), self.company.actor(session, login))
        case.work()

    def told(self, login):
        with reading(self.engine) as session:
            query = select(Notice.text).where(Notice.person_id == self.company.people[login]).order_by(Notice.id)
            return list(session.scalars(query))


def back(cabinet, case):
    """The custodian takes it back."""
    cabinet.act(case, lambda session, loan, by: loans.take_back(session, loan, by=by))
    return case
