"""What went wrong in plain words: for the people who mend it, never a traceback, never anybody's data.

The log is for programmers: the kind of the error and the lines of code that led to it, never its message.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from sqlalchemy import exc

Words = tuple[str, str]

PLAIN: tuple[tuple[type[BaseException], Words], ...] = (
    (exc.IntegrityError, ("数据库不接受这条记录：有重复，或引用的内容不存在",
                          "the database refuses the record: it is there already, or refers to what is not")),
    (exc.DataError, ("数据库不接受这个值：太长、超出范围或类型不对",
                     "the database refuses a value: too long, out of range or of the wrong type")),
    (exc.OperationalError, ("数据库忙或暂时连不上", "the database is busy or cannot be reached")),
    (exc.NoResultFound, ("要处理的记录不存在", "the record to work on does not exist")),
    (exc.MultipleResultsFound, ("要处理的记录不止一条", "there is more than one record to work on")),
    (exc.SQLAlchemyError, ("数据库操作出错", "a database operation failed")),
    (TimeoutError, ("对方系统没有按时回应", "another system did not answer in time")),
    (ConnectionError, ("连不上对方系统", "another system cannot be reached")),
    (FileNotFoundError, ("需要的文件不存在", "a file is missing")),
    (PermissionError, ("系统没有读写该文件的权限", "the system may not read or write a file")),
    (OSError, ("读写文件或网络出错", "reading or writing a file or the network failed")),
    (KeyError, ("缺少需要的变量或字段", "a variable or field that is needed is missing")),
    (ZeroDivisionError, ("除数为零", "a division by zero")),
    (UnicodeError, ("文字编码不对", "text in the wrong encoding")),
    (TypeError, ("变量的类型不对", "a variable has the wrong type")),
    (ValueError, ("变量的值不对", "a variable has a value that cannot be used")),
    (LookupError, ("需要的内容没有找到", "something that is needed was not found")),
    (ArithmeticError, ("计算出错", "a calculation failed")),
    (RecursionError, ("数据嵌套过深", "the data are nested too deeply")),
    (MemoryError, ("数据太大，内存不足", "the data are too large")),
)


def plain(error: BaseException) -> Words:
    """(Chinese, English), with the kind of the error in brackets for whoever looks into the log."""
    kind = type(error).__name__
    zh, en = next((words for known, words in PLAIN if isinstance(error, known)), ("系统步骤出错", "a step failed"))
    return f"{zh}（{kind}）", f"{en} ({kind})"


def brief(error: BaseException) -> str:
    """The kind of an error, and the line that raised it: "ValueError in load (papers.py:41)"."""
    raised = traceback.extract_tb(error.__traceback__)[-1:]
    return "".join([type(error).__name__, *(f" in {at.name} ({Path(at.filename).name}:{at.lineno})" for at in raised)])


def trail(error: BaseException) -> str:
    """The kind of an error and where it happened, for the log; its message and the values in it may be personal."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
