"""The providers as strict as they are: each recomputes the signature from what came in and counts what it counts.

Written from the providers' descriptions, sharing no code with the channels that they examine.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.registry.alerts.serving import Asked, Provider

Said = tuple[int, object]


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mac(key: bytes, data: str) -> bytes:
    return hmac.new(key, data.encode(), hashlib.sha256).digest()


@dataclass
class WecomRobot(Provider):
    key: str = "robot-key-0123456789"

    def answer(self, asked: Asked) -> Said:
        if (asked.method, asked.path, asked.query) != ("POST", "/cgi-bin/webhook/send", {"key": self.key}):
            return 200, {"errcode": 93000, "errmsg": f"invalid webhook url, hint: [1], from ip: 1.2.3.4 {asked.query}"}
        told = asked.json()
        kind = told["msgtype"]
        content = told[kind]["content"]
        if len(content.encode()) > {"text": 2048, "markdown": 4096}[kind]:
            return 200, {"errcode": 40058, "errmsg": f"content exceed max length {content}"}
        if self.too_fast():
            return 200, {"errcode": 45009, "errmsg": "api freq out of limit"}
        self.taken.append((content, told[kind].get("mentioned_list")))
        return 200, {"errcode": 0, "errmsg": "ok"}


@dataclass
class WecomApp(Provider):
    corp: tuple[str, str] = ("ww0123456789abcdef", "corp-secret-0123456789")
    agent: int = 1000002
    users: tuple[str, ...] = ("zhangsan", "lisi")
    token: str = ""
    fetched: int = 0
    holds: int = 7200
    ended: int = 42001

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/cgi-bin/gettoken":
            return self._lend(asked.query)
        assert (asked.method, asked.path) == ("POST", "/cgi-bin/message/send")
        if not self.token or asked.query != {"access_token": self.token}:
            return 200, {"errcode": self.ended, "errmsg": "access_token expired"}
        told = asked.json()
        if told["agentid"] != self.agent:
            return 200, {"errcode": 301002, "errmsg": "no permission"}
        if told["touser"] not in self.users:
            return 200, {"errcode": 0, "errmsg": "ok", "invaliduser": told["touser"], "msgid": "x"}
        return self._take(told)

    def _lend(self, query: dict[str, str]) -> Said:
        if query != {"corpid": self.corp[0], "corpsecret": self.corp[1]}:
            return 200, {"errcode": 40001, "errmsg": f"invalid credential {query}"}
        self.fetched += 1
        self.token = f"token-{self.fetched}"
        return 200, {"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": self.holds}

    def _take(self, told: dict[str, Any]) -> Said:
        if told["msgtype"] == "textcard":
            card = told["textcard"]
            fits = len(card["title"].encode()) <= 128 and len(card["description"].encode()) <= 512 and card["url"]
        else:
            fits = len(told["text"]["content"].encode()) <= 2048
        if not fits:
            return 200, {"errcode": 45002, "errmsg": "content size out of limit"}
        assert told["enable_duplicate_check"] == 1 and 0 < told["duplicate_check_interval"] <= 14400
        if told not in self.taken:  # the same again within the interval is dropped
            self.taken.append(told)
        return 200, {"errcode": 0, "errmsg": "ok", "msgid": "msg-7"}


@dataclass
class DingtalkRobot(Provider):
    token: str = "ding-token-0123456789"
    secret: str = "SEC0123456789abcdef"
    silenced_until: float = 0

    def answer(self, asked: Asked) -> Said:
        query = dict(part.split("=", 1) for part in asked.raw_query.split("&"))
        if asked.path != "/robot/send" or query.get("access_token") != self.token:
            return 200, {"errcode": 300005, "errmsg": "token is not exist"}
        if abs(self.clock() * 1000 - int(query["timestamp"])) > 3_600_000:
            return 200, {"errcode": 310000, "errmsg": "description:invalid timestamp"}
        wanted = b64encode(_mac(self.secret.encode(), f"{query['timestamp']}\n{self.secret}")).decode()
        if unquote(query["sign"]) != wanted:
            return 200, {"errcode": 310000, "errmsg": f"description:sign not match {query}"}
        if len(asked.body) > 20000:
            return 200, {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}
        if self.clock() < self.silenced_until or self.too_fast():
            self.silenced_until = max(self.silenced_until, self.clock() + 600)
            return 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        told = asked.json()
        assert told["msgtype"] == "text" and told["at"]["isAtAll"] is False
        self.taken.append((told["text"]["content"], told["at"]["atUserIds"]))
        return 200, {"errcode": 0, "errmsg": "ok"}


@dataclass
class FeishuRobot(Provider):
    token: str = "feishu-token-0123456789"
    secret: str = "SEC0123456789abcdef"

    def answer(self, asked: Asked) -> Said:
        if asked.path != f"/open-apis/bot/v2/hook/{self.token}":
            return 200, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
        if len(asked.body) > 20000:
            return 400, {"code": 9499, "msg": "Bad Request"}
        told = asked.json()
        wanted = b64encode(_mac(f"{told['timestamp']}\n{self.secret}".encode(), "")).decode()
        if told["sign"] != wanted or abs(self.clock() - int(told["timestamp"])) > 3600:
            return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        if self.too_fast():
            return 200, {"code": 11232, "msg": "frequency limited psm[lark.oapi.app_platform_runtime]"}
        assert told["msg_type"] == "post"
        self.taken.append(told["content"]["post"]["zh_cn"]["content"])
        return 200, {"code": 0, "msg": "success", "data": {}}


@dataclass
class AliyunSms(Provider):
    key: tuple[str, str] = ("LTAI0123456789", "aliyun-secret-0123456789")
    sign_name: str = "某某建工"
    templates: tuple[str, ...] = ("SMS_154950909",)
    numbers: dict[str, int] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> Said:
        code = self._unsigned(asked) or self._unfit(asked.query)
        if code:
            status = 200 if code.startswith("is") else 400
            return status, {"Code": code, "Message": f"触发天级流控 {asked.query}", "RequestId": "R-1"}
        self.taken.append(asked.query)
        return 200, {"Code": "OK", "Message": "OK", "BizId": "biz-9", "RequestId": "R-1"}

    def _unsigned(self, asked: Asked) -> str:
        found = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
                             asked.headers["authorization"])
        if not found or found[1] != self.key[0]:
            return "InvalidAccessKeyId.NotFound"
        at = datetime.strptime(asked.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        if abs(at - self.clock()) > 900:
            return "InvalidTimeStamp.Expired"
        names = found[2].split(";")
        assert names == sorted(names) and {each for each in asked.headers if each.startswith("x-acs-")} <= set(names)
        assert "host" in names and asked.headers["x-acs-content-sha256"] == _sha(asked.body)
        query = "&".join(sorted(asked.raw_query.split("&")))
        lines = "".join(f"{name}:{asked.headers[name].strip()}\n" for name in names)
        request = f"{asked.method}\n{asked.path}\n{query}\n{lines}\n{found[2]}\n{_sha(asked.body)}"
        wanted = _mac(self.key[1].encode(), f"ACS3-HMAC-SHA256\n{_sha(request.encode())}").hex()
        if wanted != found[3] or "+" in asked.raw_query:
            return "SignatureDoesNotMatch"
        if (nonce := asked.headers["x-acs-signature-nonce"]) in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(nonce)
        assert (asked.headers["x-acs-action"], asked.headers["x-acs-version"]) == ("SendSms", "2017-05-25")
        return ""

    def _unfit(self, query: dict[str, str]) -> str:
        number = query["PhoneNumbers"]
        if not re.fullmatch(r"1[3-9]\d{9}", number) or number == "13900000000":
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if query["SignName"] != self.sign_name:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if query["TemplateCode"] not in self.templates:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        if any(len(value) > 35 or not value for value in json.loads(query["TemplateParam"]).values()):
            return "isv.PARAM_LENGTH_LIMIT"
        self.numbers[number] = self.numbers.get(number, 0) + 1
        return "isv.BUSINESS_LIMIT_CONTROL" if self.numbers[number] > 50 else ""


@dataclass
class TencentSms(Provider):
    key: tuple[str, str] = ("AKID0123456789", "tencent-secret-0123456789")
    app: str = "1400006666"
    templates: tuple[str, ...] = ("1110",)
    numbers: dict[str, int] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Said:
        if code := self._unsigned(asked):
            return 200, {"Response": {"Error": {"Code": code, "Message": str(asked.headers)}, "RequestId": "R-1"}}
        told = asked.json()
        code = self._unfit(told) or "Ok"
        if code == "Ok":
            self.taken.append(told)
        status = {"SerialNo": "serial-5" if code == "Ok" else "", "PhoneNumber": told["PhoneNumberSet"][0], "Fee": 1,
                  "SessionContext": told["SessionContext"], "Code": code, "Message": "", "IsoCode": "CN"}
        return 200, {"Response": {"SendStatusSet": [status], "RequestId": "R-1"}}

    def _unsigned(self, asked: Asked) -> str:
        found = re.fullmatch(r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
                             r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", asked.headers["authorization"])
        if not found or found[1] != self.key[0]:
            return "AuthFailure.SecretIdNotFound"
        stamp = asked.headers["x-tc-timestamp"]
        if abs(int(stamp) - self.clock()) > 300:
            return "AuthFailure.SignatureExpire"
        assert datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d") == found[2]
        assert {"content-type", "host"} <= set(found[3].split(";"))
        lines = "".join(f"{name}:{asked.headers[name].strip().lower()}\n" for name in found[3].split(";"))
        request = f"POST\n/\n{asked.raw_query}\n{lines}\n{found[3]}\n{_sha(asked.body)}"
        text = f"TC3-HMAC-SHA256\n{stamp}\n{found[2]}/sms/tc3_request\n{_sha(request.encode())}"
        key = _mac(_mac(_mac(b"TC3" + self.key[1].encode(), found[2]), "sms"), "tc3_request")
        if _mac(key, text).hex() != found[4]:
            return "AuthFailure.SignatureFailure"
        wanted = ("SendSms", "2021-01-11", "ap-guangzhou")
        assert tuple(asked.headers[f"x-tc-{name}"] for name in ("action", "version", "region")) == wanted
        return ""

    def _unfit(self, told: dict[str, Any]) -> str:
        number = told["PhoneNumberSet"][0]
        if not re.fullmatch(r"\+861[3-9]\d{9}", number) or number == "+8613900000000":
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if told["SmsSdkAppId"] != self.app:
            return "UnauthorizedOperation.SmsSdkAppIdVerifyFail"
        if told["TemplateId"] not in self.templates:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        self.numbers[number] = self.numbers.get(number, 0) + 1
        return "LimitExceeded.PhoneNumberDailyLimit" if self.numbers[number] > 50 else ""


@dataclass
class Receiver(Provider):
    """Somebody's own system, as webhook.py tells its author to write it."""

    secret: str = "webhook-secret-0123456789"
    seen: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> Said:
        stamp, sign = asked.headers["licet-timestamp"], asked.headers["licet-signature"]
        wanted = _mac(self.secret.encode(), f"{stamp}.{asked.body.decode()}").hex()
        if abs(int(stamp) - self.clock()) > 300 or sign != f"v1={wanted}":
            return 401, {"error": f"not signed {sign}"}
        if (asked.path, parse_qsl(asked.raw_query)) != ("/hooks/licet", [("team", "5")]):
            return 404, {}
        if asked.headers["idempotency-key"] not in self.seen:
            self.seen.add(asked.headers["idempotency-key"])
            self.taken.append(asked.json())
        return 200, {}
