"""The one way out: connections to checked addresses, and HTTP over them.

An address is asked for once, checked, and connected to as it is, so that a name that answers differently the second
time leads nowhere else. No redirects, no proxies from the environment, https only, certificates checked against the
name, an answer of limited size, and an end to every wait.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from registry.alerts.channels import addresses
from registry.alerts.channels.fields import sound
from registry.alerts.channels.tokens import Tokens

LOCAL, HOSTS = "LICET_ALLOW_LOCAL_CHANNELS", "LICET_CHANNEL_HOSTS"
LARGEST = 64 * 1024
"""Bytes of an answer; the longest that a provider gives is under 2 kB."""
MOST_ADDRESSES = 3


class Barred(Exception):
    """We do not go there: not an address of the public network, or no https."""


class Lost(Exception):
    """The way there or back failed; `kind` is name, connect, timeout, tls, network or size."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def mapping(self) -> Mapping[str, Any] | None:
        """The JSON object it says, None if it says none."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return said if isinstance(said, dict) else None


@dataclass(frozen=True)
class Line:
    """A connection, and whether its time is over."""

    sock: socket.socket
    cut: threading.Event = field(default_factory=threading.Event)


@cache
def _trust() -> ssl.SSLContext:
    """Whose certificates are believed: read once, as reading them takes longer than many a message."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Outgoing:
    """What a process sends with; safe for many threads.

    `allow_local` opens this machine's own addresses and plain http to them, for tests; `house` names hosts that may
    stand in our own network, as a mail relay does. Both are said by the process's environment, never by data.
    Seconds: `connect` for each address, `read` for each piece of an answer, `total` for everything.
    """

    allow_local: bool = False
    house: frozenset[str] = frozenset()
    trust: ssl.SSLContext = field(default_factory=_trust, repr=False)
    resolve: addresses.Resolve = addresses.resolve
    connect: float = 5.0
    read: float = 15.0
    total: float = 40.0
    tokens: Tokens = field(default_factory=Tokens, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Outgoing:
        """As LICET_ALLOW_LOCAL_CHANNELS and LICET_CHANNEL_HOSTS say."""
        named = environ.get(HOSTS, "").replace(",", " ").lower().split()
        return cls(allow_local=environ.get(LOCAL, "").lower() in {"1", "yes", "true", "on"}, house=frozenset(named))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST to an address. Barred, Lost."""
        return self._asked("POST", url, body, headers)

    def get(self, url: str) -> Answer:
        """GET an address. Barred, Lost."""
        return self._asked("GET", url, None, {})

    @contextmanager
    def dial(self, host: str, port: int, *, plain: bool = False) -> Iterator[Line]:
        """A connection to a checked address of a host, cut off after `total` seconds whatever happens on it; one that
        stays `plain` leads to this machine only. Barred, Lost; what goes wrong on it later is an OSError."""
        sock = self._connected(self._checked(host, port, plain), port)
        handle = sock.dup()
        line = Line(sock)
        guard = threading.Timer(self.total, _cut, (handle, line.cut))
        guard.daemon = True
        guard.start()
        try:
            sock.settimeout(self.read)
            yield line
        finally:
            guard.cancel()
            handle.close()
            sock.close()

    def _connected(self, checked: list[str], port: int) -> socket.socket:
        failed = "connect"
        for address in checked[:MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, port), self.connect)
            except OSError as error:
                failed = _kind(error) if isinstance(error, TimeoutError) else "connect"
        raise Lost(failed)

    def _checked(self, host: str, port: int, plain: bool) -> list[str]:
        """The addresses of a host, all of which we may go to: one that we may not closes the others too."""
        try:
            found = list(self.resolve(host, port))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise Lost("name")
        if not all(self._open(host, address, plain) for address in found):
            raise Barred
        return found

    def _open(self, host: str, address: str, plain: bool) -> bool:
        if plain or addresses.local(address):
            return self.allow_local and addresses.local(address)
        return addresses.public(address) or (host.lower() in self.house and addresses.in_house(address))

    def _asked(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if not sound(url, local=self.allow_local):
            raise Barred
        parted = urlsplit(url)
        host, secure = parted.hostname or "", parted.scheme == "https"
        port = parted.port or (443 if secure else 80)
        target = (parted.path or "/") + (f"?{parted.query}" if parted.query else "")
        failed = ""
        with self.dial(host, port, plain=not secure) as line:
            http = (_DialledSecurely if secure else _Dialled)(line.sock, host, port, self)
            try:
                with closing(http):
                    http.request(method, target, body=body, headers={
                        "User-Agent": "Licet", "Accept": "application/json", **headers}, preload_content=False,
                        decode_content=False)
                    answer = _read(http.getresponse())
            except (OSError, HTTPError, HTTPException) as error:
                failed = _kind(error)
            if line.cut.is_set():  # what was read until then may look whole
                failed = "timeout"
        if not failed:
            return answer
        raise Lost(failed)  # outside: the library's own error names the address, and with it perhaps a key


class _Dialled(HTTPConnection):
    """HTTP over a connection that is there already."""

    def __init__(self, sock: socket.socket, host: str, port: int, out: Outgoing) -> None:
        super().__init__(host, port, timeout=out.read)
        self._dialled = sock

    def _new_conn(self) -> socket.socket:
        return self._dialled


class _DialledSecurely(HTTPSConnection):
    """The same with TLS, the certificate checked against the name that was asked for."""

    def __init__(self, sock: socket.socket, host: str, port: int, out: Outgoing) -> None:
        super().__init__(host, port, timeout=out.read, ssl_context=out.trust)
        self._dialled = sock

    def _new_conn(self) -> socket.socket:
        return self._dialled


def _read(response: BaseHTTPResponse) -> Answer:
    body = b""
    while piece := response.read(8192, decode_content=False):
        body += piece
        if len(body) > LARGEST:
            raise Lost("size")
    return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def _cut(handle: socket.socket, cut: threading.Event) -> None:
    cut.set()
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _kind(error: BaseException) -> str:
    """Which failure it was; nothing of what the error says."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    return "timeout" if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__ else "network"
