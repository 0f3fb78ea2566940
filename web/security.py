"""What every answer carries and every unsafe request must show (ASVS 3.3-3.5, 14.3)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix

from web.config import Config
from web.session import SAFE

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
CSP = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}
csrf = CSRFProtect()


class ForeignOrigin(BadRequest):
    """这个请求来自其他网站，已被拒绝。请从本系统的页面重新操作。"""


def secure(app: Flask, config: Config, provider: str = "") -> None:
    """Cookies, CSRF token, Origin check, headers, trusted hosts and proxies. `provider`: the other site, that of a
    provider of sign-ins, to which a form of ours may lead."""
    app.config.update(
        SECRET_KEY=config.secret_key(),
        SESSION_COOKIE_NAME="__Host-licet" if config.https else "licet",
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=list(config.hosts),
        MAX_CONTENT_LENGTH=config.upload_bytes + 512 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the sign-in: a form left open over lunch still works
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        WTF_CSRF_SSL_STRICT=False,  # check_origin below does it, with or without TLS
    )
    if config.proxies:
        hops = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.before_request(check_origin)
    csrf.init_app(app)
    headers = dict(HEADERS)
    if provider:
        headers["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {provider}")
    if config.https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    app.after_request(lambda response: harden(response, headers))


def check_origin() -> None:
    """An unsafe request must come from our own pages; browsers say where from (Origin, else Sec-Fetch-Site)."""
    if request.method in SAFE:
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignOrigin
    if origin is None and site not in {None, "same-origin", "none"}:
        raise ForeignOrigin


def harden(response: Response, headers: dict[str, str]) -> Response:
    """Put the security headers on an answer; keep every page but the static files out of caches."""
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
