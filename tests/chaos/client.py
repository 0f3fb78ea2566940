"""People over HTTP who keep a log of what they were answered. No answer is "unknown": they send the same once more.

Every entry is one wish: {"request", "what", "who", "task", "outcome", "tries"}. "ok": the site said so. "unknown": it
never said anything. "refused": it said no (and why). Only the log and the database are judged.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PATIENCE = 25.0  # seconds one answer may take
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class Answer:
    """What came back; status 0 when nothing did."""

    status: int = 0
    location: str = ""
    body: str = ""
    cookies: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> bool:
        """The act may have happened or not: no answer, or the server's own trouble."""
        return self.status == 0 or self.status >= 500


@dataclass
class Entry:
    """One line of the log."""

    request: str
    what: str
    who: str
    task: int = 0
    outcome: str = "unknown"
    tries: int = 0
    unanswered: int = 0
    status: int = 0
    location: str = ""


class Log:
    """What all people together were answered, kept in a file as it happens."""

    def __init__(self, file: Path) -> None:
        self.file, self.entries, self._lock = file, list[Entry](), threading.Lock()

    def add(self, entry: Entry) -> Entry:
        with self._lock:
            self.entries.append(entry)
            with self.file.open("a") as out:
                out.write(json.dumps(asdict(entry)) + "\n")
        return entry


class Person:
    """Somebody with a browser. Whatever ends the sign-in, they sign in again."""

    def __init__(self, port: int, login: str, password: str, log: Log) -> None:
        self.port, self.login, self.password, self.log = port, login, password, log
        self.cookie, self.token = "", ""
        self.papers: dict[str, int] = {}
        self._lock = threading.Lock()

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Answer:
        """One request; whatever breaks on the way is an answer of status 0."""
        headers = {"Cookie": self.cookie, "Accept": "application/json, text/html;q=0.5"}
        if body:
            headers |= {"Content-Type": kind or "application/x-www-form-urlencoded", "X-CSRF-Token": self.token}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request(method, path, body or None, headers)
            told = line.getresponse()
            text = told.read().decode("utf-8", "replace")
            return Answer(told.status, told.headers.get("Location", ""), text, told.headers.get_all("Set-Cookie") or [])
        except (OSError, http.client.HTTPException):
            return Answer()
        finally:
            line.close()

    def sign_in(self) -> None:
        """Until it works: the site may be on its way up."""
        for _ in range(120):
            self.cookie = self.token = ""
            if self._enter():
                return
            time.sleep(0.25)
        raise RuntimeError(f"{self.login} cannot sign in")

    def _enter(self) -> bool:
        page = self._open("/login")
        self._remember(page)
        told = {"csrf_token": self.token, "login": self.login, "password": self.password}
        answer = self.ask("POST", "/login", urlencode(told).encode())
        if answer.status != 303:
            return False
        self._remember(answer)
        self._remember(self._open("/requests/new"))
        return bool(self.token)

    def _open(self, path: str) -> Answer:
        return self.ask("GET", path)

    def _remember(self, page: Answer) -> None:
        for cookie in page.cookies:
            if cookie.startswith("licet="):
                self.cookie = cookie.partition(";")[0]
        if found := re.search(r'name="csrf-token" content="([^"]+)"', page.body):
            self.token = found[1]

    def paper(self, name: str) -> int:
        """The id of a file of this person called so, uploaded when it is first needed."""
        with self._lock:
            while name not in self.papers:
                mark = uuid.uuid4().hex
                head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}.pdf"\r\n' \
                    "Content-Type: application/pdf\r\n\r\n"
                body = head.encode() + PDF + f"\r\n--{mark}--\r\n".encode()
                answer = self._signed(lambda body=body, mark=mark: self.ask(
                    "POST", "/files", body, f"multipart/form-data; boundary={mark}"))
                if answer.status == 201:
                    self.papers[name] = int(json.loads(answer.body)["id"])
                elif not answer.unknown:
                    raise RuntimeError(f"an upload was refused: {answer}")
            return self.papers[name]

    def _signed(self, ask: Callable[[], Answer]) -> Answer:
        """Ask; a sign-in that has ended is renewed first."""
        if not self.token:
            self.sign_in()
        answer = ask()
        lost = answer.status in (401, 400) and ("CSRF" in answer.body or "login" in answer.body or "Cookie" in
                                                answer.body)
        if lost or (answer.status in (302, 303) and answer.location.startswith("/login")):
            self.sign_in()
            answer = ask()
        return answer

    def wish(self, entry: Entry, path: str, told: dict[str, Any] | bytes, *, tries: int = 40, kind: str = "") -> Entry:
        """Send one wish until there is an answer, always the same; into the log with it. Bytes are of a `kind`."""
        body = told if isinstance(told, bytes) else urlencode(told).encode()
        for _ in range(tries):
            entry.tries += 1
            answer = self._signed(lambda: self.ask("POST", path, body, kind))
            entry.status, entry.location = answer.status, answer.location or _location(answer.body)
            if not answer.unknown and answer.status != 429:
                entry.outcome = "ok" if answer.status < 400 else "refused"
                break
            entry.unanswered += answer.unknown
            time.sleep(0.15)
        return self.log.add(entry)


def _location(body: str) -> str:
    try:
        return str(json.loads(body).get("location", ""))
    except (ValueError, AttributeError):
        return ""
