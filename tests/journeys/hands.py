"""How somebody works a page: with a mouse or a finger, or by keyboard alone (Tab, arrows, Space, Enter, no pointer)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from playwright.sync_api import Download, Locator, Page

AWAY = 200  # Tabs: whatever is further is out of reach
HERE = "one => one === document.activeElement"
GROUP = """one => one === document.activeElement || one.type === "radio" && document.activeElement.type === "radio"
  && one.name === document.activeElement.name && one.form === document.activeElement.form"""
AWAY_FROM = """one => {
  const reached = "a[href], button, input, select, textarea, summary, [tabindex]", from = document.activeElement;
  const all = [...document.querySelectorAll(reached)].filter(each => each.tabIndex >= 0 && !each.disabled
    && each.type !== "hidden" && each.checkVisibility({visibilityProperty: true})
    && (each.type !== "radio" || each.checked || each === one));
  const at = all.indexOf(from);
  if (at >= 0 && all.includes(one)) return all.indexOf(one) - at;
  return from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING ? -1 : 1;
}"""
SHOWN = """() => {
  const one = document.activeElement, framed = one.closest("label, .fjs-input-group");
  const around = [one, framed, one.matches(".fjs-repeat-row-remove") && one.firstElementChild].filter(Boolean);
  return around.some(each => getComputedStyle(each).outlineStyle !== "none");
}"""
LEADS = """one => one.matches("a[href]:not([download], [href^='#'])") || Boolean(one.form && one.type === "submit"
  && !one.closest("[data-licet-form]") && !one.form.matches("[hx-get], [hx-post]") && !one.dataset.confirm
  && one.form.checkValidity())"""


class Hands(Protocol):
    """What a page can be asked for."""

    def press(self, target: Locator) -> None: ...
    def tick(self, target: Locator) -> None: ...
    def write(self, target: Locator, text: str) -> None: ...
    def choose(self, target: Locator, label: str) -> None: ...
    def upload(self, target: Locator, *files: Path) -> None: ...
    def save(self, target: Locator) -> Download: ...


class Mouse:
    """At a desk, or the finger on a phone."""

    def press(self, target: Locator) -> None:
        target.click()

    def tick(self, target: Locator) -> None:
        target.check()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def choose(self, target: Locator, label: str) -> None:
        target.select_option(label=label)

    def upload(self, target: Locator, *files: Path) -> None:
        target.set_input_files([*files])

    def save(self, target: Locator) -> Download:
        with target.page.expect_download() as saved:
            target.click()
        return saved.value


class Keys:
    """By keyboard alone; whatever gets the focus must show it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.on("filechooser", lambda _chooser: None)  # from the start: asked for as Enter is pressed, it may come late

    def reach(self, target: Locator, there: str = HERE) -> None:
        """Tab until the focus is on the target (for a radio button: in its group)."""
        target.wait_for()
        one = target.element_handle()
        if one.evaluate(there):
            return
        if self.page.evaluate("document.activeElement === document.body"):  # "skip to the content" comes first
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.matches('.licet-skip')") and one.evaluate(
                    "one => Boolean(one.closest('main'))"):
                self.page.keyboard.press("Enter")
        tabs = 0
        while not one.evaluate(there):
            ahead = one.evaluate(AWAY_FROM) or 1  # about: what it counts is looked at again after as many Tabs
            for _ in range(abs(ahead)):
                self.page.keyboard.press("Tab" if ahead > 0 else "Shift+Tab")
            tabs += abs(ahead)
            assert tabs < AWAY, f"no Tab leads to {target}"
        assert self.page.evaluate(SHOWN), f"the focus is not seen on {target}"

    def press(self, target: Locator) -> None:
        self.reach(target)
        if target.evaluate(LEADS):
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")
        else:
            self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        self.reach(target, GROUP)
        for _ in range(AWAY):
            if target.evaluate(HERE):
                break
            self.page.keyboard.press("ArrowDown")
        if not target.is_checked():
            self.page.keyboard.press("Space")
        assert target.is_checked()

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        if target.get_attribute("type") == "date":
            return self._day(target, text)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def _day(self, target: Locator, text: str) -> None:
        """Year, month and day, or month, day and year, as the browser of this machine asks for them."""
        year, month, day = text.split("-")
        for parts in ((year, "ArrowRight", month, day), (month, day, year)):
            for _ in range(3):
                self.page.keyboard.press("ArrowLeft")
            for part in parts:
                (self.page.keyboard.press if part == "ArrowRight" else self.page.keyboard.type)(part)
            if target.input_value() == text:
                return
        raise AssertionError(f"{text} cannot be typed")

    def choose(self, target: Locator, label: str) -> None:
        self.reach(target)
        wanted = target.locator("option").all_text_contents()
        at = [one.strip() for one in wanted].index(label)
        down = at - target.evaluate("one => one.selectedIndex")
        for _ in range(abs(down)):
            self.page.keyboard.press("ArrowDown" if down > 0 else "ArrowUp")
        assert target.evaluate("one => one.selectedIndex") == at

    def save(self, target: Locator) -> Download:
        self.reach(target)
        with self.page.expect_download() as saved:
            self.page.keyboard.press("Enter")
        return saved.value

    def upload(self, target: Locator, *files: Path) -> None:
        if not target.is_visible():  # a form's field: its button stands for it
            target = target.locator("xpath=following-sibling::button[1]")
        self.reach(target)
        with self.page.expect_file_chooser() as chosen:
            self.page.keyboard.press("Enter")
        chosen.value.set_files([*files])


def hands(way: str, page: Page) -> Hands:
    """The hands of a way: "desk", "phone", "narrow" or "keys"."""
    return Keys(page) if way == "keys" else Mouse()
