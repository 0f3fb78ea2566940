"""Why a file is not read, each with what to do about it. The child says which by the name of the class."""

from __future__ import annotations

from typing import Any

from ledger.errors import Refused

CONTENTS = {
    "xlsx": "Excel 工作簿（.xlsx）", "xls": "旧版 Excel 工作簿（.xls）", "text": "纯文本", "html": "网页",
    "xml": "XML 文档", "word": "Word 文档", "slides": "演示文稿", "ods": "OpenDocument 表格（.ods）",
    "xlsb": "二进制工作簿（.xlsb）", "ole": "旧版 Office 文件", "pdf": "PDF", "picture": "图片", "unknown": "其他内容",
}
"""What a file turned out to be."""
ODDITIES = {
    "overlap": "各部分互相重叠", "twice": "同名的部分出现多次", "outside": "部分的名称指向文件之外",
    "nested": "里面还有压缩包", "lies": "实际大小与所标大小不符", "surplus": "压缩包前后有多余的内容",
    "packing": "用了不常见的压缩方式",
    "encoding": "用了不常见的字符编码", "markup": "工作表里有正常表格不会有的标记",
}
"""What is wrong with the inside of an .xlsx."""


class Unreadable(Refused):
    """这个文件读不了。"""

    status = 400


class NotASpreadsheet(Unreadable):
    """不支持这种文件。请上传 .xlsx、.xls、.csv 或用制表符分隔的 .txt 文件。"""


class NothingInIt(Unreadable):
    """文件是空的。请选择有内容的表格。"""


class WrongEnding(Unreadable):
    """文件扩展名是 {ending}，内容却是{content}。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"""


class Packed(Unreadable):
    """这是压缩包，不是表格。请先解压，再上传里面的表格文件。"""


class HasMacros(Unreadable):
    """文件带有宏，不接收。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”后再上传。"""


class HasPassword(Unreadable):
    """文件设有密码，读不了。请在 Excel 或 WPS 中取消密码并保存后再上传。"""


class Broken(Unreadable):
    """文件已损坏或不完整，读不了。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"""


class Odd(Unreadable):
    """文件的内部结构不正常（{oddity}），为安全起见没有读取。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"""


class HasEntities(Unreadable):
    """文件里有 XML 实体定义，正常的表格不会有，为安全起见没有读取。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"""


class FileTooLarge(Unreadable):
    """文件超过 {limit} MB。请删去图片等无关内容，或分成几个文件后再上传。"""

    status = 413


class UnpacksTooLarge(Unreadable):
    """文件解压后超过 {limit} MB，没有读取。请只保留要导入的数据，另存为新文件后再上传。"""

    status = 413


class TooManyRows(Unreadable):
    """超过 {limit} 行（空行也算）。请选中末尾的空行，右键删除整行（不只是清空内容）后保存；数据多的请分成几个文件。"""

    status = 413


class TooManyColumns(Unreadable):
    """工作表“{sheet}”超过 {limit} 列。请删去无关的列，或检查最右边是否误填了内容。"""

    status = 413


class TooManyCells(Unreadable):
    """单元格超过 {limit} 个（有格式的空单元格也算）。请删去无关的工作表和空行空列，或分成几个文件后再上传。"""

    status = 413


class TooManySheets(Unreadable):
    """工作表超过 {limit} 张。请分成几个文件后再上传。"""

    status = 413


class TooMuchText(Unreadable):
    """文字总量过大，没有读取。请删去无关的长文字，或分成几个文件后再上传。"""

    status = 413


class TooManyParts(Unreadable):
    """文件里的图片、批注等附带内容过多，没有读取。请只保留数据，另存为新文件后再上传。"""

    status = 413


class TooMuchWork(Unreadable):
    """读取这个文件要用的时间或内存过多，已经停止。请只保留要导入的数据，或分成几个文件后再上传。"""

    status = 413


class SwellingFormula(Unreadable):
    """工作表“{sheet}”的 {cell} 有展开后极大的公式，没有读取。请把公式复制后“粘贴为数值”，保存后再上传。"""


class CallingFormula(Unreadable):
    """工作表“{sheet}”的 {cell} 的公式会调用外部程序或网络，没有读取。请删除该公式，或“粘贴为数值”后再上传。"""


class CallsOut(Unreadable):
    """文件里有指向外部程序的链接（DDE），没有读取。请在“数据—编辑链接”中断开链接，保存后再上传。"""


class UnknownEncoding(Unreadable):
    """看不懂文件的字符编码。请用记事本打开，另存为 UTF-8 编码后再上传。"""


class NotText(Unreadable):
    """文件第 {line} 行附近有不是文字的内容，不像是文本表格。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"""


class OpenQuote(Unreadable):
    """第 {line} 行开始的引号没有成对，其后的行会并成一格。请在该行补上或删去引号后再上传。"""


class FieldTooLong(Unreadable):
    """第 {line} 行有一格超过 {limit} 个字符。请检查该行的引号是否成对，或缩短内容后再上传。"""


BY_NAME: dict[str, type[Unreadable]] = {kind.__name__: kind for kind in Unreadable.__subclasses__()}


def named(name: str, params: dict[str, Any]) -> Unreadable:
    """What the child told, as an error again; an unknown name is a broken file."""
    return BY_NAME.get(name, Broken)(None, **params)
