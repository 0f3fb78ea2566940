"""What the engine promises, in plain Python: the process of test_state_machine.py without a database.

    S -> A -> B -> (c = "return": A | v2: C | else) -> E       A: 48 h later -> L -> E       B: message "back" -> E

B may not be done by whoever did A in the same instance. A verb returns whether it was allowed; one that was not has
changed nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

LATE = dt.timedelta(hours=48)


@dataclass
class Case:
    """One instance: where it stands, who holds the task there, who has done A, since when it stands there."""

    version: int
    since: dt.datetime
    at: str = "A"
    holder: int | None = None
    did_a: set[int] = field(default_factory=set)
    state: str = "active"
    done: int = 0  # tasks completed
    fired: int = 0  # timers fired
    visits: int = 1  # tasks opened

    def move(self, to: str, now: dt.datetime) -> None:
        """Stand before another task, or be over ("")."""
        self.at, self.holder, self.since = to, None, now
        self.visits += bool(to)
        if not to:
            self.state = "completed"

    def offered(self, who: int) -> bool:
        """Whether this person may take the open task."""
        barred = self.at == "B" and who in self.did_a
        return self.state == "active" and not barred and self.holder in (None, who)

    def claim(self, who: int) -> bool:
        if not self.offered(who):
            return False
        self.holder = who
        return True

    def release(self, who: int) -> bool:
        if self.state != "active" or self.holder != who:
            return False
        self.holder = None
        return True

    def complete(self, who: int, answer: str, now: dt.datetime) -> bool:
        if not self.offered(who):
            return False
        self.done += 1
        if self.at == "A":
            self.did_a.add(who)
            self.move("B", now)
        elif self.at == "B" and answer == "return":
            self.move("A", now)
        elif self.at == "B" and self.version == 2:
            self.move("C", now)
        else:
            self.move("", now)
        return True

    def withdraw(self, now: dt.datetime) -> bool:
        if self.state != "active" or self.at != "B":
            return False
        self.move("", now)
        return True

    def terminate(self) -> bool:
        if self.state != "active":
            return False
        self.at, self.holder, self.state = "", None, "terminated"
        return True

    def fire(self, now: dt.datetime) -> None:
        """The worker looks: what is due happens."""
        if self.state == "active" and self.at == "A" and now >= self.since + LATE:
            self.fired += 1
            self.move("L", now)
