"""What the columns of a table mean: proposed by us, corrected by a person, remembered for the company."""

from __future__ import annotations

from typing import Literal

import msgspec

Holder = Literal["person", "enterprise", "project", "equipment"]
Content = Literal["certificates", "loans", "ignored"]
DayOrder = Literal["ymd", "mdy", "dmy"]

FIELDS: dict[str, str] = {
    "type": "证件种类", "number": "证书编号", "old_number": "原证书编号", "issued_on": "发证日期",
    "first_issued_on": "初次领证日期", "valid_from": "有效期起", "valid_until": "有效期至", "term": "有效期（起止）",
    "review_on": "应复审日期", "reviewed_on": "实际复审日期", "issuer": "发证机关", "state": "证件状态",
    "category": "类别", "item": "准操项目", "trade": "工种", "speciality": "专业", "level": "等级",
    "name": "姓名", "id_number": "身份证号", "gender": "性别", "born_on": "出生日期", "phone": "电话",
    "post": "岗位", "company": "单位", "company_code": "统一社会信用代码", "unit": "部门或项目", "project": "项目名称",
    "machine": "设备名称", "serial": "出厂编号", "model": "规格型号", "made_on": "出厂日期",
    "registration_no": "使用登记证号", "inspected_on": "上次检测日期", "inspect_on": "下次检测日期",
    "keeper": "保管人", "place": "存放位置", "originals": "正本份数", "duplicates": "副本份数",
    "borrower": "借用人", "returner": "归还人", "handler": "经办人", "lent_at": "借出时间", "returned_at": "归还时间",
    "purpose": "用途", "loan_state": "借用状态", "code": "台账号", "remark": "备注", "sequence": "序号",
    "keep": "照原样保留", "ignore": "不导入",
}
"""What a column may mean, and how that is called. `keep`: kept beside the certificate under its own heading."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column: a key of FIELDS, and how sure we are (1: exactly known or chosen by a person)."""

    field: str
    sure: float = 1.0


class Mapping(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How one table is to be understood.

    `columns` goes by the table's columns one by one. `type_code`: all rows are of this type, where no column says
    otherwise; `types`: what the words of the type column mean, as far as a person has said. `holder_unit`: the unit
    that holds them all, where the rows name none. `unit`: where people and machines that are new belong, None: the
    batch's. `new_units`: project names that are not in the register may be entered as new projects. `days`: the
    order of day and month in dates such as 12/6/10.
    """

    columns: list[Mapped]
    content: Content = "certificates"
    type_code: str = ""
    types: dict[str, str] = {}
    holder_unit: int | None = None
    unit: int | None = None
    new_units: bool = False
    days: DayOrder = "ymd"

    def field(self, index: int) -> str:
        """The field that a column means."""
        return self.columns[index].field

    def of(self, field: str) -> int | None:
        """The first column that means a field, or None."""
        return next((index for index, each in enumerate(self.columns) if each.field == field), None)
