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


def _manifest(file: Path) -> dict[str, str]:
    try:
        changed = file.stat().st_mtime_ns
    except FileNotFoundError:
        raise NotBuilt from None
    return _read_manifest(file, changed)


@cache
def _read_manifest(file: Path, _changed: int) -> dict[str, str]:
    names: dict[str, str] = json.loads(file.read_text("utf-8"))
    return names


def _digest(file: Path) -> str:
    return _read_digest(file, file.stat().st_mtime_ns)


@cache
def _read_digest(file: Path, _changed: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


@cache
def _packed(file: Path, _changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def pack(response: Response) -> Response:
    """After a static file: cache it for good when its address changes with its content, and send text compressed."""
    if request.endpoint != "static" or response.status_code != 200:
        return response
    name = (request.view_args or {}).get("filename", "")
    if request.args.get("v") or (name.startswith(f"{BUILT}/") and HASHED.search(name)):
        response.headers["Cache-Control"] = FOREVER
    elif name.endswith(".woff2"):
        response.headers["Cache-Control"] = "public, max-age=2592000"
    file = Path(current_app.static_folder or "") / name
    if file.suffix in COMPRESSED and "gzip" in request.accept_encodings and file.stat().st_size > SMALL:
        response.direct_passthrough = False
        response.set_data(_packed(file, file.stat().st_mtime_ns))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def open_assets(app: Flask) -> None:
    """Make `asset` known to the templates."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(pack)
