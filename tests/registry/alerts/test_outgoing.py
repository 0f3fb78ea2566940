"""Attacks A9-A11: a message is carried to public addresses only, and to the address that was checked."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from registry.alerts.channels.addresses import in_house, public
from registry.alerts.channels.outgoing import Barred, Lost, Outgoing
from tests.registry.alerts.serving import Asked, Provider, served
from tests.registry.alerts.trust import authority


class Echo(Provider):
    def answer(self, asked: Asked) -> tuple[int, object]:
        return 200, {"host": asked.headers["host"]}


class Answers:
    """A name that answers something else every time it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.times = list(answers), 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.times += 1
        return self.answers.pop(0)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "fc00::1",
    "fd12:3456::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "4000::1", "5f00::1", "localhost", "",
])
def test_an_address_that_only_we_can_reach_is_not_public(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "101.91.34.103", "2400:3200::1", "2606:4700::1111"])
def test_an_address_of_the_public_network_is(address: str) -> None:
    assert public(address) and not in_house(address)


@pytest.mark.parametrize("found", [
    ["10.0.0.8"], ["8.8.8.8", "10.0.0.8"], ["2400:3200::1", "::ffff:10.0.0.8"], ["127.0.0.1"], ["169.254.169.254"],
])
def test_a_name_with_one_private_address_is_barred_whole(found: list[str]) -> None:
    with pytest.raises(Barred):
        Outgoing(resolve=Answers(found)).post("https://hooks.example.com/x", b"{}", {})


@pytest.mark.parametrize("url", [
    "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
    "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[::1]/",
    "https://[::ffff:127.0.0.1]/", "https://localhost/", "https://user@8.8.8.8/", "https://8.8.8.8#@127.0.0.1/",
    "https://[64:ff9b::7f00:1]/", "https://0/", "//8.8.8.8/", "https:/8.8.8.8", "",
])
def test_an_address_that_leads_inside_is_barred(url: str) -> None:
    with pytest.raises(Barred):
        Outgoing().post(url, b"{}", {})


def test_a_name_is_asked_once_and_its_second_answer_leads_nowhere() -> None:
    echo = Echo()
    with served(echo) as url:
        port = url.rpartition(":")[2]
        changing = Answers(["127.0.0.1"], ["10.0.0.8"])
        out = Outgoing(allow_local=True, resolve=changing)
        assert out.get(f"http://rebinding.example.com:{port}/").status == 200
    assert changing.times == 1
    assert echo.asked[0].headers["host"] == f"rebinding.example.com:{port}"


def test_plain_http_leads_to_this_machine_only() -> None:
    with pytest.raises(Barred):
        Outgoing(allow_local=True, resolve=Answers(["8.8.8.8"])).get("http://example.com/")


def test_a_host_of_the_house_is_reached_if_the_process_was_told_of_it() -> None:
    told = {"LICET_CHANNEL_HOSTS": "mail.corp.cn, Relay.corp.cn"}
    out = Outgoing.from_environment(told)
    assert out.house == {"mail.corp.cn", "relay.corp.cn"} and not out.allow_local
    there = Outgoing(house=out.house, resolve=Answers(["10.0.0.8"], ["10.0.0.8"]))
    assert there._checked("RELAY.corp.cn", 465, False) == ["10.0.0.8"]  # nothing is sent there from a test
    with pytest.raises(Barred):
        there._checked("other.corp.cn", 465, False)
    for address in ("127.0.0.1", "169.254.169.254", "::1"):
        with pytest.raises(Barred), Outgoing(house=out.house, resolve=Answers([address])).dial("mail.corp.cn", 465):
            pass


@pytest.mark.parametrize(("said", "open_"), [("1", True), ("yes", True), ("", False), ("0", False), ("off", False)])
def test_this_machine_is_opened_by_the_environment_only(said: str, open_: bool) -> None:
    assert Outgoing.from_environment({"LICET_ALLOW_LOCAL_CHANNELS": said}).allow_local is open_
    assert Outgoing.from_environment({}).allow_local is False


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with served(Echo()) as url:
        assert Outgoing(allow_local=True).get(url).status == 200


def test_the_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    with served(Echo(), authority().server(tmp_path, "hooks.example.com")) as url:
        port = url.rpartition(":")[2]
        def out(name: str, **given: object) -> object:
            there = Outgoing(allow_local=True, resolve=Answers(["127.0.0.1"]), **given)  # type: ignore[arg-type]
            return there.get(f"https://{name}:{port}/").mapping()

        trust = authority().trusting()
        assert out("hooks.example.com", trust=trust) == {"host": f"hooks.example.com:{port}"}
        for name, given in (("other.example.com", {"trust": trust}), ("hooks.example.com", {})):
            with pytest.raises(Lost) as caught:
                out(name, **given)
            assert caught.value.kind == "tls"


def test_a_name_that_does_not_exist_is_lost() -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Lost) as caught:
        Outgoing(resolve=nothing).get("https://nowhere.example.com/")
    assert caught.value.kind == "name"


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with served(Echo()) as url:
        port = url.rpartition(":")[2]
        out = Outgoing(allow_local=True, resolve=Answers(["127.9.9.9", "127.0.0.1"]))
        assert out.get(f"http://two.example.com:{port}/").status == 200
