"""A provider of sign-ins in a process of its own, on Authlib's server: `python -m tests.web.identity_provider PORT`.

It signs everybody in at once, as whoever was last named at /who, and can be told to lie.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from types import SimpleNamespace
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc.jwk import KeySet, RSAKey

BACK = "http://localhost/login/oidc/return"
CLIENT, SECRET = "licet", "a secret of the client"


class Client(ClientMixin):  # type: ignore[misc]
    """The one client, registered with one way back."""

    client_id = CLIENT
    id_token_signed_response_alg = "RS256"

    def get_client_id(self) -> str:
        return CLIENT

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == BACK

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(SimpleNamespace):
    """A code, until it is used."""

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


codes: dict[str, Code] = {}
told: dict[str, Any] = {"who": "subject-1", "lies": {}, "seen": []}
key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
stranger = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

    def save_authorization_code(self, code: str, asked: Any) -> None:
        sent = asked.payload.data
        codes[code] = Code(code=code, redirect_uri=asked.payload.redirect_uri, scope=asked.payload.scope,
                           nonce=sent.get("nonce"), user=asked.user, code_challenge=sent.get("code_challenge"),
                           code_challenge_method=sent.get("code_challenge_method"))

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return codes.get(code)

    def delete_authorization_code(self, code: Code) -> None:
        codes.pop(code.code)

    def authenticate_user(self, code: Code) -> Any:
        return code.user


class OpenId(OpenIDCode):  # type: ignore[misc]
    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return any(code.nonce == nonce for code in codes.values())

    def resolve_client_private_key(self, client: Client) -> Any:
        return stranger if told["lies"].get("key") else key

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": told["lies"].get("alg", "RS256"), "kid": "one"}

    def get_client_algorithm(self, client: Client) -> str:
        return str(told["lies"].get("alg", "RS256"))

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": app.config["ISSUER"], "aud": [CLIENT]}

    def generate_user_info(self, user: Any, scope: str) -> Any:
        """What is told last wins: a lie takes the place of the truth."""
        lies = {name: value for name, value in told["lies"].items() if name not in {"key", "alg"}}
        return UserInfo({"sub": user.sub, "email": "hr@example.cn", "email_verified": True, **lies})


app = Flask("provider")
server = AuthorizationServer(app, query_client=lambda name: Client() if name == CLIENT else None,
                             save_token=lambda token, asked: None)
server.register_grant(CodeGrant, [OpenId(require_nonce=True), CodeChallenge(required=True)])


@app.get("/.well-known/openid-configuration")
def metadata() -> Response:
    base = app.config["ISSUER"]
    return jsonify(issuer=told.get("calls_itself", base), authorization_endpoint=f"{base}/authorize",
                   token_endpoint=f"{base}/token", jwks_uri=f"{base}/keys", end_session_endpoint=f"{base}/bye")


@app.get("/keys")
def keys() -> Response:
    return jsonify(KeySet([key]).as_dict(private=False))


@app.get("/authorize")
def authorize() -> Response:
    user = SimpleNamespace(sub=told["who"])
    grant = server.get_consent_grant(end_user=user)
    answer: Response = server.create_authorization_response(grant_user=user, grant=grant)
    return answer


@app.post("/token")
def token() -> Response:
    told["seen"].append(request.form.get("code_verifier", ""))
    answer: Response = server.create_token_response()
    return answer


@app.post("/tell")
def tell() -> Response:
    """The test names who signs in next and what is lied about."""
    told.update({"lies": {}, **(request.get_json() or {})})
    return jsonify(told)


def main() -> None:
    port = int(sys.argv[1])
    app.config.update(ISSUER=f"http://127.0.0.1:{port}", SECRET_KEY=secrets.token_hex())
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # on loopback only
    app.run("127.0.0.1", port, threaded=True)


if __name__ == "__main__":
    main()
