"""The rules once more, by brute force: every row of every table in lists, plain `if`s, no decision table, no query.

Nothing of registry.rules or of certificates.standing is used here. The answer is a bag of
(rule, lack, kind, id, project or company, post).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Any

from tests.registry.rules.rows import Rows

SPECIALITY = {"房建": "建筑工程", "市政": "市政公用工程", "公路": "公路工程"}
DRIVER = {"塔式起重机": "05", "施工升降机": "06", "物料提升机": "07"}
ERECTOR = {"塔式起重机": "08", "施工升降机": "09", "物料提升机": "10"}
Found = Counter[tuple[Any, ...]]


class Oracle(Rows):
    """Any question, answered from the rows."""

    def ask(self, kind: str, number: int, on: dt.date, known: dt.datetime) -> Found:
        """What a project, company, person or post lacks."""
        self.on, self.known, self.found = on, known, Counter()
        self.posts = self.now("assignment")
        {"project": self.project, "company": self.company, "person": self.one, "post": self.held}[kind](number)
        return self.found

    def add(self, rule: str, lack: str, kind: str, number: int, unit: int, post: str = "") -> None:
        self.found[rule, lack, kind, number, unit, post] += 1

    # --- project ---
    def project(self, unit: int) -> None:
        site = self.site(unit)
        if site is None or (site.accepted_on and site.accepted_on <= self.on):
            return
        here = [p for p in self.posts if p.unit_id == unit]
        self.cranes(unit, here)
        self.officers(unit, site, here)
        self.permits(unit, site)
        if not any(p.post == "project_manager" for p in here):
            self.add("R01", "no_manager", "unit", unit, unit)
        for post in here:
            self.post(post)
        for person in {p.person_id for p in here}:
            self.anybody(person, unit)
        self.lent(unit, lambda loan, original: original.unit_id == unit)

    def lent(self, unit: int, mine: Callable[[Any, Any], bool]) -> None:
        originals = {row.id: row for row in self.rows["original"]}
        for loan in self.rows["loan"]:
            if not mine(loan, originals[loan.original_id]) or loan.handed_at > self.known or loan.from_on > self.on:
                continue
            ends = [at for at in (loan.returned_at, loan.voided_at) if at and at <= self.known]
            if any((at + dt.timedelta(hours=8)).date() <= self.on for at in ends):
                continue
            carrier = self.person[loan.carrier_id]
            works_here = carrier.group_id == loan.group_id and not (carrier.left_on and carrier.left_on < self.on)
            if (loan.outside or not works_here) and loan.legal_by is None:
                self.add("R14", "lent_outside", "person", loan.carrier_id, unit)

    def post(self, post: Any) -> None:
        if post.post == "project_manager":
            site = self.site(post.unit_id)
            if site and not (site.accepted_on and site.accepted_on <= self.on):
                self.manager(post, site)
        if post.post == "special_worker":
            self.worker(post)

    def manager(self, post: Any, site: Any) -> None:
        me, here, wanted = post.person_id, post.unit_id, SPECIALITY.get(site.work)

        def say(rule: str, lack: str) -> None:
            self.add(rule, lack, "person", me, here, "project_manager")

        ranked = []
        for row, _how, fields in self.good("person", me, "P06", "P07"):
            fit = 0 if wanted is None else self.fit(row.id, fields, wanted)
            ranked.append((fit, 1 if row.type_code == "P06" else 2, row.id, fields))
        ranked.sort(key=lambda each: each[:3])
        if not ranked:
            say("R01", "no_constructor")
        else:
            fit, level = ranked[0][:2]
            if level == 2 and site.scale == "large":
                say("R01", "level_too_low")
            elif level == 2 and site.scale is None:
                say("R01", "scale_unknown")
            elif fit == 2:
                say("R01", "wrong_speciality")
            elif fit == 1:
                say("R01", "speciality_unknown")
        bs = self.good("person", me, "P04")
        if not bs:
            say("R01", "no_b")
        company = self.unit[self.unit[here].parent_id]
        printed = {f.get("employer_code") or f.get("company_code")
                   for f in [*(r[3] for r in ranked[:1]), *(b[2] for b in bs)]} - {None, ""}
        contracts = self.contracts(me)
        if (company.uscc and printed - {company.uscc}) or (contracts and company.id not in contracts):
            say("R01", "other_employer")
        elif not contracts and not (printed and company.uscc):
            say("R01", "employer_unknown")
        for other in self.posts:
            if other.person_id == me and other.post == "project_manager" and other.unit_id != here:
                there = self.site(other.unit_id)
                if there and there.phase_of and there.phase_of == site.phase_of:
                    continue
                if there and there.accepted_on and there.accepted_on <= self.on:
                    continue
                stops = [s for s in (site, there) if s and s.stopped_on and (self.on - s.stopped_on).days >= 120]
                if not any(s.owner_agreed and not s.stopped_by_contractor for s in stops):
                    say("R02", "second_project")

    def fit(self, certificate: int, fields: dict[str, Any], wanted: str) -> int:
        """0: it names the speciality and that runs; 2: it does not; 1: it names none. Rows go before the fields."""
        entered = [r for r in self.rows["speciality"] if r.certificate_id == certificate and r.known_from <= self.known]
        now = {(r.name, r.from_on, r.to_on) for r in entered if not (r.known_until and r.known_until <= self.known)}
        if not entered:
            now = {(r["speciality"], *(dt.date.fromisoformat(r[key]) if r.get(key) else None
                                       for key in ("valid_from", "valid_until")))
                   for r in fields.get("specialities") or []}
            if not now:
                return 1
        return 0 if any(name == wanted and not (first and first > self.on) and not (last and last < self.on)
                        for name, first, last in now) else 2

    def contracts(self, person: int) -> set[int]:
        return {r.company_id for r in self.now("employment") if r.person_id == person and r.kind == "contract"}

    def insured(self, person: int) -> set[int]:
        last = self.on - dt.timedelta(days=self.on.day)
        first = last.replace(day=1)
        return {r.company_id for r in self.believed("employment") if r.person_id == person and r.kind == "insurance"
                and r.from_on <= last and not (r.to_on and r.to_on < first)}

    def state(self, post: Any) -> tuple[str, dict[str, Any]]:
        by_rank = []
        for row, how, fields in self.papers("person", post.person_id, "P01", "P02"):
            if post.trade.isdigit():
                mine = row.type_code == "P02" and fields.get("trade") == post.trade
            else:
                mine = row.type_code == "P01" and post.trade in (fields.get("item"), row.item)
            if mine and how != "not there":
                order = ["usable", "suspended", "review", "expired", "ended"]
                by_rank.append((min(order.index(how), 3), row.id, fields))
        if not by_rank:
            return "no_trade", {}
        rank, _, fields = min(by_rank, key=lambda each: each[:2])
        return ["", "trade_suspended", "trade_review_overdue", "trade_expired"][rank], fields

    def worker(self, post: Any) -> None:
        lack, fields = self.state(post)
        shown = self.person[post.person_id].id_masked
        if not lack and fields.get("id_number") and shown and fields["id_number"] != shown:
            lack = "identity_mismatch"
        if lack:
            self.add("R05", lack, "person", post.person_id, post.unit_id, "special_worker")

    def cranes(self, unit: int, here: list[Any]) -> None:
        skilled = [p.trade for p in here if p.post == "special_worker" and not self.state(p)[0]]
        kinds = {row.id: row.kind for row in self.rows["machine"]}
        for crane in self.now("installation"):
            kind = kinds[crane.machine_id]
            if crane.unit_id != unit or kind not in DRIVER:
                continue
            lacks = []
            if not self.good("machine", crane.machine_id, "Q03"):
                lacks.append("no_filing")
            if not self.good("machine", crane.machine_id, "Q04"):
                lacks.append("no_use_registration")
            if not self.good("machine", crane.machine_id, "Q02", "Q05"):
                lacks.append("no_inspection")
            if DRIVER[kind] not in skilled:
                lacks.append("no_driver")
            if "04" not in skilled:
                lacks.append("no_signaller")
            if ERECTOR[kind] not in skilled:
                lacks.append("no_erector")
            if crane.company_id is None:
                lacks.append("installer_unknown")
            elif not self.good("unit", crane.company_id, "E02"):
                lacks.append("installer_unqualified")
            elif not self.good("unit", crane.company_id, "E03"):
                lacks.append("installer_unlicensed")
            for lack in lacks:
                self.add("R06", lack, "machine", crane.machine_id, unit)

    def officers(self, unit: int, site: Any, here: list[Any]) -> None:
        have = sum(1 for person in {p.person_id for p in here if p.post == "safety_officer"}
                   if self.good("person", person, "P05"))
        rule, needed = "R07", None
        if site.contracting == "general":
            size, steps = (site.area, (10000, 50000)) if site.work == "房建" else (site.amount, (5000, 10000))
            if size is not None:
                needed = 1 + (size >= steps[0]) + (size >= steps[1])
        elif site.contracting == "professional":
            rule, needed = "R08", 1
        else:
            rule = "R08"
            if site.workers is not None:
                needed = 1 if site.workers < 50 else 2 if site.workers <= 200 else max(3, ceil(site.workers / 200))
        if needed is None:
            self.add(rule, "measure_unknown", "unit", unit, unit)
        elif have < needed:
            self.add(rule, "short_of_officers", "unit", unit, unit)

    def permits(self, unit: int, site: Any) -> None:
        types = (["J01", "J02"] if site.planning else []) + (["J04"] if site.special_fire else []) + ["J03"]
        for code in types:
            if not self.good("unit", unit, code):
                self.add("R12", "missing_paper", "unit", unit, unit)
        if not (site.contract_on and site.contract_on <= self.on):
            self.add("R12", "no_works_contract", "unit", unit, unit)
        company = self.unit[unit].parent_id
        lines = [(q.work, q.contracting) for q in self.now("qualification") if q.company_id == company]
        if not self.good("unit", company, "E02"):
            self.add("R12", "no_e02", "unit", unit, unit)
        elif (site.work, site.contracting) not in lines:
            self.add("R12", "out_of_scope", "unit", unit, unit)
        if not self.good("unit", company, "E03"):
            self.add("R12", "no_e03", "unit", unit, unit)

    # --- people ---
    def one(self, person: int) -> None:
        for post in self.posts:
            if post.person_id == person:
                self.post(post)
        self.anybody(person, self.person[person].unit_id)
        self.lent(self.person[person].unit_id, lambda loan, original: loan.carrier_id == person)

    def anybody(self, person: int, unit: int) -> None:
        def say(rule: str, lack: str) -> None:
            self.add(rule, lack, "person", person, unit)

        uscc = {number: row.uscc for number, row in self.unit.items()}
        for _row, _how, fields in self.good("person", person, "P06", "P07", "P08", "P09", "P10"):
            code = fields.get("employer_code") or fields.get("company_code")
            contracts, insured = self.contracts(person), self.insured(person)
            if not code:
                say("R03", "registration_unknown")
            elif not contracts:
                say("R03", "no_contract")
            elif code not in {uscc[each] for each in contracts}:
                say("R03", "contract_elsewhere")
            elif not insured:
                say("R03", "no_insurance")
            elif code not in {uscc[each] for each in insured}:
                say("R03", "insurance_elsewhere")
        a, b, c = (self.good("person", person, code) for code in ("P03", "P04", "P05"))
        firms = {p.unit_id for p in self.posts if p.person_id == person and p.post == "legal_representative"}
        if len(b) > 1:
            say("R04", "several_b")
        if len(c) > 1:
            say("R04", "several_c")
        if len(a) > 1 and len(a) > len(firms):
            say("R04", "several_a")
        counted = b + c + (a if len(a) == 1 else [])
        if len({f.get("employer_code") or f.get("company_code") for _, _, f in counted} - {None, ""}) > 1:
            say("R04", "split_employers")
        for code in ("P02", "P04", "P05", "P06", "P07", "P08", "P09", "P10"):
            if self.good("person", person, code) and self.too_old(self.person[person], code):
                say("R15", "over_age")

    def too_old(self, person: Any, code: str) -> bool:
        beijing, birth = self.unit[person.unit_id].province == "京", person.birth
        if birth is None:
            return False
        if code in ("P02", "P05"):
            if not beijing or person.gender is None:
                return False
            if person.gender == "1":
                return self.on > retirement(birth, 60, 4, 36)
            return self.on > (retirement(birth, 55, 4, 36) if code == "P05" else retirement(birth, 50, 2, 60))
        return self.on > retirement(birth, 70 if code in ("P08", "P09") else 65, 0, 0)

    def held(self, number: int) -> None:
        asked = next(row for row in self.rows["assignment"] if row.id == number)
        same = [p for p in self.posts if (p.person_id, p.unit_id, p.post, p.trade)
                == (asked.person_id, asked.unit_id, asked.post, asked.trade)]
        if same:
            self.post(same[0])
            self.anybody(asked.person_id, asked.unit_id)

    # --- company ---
    def company(self, unit: int) -> None:
        lines = [q for q in self.now("qualification") if q.company_id == unit]
        here = [p for p in self.posts if p.unit_id == unit]
        staff = {r.person_id for r in self.now("employment") if r.kind == "contract" and r.company_id == unit}

        def say(rule: str, lack: str) -> None:
            self.add(rule, lack, "unit", unit, unit)

        standards = {("房建", "first"): (12, 9), ("房建", "second"): (12, 9), ("房建", "third"): (5, 4),
                     ("市政", "first"): (12, 0)}
        known = [(q, standards.get((q.work, q.grade)) if q.contracting == "general" else None) for q in lines]
        if lines:
            needed = max(self.department(q) for q in lines)
            have = {p.person_id for p in here if p.post == "safety_staff" and self.good("person", p.person_id, "P05")}
            if len(have) < needed:
                say("R09", "short_of_staff")
            if not any(self.good("person", p.person_id, "P03") for p in here
                       if p.post in ("legal_representative", "principal")):
                say("R10", "no_a")
            if sum(bool(self.good("person", p, "P04")) for p in staff) < max((k[0] for _, k in known if k), default=0):
                say("R10", "short_of_b")
            if sum(bool(self.good("person", p, "P05")) for p in staff) < needed:
                say("R10", "short_of_c")
        for q, wanted in known:
            if wanted is None:
                say("R11", "standard_unknown")
                continue
            types = ("P06",) if q.grade == "first" else ("P06", "P07")
            held = [self.good("person", p, *types) for p in staff]
            if sum(bool(each) for each in held) < wanted[0]:
                say("R11", "short_of_constructors")
            own = sum(any(self.fit(row.id, f, SPECIALITY[q.work]) == 0 for row, _, f in each) for each in held)
            if own < wanted[1]:
                say("R11", "short_of_speciality")
        e02 = [how for _, how, _ in self.papers("unit", unit, "E02") if how != "not there"]
        if "usable" not in e02:
            if e02:
                say("R13", "e02_gone")
            elif self.good("unit", unit, "E03"):
                say("R13", "e03_without_e02")
        for person in {p.person_id for p in here}:
            self.anybody(person, unit)
        self.lent(unit, lambda loan, original: original.unit_id == unit)

    @staticmethod
    def department(q: Any) -> int:
        if q.contracting == "general":
            return {"special": 6, "first": 4}.get(q.grade, 3)
        return 3 if q.contracting == "professional" and q.grade in ("special", "first") else 2


def retirement(birth: dt.date, years: int, step: int, most: int) -> dt.date:
    """The same-numbered day `years` later, moved month by month."""
    year, month = birth.year + years, birth.month
    passed = (year - 2025) * 12 + month - 1
    for _ in range(0 if not step or passed < 0 else min(most, passed // step + 1)):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    for day in (birth.day, 30, 29, 28):
        try:
            return dt.date(year, month, day)
        except ValueError:
            continue
    raise AssertionError
