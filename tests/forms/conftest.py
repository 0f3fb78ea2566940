"""A Chromium and a small site with the real Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.forms.pages import BUILT, Site, serve

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this room."""
    assert (BUILT / "manifest.json").exists(), "run: npm ci --ignore-scripts && node browser/build.mjs"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        running.answers["/tasks/1/draft"] = (200, {})
        yield running


@pytest.fixture
def show(chromium: Browser, site: Site) -> Iterator[Open]:
    """show(html, width=1280) opens a page; what it complained about in its console is in `page.complaints`."""
    with ExitStack() as stack:

        def opened(html: str, width: int = 1280, height: int = 900, **more: object) -> Page:
            context = chromium.new_context(viewport={"width": width, "height": height}, **more)  # type: ignore[arg-type]
            stack.callback(context.close)
            page = context.new_page()
            page.complaints = []  # type: ignore[attr-defined]
            page.on("console", lambda told: told.type in {"error", "warning"} and page.complaints.append(told.text))  # type: ignore[attr-defined]
            page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
            page.goto(site.show(html))
            if "data-licet-form" in html:
                page.wait_for_selector("[data-licet-form] .fjs-form")
            return page

        yield opened
