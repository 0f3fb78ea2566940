"""A Chromium and a small site with the real Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.forms.pages import BUILT, Site, serve

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def running() -> Iterator[Site]:
    assert (BUILT / "manifest.json").exists(), "run: make setup"
    with serve() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """The site, with nothing said and nothing asked yet."""
    running.posts.clear()
    running.answers.clear()
    running.token = "t0ken"
    running.answers |= {"/tasks/1": (200, {"location": "#sent"}), "/tasks/1/draft": (200, {})}
    return running


@pytest.fixture(scope="session")
def contexts(chromium: Browser) -> Iterator[Callable[[str], BrowserContext]]:
    """One context for each colour scheme: its cache is kept from test to test."""
    known: dict[str, BrowserContext] = {}

    def of(scheme: str) -> BrowserContext:
        if scheme not in known:
            known[scheme] = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        return known[scheme]

    yield of
    for context in known.values():
        context.close()


@pytest.fixture
def show(contexts: Callable[[str], BrowserContext], site: Site) -> Iterator[Open]:
    """show(html, width=1280) opens a page; what it complained about in its console is in `page.complaints`."""
    pages: list[Page] = []

    def opened(html: str, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        page = contexts(scheme).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(20_000)
        told: list[str] = []
        page.complaints = told  # type: ignore[attr-defined]
        page.on("console", lambda one: told.append(one.text) if one.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(site.show(html))
        if "data-licet-form" in html:
            page.wait_for_selector("[data-licet-form]:not([aria-busy]) .fjs-form")
        return page

    yield opened
    for page in pages:
        page.close()
