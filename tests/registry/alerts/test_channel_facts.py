"""The data about providers: every code leads to one outcome and one sentence, and nothing claims to be verified."""

from __future__ import annotations

import pytest

from registry.alerts.channels import CHANNELS, Refused, TooFast, Unreachable
from registry.alerts.channels.facts import NAMES, REASONS, facts, failure, known, limit
from registry.alerts.channels.outcomes import told


def test_every_fact_is_about_a_channel_and_says_where_it_is_from() -> None:
    everything = [*facts().limit, *facts().code]
    assert {each.channel for each in everything} - {"wecom_*"} <= set(CHANNELS) == set(NAMES)
    assert [each for each in everything if not each.source or (each.verified and each.source[0] in "DK")] == []


def test_every_reason_is_a_sentence_and_every_wait_a_time() -> None:
    assert {code.means for code in facts().code} <= set(REASONS)
    assert [code for code in facts().code if code.outcome == "too_fast" and code.after < 1] == []


def test_no_code_says_two_things() -> None:
    said = [(each.channel, code, each.contains) for each in facts().code for code in each.codes]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(("channel", "code", "text", "kind", "means"), [
    ("dingtalk_robot", 310000, "keywords not in content", Refused, "security"),
    ("dingtalk_robot", 310000, "description:sign not match", Refused, "signature"),
    ("dingtalk_robot", 310000, "invalid timestamp", Refused, "clock"),
    ("dingtalk_robot", -1, "", Unreachable, "busy"),
    ("wecom_app", -1, "", Unreachable, "busy"),
    ("aliyun_sms", "isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", TooFast, "rate"),
    ("aliyun_sms", "Throttling.User", "", TooFast, "rate"),
    ("aliyun_sms", "isp.RAM_PERMISSION_DENY", "", Refused, "permission"),
    ("aliyun_sms", "isp.GATEWAY_ERROR", "", Unreachable, "busy"),
    ("tencent_sms", "LimitExceeded.PhoneNumberThirtySecondLimit", "", TooFast, "rate"),
    ("tencent_sms", "AuthFailure.SignatureExpire", "", Refused, "clock"),
    ("tencent_sms", "InvalidParameterValue.TemplateIdNotExist", "", Refused, "template"),
    ("email", "data-554", "", Refused, "mail"),
])
def test_what_a_code_means(channel: str, code: object, text: str, kind: type, means: str) -> None:
    found = known(channel, str(code), text)
    assert found and found.means == means
    assert type(failure(channel, code, text)) is kind


def test_a_code_that_nobody_told_us_of_is_tried_again() -> None:
    error = failure("wecom_robot", 987654)
    assert isinstance(error, Unreachable) and error.code == "987654" and "企业微信群机器人" in str(error)


@pytest.mark.parametrize("code", ["13800001234", "x13800001234", "a b", "", "证", "a" * 81, "k=v", "http://x"])
def test_what_may_be_a_number_of_a_person_is_no_code(code: str) -> None:
    assert told(code) == "?"


def test_a_limit_that_is_not_in_the_file_is_a_mistake_of_ours() -> None:
    assert limit("wecom_robot", "text") == 2048
    with pytest.raises(KeyError):
        limit("wecom_robot", "nothing")
