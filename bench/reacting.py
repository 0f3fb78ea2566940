"""From a fact to the process it begins: the real site with worker and Redis, and a certificate whose window is open.

What is timed is all of it: the commit that enters the certificate, the bell, the worker finding the day due, the fact,
its delivery, and the renewal with its first task in the database.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select

import worker
from bench.measure import Figure
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import open_database, reading, unit
from registry.certificates import lifecycle
from registry.people import sealing
from registry.people.units import Unit, create_unit
from scripts.redis_server import spare_port
from tests.servers import Redis
from workflows.requests import Request

TIMES, BAR, PATIENCE = 10, 5, 60


def figures() -> Iterator[Figure]:
    server = Redis()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield from at_work(Path(folder), server.url)
    finally:
        server.stop()


def at_work(data: Path, redis: str) -> Iterator[Figure]:
    """Start the site, let things happen one after the other, and take the slowest."""
    command = [
        sys.executable, "-m", "scripts.run", "--port", str(spare_port()), "--data", str(data), "--sample", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "REDIS_URL": redis}) as site:
        assert site.stdout
        next(line for line in site.stdout if "Ctrl-C" in line)
        try:
            sealing.load_key(data)
            engine = open_database(f"sqlite:///{data / 'licet.sqlite'}")
            with unit(engine) as session:
                create_unit(session, kind="group", name="集团", code="G", by=SYSTEM, province="苏")
            taken = [once(engine, redis, number) for number in range(TIMES)]
            engine.dispose()
            yield Figure("a window opens: until its renewal waits for somebody, slowest of 10", max(taken), "s", BAR)
        finally:
            site.send_signal(signal.SIGINT)
            site.stdout.read()


def once(engine: Engine, redis: str, number: int) -> float:
    """Seconds from a certificate's entry to its renewal."""
    until = clock.today() + dt.timedelta(days=40)
    begun = time.monotonic()
    with unit(engine, lambda kind: worker.ring(kind, redis) and None) as session:
        firm = create_unit(session, kind="company", name=f"公司{number}", code=f"C{number}", by=SYSTEM,
                           parent=session.get_one(Unit, 1))
        held = lifecycle.grant(
            session, "E03", firm, number=f"（苏）JZ安许证字〔2024〕{number:06d}", issuer="某省住建厅", by=SYSTEM,
            issued_on=until - dt.timedelta(days=1090), valid_from=until - dt.timedelta(days=1090), valid_until=until).id
    while time.monotonic() - begun < PATIENCE:
        with reading(engine) as session:
            if session.scalar(select(Request.id).where(Request.certificate_id == held)) is not None:
                return time.monotonic() - begun
        time.sleep(0.02)
    raise SystemExit("the renewal was not begun")
