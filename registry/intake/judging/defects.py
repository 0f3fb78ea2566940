"""One defect of a value that was read, before it is known in which column it stands; and the sentences for all."""

from __future__ import annotations

from typing import Any, NamedTuple

from registry.intake.findings import Finding, Weight

SAID: dict[str, str] = {
    "full_width": "号码或日期里有全角字符，已改成半角",
    "spaces": "号码里有空格、换行或看不见的字符，已去掉",
    "lower_x": "末位的小写 x 已改成大写 X",
    "brackets": "括号写法不一，已统一为 {number}",
    "name_space": "姓名中间有空格，已去掉：{name}",
    "date_format": "日期已读作 {day}",
    "date_month": "只写到月份，有效期按当月最后一天 {day} 算，请与原件核对",
    "date_month_first": "只写到月份，按当月第一天 {day} 算，请与原件核对",
    "date_year": "只写了年份，请按原件补全日期",
    "date_short": "年份只写了两位，已读作 {day}",
    "date_range": "一格里写了起止两个日期，已读作 {first} 至 {last}",
    "date_serial": "日期存成了数字 {number}，已读作 {day}",
    "date_long": "已读作长期有效",
    "date_not_long": "这种证件有有效期，不会是长期；暂按期限不明入册，请与原件核对",
    "date_span": "只写了期限 {months} 个月，推算至 {day}，请与原件核对",
    "date_odd": "看不懂这个日期，请按原件重新填写",
    "date_impossible": "没有这一天，请按原件重新填写",
    "date_order": "分不清月和日，请按原件重新填写，或在列含义里指定日期的写法",
    "date_far": "年份 {year} 不合情理，请按原件核对",
    "type_alias": "“{words}”是俗称，已按“{name}”登记",
    "type_doubt": "“{words}”像是“{name}”，请确认",
    "unknown_type": "看不出“{words}”是哪种证件，请选择证件种类",
    "no_type": "没有写证件种类，请选择",
    "missing_t": "特种作业操作证号漏写了开头的 T，已补上",
    "look_alike": "把 {found} 误写成了形近的字符，改正后校验通过",
    "look_alike_shape": "号码里有形近的字符（如 O 与 0、l 与 1），改正后符合编号规则",
    "check_digit": "末位校验码不符，请与原件核对",
    "check_digit_row": "校验码不符；按本行的另一处号码应为 {right}，请确认",
    "check_digit_born": "校验码不符；按出生日期和性别应为 {right}，请确认",
    "check_digit_book": "校验码不符；按同一人的另一行应为 {right}，请确认",
    "transposed": "像是相邻两位数字写颠倒了，请与原件核对",
    "transposed_row": "相邻两位数字写颠倒了；按本行的另一处号码应为 {right}，请确认",
    "transposed_born": "相邻两位数字写颠倒了；按出生日期和性别应为 {right}，请确认",
    "transposed_book": "相邻两位数字写颠倒了；按同一人的另一行应为 {right}，请确认",
    "float": "表格把号码存成了数字，末几位已经丢失，请按证件原件重新录入",
    "float_hint": "表格把号码存成了数字，末几位已经丢失；同名持证人在第 {row} 行有完整号码，请核对",
    "float_hint_sheet":
        "表格把号码存成了数字，末几位已经丢失；同名持证人在第 {sheet} 张表第 {row} 行有完整号码，请核对",
    "old_id": "这是15位旧号码，不能自动升位，请持证人提供18位身份证号",
    "id_mismatch": "证号里的身份证号与本行身份证号不一致，请核对原件",
    "no_number": "没有证书编号，请按原件填写",
    "no_holder": "没有写持有人，请填写",
    "old_company": "单位用了旧名称，现名为“{name}”",
    "unknown_unit": "单位“{name}”不在册，暂归导入的单位，请确认",
    "unknown_unit_stop": "单位“{name}”不在册，证件没有持有单位，请选择",
    "unknown_unit_like": "单位“{name}”不在册，像是“{like}”，请确认",
    "uscc_mismatch": "统一社会信用代码与单位名称不是同一家，请核对",
    "rare_character": "姓名里的生僻字变成了问号，请按身份证填写",
    "rare_name": "名称里有字变成了问号，请按原件填写",
    "rare_character_known": "姓名里的生僻字变成了问号；同一身份证号在别处写作“{name}”，请确认",
    "end_before_issue": "有效期至 {until} 早于 {since}，请与原件核对",
    "future_issue": "发证日期 {day} 晚于今天，请与原件核对",
    "blank_end": "这种证件有有效期，表里没有填；暂按期限不明入册，请补上",
    "blank_end_known": "有效期没有填；按发证日期和证件种类推算为 {day}，请与原件核对",
    "no_end_column": "表里没有有效期一栏；暂按期限不明入册，请补上",
    "review_missing": "这种证件要复审，表里没有应复审日期，请补上",
    "review_missing_known": "没有应复审日期；按发证日期推算为 {day}，请与原件核对",
    "review_is_expiry": "应复审日期与有效期至相同；按证件种类应为 {day}，请与原件核对",
    "review_after_end": "应复审日期晚于有效期至，请与原件核对",
    "left_mark": "这一行有删除线或填成了红色，像是人员已离开，请确认",
    "left_name": "姓名后面写着“{words}”，像是人员已离开，请确认",
    "left_word": "状态写着“{words}”，像是人员已离开，请确认",
    "uncalculated": "公式没有保存结果，请在表格软件里打开、重新计算并保存，再上传",
    "hidden": "来自隐藏的表，请确认要不要导入",
    "hidden_row": "来自隐藏的行，请确认要不要导入",
    "wrong_state": "看不懂状态“{words}”，暂按有效登记，请确认",
    "wrong_count": "份数应是数字，请按实际填写",
    "wrong_trade": "工种“{words}”不在资料表中，暂按“其他”登记，请确认",
    "wrong_gender": "性别与身份证号不符，以身份证号为准",
    "wrong_birth": "出生日期与身份证号不符，以身份证号为准",
    "wrong_code": "统一社会信用代码不正确，请核对营业执照",
    "repeated_row": "与第 {row} 行完全相同，不再导入",
    "repeated_row_sheet": "与第 {sheet} 张表第 {row} 行完全相同，不再导入",
    "duplicate_number": "同一编号在第 {row} 行属于 {name}，请核对两本原件",
    "duplicate_number_sheet": "同一编号在第 {sheet} 张表第 {row} 行属于 {name}，请核对两本原件",
    "id_of_two": "同一身份证号在第 {row} 行属于 {name}，请核对",
    "id_of_two_sheet": "同一身份证号在第 {sheet} 张表第 {row} 行属于 {name}，请核对",
    "two_names": "同一人在第 {row} 行写作“{name}”，请确认正确的姓名",
    "two_names_sheet": "同一人在第 {sheet} 张表第 {row} 行写作“{name}”，请确认正确的姓名",
    "ambiguous": "有 {count} 位同名的人，分不清是哪一位，请填写身份证号",
    "similar_holder": "与第 {row} 行疑似同一本证件：持有人相同，编号只差一位，日期相同",
    "similar_holder_sheet": "与第 {sheet} 张表第 {row} 行疑似同一本证件：持有人相同，编号只差一位，日期相同",
    "similar_name": "与第 {row} 行疑似同一本证件：姓名相近，编号只差一位，日期相同",
    "similar_name_sheet": "与第 {sheet} 张表第 {row} 行疑似同一本证件：姓名相近，编号只差一位，日期相同",
}
"""The sentences of findings, by what they say."""


class Defect(NamedTuple):
    """A defect without its place; `said` is a key of SAID or a sentence of a check."""

    kind: str
    weight: Weight
    said: str
    proposed: str = ""
    params: dict[str, Any] = {}
    case: str = ""
    sure: float = 1.0

    def at(self, column: int | None, raw: str) -> Finding:
        """The finding in a column."""
        return Finding(kind=self.kind, weight=self.weight, column=column, raw=raw, proposed=self.proposed,
                       text=SAID.get(self.said, self.said), params=self.params, case=self.case, sure=self.sure)


def finding(
    kind: str, weight: Weight, said: str, column: int | None = None, raw: str = "", proposed: str = "", case: str = "",
    sure: float = 1.0, **params: Any,
) -> Finding:
    """A finding with one of the sentences."""
    return Defect(kind, weight, said, proposed, params, case, sure).at(column, raw)
