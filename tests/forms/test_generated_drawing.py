"""Forms made from the data of a type, drawn and filled in on a phone as the shipped ones are."""

from __future__ import annotations

import pytest

from forms.texts import translated
from tests.forms.conftest import Open
from tests.forms.pages import form_page
from tests.forms.test_drawing import serious
from workflows.applying.typed import form_of

pytestmark = pytest.mark.browser
DRAWN = [("apply", "P07"), ("register", "P01"), ("apply", "Q01")]


def shown(key: str, code: str) -> str:
    return form_page(f"{key}-{code}", schema=translated(form_of(key, code).schema, str))


@pytest.mark.parametrize(("key", "code"), DRAWN)
def test_a_generated_form_is_drawn_on_a_phone(key: str, code: str, show: Open) -> None:
    opened = show(shown(key, code), 360)
    opened.wait_for_selector('[data-part="actions"] button')
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious(opened) == []
    drawn = {field.get("key") for field in form_of(key, code).fields() if field.get("key")}
    assert opened.locator(".fjs-form-field").count() >= len(drawn) - 4  # fields of a row are drawn with their row


def test_what_is_missing_is_said_at_the_field(show: Open) -> None:
    opened = show(shown("apply", "Q01"), 360)
    opened.click("button[value=submit]")
    told = opened.inner_text("[data-part=problems-list]")
    assert "产品合格证" in told and "请上传文件" in told


def test_a_list_of_rows_grows(show: Open) -> None:
    opened = show(shown("apply", "P07"), 360)
    before = opened.locator("text=专业").count()
    opened.get_by_role("button", name="添加一行").click()
    assert opened.locator("text=专业").count() > before
