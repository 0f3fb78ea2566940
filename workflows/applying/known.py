"""What the register knows of a holder already, by the keys that the types use for it: nobody types it again."""

from __future__ import annotations

from typing import Any

from registry.certificates.models import Holder
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit

CITIZEN = "111"
"""证件类型: 公民身份号码 (facts 3.1)."""


def known_of(holder: Holder) -> dict[str, Any]:
    """Values by field key; what is not known is left out. An identity number is in clear: for the register's own
    sealed fields, never for a form."""
    if isinstance(holder, Person):
        found = _of_person(holder)
    elif isinstance(holder, Machine):
        found = {"model": holder.model, "serial": holder.serial,
                 "made_on": holder.made_on.isoformat() if holder.made_on else None}
    else:
        found = _of_unit(holder)
    return {key: value for key, value in found.items() if value}


def _of_person(person: Person) -> dict[str, Any]:
    company = person.company or _company(person.unit)
    firm = {"company": company.name, "company_code": company.uscc} if company else {}
    return {
        "name": person.name, "gender": person.gender, "id_number": person.id_number, "post": person.post, **firm,
        "born_on": person.birth.isoformat() if person.birth else None,
        "id_type": CITIZEN if person.id_masked else None,
        **({"employer": company.name, "employer_code": company.uscc} if company else {}),
    }


def _company(unit: Unit | None) -> Unit | None:
    while unit is not None and unit.kind not in ("company", "group"):
        unit = unit.parent
    return unit


def _of_unit(unit: Unit) -> dict[str, Any]:
    if unit.project is None:
        return {"company": unit.name, "company_code": unit.uscc}
    return {"project_name": unit.name, "address": unit.project.address, "price": float(unit.project.amount_wan) or None}
