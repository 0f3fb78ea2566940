"""Who holds what a row speaks of: a person with the unit they belong to, a company, a project, a machine."""

from __future__ import annotations

import datetime as dt

from registry.certificates.kinds import CertificateType
from registry.intake.judged import HolderSaid
from registry.intake.judging.defects import Defect
from registry.intake.judging.identities import Identity, read_identity, settled
from registry.intake.judging.names import lost
from registry.intake.judging.plan import Plan, Row
from registry.intake.judging.units import Found
from registry.intake.known import UnitKnown
from registry.intake.meaning import fold
from registry.people.identity import birth_of, check_uscc, gender_of
from registry.writing import clean

GENDERS = {"男": "1", "女": "2", "1": "1", "2": "2", "M": "1", "F": "2", "男性": "1", "女性": "2"}
COMPANIES, PLACES, PROJECTS = "group company", "company department project", "project"
CONTEXT_COMPANY = ("单位", "公司", "企业", "编制单位", "填报单位", "单位名称", "施工单位", "company")
CONTEXT_PROJECT = ("项目", "项目名称", "工程名称", "工程", "项目部", "project")


def identity(row: Row) -> Identity | None:
    """The identity number of the row, with what its birth date and gender say about one that fails; None without the
    column. Its defects are noted later (note_identity): the certificate's number may still decide."""
    place, value = row.cell("id_number")
    if place < 0:
        return None
    read = read_identity(value, row.plan.today, rounded=place in row.record.rounded)
    if read.typed:
        row.judged.came["id_number"] = place
    if read.candidates:
        read = _by_birth(row, read)
    return read


def _by_birth(row: Row, read: Identity) -> Identity:
    """A number that fails, where birth date and gender leave one candidate."""
    born, gender = row.begin("born_on") if "born_on" in row.plan.places else None, _gender(row)
    if born is None:
        return read
    fitting = [each for each in dict.fromkeys(read.candidates) if birth_of(each) == born and (
        not gender or gender_of(each) == gender)]
    if len(fitting) != 1:
        return read
    return settled(read, fitting[0], "born")[0]


def note_identity(row: Row, read: Identity | None) -> None:
    """Put down what is wrong with the identity number."""
    if read is None:
        return
    place, _ = row.cell("id_number")
    for defect in read.defects:
        row.note(defect, place, "id_number")


def person(row: Row, known: Identity | None) -> HolderSaid:
    """The person of a row; `known` is the identity number that holds for them."""
    plan, judged = row.plan, row.judged
    place, value = row.cell("name")
    name = plan.name(value if isinstance(value, str) else plan.text(value)) if value is not None else None
    if name is not None and name.name:
        judged.came["name"] = place
        for defect in name.defects:
            row.note(defect, place, "name")
    holder = HolderSaid(kind="person", name=name.name if name else "", id_number=known.value if known else "")
    if not holder.name:
        row.note(Defect("no_holder", "stop", "no_holder"), place)
    if "gender" in plan.places or "born_on" in plan.places:
        _person_facts(row, holder)
    if "phone" in plan.places:
        holder.phone = clean(row.text("phone"))[:20]
    if "post" in plan.places:
        holder.post = row.text("post")[:60]
    holder.unit, holder.unit_name = _belongs(row)
    holder.left = row.record.left or bool(name and name.left)
    return holder


def _gender(row: Row) -> str:
    return GENDERS.get(row.text("gender").upper(), "") if "gender" in row.plan.places else ""


def _person_facts(row: Row, holder: HolderSaid) -> None:
    """Gender and birth date; the identity number is believed before them."""
    holder.gender = _gender(row)
    holder.born_on = row.begin("born_on") if "born_on" in row.plan.places else None
    if not holder.id_number:
        return
    gender, born = gender_of(holder.id_number), birth_of(holder.id_number)
    if holder.gender and holder.gender != gender:
        row.note(Defect("wrong_value", "doubt", "wrong_gender", "男" if gender == "1" else "女"), row.cell("gender")[0])
    if holder.born_on and holder.born_on != born:
        row.note(Defect("wrong_value", "doubt", "wrong_birth", born.isoformat()), row.cell("born_on")[0])
    holder.gender, holder.born_on = gender, born


def _belongs(row: Row) -> tuple[int | None, str]:
    """Where the row's person or machine belongs: the nearest unit that it names and we know, and what it says."""
    plan = row.plan
    company, told = plan.company, ""
    if "company" in plan.places or "company_code" in plan.places:
        found, told = _company(row, "doubt")
        company = found or company
    unit = company if told or company is not plan.company else None
    for field in ("project", "unit"):
        if field not in plan.places:
            continue
        text = row.text(field)
        if not text:
            continue
        there = plan.units.find(text, company, PLACES)
        told = told or there.name
        if there.unit is not None:
            _renamed(row, field, there)
            return there.unit.id, there.name
        if not unit and not (field == "project" and plan.mapping.new_units):
            _unknown(row, field, there, "doubt")
    if unit is None:
        return plan.mapping.unit, told
    return unit.id, told


def _company(row: Row, weight: str) -> tuple[UnitKnown | None, str]:
    """The company that a row names, by name and by credit code."""
    plan = row.plan
    name, code = row.text("company"), ""
    if "company_code" in plan.places and (code := clean(row.text("company_code"))):
        key = ("uscc", code)
        if key not in plan.memo:
            plan.memo[key] = check_uscc(code).ok
        if not plan.memo[key]:
            row.note(Defect("wrong_value", "doubt", "wrong_code"), row.cell("company_code")[0], "company_code")
            code = ""
    by_code = plan.units.by_uscc.get(code) if code else None
    if not name:
        return by_code, by_code.name if by_code else ""
    found = plan.units.find(name, None, COMPANIES)
    if found.unit is None:
        found = plan.units.find(name, plan.company, PLACES)
    if found.unit is not None:
        _renamed(row, "company", found)
        if by_code is not None and by_code.id != found.unit.id and found.unit.uscc:
            row.note(Defect("wrong_value", "doubt", "uscc_mismatch"), row.cell("company_code")[0])
        return found.unit, found.name
    if by_code is not None:
        row.note(Defect("old_company", "tidied", "old_company", by_code.name, {"name": by_code.name}, found.words[:100],
                        0.95), row.cell("company")[0], "company")
        return by_code, found.name
    _unknown(row, "company", found, weight)
    return None, found.name


def _renamed(row: Row, field: str, found: Found) -> None:
    if found.how == "former" and found.unit is not None:
        row.note(Defect("old_company", "tidied", "old_company", found.unit.name, {"name": found.unit.name},
                        found.words[:100]), row.cell(field)[0])


def _unknown(row: Row, field: str, found: Found, weight: str) -> None:
    """A unit that is not in the register: a doubt where the batch's unit may stand for it."""
    if not found.words:
        return
    said = "unknown_unit_stop" if weight == "stop" else "unknown_unit"
    params, proposed = {"name": found.name[:80]}, ""
    if found.like is not None:
        said, proposed, params = "unknown_unit_like", found.like.name, {**params, "like": found.like.name}
    row.note(Defect("unknown_unit", "stop" if weight == "stop" else "doubt", said, proposed, params, found.words[:100],
                    0.5), row.cell(field)[0], "unit")


def enterprise(row: Row) -> HolderSaid:
    """The company of a row: named there, or of the whole table."""
    plan = row.plan
    unit, told = _company(row, "stop")
    if not told:
        unit = plan.holder or _from_context(plan, CONTEXT_COMPANY, COMPANIES) or _own(plan, COMPANIES) or plan.company
        if unit is None:
            row.note(Defect("no_holder", "stop", "no_holder"), row.cell("company")[0])
    return HolderSaid(kind="enterprise", unit=unit.id if unit else None, unit_name=told or (unit.name if unit else ""),
                      name=told or (unit.name if unit else ""))


def project(row: Row) -> HolderSaid:
    """The project of a row: named there, in the heading of the sheet, or of the whole table."""
    plan = row.plan
    field = next((each for each in ("project", "unit") if row.text(each)), "")
    if not field:
        unit = plan.holder or _from_context(plan, CONTEXT_PROJECT, PROJECTS) or _own(plan, PROJECTS)
        name = unit.name if unit else _context(plan, CONTEXT_PROJECT)
        if unit is None and not (name and plan.mapping.new_units):
            said = "unknown_unit_stop" if name else "no_holder"
            row.note(Defect("no_holder", "stop", said, params={"name": name[:80]}), None)
        return HolderSaid(kind="project", unit=unit.id if unit else None, unit_name=name, name=name)
    found = plan.units.find(row.text(field), plan.company, PROJECTS)
    unit = found.unit
    if unit is None and plan.holder is not None and not plan.mapping.new_units:
        unit = plan.holder
    elif unit is not None:
        _renamed(row, field, found)
    elif not plan.mapping.new_units:
        _unknown(row, field, found, "stop")
    return HolderSaid(kind="project", unit=unit.id if unit else None, unit_name=found.name, name=found.name)


def _context(plan: Plan, names: tuple[str, ...]) -> str:
    wanted = {fold(name) for name in names}
    return next((plan.text(value) for key, value in plan.table.context.items() if fold(key) in wanted), "")


def _from_context(plan: Plan, names: tuple[str, ...], kinds: str) -> UnitKnown | None:
    """The unit that the sheet names for all its rows: in its context, its title or its name."""
    for text in (_context(plan, names), plan.table.title, plan.table.name):
        if text and (found := plan.units.find(text, plan.company, kinds)).unit is not None:
            return found.unit
    return None


def _own(plan: Plan, kinds: str) -> UnitKnown | None:
    """The unit that the ledger is brought into, where it can hold such a certificate itself."""
    return plan.own if plan.own is not None and plan.own.kind in kinds else None


def machine(row: Row) -> HolderSaid:
    """The machine of a row, known by its maker's number; without one by the number it is registered under."""
    name, serial = row.text("machine") or row.text("name"), clean(row.text("serial"))
    serial = serial or clean(row.text("registration_no")) or clean(row.text("number"))
    place, _ = row.cell("machine")
    if lost(name):
        row.note(Defect("rare_character", "doubt", "rare_name"), place, "machine")
    if not name or not serial:
        row.note(Defect("no_holder", "stop", "no_holder"), place if place >= 0 else row.cell("serial")[0])
    unit, told = _belongs(row)
    made_on: dt.date | None = row.begin("made_on") if "made_on" in row.plan.places else None
    return HolderSaid(kind="equipment", name=name[:80], serial=serial[:60], machine_kind=name[:40], unit=unit,
                      unit_name=told, model=row.text("model")[:60], made_on=made_on)


def holder(row: Row, kind: CertificateType, known: Identity | None) -> HolderSaid:
    """Who holds a certificate of this type."""
    if kind.holder == "person":
        return person(row, known)
    return {"enterprise": enterprise, "project": project, "equipment": machine}[kind.holder](row)
