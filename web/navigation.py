"""The left navigation and the phone's bottom bar: at most eight entries, and only those that the person may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.access.rules import can
from web.guard import actor
from web.session import db

Count = Callable[[Session, Actor], int]
COUNTS: dict[str, Count] = {}
"""How many things wait: "inbox", "notices"; the module of a resource adds its own."""


@dataclass(frozen=True)
class Entry:
    """A place to go. `action` None means everybody; `phone` is its place in the bottom bar, None for not there;
    `family` are the modules, or single pages of one, that belong to it."""

    endpoint: str
    label: LazyString
    icon: str
    action: str | None = None
    phone: int | None = None
    short: LazyString | None = None
    family: tuple[str, ...] = ()
    count: str | None = None

    @property
    def here(self) -> bool:
        """Whether the page shown belongs to this entry."""
        endpoint = request.endpoint or ""
        place = endpoint.partition(".")[0]
        return place == self.endpoint.partition(".")[0] or place in self.family or endpoint in self.family


HOLDERS = ("handover", "lacks", "effects", "tenure", "joining", "companies", "works", "winning", "machines", "affected",
           "accounts", "roles", "seen", "audit")
STEWARDS = ("steward", "steward_acts", "steward_chart", "steward_quality", "layouts")
HANDS = ("tasks", "handing_over", "signing_up", "correcting", "consulting", "returning.choose", "returning.give_back",
         "inbox_bulk", "inbox_handing")
SHARED = ("returning.ask_withdraw", "returning.withdraw", "reopening", "comments", "copied", "clocks", "joint",
          "reassigning")
IMPORTS = ("imports", "imports_mapping", "imports_rows", "imports_commit", "imports_file")
STUDIO = ("drafts", "draft_files", "draft_history", "comparing", "releases", "editor", "pickers", "faces", "rehearsal",
          "scenarios", "importing", "guidance")
COCKPIT = ("instances", "instance", "deeds", "moving", "incidents", "waiting", "batches", "heat", "workload",
           "health_page", "impact", "jobs", "forms", "lines", "texts")
ENTRIES = (
    Entry("home.desk", _l("工作台"), "home"),
    Entry("inbox.tasks", _l("待办"), "inbox", phone=1, family=HANDS, count="inbox"),
    Entry("requests.mine", _l("我的申请"), "send", phone=2, short=_l("申请"), family=SHARED),
    Entry("register.certificates", _l("证件台账"), "certificate", "certificate.read", phone=3, short=_l("台账"),
          family=("register_days", "alerts", "proof", "matters", "renewals", *IMPORTS, *STEWARDS)),
    Entry("people.persons", _l("人员与项目"), "users", "person.read", family=HOLDERS),
    Entry("loans.listed", _l("借阅"), "archive", "custody.read", family=("originals", "copies"), count="loans"),
    Entry("processes.index", _l("流程"), "sitemap", "process.read", family=(*STUDIO, *COCKPIT)),
    Entry("types.index", _l("证件种类"), "list", "type.read", family=("types_edit", "rules", "alert_rules")),
    Entry("calendar.this_year", _l("工作日历"), "calendar", "calendar.edit"),
    Entry("account.mine", _l("我的"), "user", phone=4, family=("absence", "reached", "feeds")),
)


def entries() -> list[Entry]:
    """The entries of the left navigation for whoever asks."""
    return [entry for entry in ENTRIES if _open(entry) and entry.endpoint != "account.mine"]


def bottom() -> list[Entry]:
    """The entries of the phone's bottom bar, in order."""
    return sorted((entry for entry in ENTRIES if entry.phone and _open(entry)), key=lambda entry: entry.phone or 0)


def counts() -> dict[str, int]:
    """Every count for whoever asks, worked out once a request."""
    if "counts" not in g:
        g.counts = {name: count(db.session(), actor()) for name, count in COUNTS.items()}
    found: dict[str, int] = g.counts
    return found


def open_navigation(app: Flask) -> None:
    """Make the navigation known to the templates."""
    app.jinja_env.globals.update(
        known_endpoints=lambda: current_app.view_functions.keys(), navigation=entries,
        bottom_navigation=bottom, counts=counts, may_do=lambda action: can(actor(), action)
    )


def _open(entry: Entry) -> bool:
    known = entry.endpoint in current_app.view_functions
    return known and (entry.action is None or can(actor(), entry.action, None))
