"""Where things are and who may come in; read from the environment once, at start."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from registry.access.profiles import USUAL

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
LIVE = "licet:facts"
"""The channel of Redis on which "something has happened" is said, without saying what."""


@dataclass(frozen=True)
class Config:
    """The settings of one running site. Everything the site writes lies under `data`.

    `url` is the public address ("https://licet.example.org"): it decides on secure cookies and stands in QR codes.
    `proxies` is the number of trusted reverse proxies in front. `profile` names what passwords and sign-ins must be
    (registry/access/profiles.toml), `idle` and `absolute` end a sign-in at other times than it says; `oidc` are issuer,
    client id and title of a provider of sign-ins. `threads` is how many the server gives a process.
    """

    data: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    secret: str = field(default="", repr=False)
    hosts: tuple[str, ...] = LOCAL_HOSTS
    url: str = ""
    proxies: int = 0
    demo: bool = False
    testing: bool = False
    limits: bool = True
    profile: str = USUAL
    idle: timedelta | None = None
    absolute: timedelta | None = None
    oidc: tuple[str, str, str] = ("", "", "")
    oidc_secret: str = field(default="", repr=False)
    upload_bytes: int = 20 * 1024 * 1024
    threads: int = 32
    metrics_token: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read DATABASE_URL, REDIS_URL and LICET_DATA, _SECRET (or _SECRET_FILE), _HOSTS, _URL, _DEMO, _PROXIES,
        _OIDC_ISSUER, _OIDC_CLIENT, _OIDC_TITLE, _OIDC_SECRET (or _OIDC_SECRET_FILE), _PROFILE, _THREADS,
        _METRICS_TOKEN."""
        url = environ.get("LICET_URL", "").rstrip("/")
        named = tuple(host for host in environ.get("LICET_HOSTS", "").replace(",", " ").split())
        own = (urlsplit(url).hostname or "",) if url else ()
        return cls(
            data=Path(environ.get("LICET_DATA") or "var"),
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            secret=_given_secret(environ, "LICET_SECRET"),
            hosts=tuple(dict.fromkeys((*(named or LOCAL_HOSTS), *own))),
            url=url,
            proxies=int(environ.get("LICET_PROXIES") or 0),
            demo=environ.get("LICET_DEMO", "").lower() in {"1", "yes", "true", "on"},
            profile=environ.get("LICET_PROFILE", "").strip() or USUAL,
            oidc=(environ.get("LICET_OIDC_ISSUER", "").strip(), environ.get("LICET_OIDC_CLIENT", "").strip(),
                  environ.get("LICET_OIDC_TITLE", "").strip()),
            oidc_secret=_given_secret(environ, "LICET_OIDC_SECRET"),
            threads=int(environ.get("LICET_THREADS") or 32),
            metrics_token=environ.get("LICET_METRICS_TOKEN", "").strip(),
        )

    @property
    def database(self) -> str:
        """The database's address; without DATABASE_URL an SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{(self.data / 'licet.sqlite').absolute()}"

    @property
    def files(self) -> Path:
        """The folder of uploaded files."""
        return self.data / "files"

    @property
    def https(self) -> bool:
        """Whether people reach the site through TLS."""
        return self.url.startswith("https://")

    def secret_key(self) -> str:
        """The signing secret: the given one, else one made on first use and kept in the data folder (mode 600)."""
        return self.secret or _kept_secret(self.data / "secret")


def _given_secret(environ: Mapping[str, str], variable: str) -> str:
    if name := environ.get(f"{variable}_FILE"):
        return Path(name).read_text("utf-8").strip()
    return environ.get(variable, "")


def _kept_secret(file: Path) -> str:
    """Several processes may start at once: the first link wins, and nobody reads a half-written file."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text("utf-8").strip()
