"""通行密钥: key pairs in people's devices (WebAuthn). The device makes sure who holds it, so one is two factors in one.

The site's name and origin are those of its configuration: a key made here answers to no other site, and no copy of our
page on another one gets an answer from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any
from urllib.parse import urlsplit

import webauthn
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ledger import clock
from ledger.errors import NotFound
from ledger.facts import record
from registry.access import challenges, factors, sign_ins
from registry.access.accounts import Account, account_of
from registry.access.factors import Passkey
from registry.people import sealing
from web.freshness import sensitive
from web.guard import actor, public
from web.limits import VERIFY, limiter
from web.login import let_in
from web.session import db

log = logging.getLogger("licet.web")
bp = Blueprint("passkeys", __name__)
NEW, SIGN_IN = "passkey-new", "passkey"
MOST = 20
LONGEST = 20_000
SURE = UserVerificationRequirement.REQUIRED
WRONG = (WebAuthnException, ValueError, KeyError, TypeError)
"""What a credential that is none makes of itself on the way through the library."""


def _site() -> tuple[str, str]:
    """Our name as devices know it, and our origin."""
    origin = current_app.extensions["licet_config"].url or request.host_url.rstrip("/")
    return urlsplit(origin).hostname or "", origin


def handle_of(account: Account) -> bytes:
    """Who an account is to a device: a number that says nothing of anybody."""
    return bytes.fromhex(sealing.index(str(account.id), "passkey.handle"))


def _hash(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()


@bp.post("/account/factors/passkeys/new")
@sensitive
def begin() -> ResponseReturnValue:
    """What the device is to make, and its name."""
    account = current_user.account
    known = factors.passkeys_of(db.session(), account.id)
    if len(known) >= MOST:
        flash(_("最多 %(most)s 个通行密钥，请先删掉不用的。", most=MOST), "bad")
        return redirect(url_for("factors.show"), 303)
    options = webauthn.generate_registration_options(
        rp_id=_site()[0], rp_name="Licet", user_name=account.login, user_id=handle_of(account),
        user_display_name=current_user.name, authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=SURE),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in known])
    asked = {"challenge": bytes_to_base64url(options.challenge), "account": account.id}
    return render_template("passkey_new.html", options=options_to_json(options),
                           asked=challenges.give(db.session(), NEW, asked))


@bp.post("/account/factors/passkeys")
def add() -> ResponseReturnValue:
    """The device has made one. Other sign-ins of the account end."""
    account, (name, origin) = current_user.account, _site()
    asked = challenges.take(db.session(), NEW, request.form.get("asked", ""))
    try:
        if asked is None or asked["account"] != account.id:
            raise ValueError
        made = webauthn.verify_registration_response(
            credential=_sent(), expected_challenge=base64url_to_bytes(asked["challenge"]), expected_rp_id=name,
            expected_origin=origin, require_user_verification=True)
    except WRONG as error:
        log.info("passkey refused for account %s: %s", account.id, type(error).__name__)
        flash(_("没有添加成功，请再试一次。"), "bad")
        return redirect(url_for("factors.show"), 303)
    said = " ".join(request.form.get("name", "").split())[:60] or _("通行密钥")
    db.session.add(Passkey(account_id=account.id, name=said, credential_hash=_hash(made.credential_id),
                           credential=made.credential_id, public_key=made.credential_public_key,
                           sign_count=made.sign_count))
    _note("account.passkey_added", account)
    if current_user.sign_in.how == "password":
        current_user.sign_in.how = "passkey"
    flash(_("已添加，以后可以用它登录，不用输密码。"), "ok")
    return redirect(url_for("factors.show"), 303)


@bp.post("/account/factors/passkeys/<int:passkey_id>/removal")
@sensitive
def remove(passkey_id: int) -> ResponseReturnValue:
    """It opens nothing any more."""
    row = db.session.get(Passkey, passkey_id)
    if row is None or row.account_id != current_user.account.id:
        raise NotFound
    db.session.delete(row)
    _note("account.passkey_removed", current_user.account)
    return redirect(url_for("factors.show"), 303)


def _note(kind: str, account: Account) -> None:
    record(db.session(), kind, ("account", account.id), by=actor(), group_id=account.group_id,
           about=[("person", account.person_id)])
    sign_ins.end_all(db.session(), account.id, but=current_user.sign_in.id)


@bp.post("/login/passkey/new")
@public
@limiter.limit(VERIFY)
def ask() -> str:
    """Any device with a key of ours may answer: no name is asked for, so none can be tried out."""
    options = webauthn.generate_authentication_options(rp_id=_site()[0], user_verification=SURE)
    asked = {"challenge": bytes_to_base64url(options.challenge), "next": request.form.get("next", "")}
    return render_template("passkey_login.html", options=options_to_json(options),
                           asked=challenges.give(db.session(), SIGN_IN, asked))


@bp.post("/login/passkey")
@public
@limiter.limit(VERIFY)
def sign_in() -> ResponseReturnValue:
    """Its answer. Unknown, wrong, repeated or late: refused in the same words."""
    asked = challenges.take(db.session(), SIGN_IN, request.form.get("asked", ""))
    try:
        if asked is None:
            raise ValueError
        account = _shown(_sent(), base64url_to_bytes(asked["challenge"]))
    except WRONG as error:
        log.info("passkey refused: %s", type(error).__name__)
        flash(_("没有登录成功，请再试一次。"), "bad")
        return redirect(url_for("login.form"), 303)
    return let_in(account, "passkey", asked["next"])


def _sent() -> dict[str, Any]:
    text = request.form.get("credential", "")
    if len(text) > LONGEST:
        raise ValueError
    read = json.loads(text)
    if not isinstance(read, dict):
        raise ValueError
    return read


def _shown(sent: dict[str, Any], challenge: bytes) -> Account:
    """Whose key has signed the challenge. Counting on and signing in are one: a copied key that lags behind is out."""
    name, origin = _site()
    row = db.session.scalar(select(Passkey).where(Passkey.credential_hash == _hash(base64url_to_bytes(sent["rawId"]))))
    account = account_of(db.session(), row.account_id) if row else None
    if row is None or account is None:
        raise ValueError
    handle = sent["response"].get("userHandle")
    if handle and base64url_to_bytes(handle) != handle_of(account):
        raise ValueError
    read = webauthn.verify_authentication_response(
        credential=sent, expected_challenge=challenge, expected_rp_id=name, expected_origin=origin,
        credential_public_key=row.public_key, credential_current_sign_count=row.sign_count,
        require_user_verification=True)
    counted = update(Passkey).where(Passkey.id == row.id, Passkey.sign_count == row.sign_count).values(
        sign_count=read.new_sign_count, used_at=clock.now())
    if db.session.execute(counted.returning(Passkey.id).execution_options(synchronize_session=False)).scalar() is None:
        raise ValueError
    return account
