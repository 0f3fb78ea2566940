"""Group robots, the application of 企业微信 and webhooks: what each does beside what all do."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import pytest

from ledger import clock
from registry.alerts.channels import CHANNELS, Refused, TooFast, Unreachable
from tests.registry.alerts.ways import Way, message, way_of

ROBOTS = ("wecom_robot", "dingtalk_robot", "feishu_robot")
LONG = tuple(f"{number:03} 安全生产许可证 LC-E03-{number:06} 将于 2027-01-15 到期，请办理延期" for number in range(120))
EVIL = '<@all><a href="http://evil.cn">点</a><at user_id="all">所有人</at> [点](http://evil.cn) **x** `y` # z'


def words(said: Any) -> str:
    """All texts of one thing a provider took, however it is built."""
    if isinstance(said, dict):
        return "\n".join(words(value) for key, value in said.items() if key not in ("tag", "msgtype"))
    if isinstance(said, list | tuple):
        return "\n".join(map(words, said))
    return str(said) if isinstance(said, str) else ""


@pytest.mark.parametrize("one", [*ROBOTS, "wecom_app"], indirect=True)
def test_a_long_message_arrives_whole_in_numbered_parts(one: Way) -> None:
    told = message(lines=LONG[:60] if one.name.startswith("wecom") else LONG * 4)
    parts = CHANNELS[one.name].parts(one.settings, told)
    assert one.send(told).parts == len(parts) == len(one.provider.taken) > 1
    said = [words(taken) for taken in one.provider.taken]
    assert all(f"（{number}/{len(parts)}）" in text for number, text in enumerate(said, 1))
    assert [line for line in told.lines if not any(line in text for text in said)] == []
    assert [told.link in text for text in said] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize("one", [*ROBOTS, "wecom_app"], indirect=True)
def test_a_try_that_broke_off_goes_on_at_the_part_that_did_not_leave(one: Way) -> None:
    told = message(lines=LONG[:60] if one.name.startswith("wecom") else LONG * 4)
    whole = [words(part) for part in CHANNELS[one.name].parts(one.settings, told)]
    if one.name == "wecom_app":
        one.send()
        one.provider.taken.clear()
    one.provider.faults += ["500"]
    with pytest.raises(Unreachable) as first:
        one.send(told)
    assert first.value.sent == 0
    one.provider.answer, real = _failing_at(one.provider.answer, 2), one.provider.answer
    with pytest.raises(Unreachable) as second:
        one.send(told, after=first.value.sent)
    assert second.value.sent == 1
    one.provider.answer = real
    one.send(told, after=second.value.sent)
    assert len(one.provider.taken) == len(whole)


def _failing_at(real: Any, time: int) -> Any:
    seen = [0]

    def answer(asked: Any) -> Any:
        seen[0] += 1
        return (502, {}) if seen[0] == time else real(asked)

    return answer


@pytest.mark.parametrize("one", ROBOTS, indirect=True)
def test_the_twenty_first_in_a_minute_is_too_fast(one: Way) -> None:
    bucket = CHANNELS[one.name].bucket
    assert bucket
    for _ in range(20):
        one.send()
    with pytest.raises(TooFast) as caught:
        one.send()
    assert caught.value.after == {"dingtalk_robot": 600}.get(one.name, 60)
    one.provider.clock = lambda: time.time() + caught.value.after + 1
    one.send()
    assert len(one.provider.taken) == bucket.size + 1


@pytest.mark.parametrize("one", ROBOTS, indirect=True)
@pytest.mark.parametrize("address", ["@all", "all", "ALL", "a|b", "a b", "<x>", "a\nb", "张三"])
def test_a_robot_calls_one_person_by_name_and_never_everybody(one: Way, address: str) -> None:
    with pytest.raises(Refused) as caught:
        one.send(address=address)
    assert caught.value.code == "recipient" and one.provider.taken == []
    one.send(address="zhangsan")
    assert "zhangsan" in words(one.provider.taken[0])


@pytest.mark.parametrize("one", ROBOTS, indirect=True)
def test_who_is_called_by_name_is_called_once(one: Way) -> None:
    one.send(message(lines=LONG[:60] if one.name.startswith("wecom") else LONG * 4), address="zhangsan")
    called = ["zhangsan" in str(taken) for taken in one.provider.taken]
    assert called == [False] * (len(called) - 1) + [True] and len(called) > 1


@pytest.mark.parametrize("one", ["wecom_robot", "wecom_app"], indirect=True)
def test_what_somebody_entered_is_no_link_and_calls_nobody_in_wecom(one: Way) -> None:
    one.send(message(title=EVIL, lines=(EVIL,)))
    assert "<" not in words(one.provider.taken) and "＜a href" in words(one.provider.taken)


def test_what_somebody_entered_stands_as_it_is_in_a_post_of_feishu() -> None:
    with way_of("feishu_robot") as way:
        way.send(message(lines=(EVIL,)))
        rows = way.provider.taken[0]
    assert [tag["tag"] for row in rows for tag in row] == ["text", "a"] and EVIL in rows[0][0]["text"]
    assert message().link == rows[1][0]["href"] and message().link not in rows[0][0]["text"]


def test_markup_holds_twice_as_much_and_shows_what_was_entered() -> None:
    with way_of("wecom_robot") as way:
        markup = replace(way.settings, markup=True)
        many = message(lines=LONG[:50])
        assert len(CHANNELS[way.name].parts(markup, many)) < len(CHANNELS[way.name].parts(way.settings, many))
        way.send(many, settings=markup)
        way.send(message(lines=(EVIL,)), settings=markup)
        said = way.provider.taken[-1][0]
    assert not set("<>[]*`#") & set(said) and "［点］" in said


def test_the_token_of_an_application_is_fetched_once() -> None:
    with way_of("wecom_app") as way:
        for number in range(3):
            way.send(message(key=f"k{number}", title=f"t{number}"))
        assert (way.provider.fetched, len(way.provider.taken)) == (1, 3)


@pytest.mark.parametrize("ended", [40014, 42001])
def test_a_token_that_ended_early_is_fetched_anew_once(ended: int) -> None:
    with way_of("wecom_app") as way:
        way.send()
        way.provider.token, way.provider.ended = "another", ended
        way.send(message(key="k2", title="t2"))
        assert (way.provider.fetched, len(way.provider.taken)) == (2, 2)


def test_a_fresh_token_that_is_not_taken_either_is_refused() -> None:
    with way_of("wecom_app") as way:
        way.provider.answer, lend = _never_known(way.provider), way.provider.answer
        with pytest.raises(Refused) as caught:
            way.send()
        assert (caught.value.code, way.provider.fetched) == ("40014", 2)
        way.provider.answer = lend
        way.send()


def _never_known(provider: Any) -> Any:
    real = provider.answer

    def answer(asked: Any) -> Any:
        return real(asked) if asked.path.endswith("gettoken") else (200, {"errcode": 40014, "errmsg": "invalid"})

    return answer


def test_a_token_is_not_used_in_its_last_minutes() -> None:
    with way_of("wecom_app") as way, clock.use(clock.Fixed(clock.now())) as now:
        way.send()
        now.advance(dt.timedelta(seconds=7200 - 301))  # type: ignore[attr-defined]
        way.send(message(title="b"))
        assert way.provider.fetched == 1
        now.advance(dt.timedelta(seconds=2))  # type: ignore[attr-defined]
        way.send(message(title="c"))
        assert way.provider.fetched == 2


def test_two_applications_do_not_share_a_token() -> None:
    with way_of("wecom_app") as way:
        way.send()
        with pytest.raises(Refused) as caught:
            way.send(settings=replace(way.settings, corp_secret="another-secret-0123"))
        assert caught.value.code == "40001"


def test_a_short_message_with_a_link_is_a_card_and_any_other_a_text() -> None:
    with way_of("wecom_app") as way:
        way.send()
        way.send(message(link=""))
        way.send(message(lines=LONG[:9]))
        assert [taken["msgtype"] for taken in way.provider.taken] == ["textcard", "text", "text"]
        assert way.provider.taken[0]["textcard"]["url"] == "https://licet.example.cn/c/7"


@pytest.mark.parametrize("address", ["", "@all", "zhangsan|lisi", "nobody"])
def test_an_application_tells_one_person_it_knows(address: str) -> None:
    with way_of("wecom_app") as way:
        with pytest.raises(Refused) as caught:
            way.send(address=address)
        assert caught.value.code in ("recipient", "invaliduser") and way.provider.taken == []


def test_the_same_to_an_application_twice_is_told_once() -> None:
    with way_of("wecom_app") as way:
        assert (way.send(), way.send(), len(way.provider.taken))[2] == 1


def test_a_receiver_drops_what_it_had_by_its_key() -> None:
    with way_of("webhook") as way:
        for key in ("a-1", "a-1", "a-2"):
            way.send(message(key=key))
        assert [taken["key"] for taken in way.provider.taken] == ["a-1", "a-2"]
        assert way.provider.taken[0]["lines"] == list(message().lines)


@pytest.mark.parametrize(("said", "after"), [
    ("", 60), ("0", 1), ("120", 120), ("999999999", 60), ("9999999", 86400), ("-5", 60), ("soon", 60),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 1), ("²", 60),
])
def test_how_long_to_wait_is_read_with_care(said: str, after: int) -> None:
    with way_of("webhook") as way:
        way.provider.faults.append(f"429 {said}")
        with pytest.raises(TooFast) as caught:
            way.send()
        assert caught.value.after == after
