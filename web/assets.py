"""Addresses of the files a page loads: built ones carry their hash in the name, our own behind a question mark."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

BUILT = "built"
FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = frozenset({".css", ".js", ".svg", ".json", ".wasm"})
HASHED = re.compile(r"-[0-9A-Z]{8}\.\w+$")
SMALL = 1024


class NotBuilt(RuntimeError):
    """The browser's files are not there: run `make setup` (or `npm ci --ignore-scripts && node browser/build.mjs`)."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def asset(name: str) -> str:
    """The address of "task.js", "app.css", "icons.svg" (built) or "site.css" (ours)."""
    folder = Path(current_app.static_folder or "")
    built = _manifest(folder / BUILT / "manifest.json").get(name)
    if built:
        return url_for("static", filename=f"{BUILT}/{built}")
    return url_for("static", filename=name, v=_digest(folder / name))


_known: dict[Path, tuple[int, dict[str, str]]] = {}


def _manifest(file: Path) -> dict[str, str]:
    """Read again when it changed; while a new build is being written, the last one known."""
    try:
        changed = file.stat().st_mtime_ns
        if file not in _known or _known[file][0] != changed:
            _known[file] = changed, json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        if file not in _known:
            raise NotBuilt from None
    return _known[file][1]


def _digest(file: Path) -> str:
    return _read_digest(file, file.stat().st_mtime_ns)


@cache
def _read_digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


@cache
def _packed(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def pack(response: Response) -> Response:
    """After a static file: cache it for good when its address changes with its content, and send text compressed.

    Also where it has not changed (304): what that answer says of caching replaces what the browser had kept.
    """
    if request.endpoint != "static" or response.status_code not in (200, 304):
        return response
    name = (request.view_args or {}).get("filename", "")
    if request.args.get("v") or (name.startswith(f"{BUILT}/") and HASHED.search(name)):
        response.headers["Cache-Control"] = FOREVER
    elif name.endswith(".woff2"):
        response.headers["Cache-Control"] = "public, max-age=2592000"
    response.vary.add("Accept-Encoding")
    file = Path(current_app.static_folder or "") / name
    if response.status_code == 200 and file.suffix in COMPRESSED and request.accept_encodings.quality("gzip") > 0:
        _compress(response, file)
    return response


def _compress(response: Response, file: Path) -> None:
    try:
        found = file.stat()
        packed = _packed(file, found.st_mtime_ns) if found.st_size > SMALL else None
    except FileNotFoundError:  # taken away by a new build just now: the answer goes out as it was opened
        return
    if packed is not None:
        response.direct_passthrough = False
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"


def open_assets(app: Flask) -> None:
    """Make `asset` known to the templates."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(pack)
