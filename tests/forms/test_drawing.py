"""Every shipped form, drawn in Chromium under the site's policy: nothing blocked, nothing too wide, axe content."""

from __future__ import annotations

import pytest

from forms import library
from tests.forms.conftest import Open
from tests.forms.covering import covering
from tests.forms.pages import form_page, page, section, sheet

WIDTHS = [1280, 360]
pytestmark = pytest.mark.browser


def serious(opened) -> list[str]:  # type: ignore[no-untyped-def]
    opened.add_script_tag(url="/built/axe.min.js")
    found = opened.evaluate("axe.run()")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in {"serious", "critical"}
    ]


OTHERS = sorted(set(library()) - set(covering()))
SHEETS = [OTHERS[at : at + 6] for at in range(0, len(OTHERS), 6)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("key", covering())
def test_a_form_is_drawn_without_complaint(key: str, width: int, show: Open) -> None:
    opened = show(form_page(key), width)
    opened.wait_for_selector('[data-part="actions"] button')
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(opened) == []
    assert opened.locator(".fjs-powered-by").is_visible()  # bpmn.io's licence


@pytest.mark.parametrize("keys", SHEETS, ids=lambda keys: keys[0])
def test_the_other_forms_are_drawn_on_a_phone_without_complaint(keys: list[str], show: Open) -> None:
    """The rest of the library, several to a page: a page of its own for each takes a browser minutes."""
    opened = show(sheet(keys), 360)
    opened.wait_for_selector("[data-licet-form][aria-busy]", state="detached")
    ready = "form => !!form.querySelector('[data-part=actions] button') && form.id"
    assert opened.evaluate(f"[...document.querySelectorAll('[data-licet-form]')].map({ready})") == keys
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious(opened) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_can_be_read(theme: str, show: Open) -> None:
    opened = show(form_page("apply-P02", problems={"trade": ["请选择"]}), 360, scheme=theme)
    assert opened.evaluate("document.documentElement.dataset.bsTheme") == theme
    assert serious(opened) == []


def test_a_chosen_theme_is_kept(show: Open) -> None:
    opened = show(page('<button class="btn" data-theme-choice="dark">深色</button>'))
    opened.click("button")
    opened.reload()
    assert opened.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    assert opened.get_attribute("button", "aria-pressed") == "true"
    opened.evaluate("localStorage.clear()")


def test_a_form_to_read_has_no_buttons_and_no_inputs_to_fill(show: Open) -> None:
    opened = show(form_page("apply-J03", readonly=True, answers={"project_name": "某路工程", "doc_land_use": [11]}))
    assert opened.locator("[data-part=actions] button").count() == 0
    assert opened.locator("input:not([readonly]):not([disabled]):not([type=checkbox])").count() == 0
    assert opened.locator(".licet-file-name").inner_text() == "用地批准书.pdf"
    assert opened.complaints == []
    assert serious(opened) == []


def test_the_scripts_speak_the_language_of_the_page(show: Open) -> None:
    opened = show(form_page("apply-J03", lang="en"))
    opened.click("button[value=submit]")
    assert "things need a change" in opened.inner_text("[data-part=problems-list]")
    assert opened.locator("text=Add a row").count() == 1


def test_two_forms_on_one_page_keep_apart(show: Open) -> None:
    both = section("apply-J03", readonly=True) + section("review")
    opened = show(page(both, "task.js", styles=("task.css",)))
    opened.wait_for_selector("#review button[value=pass]")
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


STEPS = "/workflows/application.bpmn"
MARKS = '{"active": ["A3_hr", "gone"], "completed": ["A1_fill"]}'
DIAGRAM = f"<div aria-busy='true' data-diagram='{STEPS}' data-marks='{MARKS}' data-label='办理进度'></div>"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_diagram_shows_where_a_request_stands(width: int, show: Open) -> None:
    opened = show(page(DIAGRAM, "diagram.js", styles=("diagram.css",)), width)
    opened.wait_for_selector("[data-element-id=A3_hr].licet-active")
    assert opened.locator("[data-element-id=A1_fill].licet-completed").count() == 1
    assert "正在进行" in opened.inner_text(".licet-diagram-legend")
    assert opened.locator(".bjs-powered-by").is_visible()
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(opened) == []


def test_pointing_at_an_element_says_its_name(show: Open) -> None:
    opened = show(page(DIAGRAM, "diagram.js", styles=("diagram.css",)))
    opened.hover("[data-element-id=A3_hr]")
    opened.wait_for_selector(".licet-diagram-name >> text=人力资源")


def test_a_diagram_moves_by_keyboard(show: Open) -> None:
    opened = show(page(DIAGRAM, "diagram.js", styles=("diagram.css",)))
    box = "document.querySelector('[data-diagram]').licetDiagram.get('canvas').viewbox()"
    opened.wait_for_selector("[data-diagram]:not([aria-busy])")
    before = opened.evaluate(box)
    opened.focus(".licet-diagram-canvas")
    opened.keyboard.press("+")
    opened.keyboard.press("ArrowRight")
    after = opened.evaluate(box)
    assert after["scale"] > before["scale"]
    opened.keyboard.press("0")
    whole = opened.evaluate(box)
    assert whole["width"] >= whole["inner"]["width"]


def test_a_large_diagram_begins_where_the_request_stands(show: Open) -> None:
    opened = show(page(DIAGRAM, "diagram.js", styles=("diagram.css",)), 360)
    opened.wait_for_selector("[data-diagram]:not([aria-busy]) [data-element-id=A3_hr]")
    box = opened.locator(".licet-diagram-canvas").bounding_box()
    step = opened.locator("[data-element-id=A3_hr] .djs-visual").first.bounding_box()
    assert box is not None and step is not None
    assert box["x"] <= step["x"] and step["x"] + step["width"] <= box["x"] + box["width"]
    assert box["y"] <= step["y"] and step["y"] + step["height"] <= box["y"] + box["height"]


def test_a_diagram_in_a_closed_fold_waits_until_it_opens(show: Open) -> None:
    opened = show(
        page(f"<details><summary>流程图</summary>{DIAGRAM}</details>", "diagram.js", styles=("diagram.css",)), 360
    )
    assert opened.locator(".djs-container").count() == 0
    opened.click("summary")
    opened.wait_for_selector("[data-element-id=A3_hr]")
    assert opened.complaints == []


def test_a_diagram_that_is_not_there_says_so(show: Open) -> None:
    opened = show(page('<div data-diagram="/workflows/gone.bpmn"></div>', "diagram.js"))
    opened.wait_for_selector("text=流程图没有打开")
