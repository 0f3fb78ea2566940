"""A process owner brings in what another tool drew, reads what became of it, and looks at the guide it would give."""

from __future__ import annotations

import pytest

from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.workflows.test_studio_foreign import around, drawn

pytestmark = pytest.mark.browser
FOREIGN = drawn(*around(
    '<bpmn:userTask id="T" name="&lt;b&gt;Legal" camunda:candidateGroups="legal" camunda:formKey="approve" '
    'camunda:dueDate="${dateTime().plusWeeks(1).toDate()}" camunda:asyncBefore="true"><bpmn:extensionElements>'
    '<camunda:taskListener class="x" event="create"/></bpmn:extensionElements></bpmn:userTask>'))


@pytest.mark.parametrize(("phone", "english"), [(False, False), (True, False), (False, True)])
def test_a_drawing_of_another_tool_is_brought_in_settled_and_told_in_a_guide(
    site: Site, arrive: Arrive, phone: bool, english: bool,
) -> None:
    owner = arrive("owner", phone=phone, english=english)
    owner.go("/studio/import")
    owner.page.locator("#f-files").set_input_files(
        [{"name": "review.bpmn", "mimeType": "application/xml", "buffer": FOREIGN},
         {"name": "noise.xml", "mimeType": "application/xml", "buffer": b"\xff<"}])
    owner.follow("读取并列出报告")
    owner.sees("<b>Legal", "camunda:taskListener", "发布前必须处理", "noise.xml")
    owner.look()
    owner.follow("作为草稿打开")
    owner.page.wait_for_url("**/studio/drafts/*")
    draft = owner.page.url.removeprefix(site.address)
    owner.go(f"{draft}/import")
    for box in owner.page.locator("input[name=word]").all():
        box.check()
    owner.follow("从草稿中删除选中的内容")
    owner.sees("已处理")
    owner.look()
    owner.go(f"{draft}/guidance")
    owner.sees("<b>Legal", "法务经营", "还没有施行" if not english else "not in force")
    owner.look()
