"""E-mail over SMTP, always encrypted and with the certificate checked against the server's name."""

from __future__ import annotations

import html
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from typing import Literal

from ledger import clock
from ledger.errors import Problem
from registry.alerts.channels.addresses import HOST
from registry.alerts.channels.facts import failure, reason, refusal
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt, one_line
from registry.alerts.channels.outcomes import NotSent, Unreachable
from registry.alerts.channels.outgoing import Barred, Lost, Outgoing
from registry.alerts.channels.posting import ready

NAME = "email"
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True)
class Settings:
    """The relay and who sends. `security`: tls from the first byte (465), or starttls (587) before anything else; there
    is no way without. An empty `username` signs in as nobody."""

    host: str = ""
    port: int = 465
    security: Literal["tls", "starttls"] = "tls"
    username: str = ""
    password: str = secret()
    sender: str = ""
    sender_name: str = ""


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    if checking.text("host", longest=253, ascii_only=True) and not HOST.fullmatch(settings.host):
        checking.wrong("host", Problem("请填写邮件服务器的域名，例如 smtp.example.com。"))
    if not 0 < settings.port < 65536:
        checking.wrong("port", Problem("端口应在 {least} 到 {most} 之间。", {"least": 1, "most": 65535}))
    if settings.security not in ("tls", "starttls"):
        checking.wrong("security", Problem("邮件必须加密发送：请选择 TLS 或 STARTTLS。"))
    checking.text("username", needed=False, ascii_only=True)
    checking.text("password", needed=bool(settings.username), ascii_only=True)
    if checking.text("sender", longest=254) and not check_address(settings.sender):
        checking.wrong("sender", Problem("邮箱地址不对，请核对。"))
    checking.text("sender_name", longest=40, needed=False)
    return checking.findings


def check_address(address: str) -> bool:
    """Whether an address is one plain mailbox: nothing before or after it, nothing in it that a header could read."""
    return bool(_ADDRESS.fullmatch(address))


def parts(settings: Settings, message: Message) -> list[str]:
    """One letter, however long the message is."""
    return [message.title]


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To one mailbox. Once the server has taken the letter, nothing that follows makes it unsent."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    letter = composed(settings, address, message)
    failed: NotSent | None = None
    try:
        with http.dial(settings.host, settings.port) as line:
            whole = letter.as_bytes(policy=compat32.clone(linesep="\r\n"))
            failed = _carried(settings, address, whole, line.sock, http)
            if failed and line.cut.is_set():
                failed = _lost("timeout")
    except Barred:
        failed = refusal(NAME, "address")
    except Lost as error:
        failed = _lost(error.kind)
    if failed:
        raise failed
    return Receipt(NAME, str(letter["Message-ID"]))


def composed(settings: Settings, address: str, message: Message) -> MIMEMultipart:
    """The letter: plain text, and the same as a page with every sign escaped. Whatever the title or the name say, they
    stand encoded in one header."""
    domain = settings.sender.rpartition("@")[2]
    letter = MIMEMultipart("alternative")
    letter["Subject"] = _encoded(message.title, "Subject")
    name = _encoded(settings.sender_name, "From")
    letter["From"] = f"{name} <{settings.sender}>" if settings.sender_name else settings.sender
    letter["To"] = address
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = f"<licet.{message.key}@{domain}>"
    letter["List-Id"] = f"Licet <licet.{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter["Content-Language"] = "en" if message.language == "en" else "zh-CN"
    lines = [*message.lines, message.link] if message.link else list(message.lines)
    letter.attach(MIMEText("\n".join(lines) + "\n", "plain", "utf-8"))
    letter.attach(MIMEText(_page(message), "html", "utf-8"))
    return letter


def _encoded(text: str, name: str) -> str:
    return Header(one_line(text), "utf-8", header_name=name).encode(linesep="\r\n")


def _page(message: Message) -> str:
    told = "".join(f"<p>{html.escape(line)}</p>" for line in message.lines if line)
    link = html.escape(message.link)
    word = "Open" if message.language == "en" else "查看"
    return (f'<!doctype html><html><head><meta charset="utf-8"><title>{html.escape(message.title)}</title></head><body>'
            f'<h1 style="font-size:1.2em">{html.escape(message.title)}</h1>{told}'
            + (f'<p><a href="{link}">{word}</a><br>{link}</p>' if link else "") + "</body></html>")


class _Dialled(smtplib.SMTP):
    """SMTP over a connection that is there already, encrypted from its first byte if the settings say tls."""

    def __init__(self, sock: socket.socket, settings: Settings, http: Outgoing) -> None:
        self._dialled, self._context = sock, http.trust if settings.security == "tls" else None
        domain = settings.sender.rpartition("@")[2]
        super().__init__(settings.host, timeout=http.read, local_hostname=domain)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(self._dialled, server_hostname=host) if self._context else self._dialled


def _carried(
    settings: Settings, address: str, letter: bytes, sock: socket.socket, http: Outgoing
) -> NotSent | None:
    """Hand the letter over; what stopped it, None if nothing did."""
    step, smtp = "greeting", None
    try:
        smtp = _Dialled(sock, settings, http)
        smtp.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            step = "starttls"
            smtp.starttls(context=http.trust)
            smtp.ehlo()
        if settings.username:
            step = "login"
            smtp.login(settings.username, settings.password)
        for step, say in _envelope(smtp, settings.sender, address, letter):
            code, _ = say()
            if code >= 400:
                return _answered(step, code)
        with suppress(smtplib.SMTPException, OSError):
            smtp.putcmd("quit")  # nobody waits for its answer: the letter is theirs
        return None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return _stopped(step, error)
    finally:
        if smtp is not None:
            smtp.close()


def _envelope(
    smtp: smtplib.SMTP, sender: str, address: str, letter: bytes
) -> list[tuple[str, Callable[[], tuple[int, bytes]]]]:
    return [("sender", lambda: smtp.mail(sender)), ("recipient", lambda: smtp.rcpt(address)),
            ("data", lambda: smtp.data(letter))]


def _stopped(step: str, error: Exception) -> NotSent:
    """The outcome for what smtplib or the network say. Of their words only the figures are kept."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return _answered(step, error.smtp_code)
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return failure(NAME, step)
    if isinstance(error, ssl.SSLError):
        return _lost("tls")
    waited = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return _lost("timeout" if waited else "network")


def _answered(step: str, code: int) -> NotSent:
    """4xx is for a while: the server is busy or tries how serious we are."""
    if 400 <= code < 500:
        return Unreachable(NAME, f"{step}-{code}", reason("busy", NAME))
    return failure(NAME, f"{step}-{code}")


def _lost(kind: str) -> NotSent:
    means = {"timeout": "timeout", "tls": "tls"}.get(kind, "connect")
    return Unreachable(NAME, kind, reason(means, NAME))
