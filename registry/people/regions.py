"""Administrative divisions as far as numbers need them: the provinces of GB/T 2260, and a lookup that only ever warns.

County codes change every year and old numbers keep old codes, so an unknown code is a reason to look, never to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from stdnum import numdb


@dataclass(frozen=True)
class Province:
    """`code` is the six-digit code ("320000"), `short` the character that certificates carry (苏)."""

    code: str
    name: str
    short: str


_ROWS = """
110000 北京市 京|120000 天津市 津|130000 河北省 冀
140000 山西省 晋|150000 内蒙古自治区 蒙|210000 辽宁省 辽
220000 吉林省 吉|230000 黑龙江省 黑|310000 上海市 沪
320000 江苏省 苏|330000 浙江省 浙|340000 安徽省 皖
350000 福建省 闽|360000 江西省 赣|370000 山东省 鲁
410000 河南省 豫|420000 湖北省 鄂|430000 湖南省 湘
440000 广东省 粤|450000 广西壮族自治区 桂|460000 海南省 琼
500000 重庆市 渝|510000 四川省 川|520000 贵州省 贵
530000 云南省 云|540000 西藏自治区 藏|610000 陕西省 陕
620000 甘肃省 甘|630000 青海省 青|640000 宁夏回族自治区 宁
650000 新疆维吾尔自治区 新|710000 台湾省 台|810000 香港特别行政区 港
820000 澳门特别行政区 澳
"""

PROVINCES: dict[str, Province] = {
    code: Province(code, name, short)
    for code, name, short in (row.split() for row in _ROWS.strip().replace("\n", "|").split("|"))
}
# Characters that open certificate numbers; 兵 is the Xinjiang Production and Construction Corps.
SHORTS = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新兵"


def province_of(code: str) -> Province | None:
    """The province of a six-digit division code, by its first two digits."""
    return PROVINCES.get(code[:2] + "0000")


def known(code: str) -> bool:
    """Whether the six digits are a division that exists or existed; residents' permits of Hong Kong, Macau and Taiwan
    (81, 82, 83) and foreigners' cards (9, province, country) count as known."""
    if code in ("810000", "820000", "830000"):
        return True
    if code.startswith("9"):
        return province_of(code[1:3]) is not None
    return bool(_county(code))


# Divisions of 2021 that the table of python-stdnum 2.2 lacks; it has every other one in use up to 2025.
_MISSING = {"330113": "临平区", "330114": "钱塘区"}


@cache
def _county(code: str) -> str:
    if code in _MISSING:
        return _MISSING[code]
    found = numdb.get("cn/loc").info(code)
    return next((str(about["county"]) for part, about in found if "county" in about), "")
