"""P-APPLY 申领 (domain 4.2): from an applicant's form to a certificate in the register."""

from pathlib import Path

from workflows.application.answered import ANSWERED, CHECKED
from workflows.application.given import GIVEN
from workflows.application.steps import STEPS
from workflows.process import Process

APPLICATION = Process(
    id="application", name="证件申领", folder=Path(__file__).parent, steps=STEPS, checked=CHECKED,
    answered=ANSWERED, given=GIVEN, variables=frozenset({
        "request_id", "applicant_id", "type_code", "family", "reviewers", "second_by_type", "decision_days",
        "supplement_days", "supplement_due", "chases", "contract_amount", "valid",
    }),
)
