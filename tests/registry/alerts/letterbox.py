"""A strict SMTP server on 127.0.0.1: nothing before encryption, nobody without a password, known mailboxes only."""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

DOMAIN = "mail.example.com"


@dataclass
class Letterbox:
    """`replies`: what a step answers instead ("550 no", "timeout", "close"), once. `letters` as they came in."""

    secured: ssl.SSLContext
    implicit: bool = True
    offers: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN", "8BITMIME")
    account: tuple[str, str] = ("alerts@example.com", "smtp-password-0123")
    mailboxes: tuple[str, ...] = ("zhang.san@example.cn",)
    replies: dict[str, str] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def letter(self) -> EmailMessage:
        """The last letter, read as a mail program reads it."""
        read = message_from_bytes(self.letters[-1], policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.box = self.server.box
        self.encrypted = self.box.implicit
        self.signed_in, self.sender, self.recipient = False, "", ""
        if self.box.implicit:
            self._encrypt()
        if self._reply("greeting", f"220 {DOMAIN} ESMTP"):
            while line := self.rfile.readline(2000):
                assert line.endswith(b"\r\n")
                said = line[:-2].decode("ascii")
                self.box.said.append(said)
                verb, _, rest = said.partition(" ")
                if verb.upper() == "QUIT" or not self._obey(verb.upper(), rest):
                    return

    def _obey(self, verb: str, rest: str) -> bool:
        act = {"EHLO": self._hello, "STARTTLS": self._starttls, "AUTH": self._auth, "MAIL": self._mail,
               "RCPT": self._rcpt, "DATA": self._data}.get(verb)
        return act(rest) if act else self._say("502 5.5.1 unknown")

    def _hello(self, name: str) -> bool:
        assert re.fullmatch(r"[a-z0-9.-]+", name)
        offered = [one for one in self.box.offers if one != "STARTTLS" or not self.encrypted]
        lines = [DOMAIN, *(one for one in offered if one == "STARTTLS" or self.encrypted)]
        for line in lines[:-1]:
            self._say(f"250-{line}")
        return self._reply("hello", f"250 {lines[-1]}")

    def _starttls(self, _: str) -> bool:
        if self._reply("starttls", "220 go") and "STARTTLS" in self.box.offers:
            self._encrypt()
        return True

    def _auth(self, rest: str) -> bool:
        if not self.encrypted:
            return self._say("530 5.7.0 Must issue a STARTTLS command first")
        told = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        self.signed_in = tuple(told[1:]) == self.box.account
        return self._reply("login", "235 2.7.0 ok" if self.signed_in else f"535 5.7.8 bad password {told}")

    def _mail(self, rest: str) -> bool:
        found = re.fullmatch(r"FROM:<([^<>\r\n]+)>(?: size=\d+| body=8bitmime)*", rest, re.IGNORECASE)
        assert found
        if not self.encrypted or not self.signed_in:
            return self._say("530 5.7.0 authentication required")
        self.sender = found[1]
        return self._reply("sender", "250 ok")

    def _rcpt(self, rest: str) -> bool:
        found = re.fullmatch(r"TO:<([^<>\r\n]+)>", rest, re.IGNORECASE)
        assert found
        if found[1] not in self.box.mailboxes:
            return self._say(f"550 5.1.1 {found[1]}: no such user")
        self.recipient = found[1]
        return self._reply("recipient", "250 ok")

    def _data(self, _: str) -> bool:
        assert self.sender and self.recipient
        self._say("354 go")
        lines = []
        while (line := self.rfile.readline(2000)) != b".\r\n":
            assert line.endswith(b"\r\n") and len(line) <= 1000, line
            lines.append(line[1:] if line.startswith(b"..") else line)
        if "data" not in self.box.replies:
            self.box.letters.append(b"".join(lines))
        return self._reply("data", "250 2.0.0 queued")

    def _reply(self, step: str, usual: str) -> bool:
        said = self.box.replies.pop(step, usual)
        if said == "timeout":
            self.box.over.wait(3)
        return said not in ("timeout", "close") and self._say(said)

    def _say(self, line: str) -> bool:
        self.wfile.write(line.encode() + b"\r\n")
        return True

    def _encrypt(self) -> None:
        self.connection = self.box.secured.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)  # type: ignore
        self.encrypted = True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, box: Letterbox) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.box = box

    def handle_error(self, *_: object) -> None:
        pass  # clients that do not trust us leave in the middle


@contextmanager
def listening(box: Letterbox) -> Iterator[int]:
    """The server, and the port it listens on."""
    server = _Server(box)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        box.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
