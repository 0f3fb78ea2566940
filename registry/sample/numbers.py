"""Synthetic numbers with right check digits, one way for each rule of certificates.numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random

from stdnum.cn import uscc

from registry.people.identity import id_check_digit, organisation_check_digit

COUNTIES = (
    "320102", "320104", "320106", "320111", "320205", "320505", "320602", "320903", "321002", "330106", "330203",
    "340103", "340503", "341126", "360102", "370102", "410102", "411002", "420106", "430102", "510104", "610102",
)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Numbers:
    """Draws numbers that never repeat within one load."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._count: Counter[str] = Counter()
        self._drawn: set[str] = set()
        self.patterns: dict[str, str] = {}
        """How numbers without a rule are written, by type or type and kind: {province}, {year}, {serial}."""

    def _next(self, what: str) -> int:
        self._count[what] += 1
        return self._count[what]

    def id_number(self, birth: dt.date, gender: str) -> str:
        """A 公民身份号码 for a birth date and gender ("1" male: odd)."""
        while True:
            serial = self.random.randrange(0, 500) * 2 + (1 if gender == "1" else 0)
            first = f"{self.random.choice(COUNTIES)}{birth:%Y%m%d}{serial:03d}"
            if first not in self._drawn:
                self._drawn.add(first)
                return first + id_check_digit(first)

    def phone(self) -> str:
        """A number of a mobile's length that no network gives out (100...)."""
        return f"1000000{self._next('phone') % 10000:04d}"

    def credit_code(self, region: str) -> str:
        """A 统一社会信用代码 of a company."""
        body = "MA" + "".join(self.random.choice(LETTERS) for _ in range(6))
        first = "91" + region + body + organisation_check_digit(body)
        return first + str(uscc.calc_check_digit(first))

    def certificate(
        self, rule: str, code: str, issued: dt.date, holder: str, province: str = "苏", kind: str = "", serial: int = 0
    ) -> str:
        """A number for a rule. `holder`: the ID number or credit code some rules build on; `kind`: a class or trade;
        `serial` where the caller counts."""
        year, serial = issued.year, serial or self._next(f"{rule}{code}")
        pattern = self.patterns.get(f"{code} {kind}") or self.patterns.get(code)
        if pattern and rule == "free":
            return pattern.format(province=province, year=year, serial=serial)
        made = {
            "ID": holder, "TZ-EM": f"T{holder}", "USCC": holder, "PW": f"{holder}001P",
            "AX": f"（{province}）JZ安许证字〔{year}〕{serial:06d}",
            "TZ-JZ": f"{province}A{kind or '01'}{year}{serial:06d}",
            "JA": f"{province}交安{kind or 'B'}（{year % 100:02d}）G{serial:05d}",
            "SB": f"起17{province}A{serial:05d}({year % 100:02d})",
            "JZ-1": f"{province}132{year % 100:02d}{year % 100:02d}{serial:05d}",
            "JZ-2": f"{province}232{year % 100:02d}{year % 100:02d}{serial:05d}",
            "AG-A": f"{province}建安A（{year}）{serial:07d}", "AG-B": f"{province}建安B（{year}）{serial:07d}",
            "AG-C": f"{province}建安{kind or 'C3'}（{year}）{serial:07d}",
            "ZZ-D": f"D{2 + serial % 2}32{serial:05d}{serial % 10}", "ZZ-A": f"A132{serial:05d}{serial % 10}",
            "ZZ-B": f"B132{serial:05d}{serial % 10}", "ZZ-E": f"E132{serial:05d}{serial % 10}",
            "YD": f"地字第320102{year}{serial:05d}号", "GC": f"建字第320102{year}{serial:05d}号",
            "TS": f"TS{serial:07d}", "CMA": f"{year % 100:02d}{serial:010d}",
            "BA": f"320102{issued:%Y%m%d}{serial % 1_000_000:06d}",
            "SG": f"{COUNTIES[serial // 99 % len(COUNTIES)]}{issued:%Y%m%d}{kind or '01'}{serial % 99 + 1:02d}",
        }
        return made.get(rule, f"{province}{year}{code}{serial:06d}")
