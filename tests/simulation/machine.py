"""The worker under simulation, in this process and in processes of its own that are killed; its clock, its provider."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

import worker
from ledger.clock_guard import Guard
from registry.alerts.channels import Outgoing, wecom_app
from registry.alerts.letters import sending
from tests.chaos.control import Control
from tests.registry.alerts.providers import Said, WecomApp
from tests.registry.alerts.ways import TRUST
from web.i18n import spoken

URL = "https://licet.example.cn"
HOURLY = ("timers", "deadlines", "alerts", "outbox")
"""The parts that alerts hang on; sums, drafts, absences and the like are done once a day."""
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Pacific/Apia")


class Shown:
    """Time passes as it does; the clock shows something else by `error`."""

    def __init__(self, true: dt.datetime, error: dt.timedelta = dt.timedelta()) -> None:
        self.true, self.error = true.astimezone(dt.UTC), error

    def __call__(self) -> dt.datetime:
        return self.true + self.error

    def steady(self) -> float:
        return self.true.timestamp()


@dataclass
class Wecom(WecomApp):
    """As strict as the other, but it forgets what it took after as long as it was told to look for repeats."""

    messages: int = 0
    repeats: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def _take(self, told: dict[str, Any]) -> Said:
        now = self.clock()
        self.repeats = [(at, each) for at, each in self.repeats if at > now - told["duplicate_check_interval"]]
        if told in [each for _, each in self.repeats]:
            return 200, {"errcode": 0, "errmsg": "ok", "msgid": "msg-again"}
        self.repeats.append((now, told))
        self.taken.append(told)
        self.messages += not re.search(r"（[2-9]/\d）", str(told))  # not the second part of a long one
        return 200, {"errcode": 0, "errmsg": "ok", "msgid": f"msg-{len(self.taken)}"}


class Machine:
    """A worker: its rounds and its post, as worker.main puts them together."""

    def __init__(self, engine: Engine, redis_url: str = "") -> None:
        guard, http = Guard(engine, "simulated"), Outgoing(allow_local=True, trust=TRUST)
        parts = guard.over(worker.due_work(), but=worker.HAPPENED)
        self.all = worker.Rounds(engine, parts, redis_url)
        self.hourly = worker.Rounds(engine, {name: parts[name] for name in HOURLY}, redis_url)
        self.post = worker.Rounds(engine, guard.over({
            "letters": lambda database: sending.sweep(database, http, spoken, URL, limit=20)}), redis_url)

    def work(self, *, whole: bool = True) -> None:
        """Everything that is due, or only what alerts hang on."""
        rounds = (self.all if whole else self.hourly, self.post)
        for each in rounds:
            begun = 0.0
            while time.monotonic() - begun > worker.ROUND:  # a round that took too long goes on in the next
                begun = time.monotonic()
                each.answer("all")
        failed = {part: told["error"] for each in rounds for part, told in each.told.items()
                  if "error" in told}
        assert not failed, failed


@dataclass
class Killed:
    """Worker processes that die where they are told to."""

    folder: Path
    url: str
    control: Control = field(init=False)
    died: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control = Control(self.folder)

    def work(self, clock: Shown, matters: dict[int, dt.date], **plan: Any) -> None:
        """A worker is killed as `plan` says (tests.chaos.control), and another one does the rest."""
        told = {"true": clock.true.isoformat(), "error": clock.error.total_seconds(),
                "matters": {str(number): day.isoformat() for number, day in matters.items()}}
        (self.folder / "scene.json").write_text(json.dumps(told))
        before = len(self.control.kills())
        self.control.plan(**plan)
        died = self._run() == -signal.SIGKILL
        self.control.plan()
        assert self._run() == 0
        self.died += self.control.kills()[before:] if died else []

    def _run(self) -> int:
        return subprocess.run([sys.executable, "-m", "tests.simulation.entry", str(self.folder), self.url],
                              env={**os.environ, "LICET_FAILPOINTS": ""}, check=False, timeout=170).returncode


def settings(url: str, provider: Wecom) -> wecom_app.Settings:
    return wecom_app.Settings(provider.corp[0], str(provider.agent), provider.corp[1], url)


__all__ = ["ZONES", "Killed", "Machine", "Shown", "Wecom", "settings"]
