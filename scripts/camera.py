"""Somebody signed in at a desk or holding a phone, and pictures of what they see, small enough for a repository."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page

from scripts.filling import DRAWN, fill
from scripts.system import say

WIDE, NARROW = 1280, 390
MOST = 150_000  # bytes of one picture
MARK = "#d9480f"


@dataclass
class Studio:
    """The browser, the running demonstration, and the folder for pictures (only those with a wanted word in the name).

    Whoever came once stays signed in.
    """

    browser: Browser
    address: str
    password: str
    folder: Path
    wanted: tuple[str, ...] = ()
    seats: dict[tuple[str, bool], Seat] = field(default_factory=dict)

    def wants(self, name: str) -> bool:
        """Whether a picture of this name is to be kept."""
        return not self.wanted or any(word in name for word in self.wanted)

    def at(self, login: str, *, phone: bool = False) -> Seat:
        """`login` ("" for nobody) at a desk or with a phone."""
        if (login, phone) not in self.seats:
            context = self.browser.new_context(
                viewport={"width": NARROW if phone else WIDE, "height": 844 if phone else 800}, locale="zh-CN",
                timezone_id="Asia/Shanghai", has_touch=phone, is_mobile=phone, reduced_motion="reduce",
            )
            context.set_default_timeout(20_000)
            self.seats[login, phone] = Seat(self, context.new_page(), phone)
            if login:
                self.seats[login, phone].sign_in(login)
        return self.seats[login, phone]


@dataclass
class Seat:
    """One person's browser page."""

    studio: Studio
    page: Page
    phone: bool

    def sign_in(self, login: str) -> None:
        self.go("/login")
        self.page.fill("#login", login)
        self.page.fill("#password", self.studio.password)
        self.page.click("form:has(#password) button.btn-primary")
        self.page.wait_for_url(re.compile(r"^(?!.*/login)"))

    def go(self, path: str) -> None:
        answer = self.page.goto(self.studio.address + path)
        if answer is not None and answer.status >= 500:
            raise RuntimeError(f"{path} answers {answer.status}")
        self.settle()

    def settle(self) -> None:
        """Until forms and drawings on the page are there."""
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("[data-licet-form]").count():
            self.page.wait_for_selector(DRAWN)

    def named(self, words: str) -> Locator:
        """The first link or button in the page's content whose name contains the words."""
        main = self.page.locator("main")
        return main.get_by_role("link", name=words).or_(main.get_by_role("button", name=words)).first

    def follow(self, words: str) -> None:
        self.named(words).click()
        self.settle()

    def speak(self, language: str) -> None:
        """Change the language of the site by the button at the top."""
        self.page.get_by_role("button", name=language, exact=True).click()
        self.settle()

    def fill(self, key: str, answers: Mapping[str, Any]) -> None:
        fill(self.page, key, answers)

    def button(self, words: str) -> Locator:
        """A button of the bar under a form."""
        return self.page.locator('[data-part="actions"]').get_by_role("button", name=words, exact=True)

    def decide(self, words: str) -> None:
        """Press a button under the form and wait for the page that follows."""
        before = self.page.url
        self.button(words).click()
        self.page.wait_for_url(lambda address: address != before)
        self.settle()

    def shot(self, name: str, *, mark: Locator | None = None, tall: int = 0, of: str | Locator = "") -> None:
        """Keep `name`.png: the screen from the page's top, `tall` high, `mark` framed; or only `of`, wherever it is.

        Several elements of `of` make one picture that holds them all, of at most `tall` pixels.
        """
        if not self.studio.wants(name):
            return
        self.page.evaluate("scrollTo(0, 0)")
        if of:
            picture = self._pieces(self.page.locator(of) if isinstance(of, str) else of, tall or 1200)
        else:
            picture = self._screen(tall, mark)
        keep(picture, self.studio.folder / f"{name}.png")

    def look(self, path: str, name: str, **how: Any) -> None:
        """Open a page and keep its picture (`shot`)."""
        self.go(path)
        self.shot(name, **how)

    @contextlib.contextmanager
    def _window(self, tall: int) -> Iterator[None]:
        """A window of this height for a moment."""
        usual = self.page.viewport_size
        if tall and usual:
            self.page.set_viewport_size({"width": usual["width"], "height": tall})
        self.page.wait_for_timeout(300)
        yield
        if tall and usual:
            self.page.set_viewport_size(usual)

    def _screen(self, tall: int, mark: Locator | None) -> Image.Image:
        with self._window(tall):
            picture = _opened(self.page.screenshot())
            if mark and (box := mark.bounding_box()):
                edges = (box["x"] - 6, box["y"] - 6, box["x"] + box["width"] + 6, box["y"] + box["height"] + 6)
                ImageDraw.Draw(picture).rounded_rectangle(edges, 10, outline=MARK, width=4)
        return picture

    def _pieces(self, pieces: Locator, tall: int) -> Image.Image:
        pieces.first.wait_for()
        with self._window(self.page.evaluate("document.documentElement.scrollHeight")):  # so that nothing sticks
            boxes = [box for piece in pieces.all() if (box := piece.bounding_box()) and box["height"]]
            whole = _opened(self.page.screenshot())
        left, top = min(box["x"] for box in boxes) - 12, min(box["y"] for box in boxes) - 12
        right = max(box["x"] + box["width"] for box in boxes) + 12
        low = max(box["y"] + box["height"] for box in boxes) + 12
        left, top, right, low = max(0, left), max(0, top), min(whole.width, right), min(whole.height, low, top + tall)
        return whole.crop((int(left), int(top), int(right), int(low)))


def _opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def keep(picture: Image.Image, file: Path) -> None:
    """Write it as a PNG with a palette, with fewer colours until it is small enough."""
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        _with_palette(picture, colours).save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= MOST:
            break
    file.write_bytes(out.getvalue())
    say(f"{file.name}: {picture.width} x {picture.height}, {len(out.getvalue()) // 1000} kB")


def _with_palette(picture: Image.Image, colours: int) -> Image.Image:
    """So few colours that a small red dot stays red, and each the one most used of those it stands for."""
    small = picture.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    places = Image.frombytes("L", small.size, small.tobytes())
    found = Image.merge("RGBA", (*picture.split(), places)).getcolors(1 << 24) or []
    used: dict[int, tuple[int, ...]] = {}
    for _, colour in sorted(found):  # the most used comes last and stays
        assert isinstance(colour, tuple)
        used[colour[3]] = colour[:3]
    small.putpalette([part for place in range(colours) for part in used.get(place, (0, 0, 0))])
    return small
