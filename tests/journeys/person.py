"""Somebody in front of a browser. Every page they see is examined: axe, console, width, status."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from forms import schema
from tests.journeys.company import PASSWORD
from tests.journeys.english import ALL, english, left_over
from tests.journeys.examined import Examined
from tests.journeys.hands import hands
from tests.journeys.papers import paper
from tests.journeys.site import Site

AXE = "/static/built/axe.min.js?v=axe"  # browser/build.mjs puts it there; behind a question mark it is kept
SEEN = os.environ.get("LICET_PICTURES", "")  # a folder: keep a picture of every page
GRAVE = ("serious", "critical")
EXAMINED = Examined()
BUILT = """() => {
  const page = innerWidth, seen = new Map(), places = new Set();
  for (const one of document.querySelectorAll("body, body *")) {
    const words = one.getAttributeNames().filter(name => !/^(href|id|value|d|x|y|points|transform)$/.test(name));
    const named = one.textContent.trim() ? "words" : "";
    const sort = [one.tagName, one.getAttribute("class"), one.getAttribute("role"), named, ...words].join(" ");
    const place = `${seen.get(one.parentElement) ?? page}>${sort}`;
    let left = 5381, right = 52711;
    for (let at = 0; at < place.length; at++) {
      const code = place.charCodeAt(at);
      [left, right] = [Math.imul(left, 33) ^ code, Math.imul(right, 31) ^ code];
    }
    seen.set(one, left.toString(36) + right.toString(36));
    places.add(seen.get(one));
  }
  globalThis.licetPlaces = seen;
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const kind = `${page} ${document.documentElement.lang} ${location.pathname.replace(/\\d+/g, "0")}`;
  return {drawing: Boolean(document.querySelector(UNDRAWN)), wide, kind, places: [...places], axe: Boolean(window.axe)};
}""".replace("UNDRAWN", json.dumps("[data-licet-form]:is(:not([data-drawn]), [aria-busy])"))

EXAMINE = """async ([fresh, grave]) => {
  const rest = axe._audit.rules.filter(rule => rule.impact && !grave.includes(rule.impact));
  const rules = Object.fromEntries(rest.map(rule => [rule.id, {enabled: false}]));
  let include = document;
  if (fresh) {
    const wanted = new Set(fresh);
    const found = [...licetPlaces.keys()].filter(one => one.isConnected && wanted.has(licetPlaces.get(one)));
    const all = new Set(found);
    include = {include: found.filter(one => !all.has(one.parentElement))};
    if (!include.include.length) return [];
  }
  return (await axe.run(include, {resultTypes: ["violations"], rules})).violations;
}"""


class Person:
    """One person's browser. `complaints` is everything wrong with the pages seen, empty after a good journey.

    `way` says how they work it: "desk" with the mouse, "phone" with a finger, "keys" by keyboard alone. With `english`
    they read the English pages; the journey says the words of the Chinese ones all the same, and no Chinese word but
    names and what people typed (`typed`) may be left.
    """

    def __init__(
        self, login: str, context: BrowserContext, site: Site, way: str = "desk", english: bool = False
    ) -> None:
        self.login, self.context, self.site = login, context, site
        self.page: Page = context.new_page()
        self.hands, self.way, self.english = hands(way, self.page), way, english
        self.typed: set[str] = {"材料.pdf"}
        self.complaints: list[str] = []
        self.expected: set[int] = set()
        self.seen = 0
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._answered)

    # going about
    def sign_in(self) -> None:
        """Through the sign-in page, as anybody; who reads English switches there."""
        self.come_in("/login")
        self.page.fill("input[name=login]", self.login)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("form:has(input[name=password]) button:not([type=button])")
        self.page.wait_for_url(re.compile(r"^(?!.*/login)"))
        self.look()

    def sign_in_unseen(self) -> None:
        """The same without its page, for whoever is not the first to see it."""
        ask, found = self.context.request, self.site.address
        token = re.search(r'name="csrf_token" value="([^"]+)"', ask.get(found + "/login").text())
        assert token
        sent: dict[str, Any] = {"csrf_token": token[1]}
        if self.english:
            assert ask.post(found + "/language", form={**sent, "language": "en"}, max_redirects=0).status == 303
        told = {**sent, "login": self.login, "password": PASSWORD}
        assert ask.post(found + "/login", form=told, max_redirects=0).status == 303

    def come_in(self, path: str) -> None:
        """To a page that somebody without an account sees; who reads English switches there."""
        self.page.goto(self.site.address + path)
        if self.english:
            self.hands.press(self.page.get_by_role("button", name="English").first)
            self.page.wait_for_selector("html[lang=en]")
        self.look()

    def go(self, path: str) -> None:
        self.page.goto(self.site.address + path)
        self.look()

    def follow(self, words: str) -> None:
        """Click a link or button of this name and look at where it leads."""
        self.hit(self.named(words).first)

    def hit(self, target: Locator) -> None:
        """Press this and look at where it leads."""
        self.hands.press(target)
        self.page.wait_for_load_state()
        self.look()

    def words(self, chinese: str) -> str:
        """As the person's pages have it."""
        return english(chinese, tuple(self.typed)) if self.english else chinese

    def named(self, words: str) -> Locator:
        """Links and buttons in the page's content whose name contains the words."""
        main, words = self.page.locator("main"), self.words(words)
        return main.get_by_role("link", name=words).or_(main.get_by_role("button", name=words))

    def verb(self, words: str) -> None:
        """One of a task's verbs, be it a button of its own or an entry of the menu."""
        place, words = self.page.locator(".title-actions"), self.words(words)
        link = place.get_by_role("link", name=words, exact=True)
        verb = link.or_(place.get_by_role("button", name=words, exact=True))
        if not verb.count():
            self.hands.press(place.locator(".more-verbs > summary"))
        self.hit(verb)

    def write(self, label: str, text: str) -> None:
        """Type into the field of this label."""
        self.typed.add(text)
        self.hands.write(self.page.locator("main").get_by_label(self.words(label)).first, text)

    def tick(self, label: str) -> None:
        """The box or the radio button of this label."""
        self.hands.tick(self.page.locator("main").get_by_label(self.words(label)).first)

    def confirms(self, words: str) -> None:
        """Yes to the question that a dialog asks."""
        with self.page.expect_navigation():
            self.hands.press(self.page.locator("dialog[open]").get_by_role("button", name=self.words(words)))
        self.look()

    def open_task(self, title: str) -> None:
        """From the inbox to the first task whose row has these words."""
        self.go("/inbox")
        self.hands.press(self.page.locator("[data-row]", has_text=self.words(title)).first.locator("[data-row-link]"))
        self.drawn()
        self.look()

    def drawn(self) -> None:
        """Wait until the page's form is there."""
        self.page.wait_for_selector("[data-licet-form][data-drawn]:not([aria-busy])", timeout=20_000)

    # forms
    def fill(self, key: str, answers: Mapping[str, Any]) -> None:
        """Answer the form's fields by typing, choosing, ticking and uploading; lists get their rows."""
        for one in schema.load(key).fields():
            if one["type"] == "dynamiclist" and one["path"] in answers:
                for number, row in enumerate(answers[one["path"]]):
                    if not self._field(one["components"][0]["id"], number).count():
                        self.hands.press(self.page.locator(f'[id$="-{one["id"]}-list"] .fjs-repeat-render-add'))
                    for inner in one["components"]:
                        self._answer(inner, row.get(inner["key"]), number)
            elif one.get("key") in answers and not one.get("readonly"):
                self._answer(one, answers[one["key"]])

    def _field(self, component: str, row: int | None = None) -> Locator:
        end = component if row is None else f"{component}_{row}"
        return self.page.locator(f'[id^="fjs-form-"][id$="-{end}"]')

    def _answer(self, one: Mapping[str, Any], value: Any, row: int | None = None) -> None:
        if value is None:
            return
        place = self._field(one["id"], row)
        match one["type"]:
            case "licet-files":
                self.typed.update(value)
                self.hands.upload(
                    self.page.locator(f'input[data-files-of="{one["key"]}"]'), *(paper(name) for name in value))
                expect(place.locator(".licet-files li")).to_have_count(len(value))
            case "select":
                labels = {option["value"]: option["label"] for option in one.get("values", ())}
                self.hands.choose(place, self.words(labels.get(value, value)))
            case "radio":
                labels = {option["value"]: option["label"] for option in one.get("values", ())}
                self.hands.tick(self.page.get_by_label(self.words(labels.get(value, value)), exact=True))
            case "checkbox":
                self.hands.tick(place)
            case "licet-ticks":
                for box in place.locator("input[type=checkbox]").all():
                    self.hands.tick(box)
            case _:
                self.typed.add(str(value))
                self.hands.write(place, str(value))
                if self.way != "keys":
                    place.blur()

    def decide(self, words: str, confirm: str = "") -> None:
        """Press a verdict button, and the confirmation if one is asked; then the next page."""
        before = _path(self.page.url)  # to skip to the content, as one does by keyboard, changes the rest
        self.press(words)
        if confirm:
            self.hands.press(self.page.locator("dialog[open]").get_by_role("button", name=self.words(confirm)))
        self.page.wait_for_url(lambda address: _path(address) != before)
        self.page.wait_for_load_state()
        self.look()

    def press(self, words: str) -> None:
        """Press a verdict button that stays on the page."""
        actions = self.page.locator('[data-part="actions"]')
        self.hands.press(actions.get_by_role("button", name=self.words(words), exact=True))

    # looking
    def sees(self, *words: str) -> None:
        for one in words:
            expect(self.page.locator("main")).to_contain_text(self.words(one))

    def reads(self, label: str, value: str) -> None:
        """A field of the form holds this."""
        field = self.page.locator("[data-part=fields]").get_by_label(self.words(label), exact=True)
        expect(field).to_have_value(self.words(value))

    def look(self) -> None:
        """Examine the page as it is now."""
        found = self.page.evaluate(BUILT)
        if found["drawing"]:
            self.drawn()
            found = self.page.evaluate(BUILT)
        if SEEN:
            self._picture()
        if self.english:
            for line in left_over(self.page.evaluate(ALL), tuple(self.typed)):
                self._complain(f"Chinese left: {line}")
        if found["wide"] > 0:
            self._complain(f"{found['wide']} px wider than the screen")
        if fresh := EXAMINED.missing({found["kind"], *found["places"]}):
            self._examine(fresh, found)

    def _examine(self, fresh: set[str], found: Mapping[str, Any]) -> None:
        """By axe: the whole page where there was none like it yet, else the elements that are new on it."""
        if not found["axe"]:
            self.page.add_script_tag(url=AXE)
        grave = self.page.evaluate(EXAMINE, [None if found["kind"] in fresh else [*fresh], GRAVE])
        for one in grave:
            places = [node["target"] for node in one["nodes"][:3]]
            self._complain(f"axe {one['id']}: {one['help']} at {json.dumps(places, ensure_ascii=False)}")
        if not grave:
            EXAMINED.update(fresh)

    def _picture(self) -> None:
        folder, self.seen = Path(SEEN), self.seen + 1
        folder.mkdir(parents=True, exist_ok=True)
        width = (self.page.viewport_size or {}).get("width")
        name = re.sub(r"\W+", "-", self.page.url.removeprefix(self.site.address)).strip("-") or "home"
        self.page.screenshot(path=folder / f"{self.login}-{width}-{self.seen:02d}-{name[:60]}.png", full_page=True)

    def expects(self, *statuses: int) -> None:
        """Answers with these statuses are part of the journey."""
        self.expected.update(statuses)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self._complain(f"{response.status} from {response.request.method} {response.url}")

    def _heard(self, message: ConsoleMessage) -> None:
        known = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not known:
            self._complain(f"console {message.type}: {message.text}")

    def _complain(self, words: str) -> None:
        self.complaints.append(f"{self.login} at {self.page.url}: {words}")

    def leave(self) -> list[str]:
        """Close the page; whatever was wrong on the way, which fails the journey."""
        self.page.wait_for_load_state()  # Chromium may hang on closing a page that is on its way
        self.page.close()
        return self.complaints


def _path(address: str) -> str:
    return address.partition("#")[0]
