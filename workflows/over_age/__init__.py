"""Once a day: certificates of people who have passed the age limit (rule R15) are to be cancelled, each once."""

from pathlib import Path

from workflows.over_age.steps import STEPS
from workflows.process import Process

OVER_AGE = Process(
    id="over_age", name="超龄检查", folder=Path(__file__).parent, steps=STEPS, variables=frozenset())
