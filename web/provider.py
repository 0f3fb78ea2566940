"""A provider of sign-ins by OpenID Connect: its metadata and keys, the way there, and what it says of who came back.

Code flow with PKCE (S256), state and nonce. What the provider says is believed only with its signature, for us, now,
and for the question that we asked; whatever is wrong raises NotProven, without saying what to the visitor.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ledger import clock

log = logging.getLogger("licet.web")
PATIENCE = 5.0
"""Seconds a provider may take to answer; signing in with a password waits for none of it."""
FRESH, SULK = 3600.0, 15.0
"""Seconds that its metadata are believed; that it is left alone after it did not answer."""
LEEWAY = 60
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LOCAL = ("localhost", "127.0.0.1")


class NotProven(Exception):
    """What came back proves nobody."""


class Away(Exception):
    """The provider does not answer."""


@dataclass
class Provider:
    """One provider, as this site is registered with it. ValueError for an issuer that is not reached through TLS."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    title: str = ""
    _known: dict[str, Any] = field(default_factory=dict, repr=False)
    _keys: KeySet | None = field(default=None, repr=False)
    _fetched: float = field(default=float("-inf"), repr=False)
    _failed: float = field(default=float("-inf"), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        place = urlsplit(self.issuer)
        if place.scheme != "https" and place.hostname not in LOCAL:
            raise ValueError("LICET_OIDC_ISSUER begins with https://")

    @property
    def origin(self) -> str:
        """Where forms may lead besides our own pages (the page's policy)."""
        place = urlsplit(self.issuer)
        return f"{place.scheme}://{place.netloc}"

    def metadata(self) -> dict[str, Any]:
        """Where its doors are, asked once an hour. Raises Away."""
        now = time.monotonic()
        if self._known and now - self._fetched < FRESH:
            return self._known
        with self._lock:
            if now - self._failed < SULK:
                raise Away
            try:
                found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise Away
                self._known, self._keys, self._fetched = found, self._asked_keys(found), time.monotonic()
            except (Away, KeyError):
                self._failed = time.monotonic()
                raise Away from None
        return self._known

    def _asked_keys(self, metadata: dict[str, Any]) -> KeySet:
        try:
            return KeySet.import_key_set(self._get(metadata["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, ValueError):
            raise Away from None

    def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=PATIENCE, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            log.warning("the provider of sign-ins does not answer: %s", type(error).__name__)
            raise Away from None
        return found if isinstance(found, dict) else {}

    def way(self, back: str, *, state: str, nonce: str, verifier: str) -> str:
        """The address to send a browser to. Raises Away."""
        door = self.metadata()["authorization_endpoint"]
        address, _ = self._session(back).create_authorization_url(
            door, state=state, nonce=nonce, code_verifier=verifier)
        return str(address)

    def _session(self, back: str) -> OAuth2Session:
        return OAuth2Session(self.client_id, self.secret, scope="openid", redirect_uri=back,
                             code_challenge_method="S256", timeout=PATIENCE)

    def subject(self, code: str, back: str, *, nonce: str, verifier: str) -> str:
        """Who came back, by the provider's own number of them. Raises NotProven, Away."""
        door = self.metadata()["token_endpoint"]
        try:
            told = self._session(back).fetch_token(door, code=code, code_verifier=verifier, timeout=PATIENCE)
        except requests.RequestException:
            raise Away from None
        except (AuthlibBaseError, ValueError) as error:
            raise NotProven from error
        return self._read(str(told.get("id_token", "")), nonce)

    def _read(self, token: str, nonce: str, *, again: bool = True) -> str:
        assert self._keys is not None
        try:
            read = jwt.decode(token, self._keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as error:
            if again and not isinstance(error, _unreadable()):  # it may have new keys since we asked
                self._keys = self._asked_keys(self._known)
                return self._read(token, nonce, again=False)
            raise NotProven from error
        said, now = read.claims, clock.now().timestamp()
        audience = said.get("aud")
        ours = audience == self.client_id or audience == [self.client_id] or (
            isinstance(audience, list) and self.client_id in audience and said.get("azp") == self.client_id)
        times = [said.get(name) for name in ("exp", "iat")]
        timely = all(isinstance(one, int | float) for one in times) and (
            times[0] > now - LEEWAY and times[1] < now + LEEWAY)  # type: ignore[operator]
        subject = said.get("sub")
        if said.get("iss") != self.issuer or not ours or not timely or said.get("nonce") != nonce:
            raise NotProven
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise NotProven
        return subject

    def farewell(self, back: str) -> str:
        """Where to sign out there too; nothing where it is not known, for nobody waits for that."""
        door = self._known.get("end_session_endpoint", "")
        return f"{door}?{urlencode({'client_id': self.client_id, 'post_logout_redirect_uri': back})}" if door else ""


def _unreadable() -> type[Exception]:
    from joserfc.errors import DecodeError

    return DecodeError
