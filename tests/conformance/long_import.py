"""`python -m tests.conformance.long_import --database sqlite|postgresql`: one old ledger of 120,000 rows at a site as
`make run` starts it, with its own Redis and its real import worker, by a person who has nothing but HTTP.

Uploaded; its progress seen to rise; cancelled while rows are judged, and gone on with; the worker killed (SIGKILL)
while it judges, while it commits and while it undoes, each time with the register as it was before. One line of JSON
for each phase; ends with 1 at the first thing that is not as promised.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bench.ledgers import CERTIFICATES, WHOLE, gather
from ledger.db import open_database, reading, unit
from ledger.facts import Fact
from registry.access.accounts import create_account
from registry.certificates.models import Certificate, Version
from registry.intake.batch.models import Batch, Flaw, Made, Row
from registry.people import sealing
from registry.people.persons import Person as Colleague
from registry.people.scope import WITHDRAWN
from tests.chaos.client import Answer, Log, Person
from tests.conformance.ledger_batches import entered
from tests.conformance.ledger_key import Answers
from tests.founding import KEY_FILE
from tests.journeys.company import PASSWORD
from tests.servers import Postgres, spare_port

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "keeper"
EACH = 600.0  # seconds that one phase may take
SEEN = re.compile(r'<progress(?: max="(\d+)" value="(\d+)")?')
WORDS = re.compile(r'import-progress-words"><span>([^<·]+)')


class Form(HTMLParser):
    """What a browser would send of a page's forms: (name, value) of all that is not left blank or unticked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._select, self._chosen = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "select":
            self._select, self._chosen = given.get("name", ""), ""
        elif tag == "option" and self._select and ("selected" in given or not self._chosen):
            self._chosen = given.get("value", "")
        elif tag == "input" and given.get("name") and (
                given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.sent.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self.sent.append((self._select, self._chosen))
            self._select = ""


class Site:
    """`make run` on a folder, with the organisation of the answers and one person who may import."""

    def __init__(self, database: str, folder: Path, answers: Answers) -> None:
        self.folder, self.data, self.port = folder, folder / "data", spare_port()
        self.postgres = Postgres() if database == "postgresql" else None
        self.environment = {"LICET_DATA": str(self.data), "LICET_PERSON_KEY": KEY_FILE, "DATABASE_URL": "",
                            "REDIS_URL": ""}
        self.answers = answers

    @contextlib.contextmanager
    def running(self) -> Iterator[Engine]:
        """From the first table to the last process."""
        self.data.mkdir(parents=True)
        if self.postgres is not None:
            self.postgres.start(("listen_addresses=", "max_connections=60"))
            with self.postgres.connect() as server:
                server.execute("create database licet")
            self.environment["DATABASE_URL"] = self.postgres.url("licet")
        try:
            self._run("scripts.database", "none")
            engine = open_database(self.environment["DATABASE_URL"] or f"sqlite:///{self.data / 'licet.sqlite'}")
            self._settle_in(engine)
            with self._supervised():
                yield engine
            engine.dispose()
        finally:
            if self.postgres is not None:
                self.postgres.stop()

    def _run(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **self.environment}, check=True,
                       stdout=sys.stderr)

    def _settle_in(self, engine: Engine) -> None:
        by = entered(engine, self.answers)
        self.group = by.group_id
        with unit(engine) as session:
            create_account(session, session.get_one(Colleague, by.id), login=LOGIN, password=PASSWORD, by=by)

    @contextlib.contextmanager
    def _supervised(self) -> Iterator[None]:
        command = [sys.executable, "-m", "scripts.run", "--port", str(self.port), "--data", str(self.data), "--sample",
                   "none"]
        environment = {name: value for name, value in {**os.environ, **self.environment}.items() if value}
        with (self.folder / "out").open("w+") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
            try:
                until(lambda: "Ctrl-C" in (self.folder / "out").read_text(), "the site does not start", 90)
                yield
            finally:
                self.process.send_signal(signal.SIGTERM)
                self.process.wait(30)

    def import_worker(self) -> int | None:
        """The process of the import worker, if there is one just now."""
        children = Path(f"/proc/{self.process.pid}/task")
        for pid in {int(one) for task in children.iterdir() for one in (task / "children").read_text().split()}:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(b"worker\0imports\0"):
                    return pid
        return None


def until(true: Callable[[], object], complaint: str, seconds: float = EACH) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SystemExit(complaint)
        time.sleep(0.05)


class Proof:
    """One person, one ledger, phase after phase."""

    def __init__(self, site: Site, engine: Engine, book: Path) -> None:
        self.site, self.engine, self.book = site, engine, book
        self.person = Person(site.port, LOGIN, PASSWORD, Log(site.folder / "client.jsonl"))
        self.person.sign_in()
        self.batch, self.begun, self.last_words = 0, time.monotonic(), ""
        self.empty = self.register()

    def told(self, phase: str, **more: Any) -> None:
        """The line of a phase that is over."""
        took, self.begun = round(time.monotonic() - self.begun, 1), time.monotonic()
        print(json.dumps({"phase": phase, "seconds": took, **more}, ensure_ascii=False), flush=True)

    def post(self, verb: str, fields: Sequence[tuple[str, str]] = (("a", "1"),)) -> None:
        """An act of the person upon the ledger, which the site accepts."""
        answer = self.person.ask("POST", f"/imports/{self.batch}/{verb}", urlencode(fields).encode())
        _expect(answer.status == 303, f"{verb}: {answer.status} {answer.body[:500]}")

    def progress(self, state: str) -> tuple[str, int, int, bool]:
        """What the page shows: (phase in words, done, total, whether the state has changed)."""
        page = self.person.ask("GET", f"/imports/{self.batch}/progress?state={state}")
        _expect(page.status in (0, 200), f"progress: {page.status}")
        seen, words = SEEN.search(page.body), WORDS.search(page.body)
        done, total = (int(seen[2] or 0), int(seen[1] or 0)) if seen else (0, 0)
        return words[1].strip() if words else "", done, total, self.state() != state

    def watch(self, state: str, phase: str = "", share: float = 1.0) -> dict[str, list[int]]:
        """Look as the page does, until this share of a phase is done or the state is over: what was seen, by phase.
        What is shown never falls within a phase; what a killed worker had told stands until the next one begins."""
        seen: dict[str, list[int]] = {}
        end, last = time.monotonic() + EACH, self.last_words
        while time.monotonic() < end:
            words, done, total, over = self.progress(state)
            if over:
                break
            if words == last:
                continue
            last = ""
            steps = seen.setdefault(words, [])
            if not steps or steps[-1] != done:
                _expect(not steps or steps[-1] < done, f"{words}: from {steps[-1:]} back to {done}")
                steps.append(done)
            if words == phase and (not share or (total and done >= share * total)):
                break
            time.sleep(0.1)
        _expect(not phase or bool(seen.get(phase)), f"{phase} was never seen in {state}: {seen}")
        self.last_words = ""
        return seen

    def state(self) -> str:
        with reading(self.engine) as session:
            return session.get_one(Batch, self.batch).state

    def register(self) -> dict[str, int]:
        """What the register holds, by table, and what of it is seen by anybody."""
        def count(session: Session, thing: Any, *where: Any) -> int:
            return session.scalar(select(func.count()).select_from(thing).where(*where)) or 0

        with reading(self.engine) as session:
            return {
                "certificates": count(session, Certificate),  # versions: people's, not what deadlines have done since
                "versions": count(session, Version, Version.by_id.is_not(None)),
                "visible": count(session, Certificate, Certificate.unit_path.not_like(f"{WITHDRAWN}%")),
                "people": count(session, Colleague, Colleague.unit_path.not_like(f"{WITHDRAWN}%")),
                "made": count(session, Made), "linked": count(session, Row, Row.certificate_id.is_not(None)),
                "facts": count(session, Fact, Fact.kind.in_((
                    "certificate.imported", "certificate.withdrawn", "intake.committed", "intake.undone"))),
            }

    def kill(self, state: str, before: dict[str, int]) -> None:
        """kill -9, and the register is as it was."""
        pid, self.last_words = self.site.import_worker(), self.progress(state)[0]
        _expect(pid is not None, "no import worker is there")
        os.kill(pid or 0, signal.SIGKILL)
        until(lambda: self.site.import_worker() not in (pid,), "it does not die", 10)
        _expect((self.state(), self.register()) == (state, before), f"{self.state()}: {self.register()}, not {before}")

    # the phases
    def upload(self) -> None:
        mark = uuid.uuid4().hex
        parts = [('name="unit"', str(self.site.group).encode()), ('name="once"', b"the-long-one"),
                 (f'name="files"; filename="{self.book.name}"', self.book.read_bytes())]
        body = b"".join(f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
                        for head, content in parts) + f"--{mark}--\r\n".encode()
        answer = self.person.ask("POST", "/imports", body, f"multipart/form-data; boundary={mark}")
        _expect(answer.status == 303, f"upload: {answer}")
        self.batch = int(answer.location.rpartition("/")[2])
        self.told("uploaded", bytes=len(body))
        seen = self.watch("received")
        _expect(self.state() == "mapping", self.state())
        self.told("read", seen=[*seen])

    def understand(self) -> None:
        """Every page of columns is confirmed as it was proposed."""
        pages = fields = size = 0
        while self.state() == "mapping":
            pages += 1
            page = self.asked(f"/imports/{self.batch}/mapping?page={pages}")
            sent = Form(page.body).sent
            self.post("mapping", sent)
            fields, size = fields + len(sent), size + len(page.body)
            _expect(pages < 100, "the pages of columns never end")
        self.told("columns confirmed", pages=pages, fields=fields, bytes=size)

    def asked(self, address: str) -> Answer:
        """A page that is there."""
        page = self.person.ask("GET", address)
        _expect(page.status == 200, f"{address}: {page.status}")
        return page

    def judge(self) -> None:
        """Cancelled in the middle; gone on with; killed in the middle; to the end."""
        seen = self.watch("judging", "检查各行", 0.3)
        _expect(len(seen["检查各行"]) > 2, f"too few steps: {seen}")
        self.post("cancel")
        until(lambda: self.state() == "cancelled", "it is not cancelled", 60)
        _expect(self.register() == self.empty, "a cancelled ledger has left something")
        self.told("cancelled while judging", steps=seen["检查各行"])
        self.post("resume")
        seen = self.watch("judging", "检查各行", 0.6)
        self.kill("judging", self.empty)
        self.told("resumed, killed while judging", steps=seen["检查各行"])
        seen = self.watch("judging")
        _expect(self.state() == "ready", self.state())
        with reading(self.engine) as session:
            batch = session.get_one(Batch, self.batch)
            self.coming, rows, done = batch.counts["coming"], batch.rows_total, batch.rows_done
            stored = session.scalar(select(func.count()).select_from(Row).where(Row.batch_id == self.batch))
            flaws = session.scalar(select(func.count()).select_from(Flaw).where(Flaw.batch_id == self.batch))
        _expect(stored == rows == done and self.register() == self.empty, f"{stored} of {rows} rows")
        self.told("judged by the next worker", rows=rows, findings=flaws, coming=self.coming,
                  steps={words: len(steps) for words, steps in seen.items()})

    def commit(self) -> None:
        """Killed in the middle; then to the end: the register holds what was announced."""
        self.post("commit")
        seen = self.watch("committing", "写入台账", 0.5)
        self.kill("committing", self.empty)
        self.told("killed while committing", steps=seen["写入台账"])
        seen = self.watch("committing")
        _expect(self.state() == "committed", self.state())
        held, coming = self.register(), self.coming
        with reading(self.engine) as session:  # those of rows, as announced, and the ends of what had run out before
            versions = session.get_one(Batch, self.batch).counts["versions"]
        _expect(versions >= coming["versions"], f"{versions} versions, {coming} were announced")
        wanted = {"certificates": coming["certificates"], "visible": coming["certificates"],
                  "versions": versions, "people": self.empty["people"] + coming["people"],
                  "facts": coming["certificates"] + 1}
        _expect({name: held[name] for name in wanted} == wanted, f"{held}, not {wanted}")
        with reading(self.engine) as session:
            strange = session.scalar(select(func.count(Certificate.id)).where(
                Certificate.id.not_in(select(Row.certificate_id).where(Row.certificate_id.is_not(None)))))
            longest = select(func.count(Version.id).label("chain"), func.max(Version.no).label("last")).group_by(
                Version.certificate_id).subquery()
            broken = session.scalar(select(func.count()).where(longest.c.chain != longest.c.last))
        _expect((strange, broken) == (0, 0), f"{strange} certificates of no row, {broken} broken chains")
        self.told("committed by the next worker", **held, steps={words: len(steps) for words, steps in seen.items()})

    def undo(self) -> None:
        """Killed in the middle; then to the end: nobody sees anything of it."""
        before = self.register()
        self.post("undo")
        self.watch("undoing", "撤销", 0.0)
        self.kill("undoing", before)
        self.told("killed while undoing")
        self.watch("undoing")
        held = self.register()
        _expect(self.state() == "undone" and (held["visible"], held["people"]) == (0, self.empty["people"]), str(held))
        shown = self.asked("/certificates").body
        _expect("data-row" not in shown, "the register's page shows certificates")
        self.told("undone by the next worker", **held)


def _expect(true: bool, complaint: str) -> None:
    if not true:
        raise SystemExit(complaint)


@contextlib.contextmanager
def workbook(folder: Path | None, certificates: int) -> Iterator[Path]:
    """A folder with the answers and the workbook; made anew unless one is given that has them."""
    with tempfile.TemporaryDirectory() as place:
        made = folder or Path(place)
        if not (made / "organisation.json").exists():
            subprocess.run([sys.executable, "-m", "registry.sample", "--certificates", str(certificates), "--ledger",
                            str(made)], check=True, stdout=sys.stderr)
        if not (made / WHOLE).exists():
            gather(made)
        yield made


def main(given: Sequence[str] | None = None) -> int:
    """Play it on one database."""
    options = argparse.ArgumentParser(prog="python -m tests.conformance.long_import", description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--folder", type=Path, help="where the ledgers and the workbook are, or shall be kept")
    options.add_argument("--certificates", type=int, default=CERTIFICATES)
    asked = options.parse_args(given)
    sealing.set_key(b"k" * 32)
    begun = time.monotonic()
    with workbook(asked.folder, asked.certificates) as drawn, tempfile.TemporaryDirectory() as place:
        site = Site(asked.database, Path(place), Answers(drawn))
        with site.running() as engine:
            proof = Proof(site, engine, drawn / WHOLE)
            proof.told("the site is up", database=asked.database)
            for phase in (proof.upload, proof.understand, proof.judge, proof.commit, proof.undo):
                phase()
    print(json.dumps({"phase": "all", "database": asked.database, "seconds": round(time.monotonic() - begun, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
