"""The accounts one signs in with to try the sample."""

from __future__ import annotations

from collections import deque

from ledger.actor import SYSTEM
from ledger.facts import record
from registry.access import passwords
from registry.access.accounts import Account
from registry.people.persons import Person
from registry.sample.organisation import Sample, with_role

PASSWORD = "licet-demo-2026"
"""The password of every demonstration account: published, so only `load` gives it to anybody."""
LOGINS = {
    "applicant": "applicant", "pm": "project_manager", "hr": "hr", "safety": "safety", "legal": "legal",
    "custodian": "custodian", "custodian2": "custodian", "approver": "approver", "vice": "vice_president",
    "owner": "process_owner", "auditor": "auditor", "admin": "administrator", "security": "security_administrator",
    "guard": "guard", "hr_head": "hr_head", "safety_head": "safety_head", "legal_head": "legal_head",
    "steward": "steward", "owner2": "process_owner",
}
"""Login -> role. All in the first company, but for the group's own vice president, owner and administrators."""


def open_all(made: Sample) -> None:
    """One account for each role, and one for each further project manager of the first company (pm2, pm3, ...). The
    steward and the second owner, who decides on releases, join last, so that everybody drawn before is as ever."""
    company = made.companies[0]
    with_role(made, "steward", company, made.departments[company.id, "ZZ"], "数据管理员")
    with_role(made, "process_owner", made.group, made.group, "流程管理专员")
    waiting = {role: deque(_holders(made, role)) for role in LOGINS.values()}
    logins = {login: waiting[role].popleft() for login, role in LOGINS.items()}
    logins |= {f"pm{number}": person for number, person in enumerate(waiting["project_manager"], 2)}
    password_hash = passwords.hashed(PASSWORD)  # one for all: the password is no secret, and hashing is slow
    rows = [Account(person=person, group_id=person.group_id, login=login, password_hash=password_hash)
            for login, person in logins.items()]
    made.session.add_all(rows)
    made.session.flush()
    for row in rows:
        record(made.session, "account.created", ("account", row.id), by=SYSTEM, group_id=row.group_id,
               about=[("person", row.person_id)])


def _holders(made: Sample, role: str) -> list[Person]:
    """Who holds a role in the first company, or else at the group."""
    low = made.companies[0].path
    within = [unit.id for unit in [made.companies[0], *made.projects] if unit.path.startswith(low)]
    return [person for unit in [*within, made.group.id] for person in made.holders.get((role, unit), [])]
