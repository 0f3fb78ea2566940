"""The application factory: one place where everything that answers is put together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from ledger.files import MOST_BYTES
from registry.access import profiles
from registry.alerts.channels import Outgoing
from registry.custody import copies
from registry.people import sealing
from web import i18n, pages, session
from web.asked import Asked, Number, check_text
from web.assets import open_assets
from web.config import Config
from web.desk import live
from web.errors import open_errors
from web.guard import check_signed_in
from web.limits import open_limits
from web.login import open_login
from web.navigation import open_navigation
from web.provider import Provider
from web.security import secure
from web.text import open_text

WITHOUT_PAGES = ("desk.why", "requests.signing", "requests.differences")
"""Modules that add a panel or words to the pages of others and have none of their own."""
RESOURCES = (
    "home",
    "login",
    "second",
    "oidc",
    "passkeys",
    "factors",
    "resets",
    "account",
    "specimens",
    "desk.absence",
    "desk.handover",
    "ledgers.register",
    "ledgers.register_list",
    "ledgers.register_days",
    "ledgers.register_export",
    "ledgers.certificate_pdf",
    "alerting.mine",
    "alerting.feed",
    "alerting.rules",
    "ledgers.proof",
    "ledgers.case_file",
    "ledgers.verify",
    "cabinet.custody",
    "cabinet.loans",
    "cabinet.originals",
    "cabinet.copies",
    "organisation.people",
    "organisation.tenure",
    "organisation.joining",
    "organisation.companies",
    "organisation.lines",
    "organisation.texts",
    "reached",
    "organisation.works",
    "organisation.winning",
    "organisation.machines",
    "ledgers.affected",
    "catalogue.rules",
    "ledgers.lacks",
    "ledgers.effects",
    "requests.matters",
    "requests.matters_at",
    "ledgers.renewals",
    "notices",
    "catalogue.calendar",
    "requests.clocks",
    "desk.joint",
    "search",
    "health",
    "jobs",
    "cockpit.heat",
    "cockpit.health_page",
    "cockpit.metrics",
    "cockpit.workload",
    "cockpit.impact",
    "organisation.accounts",
    "organisation.seen",
    "organisation.audit",
    "organisation.roles",
    "catalogue.forms",
    "cockpit.instances",
    "cockpit.instance",
    "cockpit.deeds",
    "cockpit.moving",
    "cockpit.incidents",
    "cockpit.waiting",
    "cockpit.batches",
    "desk.inbox",
    "desk.inbox_bulk",
    "desk.inbox_handing",
    "desk.preview",
    "desk.live",
    "desk.tasks",
    "desk.handing_over",
    "desk.reassigning",
    "desk.signing_up",
    "desk.returning",
    "desk.correcting",
    "desk.reopening",
    "requests.requests",
    "requests.comments",
    "requests.copied",
    "requests.urging",
    "requests.consulting",
    "files",
    "catalogue.processes",
    "studio.drafts",
    "studio.draft_files",
    "studio.draft_history",
    "studio.comparing",
    "studio.releases",
    "studio.rehearsal",
    "studio.scenarios",
    "catalogue.types_edit",
    "catalogue.types",
    "studio.faces",
    "stewardship.steward",
    "stewardship.steward_acts",
    "stewardship.steward_chart",
    "stewardship.steward_quality",
    "intake.layouts",
    "intake.imports",
    "intake.imports_mapping",
    "intake.imports_rows",
    "intake.imports_commit",
    "intake.imports_file",
    "studio.importing",
    "studio.guidance",
    "studio.editor",
    "studio.pickers",
)
"""Each is a module of this room with a blueprint `bp`."""


class Licet(Flask):
    """Flask, with the one commit of a request between the view and the answer."""

    request_class = Asked

    def dispatch_request(self) -> ResponseReturnValue:
        response: Response = self.make_response(super().dispatch_request())
        return session.settle(response)

    def process_response(self, response: Response) -> Response:
        """A file is the same for everybody, whatever else the answer looked at."""
        response = super().process_response(response)
        if request.endpoint == "static":
            response.vary.discard("cookie")  # in small letters: werkzeug 3.1 removes no others
        return response

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        """web.errors logs it once, with the number that the page shows."""


def create_app(config: Config | None = None, *, bell: Callable[[str], None] | None = None) -> Licet:
    """The site. `bell` is rung with "outbox" or "timers" after a commit that left work for the worker."""
    config = config or Config.from_environment()
    app = Licet(__name__)
    app.testing = config.testing
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.extensions.update(licet_config=config, licet_bell=bell, licet_outgoing=Outgoing.from_environment())
    config.data.mkdir(parents=True, exist_ok=True)
    sealing.load_key(config.data)
    profiles.choose(config.profile, idle=config.idle, absolute=config.absolute)
    copies.keep_in(config.files, config.url + "/c/")
    app.url_map.converters["int"] = Number
    session.open_session(app, config.database)
    i18n.open_languages(app)
    open_login(app)
    app.before_request(session.receive)
    app.before_request(check_text)
    app.before_request(check_signed_in)
    issuer, client, title = config.oidc
    provider = Provider(issuer, client, config.oidc_secret, title) if issuer else None
    app.extensions["licet_provider"] = provider
    secure(app, config, provider.origin if provider else "")
    open_limits(app, config)
    open_errors(app)
    for opened in (open_assets, open_text, open_navigation):
        opened(app)
    app.jinja_env.globals.update(
        here=pages.here, with_arguments=pages.with_arguments, most_megabytes=MOST_BYTES // 2**20
    )
    for name in WITHOUT_PAGES:
        import_module(f"web.{name}")
    for name in RESOURCES:
        app.register_blueprint(import_module(f"web.{name}").bp)
    live.open_live(app, config)
    import_module("web.cli").open_commands(app)
    _open_log()
    return app


def _open_log() -> None:
    """One line an event on standard error, unless the server has set up logging itself."""
    log = logging.getLogger("licet")
    log.setLevel(logging.INFO)
    if not log.handlers and not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
