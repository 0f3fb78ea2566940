"""SMS: approved templates and short named values, nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from registry.alerts.channels import CHANNELS, Refused, TooFast
from registry.alerts.channels.sms import Template
from tests.registry.alerts.ways import NAMES, Way, message

pytestmark = pytest.mark.parametrize("one", ["aliyun_sms", "tencent_sms"], indirect=True)


def values(way: Way) -> list[str]:
    """What the template was filled with, in its order."""
    told = way.provider.taken[-1]
    if way.name == "aliyun_sms":
        filled = json.loads(told["TemplateParam"])
        assert list(filled) == list(NAMES)
        return list(filled.values())
    return list(told["TemplateParamSet"])


def refused(way: Way, **given: object) -> str:
    with pytest.raises(Refused) as caught:
        way.send(**given)  # type: ignore[arg-type]
    assert way.provider.taken == []
    return caught.value.code


def test_only_the_named_values_leave_in_the_templates_order(one: Way) -> None:
    one.send(message(params={"day": "2027-01-15", "other": "不该发送", "name": "安全生产许可证"}))
    assert values(one) == ["安全生产许可证", "2027-01-15"]
    assert "不该发送" not in str(one.provider.asked[0])


def test_a_value_of_more_than_35_characters_ends_in_a_mark(one: Way) -> None:
    one.send(message(params={"name": "长" * 36, "day": "d" * 35}))
    assert values(one) == ["长" * 34 + "…", "d" * 35]


@pytest.mark.parametrize("value", [
    "", "110101199003070214", "11010119900307021X", "１１０１０１１９９００３０７０２１４", "110101 1990 0307 0214",
    "110101-19900307-0214", "130503670401001", "https://evil.cn", "www.evil.cn", "evil.com/x",
])
def test_nothing_personal_no_address_of_a_page_and_nothing_empty_goes_by_sms(one: Way, value: str) -> None:
    assert refused(one, told=message(params={"name": value, "day": "2027-01-15"})) == "params"
    assert one.provider.asked == []


def test_a_missing_value_is_refused(one: Way) -> None:
    assert refused(one, told=message(params={"name": "安全生产许可证"})) == "params"


def test_a_kind_without_a_template_is_refused(one: Way) -> None:
    assert refused(one, told=message(kind="digest")) == "template"


@pytest.mark.parametrize("number", ["", "12345", "0571-88888888", "+1 202 555 0100", "1380000123", "138000012345",
                                    "13800001234\n", "１３８００００１２３４", "13800001234,13900001234"])
def test_what_is_no_mainland_mobile_number_is_not_asked_for(one: Way, number: str) -> None:
    assert refused(one, address=number) == "recipient"
    assert one.provider.asked == []


@pytest.mark.parametrize("number", ["13800001234", "8613800001234", "+8613800001234"])
def test_a_number_is_written_as_the_provider_wants_it(one: Way, number: str) -> None:
    one.send(address=number)
    told = one.provider.taken[0]
    assert told.get("PhoneNumbers", "13800001234") == "13800001234"
    assert told.get("PhoneNumberSet", ["+8613800001234"]) == ["+8613800001234"]


def test_a_number_that_the_provider_does_not_know_is_refused(one: Way) -> None:
    assert refused(one, address="13900000000") in (
        "isv.MOBILE_NUMBER_ILLEGAL", "InvalidParameterValue.IncorrectPhoneNumber")


def test_a_template_that_is_not_approved_is_refused(one: Way) -> None:
    wrong = replace(one.settings, templates=(Template("expiry", "SMS_999", NAMES),))
    assert refused(one, settings=wrong) in (
        "isv.SMS_TEMPLATE_ILLEGAL", "FailedOperation.TemplateIncorrectOrUnapproved")


def test_the_days_fiftieth_was_the_last(one: Way) -> None:
    for provider_number in ("13800001234", "+8613800001234"):
        one.provider.numbers[provider_number] = 50
    with pytest.raises(TooFast) as caught:
        one.send()
    assert caught.value.after == 43200


@pytest.mark.parametrize("templates", [
    (), (Template("a", "1"), Template("a", "2")), (Template("", "1"),), (Template("a", "SMS 1"),),
    (Template("a", "1", ("x", "x")),), (Template("a", "1", ("姓名",)),),
])
def test_templates_that_make_no_sense_are_found(one: Way, templates: tuple[Template, ...]) -> None:
    assert "templates" in CHANNELS[one.name].check(replace(one.settings, templates=templates), local=True)
