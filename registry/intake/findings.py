"""The kinds of defect an old ledger may have (facts 6), and one found defect with what we would do about it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Weight = Literal["tidied", "doubt", "stop"]
"""tidied: we are sure and have put it right · doubt: imported, and a steward looks at it · stop: the row waits in
quarantine until somebody has put it right."""

KINDS: dict[str, str] = {
    "full_width": "全角字符", "spaces": "号码中有空格或换行", "lower_x": "小写 x", "brackets": "括号写法不一",
    "name_space": "姓名中有空格", "date_format": "日期写法不一", "type_alias": "证件名称是俗称", "missing_t": "漏写 T",
    "look_alike": "形近字符（O/0、l/1）", "old_company": "单位用了旧名称",
    "check_digit": "校验码不符", "transposed": "数字前后颠倒", "float": "号码存成了数字，末几位已丢失",
    "duplicate_number": "编号与他人重复", "two_names": "同一人两种写法", "rare_character": "生僻字变成了问号",
    "end_before_issue": "有效期至早于发证日期", "review_missing": "缺应复审日期",
    "review_is_expiry": "复审日期误填为有效期",
    "blank_end": "有效期为空", "left_mark": "标记为已离开（删除线或红底）",
    "repeated_row": "整行重复", "similar": "疑似重复", "unknown_type": "看不出是哪种证件", "unknown_unit": "单位不在册",
    "no_number": "缺编号", "no_holder": "缺持有人", "wrong_number": "编号格式不对", "wrong_date": "看不懂的日期",
    "future_issue": "发证日期在将来", "id_mismatch": "证号与身份证号不符", "old_id": "15位旧身份证号",
    "uncalculated": "公式没有结果", "hidden": "来自隐藏的行或表", "id_of_two": "一个身份证号两个人名",
    "wrong_value": "填写的内容不对", "unknown_person": "人员不在册", "ambiguous": "有多个可能",
    "out_of_reach": "不在可导入的范围",
}


class Finding(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One defect of one cell. `column` is the place in the record's values, None for the whole row.

    `raw` is what stands there, `proposed` what we would write instead ("" where we do not know); `text` and `params`
    are the sentence for people (a msgid and its values, never an ID number in clear), `case` is the same for cases that
    are decided alike (an alias, an old company name), "" where each stands alone.
    """

    kind: str
    weight: Weight
    column: int | None = None
    raw: str = ""
    proposed: str = ""
    text: str = ""
    params: dict[str, Any] = {}
    case: str = ""
    sure: float = 1.0
