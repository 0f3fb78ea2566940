"""Signatures against published vectors (Aliyun, Tencent) and measured ones (domain facts, section 7)."""

from __future__ import annotations

import datetime as dt

from registry.alerts.channels import aliyun_sms, dingtalk_robot, feishu_robot, tencent_sms, webhook


def test_dingtalk() -> None:
    assert dingtalk_robot.signature("SEC0123456789abcdef", 1700000000000) == (
        "TSZbRFUuvaSQaRKUpF970OPCb2/LcQAP3wOvwZIzBZk=")


def test_feishu() -> None:
    assert feishu_robot.signature("SEC0123456789abcdef", 1700000000) == "PiO7POLlSx/DM2qf8Dy/XCWeJK3exVnevp5G99LEN2M="


def test_aliyun_as_its_own_documentation_shows_it() -> None:
    query = aliyun_sms.canonical({
        "RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
    headers = aliyun_sms.signed(
        "YourAccessKeyId", "YourAccessKeySecret", host="ecs.cn-shanghai.aliyuncs.com", query=query,
        action="RunInstances", version="2014-05-26", at=dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC),
        nonce="3156853299f313e23d1673dc12e1703d")
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def test_aliyun_spells_what_is_not_plain_as_rfc_3986_does() -> None:
    assert aliyun_sms.canonical({"b": "a b*c+d/~", "a": "短信"}) == "a=%E7%9F%AD%E4%BF%A1&b=a%20b%2Ac%2Bd%2F~"


def test_tencent_as_its_own_documentation_shows_it() -> None:
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    assert tencent_sms.authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", host="cvm.tencentcloudapi.com",
        service="cvm", body=body, at=dt.datetime.fromtimestamp(1551113065, dt.UTC)) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")


def test_the_webhook_signs_time_and_body() -> None:
    """The vector is from openssl dgst -sha256 -hmac."""
    assert webhook.signature("s" * 16, 1700000000, b"{}") == (
        "v1=8145b6bbe655be9ac8ceb50795128d861d3a8e4ff497f6921df314ee9c647ce3")
