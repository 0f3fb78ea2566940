"""Entering what an authority issued and comparing it with the scan, by two people (domain 4.2 A10, A11)."""

from pathlib import Path

from workflows.process import Process
from workflows.registration.entering import ANSWERED, GIVEN

REGISTRATION = Process(
    id="registration", name="登记与复核", folder=Path(__file__).parent, answered=ANSWERED, given=GIVEN,
    variables=frozenset({"comparers", "request_id"}), stages={"granted": "准予许可，待登记", "comparing": "复核中"},
)
