"""A provider on 127.0.0.1: real sockets, and every way in which a provider can fail."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HUGE = 10 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """A request as it came in; `query` is read once, `raw_query` not at all."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True, strict_parsing=bool(self.raw_query)))

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json; charset=utf-8"
        return json.loads(self.body.decode("utf-8"))


@dataclass
class Provider:
    """What all have in common. `faults` are served first, one a request; `taken` is what people would have read."""

    faults: list[str] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    elsewhere: str = ""
    clock: Callable[[], float] = time.time
    times: list[float] = field(default_factory=list)
    per_minute: int = 20

    def answer(self, asked: Asked) -> tuple[int, object]:
        raise NotImplementedError

    def too_fast(self) -> bool:
        """Whether this is one more than the rate allows."""
        now = self.clock()
        self.times = [at for at in self.times if at > now - 60]
        if len(self.times) >= self.per_minute:
            return True
        self.times.append(now)
        return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        asked = Asked(self.command, target.path, target.query, {k.lower(): v for k, v in self.headers.items()}, body)
        provider = self.server.provider
        provider.asked.append(asked)
        if provider.faults:
            self._fail(provider.faults.pop(0))
            return
        status, said = provider.answer(asked)
        self._say(status, json.dumps(said).encode())

    def _fail(self, fault: str) -> None:
        if fault == "timeout":
            self.server.over.wait(3)
        elif fault == "drip":
            self._drip()
        elif fault == "huge":
            self._say(200, b'{"errcode":0,"x":"' + b"a" * HUGE + b'"}')
        elif fault == "garbage":
            self._say(200, b"<html>ok</html>")
        elif fault == "redirect":
            self._say(302, b"", {"Location": self.server.provider.elsewhere})
        elif fault != "close":
            status, _, after = fault.partition(" ")
            self._say(int(status), b"{}", {"Retry-After": after} if after else {})
        self.close_connection = True

    def _drip(self) -> None:
        """A header for ever: every piece comes in time, the end never."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.over.wait(0.05):
            self.wfile.write(b"X: y\r\n")

    def _say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, provider: Provider, secured: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider, self.over = provider, threading.Event()
        if secured:
            self.socket = secured.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: object) -> None:
        pass  # a client that leaves in the middle is what some tests are about


@contextmanager
def served(provider: Provider, secured: ssl.SSLContext | None = None) -> Iterator[str]:
    """The provider, listening: its address."""
    server = _Server(provider, secured)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if secured else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
