"""What holds for every channel over HTTP, each against its own strict provider."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from dataclasses import fields, replace

import pytest

from ledger import clock
from registry.alerts.channels import CHANNELS, NotSent, Outgoing, Refused, TooFast, Unreachable
from registry.alerts.channels.fields import secrets
from tests.registry.alerts.serving import Provider, served
from tests.registry.alerts.ways import WAYS, Way, message

SIGNED = ("dingtalk_robot", "feishu_robot", "aliyun_sms", "tencent_sms", "webhook")


def refused(way: Way, kind: type[NotSent] = NotSent, **given: object) -> NotSent:
    with pytest.raises(kind) as caught:
        way.send(**given)  # type: ignore[arg-type]
    assert caught.type in (Refused, TooFast, Unreachable)
    return caught.value


def test_a_message_arrives(way: Way) -> None:
    receipt = way.send()
    assert (receipt.channel, receipt.parts, len(way.provider.taken)) == (way.name, 1, 1)
    numbers = {"wecom_app": "msg-7", "aliyun_sms": "biz-9", "tencent_sms": "serial-5"}
    assert receipt.reference == numbers.get(way.name, "")


def test_what_arrives_says_what_was_to_be_told(way: Way) -> None:
    way.send()
    said = str(way.provider.taken)
    if way.name.endswith("_sms"):
        assert "安全生产许可证" in said and "2027-01-15" in said and "提交延期" not in said
    else:
        assert all(word in said for word in ("证件到期提醒", "LC-E03-000001", "2026-12-15", "https://licet.example.cn/c/7"))


@pytest.mark.parametrize(("fault", "kind", "code"), [
    ("500", Unreachable, "500"), ("503", Unreachable, "503"), ("408", Unreachable, "408"), ("429 7", TooFast, "429"),
    ("404", Refused, "404"), ("timeout", Unreachable, "timeout"), ("close", Unreachable, "network"),
    ("huge", Unreachable, "size"), ("drip", Unreachable, "timeout"),
])
def test_whatever_a_provider_does_is_one_of_three_and_the_next_try_arrives(
    way: Way, fault: str, kind: type[NotSent], code: str
) -> None:
    way.provider.faults.append(fault)
    error = refused(way, kind, http=way.impatient() if fault in ("timeout", "drip") else None)
    assert (type(error), error.channel, error.code, error.sent) == (kind, way.name, code, 0)
    assert not isinstance(error, TooFast) or error.after == 7
    way.send()
    assert len(way.provider.taken) == 1


@pytest.mark.parametrize("one", [name for name in WAYS if name != "webhook"], indirect=True)
def test_an_answer_that_is_none_of_the_providers_is_no_receipt(one: Way) -> None:
    one.provider.faults.append("garbage")
    assert refused(one, Unreachable).code == "garbage"


def test_an_address_that_the_channel_takes_is_told_before_anything_is_sent(way: Way) -> None:
    assert CHANNELS[way.name].check_address(way.address)
    assert not CHANNELS[way.name].check_address("@all")
    assert refused(way, Refused, address="@all").code == "recipient"
    assert way.provider.asked == []


def test_a_redirect_is_not_followed(way: Way) -> None:
    trap = Provider()
    with served(trap) as url:
        way.provider.faults.append("redirect")
        way.provider.elsewhere = f"{url}/admin"
        assert refused(way, Refused).code == "302"
    assert trap.asked == []


@pytest.mark.parametrize("one", SIGNED, indirect=True)
def test_a_clock_that_is_wrong_is_refused(one: Way) -> None:
    with clock.use(clock.Fixed(clock.now() - dt.timedelta(hours=2))):
        assert refused(one, Refused).code in {
            "310000", "19021", "InvalidTimeStamp.Expired", "AuthFailure.SignatureExpire", "401"}
    one.send()


def test_a_wrong_secret_is_refused_and_never_told(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in secrets(way.settings):
        wrong = replace(way.settings, **{name: "WRONG-SECRET-9876543210"})
        error = refused(way, Refused, settings=wrong)
        told = "".join(traceback.format_exception(error)) + str(error) + repr(error) + caplog.text + repr(wrong)
        assert "WRONG-SECRET" not in told and "证件到期" not in told and "13800001234" not in told
        assert error.code != "?" and not way.provider.taken


def test_no_failure_of_the_network_tells_a_secret_an_address_or_a_word(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = [getattr(way.settings, name) for name in secrets(way.settings)] + ["13800001234", "zhangsan", "证件到期"]
    for fault in ("timeout", "close", "500", "huge", "404"):
        way.provider.faults.append(fault)
        error = refused(way, http=way.impatient())
        told = "".join(traceback.format_exception(error)) + str(error) + repr(error) + caplog.text
        assert [word for word in hidden if word in told] == []
        assert error.__cause__ is None and error.__context__ is None


def test_nobody_at_home_is_unreachable(way: Way) -> None:
    with served(Provider()) as url:
        gone = url
    settings = replace(way.settings, base_url=gone)
    assert refused(way, Unreachable, settings=settings).code == "connect"


def test_this_machine_is_no_address_unless_the_process_says_so(way: Way) -> None:
    way.http = Outgoing()
    assert refused(way, Refused).code == "settings"  # http at all
    local = replace(way.settings, base_url=way.settings.base_url.replace("http://", "https://"))
    assert refused(way, Refused, settings=local).code == "address"
    assert way.provider.asked == []


@pytest.mark.parametrize("name", WAYS)
def test_settings_that_are_missing_are_found_and_nothing_is_sent(name: str) -> None:
    empty = CHANNELS[name].settings()
    findings = CHANNELS[name].check(empty)
    assert set(CHANNELS[name].secrets) <= set(findings) <= {each.name for each in fields(empty)}
    with pytest.raises(Refused) as caught:
        CHANNELS[name].send(empty, "", message(), Outgoing(allow_local=True))
    assert caught.value.code == "settings"


def test_good_settings_have_no_findings(way: Way) -> None:
    whole = replace(way.settings, base_url=way.settings.base_url.replace("http://127.0.0.1", "https://example.com"))
    assert CHANNELS[way.name].check(whole) == {}
    assert CHANNELS[way.name].check(way.settings, local=True) == {}


@pytest.mark.parametrize("name", WAYS)
def test_secrets_stand_in_no_repr(name: str) -> None:
    channel = CHANNELS[name]
    filled = channel.settings(**dict.fromkeys(channel.secrets, "hunter2-hunter2-hunter2"))
    assert "hunter2" not in repr(filled)


def test_no_message_stands_in_a_repr() -> None:
    assert "证件" not in repr(message())


def test_a_long_host_that_is_none_is_found_at_once() -> None:
    assert "base_url" in CHANNELS["webhook"].check(CHANNELS["webhook"].settings(base_url=f"https://{'a' * 240}!/"))


@pytest.mark.parametrize(("name", "bad"), [
    ("webhook", "http://example.com/x"), ("webhook", "https://user:pw@example.com/"), ("webhook", "https://"),
    ("webhook", "ftp://example.com"), ("webhook", "https://例子.cn/"), ("webhook", "https://example.com/a b"),
    ("webhook", "https://example.com/\r\nHost: x"), ("webhook", "https://example.com:99999/"),
    ("webhook", "https://example.com\\@evil.cn/"), ("webhook", "https://example.com/#x"),
    ("webhook", "https://example.com/" + "a" * 1000),
    ("wecom_robot", "https://example.com/path"), ("feishu_robot", "https://example.com?x=1"),
])
def test_a_bad_address_is_found(name: str, bad: str) -> None:
    assert "base_url" in CHANNELS[name].check(CHANNELS[name].settings(base_url=bad))


@pytest.mark.parametrize("bad", ["a b", "a\nb", " a", "x" * 201, "https://qyapi.weixin.qq.com/x?key=1", "密钥"])
def test_a_secret_that_was_pasted_wrong_is_found(bad: str) -> None:
    assert "key" in CHANNELS["wecom_robot"].check(CHANNELS["wecom_robot"].settings(key=bad))
