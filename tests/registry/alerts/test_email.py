"""Letters over SMTP: encrypted, to one mailbox, with headers that nothing somebody entered can change."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from registry.alerts.channels import Message, NotSent, Outgoing, Receipt, Refused, Unreachable, email
from tests.registry.alerts.letterbox import DOMAIN, Letterbox, listening
from tests.registry.alerts.trust import authority
from tests.registry.alerts.ways import message

TO = "zhang.san@example.cn"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return authority().server(tmp_path_factory.mktemp("tls"), DOMAIN)


@dataclass
class Post:
    """A relay that listens, and how we send by it."""

    box: Letterbox
    settings: email.Settings
    http: Outgoing

    def send(self, told: Message | None = None, address: str = TO, **change: object) -> Receipt:
        return email.send(replace(self.settings, **change), address, told or message(), self.http)  # type: ignore[arg-type]


@pytest.fixture(params=["tls", "starttls"])
def post(request: pytest.FixtureRequest, certificate: ssl.SSLContext) -> Iterator[Post]:
    box = Letterbox(certificate, implicit=request.param == "tls")
    with listening(box) as port:
        settings = email.Settings(DOMAIN, port, request.param, *box.account, "alerts@example.com", "工程证件管理")
        yield Post(box, settings, Outgoing(
            allow_local=True, trust=authority().trusting(), resolve=lambda host, port: ["127.0.0.1"]))


def refused(post: Post, told: Message | None = None, address: str = TO, **change: object) -> NotSent:
    with pytest.raises(NotSent) as caught:
        post.send(told, address, **change)
    assert caught.type in (Refused, Unreachable)
    return caught.value


def test_a_letter_arrives_as_text_and_as_a_page(post: Post) -> None:
    receipt = post.send()
    letter = post.box.letter()
    assert receipt == Receipt("email", letter["Message-ID"])
    assert letter["Subject"] == "证件到期提醒"
    text, page = (part.get_content() for part in letter.iter_parts())
    assert text.split("\n") == [*message().lines, message().link, ""]
    assert all(word in page for word in (*message().lines, f'<a href="{message().link}">查看</a>'))


def test_its_headers_say_that_a_machine_wrote_it(post: Post) -> None:
    post.send()
    letter = post.box.letter()
    assert {name: str(letter[name]) for name in ("Message-ID", "List-Id", "Auto-Submitted", "To", "From")} == {
        "Message-ID": "<licet.fact-77.person-5@example.com>", "List-Id": "Licet <licet.example.com>",
        "Auto-Submitted": "auto-generated", "To": TO, "From": "工程证件管理 <alerts@example.com>"}
    assert letter["Date"].datetime.tzinfo


@pytest.mark.parametrize("title", [
    "到期\r\nBcc: evil@example.com", "到期\nSubject: x\n\nbody", "=?utf-8?q?x=0D=0ABcc=3A_evil=40example=2Ecom?=",
    "=?utf-8?b?eA==?=", "a" * 900, "证" * 300, "x\u2028Bcc: e", "",
])
def test_no_title_makes_a_header(post: Post, title: str) -> None:
    post.send(message(title=title))
    letter = post.box.letter()
    assert len(letter.get_all("Subject")) == 1 and letter["Bcc"] is None and letter.is_multipart()
    assert str(letter["Subject"]) == message(title=title).title
    assert letter["To"] == TO and set(letter.keys()) <= {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "List-Id", "Auto-Submitted",
        "X-Auto-Response-Suppress", "Content-Language"}


@pytest.mark.parametrize("name", ['"a" <evil@example.com>,', "=?utf-8?b?eA==?=", "证件, 管理"])
def test_no_name_makes_a_second_sender(post: Post, name: str) -> None:
    post.send(sender_name=name)
    sender, = post.box.letter()["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "alerts@example.com")


@pytest.mark.parametrize("address", [
    "", "zhang", "a@b", "a b@example.cn", "a@example.cn\r\nRCPT TO:<x@y.cn>", "a@example.cn,b@example.cn",
    "<a@example.cn>", "张三@example.cn", '"a b"@example.cn', "a@example.cn ", "a@[127.0.0.1]", "a..b@example.cn",
    "a@-example.cn", "a" * 65 + "@example.cn", "a@" + "b." * 126 + "cn", "a@example.cn>",
])
def test_what_is_no_plain_mailbox_is_not_asked_for(post: Post, address: str) -> None:
    error = refused(post, address=address)
    assert (type(error), error.code, post.box.said) == (Refused, "recipient", [])


def test_what_somebody_entered_is_no_markup_on_the_page(post: Post) -> None:
    evil = '<script>alert(1)</script><img src=x onerror="x">'
    post.send(message(title=evil, lines=(evil, ".", "..x"), link='https://x.cn/?a="><b>'.replace(" ", "")))
    text, page = (part.get_content() for part in post.box.letter().iter_parts())
    assert "<script" not in page and "<img" not in page and '"><b>' not in page and "&lt;script&gt;" in page
    assert text.startswith(f"{evil}\n.\n..x\n")


@pytest.mark.parametrize(("step", "reply", "kind", "code"), [
    ("greeting", "421 too many connections", Unreachable, "greeting-421"),
    ("greeting", "554 no", Refused, "greeting-554"), ("greeting", "timeout", Unreachable, "timeout"),
    ("greeting", "close", Unreachable, "network"), ("hello", "close", Unreachable, "network"),
    ("login", "454 4.7.0 temporary", Unreachable, "login-454"), ("login", "535 5.7.8 no", Refused, "login-535"),
    ("sender", "452 4.3.1 full", Unreachable, "sender-452"), ("sender", "553 5.7.1 not yours", Refused, "sender-553"),
    ("recipient", "450 4.2.0 greylisted", Unreachable, "recipient-450"),
    ("recipient", "550 5.1.1 unknown", Refused, "recipient-550"), ("recipient", "timeout", Unreachable, "timeout"),
    ("data", "451 4.3.0 try later", Unreachable, "data-451"), ("data", "554 5.7.1 spam", Refused, "data-554"),
    ("data", "close", Unreachable, "network"),
])
def test_whatever_the_server_says_is_one_outcome_and_the_next_try_arrives(
    post: Post, step: str, reply: str, kind: type[NotSent], code: str
) -> None:
    post.box.replies[step] = reply
    patient = post.http
    post.http = replace(patient, read=0.4) if reply == "timeout" else patient
    error = refused(post)
    assert (type(error), error.code, post.box.letters) == (kind, code, [])
    post.http = patient
    post.send()
    assert len(post.box.letters) == 1


def test_nothing_is_said_before_the_connection_is_encrypted(post: Post) -> None:
    post.box.implicit, post.box.offers = False, ("AUTH PLAIN",)  # somebody took STARTTLS out of the offer
    error = refused(post, security="starttls")
    assert (type(error), error.code) == (Refused, "starttls")
    assert [line.split()[0] for line in post.box.said] == ["ehlo"]


def test_a_server_that_takes_the_offer_back_gets_nothing(post: Post) -> None:
    post.box.implicit = False
    post.box.replies["starttls"] = "502 not today"
    error = refused(post, security="starttls")
    assert (type(error), error.code, post.box.letters) == (Refused, "starttls-502", [])
    assert not any(line.startswith("AUTH") for line in post.box.said)


def test_a_certificate_for_another_name_or_of_a_stranger_gets_nothing(post: Post) -> None:
    assert refused(post, host="other.example.com").code == "tls"
    post.http = replace(post.http, trust=ssl.create_default_context())
    assert refused(post).code == "tls"
    assert not any(line.startswith("AUTH") for line in post.box.said)


def test_a_wrong_password_and_an_unknown_mailbox_are_told_without_either(post: Post) -> None:
    for error in (refused(post, password="WRONG-PASSWORD"), refused(post, address="li.si@example.cn")):
        told = "".join(traceback.format_exception(error)) + str(error) + repr(error)
        assert isinstance(error, Refused)
        assert not any(word in told for word in ("WRONG-PASSWORD", "li.si", "0123", "证件到期"))
        assert error.__context__ is None


def test_a_relay_inside_is_barred_unless_the_process_was_told(post: Post) -> None:
    post.http = replace(post.http, allow_local=False)
    error = refused(post)
    assert (type(error), error.code, post.box.said) == (Refused, "address", [])


def test_nobody_at_home_is_unreachable(post: Post) -> None:
    with listening(Letterbox(post.box.secured)) as gone:
        pass
    assert refused(post, port=gone).code == "connect"


@pytest.mark.parametrize(("field", "value"), [
    ("host", ""), ("host", "mail .cn"), ("host", "https://mail.cn"), ("port", 0), ("port", 70000),
    ("security", "none"), ("password", ""), ("sender", ""), ("sender", "alerts"), ("sender", "a@b.cn\r\nX: y"),
    ("sender_name", "x" * 41), ("sender_name", "a\nb"), ("username", "a b"),
])
def test_settings_that_cannot_work_are_found_and_nothing_is_sent(post: Post, field: str, value: object) -> None:
    assert field in email.check(replace(post.settings, **{field: value}))  # type: ignore[arg-type]
    assert refused(post, **{field: value}).code == "settings"
    assert email.check(post.settings) == {}
