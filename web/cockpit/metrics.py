"""/metrics: the vitals in Prometheus' text format, for whoever has the token or may see the system's state.

Written here: some forty lines, against a library whose registries are made for counting in memory; ours are rows.
No label holds more than a process, a state, a part or a kind of worker - never a person, a company or a number.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, current_app, request
from flask_login import current_user

from ledger.errors import NotAllowed
from registry.access.rules import can
from web.cockpit import vitals
from web.cockpit.vitals import Vitals
from web.config import Config
from web.guard import actor, background, public
from web.session import db

bp = Blueprint("metrics", __name__)
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
MOST_LABELS = 200
"""So many processes are told apart; the others are summed as "other"."""


@dataclass(frozen=True)
class Metric:
    """A gauge with its samples: labels -> value."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """As the text format has it."""
        yield f"# HELP licet_{self.name} {_escaped(self.help)}"
        yield f"# TYPE licet_{self.name} gauge"
        for labels, value in self.samples:
            inner = ",".join(f'{name}="{_escaped(text, quotes=True)}"' for name, text in labels.items())
            yield f"licet_{self.name}{'{' + inner + '}' if inner else ''} {_number(value)}"


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 3))


@bp.get("/metrics")
@public
@background
def scrape() -> Response:
    """For a bearer of LICET_METRICS_TOKEN, or somebody signed in who may see the system; 401 or 403 for anybody else.
    """
    config: Config = current_app.extensions["licet_config"]
    if not _bears(config.metrics_token):
        if not current_user.is_authenticated:
            return Response("a bearer token is needed\n", 401, {"WWW-Authenticate": 'Bearer realm="metrics"'},
                            content_type="text/plain")
        if not can(actor(), "system.read"):
            raise NotAllowed
    session = db.session()
    seen = vitals.read(session, config)
    told = [*_told(seen), _instances(vitals.running(session)), *_tasks(*vitals.open_tasks(session))]
    return Response("\n".join(line for metric in told for line in metric.lines()) + "\n", content_type=FORMAT)


def _bears(token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _instances(counts: Mapping[tuple[str, str], int]) -> Metric:
    processes = sorted({process for process, _ in counts})
    told = set(processes[:MOST_LABELS])
    summed: dict[tuple[str, str], int] = {}
    for (process, state), count in counts.items():
        key = (process if process in told else "other", state)
        summed[key] = summed.get(key, 0) + count
    return Metric("instances", "Process instances by process and state.",
                  [({"process": process, "state": state}, count) for (process, state), count in sorted(summed.items())])


def _tasks(count: int, late: int) -> Iterator[Metric]:
    yield Metric("tasks_open", "User tasks that wait for somebody.", [({}, count)])
    yield Metric("tasks_overdue", "Open user tasks past their deadline.", [({}, late)])


def _told(seen: Vitals) -> Iterator[Metric]:
    yield Metric("database_up", "1: the database answered.", [({"kind": seen.database.kind}, 1)])
    yield Metric("database_size_bytes", "Size of the database.", [({}, seen.database.size)])
    yield Metric("database_migrated", "1: the tables are those that the program needs.",
                 [({}, seen.database.revision == seen.database.head)])
    yield Metric("redis_up", "1: Redis answers; 0: it does not, the sweep does its work. Absent: none is used.",
                 [] if seen.queues == {} else [({}, seen.queues is not None)])
    yield Metric("queue_length", "Wake-ups that wait in Redis.",
                 [({"kind": kind}, count) for kind, count in (seen.queues or {}).items()])
    for name, backlog, what in (("outbox", seen.outbox, "facts to be delivered"), ("timers", seen.timers, "due timers"),
                                ("deliveries", seen.deliveries, "messages to be delivered"),
                                ("jobs", seen.jobs, "jobs to be begun")):
        yield Metric(f"{name}_waiting", f"How many wait: {what} (counted to {vitals.MOST}).", [({}, backlog.count)])
        yield Metric(f"{name}_lag_seconds", f"How long the oldest waits: {what}.", [({}, backlog.age(seen.now))])
    yield Metric("outbox_failing", "Facts whose delivery failed and is tried again.", [({}, seen.outbox.failing)])
    yield Metric("jobs_running", "Long work in progress.", [({}, seen.jobs_running)])
    yield Metric("incidents_open", "Failures that wait for a person.", [({}, seen.incidents.count)])
    yield Metric("figures_behind", "Completed visits not in the sums yet.", [({}, seen.uncounted)])
    yield Metric("disk_free_bytes", "Free space where files are kept.", [({}, seen.disk_free)])
    yield Metric("clock_doubted", "Machines whose clock leapt ahead, unconfirmed: what is due by it waits there.",
                 [({}, len(seen.doubts))])
    yield from _workers(seen)


def _workers(seen: Vitals) -> Iterator[Metric]:
    kinds = ("worker", "imports")
    living = [one for one in seen.workers if one.state(seen.now) in ("alive", "late")]
    yield Metric("workers_alive", "Worker processes that gave a sign of life within a minute.", [
        ({"kind": kind}, sum(one.kind == kind and one.state(seen.now) == "alive" for one in living)) for kind in kinds])
    yield Metric("worker_heartbeat_age_seconds", "Seconds since any worker of a kind gave a sign of life.", [
        ({"kind": kind}, (seen.now - max(ages)).total_seconds()) for kind in kinds
        if (ages := [one.seen_at for one in seen.workers if one.kind == kind])])
    slowest: dict[str, int] = {}
    for one in living:
        for part, told in one.parts.items():
            slowest[part] = max(slowest.get(part, 0), int(told.get("ms", 0)))
    yield Metric("worker_part_seconds", "How long each part of the work took when it was last done.",
                 [({"part": part}, ms / 1000) for part, ms in sorted(slowest.items())])
