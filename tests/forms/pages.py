"""Small pages served on 127.0.0.1 with the site's Content-Security-Policy; what is posted is kept for looking at."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from forms import load

ROOT = Path(__file__).resolve().parents[2]
BUILT = (ROOT / "web" / "static" / "built").resolve()
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".bpmn": "application/xml",
}
DATA: dict[str, Any] = {
    "holder_name": "某路综合楼项目",
    "documents": [
        {"value": "doc_land_use", "label": "用地批准手续", "files": [11]},
        {"value": "doc_planning", "label": "建设工程规划许可证", "files": []},
    ],
    "facts": [
        {"value": "number", "label": "证书编号 320102202603150101"},
        {"value": "issued_on", "label": "发证日期 2026-03-15"},
    ],
    "returnable": [{"value": "project_name", "label": "工程名称"}, {"value": "doc_land_use", "label": "用地批准手续"}],
    "kinds": [
        {"value": "accepted", "label": "受理"},
        {"value": "supplement", "label": "补正通知"},
        {"value": "denied", "label": "不予许可"},
    ],
    **{
        name: [{"value": "7", "label": "第一项"}, {"value": "8", "label": "第二项"}]
        for name in (
            "hindrances", "originals", "units", "people", "sites", "handover", "carriers", "certificates", "clearances",
            "papers", "posts", "projects", "shortages", "takeover", "works", "contractings", "grades", "items",
        )
    },
}
FILES = {"11": {"id": 11, "name": "用地批准书.pdf", "size": 204800, "url": "/files/11"}}


@dataclass
class Site:
    """A running server; `posts` are the bodies it got, `answers` what it says to a POST: path -> (status, JSON)."""

    address: str
    pages: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    token: str = "t0ken"

    def show(self, html: str) -> str:
        """Serve this page; returns its address."""
        name = f"/{len(self.pages)}.html"
        self.pages[name] = html
        return self.address + name


def asset(name: str) -> str:
    return "/built/" + json.loads((BUILT / "manifest.json").read_text("utf-8"))[name]


def page(body: str, *scripts: str, styles: tuple[str, ...] = (), title: str = "测试页", lang: str = "zh-CN") -> str:
    links = "".join(f'<link rel="stylesheet" href="{asset(name)}">' for name in ("fonts.css", "app.css", *styles))
    tags = "".join(f'<script src="{asset(name)}" defer></script>' for name in ("app.js", *scripts))
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><meta name="csrf-token" content="t0ken">'
        f'<link rel="icon" href="data:,"><title>{title}</title>'
        f'<script src="{asset("theme.js")}"></script>{links}{tags}</head>'
        f'<body class="licet licet-alone"><main class="licet-main" id="main"><h1>{title}</h1>{body}</main>'
        "</body></html>"
    )


def block(part: str, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" data-part="{part}">{text}</script>'


def form_page(key: str, *, lang: str = "zh-CN", schema: Any = None, **more: Any) -> str:
    """A page with one form of the library; more: see `section`."""
    title = str(schema["licet:title"]) if schema else load(key).title
    return page(section(key, schema=schema, **more), "task.js", styles=("task.css",), title=title, lang=lang)


def sheet(keys: Iterable[str]) -> str:
    """A page with several forms of the library, one below the other."""
    return page("".join(section(key) for key in keys), "task.js", styles=("task.css",))


def section(key: str, *, readonly: bool = False, schema: Any = None, **parts: Any) -> str:
    """One form of the library as a page carries it; parts: data, answers, problems, files."""
    shown = {"schema": schema or load(key).schema, "data": DATA, "files": FILES, **parts}
    blocks = "".join(block(name, value) for name, value in shown.items())
    return (
        f'<section data-licet-form aria-busy="true" id="{key}" data-action="/tasks/1" data-version="3" '
        f'data-draft-url="/tasks/1/draft" data-files-url="/files" '
        f'data-label="{key}"{" data-readonly" * readonly}>{blocks}'
        '<p data-part="status" role="status"></p><div data-part="fields"></div>'
        '<div class="licet-actions" data-part="actions"></div></section>'
    )


@contextmanager
def serve() -> Iterator[Site]:
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: Any) -> None:
            return None

        def reply(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", CSP)
            self.send_header("Cache-Control", "max-age=600" if self.path.startswith("/built/") else "no-store")
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path in site.pages:
                html = site.pages[self.path].replace("t0ken", site.token)
                return self.reply(200, "text/html; charset=utf-8", html.encode())
            folder = BUILT if self.path.startswith("/built/") else ROOT / "workflows" / "application"
            file = (folder / self.path.split("/", 2)[-1]).resolve()
            if not file.is_relative_to(folder) or not file.is_file():
                return self.reply(404, "text/plain", b"")
            self.reply(200, KINDS.get(file.suffix, "application/octet-stream"), file.read_bytes())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"] or ""
            read: Any = json.loads(body) if "json" in kind else body
            if "urlencoded" in kind:
                read = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            site.posts.append((self.path, read))
            ok = self.headers.get("X-CSRF-Token") == site.token
            status, answer = site.answers.get(self.path, (200, {})) if ok else (400, {"error": "页面打开得太久"})
            self.reply(status, "application/json", json.dumps(answer).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
