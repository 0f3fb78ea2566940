"""What went wrong, as a page, a fragment or JSON: what happened, what was kept, what to do."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_limiter import RateLimitExceeded
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import BadRequest, HTTPException, InternalServerError, SecurityError

from ledger.errors import AlreadyDone, BadAnswer, Conflict, Problem, Refused
from web.i18n import say
from web.security import ForeignOrigin
from web.session import db
from web.text import moment

log = logging.getLogger("licet.web")
TITLES = {
    400: _l("这次提交不完整"),
    401: _l("需要重新登录"),
    403: _l("没有这里的权限"),
    404: _l("没有找到"),
    405: _l("这个地址不能这样使用"),
    409: _l("内容刚刚有变化"),
    413: _l("文件太大"),
    415: _l("不支持这种内容"),
    422: _l("内容需要修改"),
    429: _l("操作太频繁"),
    500: _l("没有完成"),
    503: _l("暂时不可用"),
}
SENTENCES = {
    400: _l("提交的内容不完整或格式不对，没有保存任何修改。请返回上一页检查后重新提交。"),
    404: _l("没有找到该内容，或您无权查看。请检查地址，或用上方的搜索查找。"),
    405: _l("请返回上一页，用页面上的按钮操作。"),
    413: _l("上传的内容超过 20 MB，没有保存。请压缩后再上传。"),
    415: _l("请用页面上的按钮提交。"),
    429: _l("为了安全，请稍等一分钟再试。已经保存的内容不受影响。"),
    500: _l(
        "处理时出了意外，这一步没有保存，之前保存的内容不受影响。请稍后再试；如果仍然不行，请把下面的编号告诉管理员。"
    ),
    503: _l("数据库正忙或正在维护，这一步没有保存。请一分钟后再试。"),
}
UNSURE = _l("数据库在保存时断开，这一步可能已经保存，也可能没有。请一分钟后刷新页面看看，没有保存再重新提交。")
STALE_TOKEN = _l("页面打开得太久，或浏览器没有保存 Cookie，这一步没有保存。请刷新页面后重新提交。")


def open_errors(app: Flask) -> None:
    """Answer every exception."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(RecursionError, lambda _error: http_error(BadRequest()))  # JSON nested without end
    app.register_error_handler(StaleDataError, lambda _error: refused(Conflict()))


def refused(error: Refused) -> Response:
    """A lower room said no; its message is for people."""
    db.session.rollback()
    log.info("refused %s %s: %s", request.method, request.endpoint, type(error).__name__)
    return answer(error.status, sentence(error), problems=field_problems(error), findings=findings(error))


def sentence(error: Refused) -> str:
    """The message of a refusal in the visitor's language, instants written as people read them."""
    params = {key: moment(v) if isinstance(v, dt.datetime) else v for key, v in error.params.items()}
    if isinstance(error, AlreadyDone) and error.at is None:
        params["at"] = ""
    return say(error.message, params)


def field_problems(error: Refused) -> dict[str, list[str]]:
    """What is wrong with each field, in the visitor's language; empty unless the error is BadAnswer."""
    if not isinstance(error, BadAnswer):
        return {}
    return {key: [problem_text(one) for one in found] for key, found in error.problems.items()}


def problem_text(problem: Problem) -> str:
    """One thing wrong with one answer, as a sentence."""
    return say(problem.text, problem.params)


def findings(error: Refused) -> list[str]:
    """What is wrong with a diagram, line by line."""
    return [str(finding) for finding in getattr(error, "findings", [])]


def http_error(error: HTTPException) -> Response:
    """Flask's and Werkzeug's own errors; InternalServerError is whatever nobody expected."""
    status = error.code or 500
    if isinstance(error, SecurityError) or (status < 400 and error.response is None):
        return make_response("Bad Request: unknown host", 400, {"Content-Type": "text/plain"})
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    if isinstance(error, InternalServerError):
        return unexpected(error.original_exception)
    db.session.rollback()
    text = SENTENCES.get(status, SENTENCES[400])
    if isinstance(error, CSRFError):
        text = STALE_TOKEN
    if isinstance(error, ForeignOrigin):
        text = say(ForeignOrigin.__doc__ or "")
    response = answer(status, str(text))
    if isinstance(error, RateLimitExceeded):
        response.headers["Retry-After"] = "60"
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def unexpected(cause: BaseException | None) -> Response:
    """A defect of ours; the number on the page is the one in the log, beside the traceback."""
    number = secrets.token_hex(4)
    log.error("error %s at %s %s", number, request.method, request.endpoint, exc_info=cause)
    return answer(500, str(SENTENCES[500]), number=number)


def database_busy(error: OperationalError) -> Response:
    """The database did not answer in time, or is away."""
    number = secrets.token_hex(4)
    log.error("error %s at %s %s", number, request.method, request.endpoint, exc_info=error)
    response = answer(503, str(UNSURE if g.get("unsure") else SENTENCES[503]), number=number)
    response.headers["Retry-After"] = "60"
    return response


def answer(status: int, text: str, *, number: str = "", **more: Any) -> Response:
    """The same news as JSON, as a fragment for htmx, or as a page."""
    title = str(TITLES.get(status, TITLES[400]))
    if wants_json():
        told = {key: value for key, value in {"number": number, **more}.items() if value}
        return make_response(jsonify(error=text, title=title, status=status, **told), status)
    if status >= 500 and "_login_user" not in g:
        g._login_user = AnonymousUserMixin()  # Flask-Login would ask the database again
    template = "_alert.html" if request.headers.get("HX-Request") else "error.html"
    try:
        page = render_template(template, status=status, title=title, text=text, number=number, **more)
    except Exception:  # the last resort: whatever broke the page may break its error page too
        log.exception("error %s: its page could not be drawn", number or status)
        return make_response(f"{title}\n{text}\n{number}\n", status, {"Content-Type": "text/plain; charset=utf-8"})
    return make_response(page, status)


def wants_json() -> bool:
    """A script asks, not a person: it sent JSON, or prefers JSON to HTML."""
    return (
        request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )
