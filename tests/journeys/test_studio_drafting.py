"""Process owners change one draft at once: nothing is lost, what contradicts is chosen, all of it can be compared."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser
READ = "async (url) => (await (await fetch(url)).json())"
SAVE = """async ([url, base, body]) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": token};
  const answer = await fetch(url, {method: "PUT", headers, body: JSON.stringify({base, body, how: "autosaved"})});
  return {status: answer.status, ...await answer.json()};
}"""


def second_owner(site: Site) -> None:
    with unit(site.engine) as session:
        person, company = site.company.people["vice"], site.company.units["group"]
        grant_role(session, person_of(session, person), "process_owner", unit_of(session, company), by=SYSTEM)


def opened(person: Person, name: str, draft: str) -> dict[str, Any]:
    """The file as an editor of this person reads it."""
    return dict(person.page.evaluate(READ, f"{draft}/files/{name}"))


def saves(person: Person, name: str, draft: str, base: int, body: str) -> dict[str, Any]:
    return dict(person.page.evaluate(SAVE, [f"{draft}/files/{name}", base, body]))


def begun(owner: Person) -> str:
    """A draft of the renewal, begun in the browser; its address."""
    owner.go("/studio/drafts")
    owner.sees("您还没有在改的草稿")
    owner.follow("新建草稿")
    row = owner.page.locator("li", has_text=owner.words("证件续期"))
    row.get_by_role("button", name=owner.words("修改")).first.click()
    owner.page.wait_for_url("**/studio/drafts/*")
    owner.sees("草稿已建好，改动会自动保存，发布之前不影响正在办理的申请。", "检查结果")
    owner.page.wait_for_selector("[data-diagram]:not([aria-busy])")
    owner.look()
    return owner.page.url.rstrip("/")


def test_two_owners_save_at_once_and_the_second_chooses_where_they_contradict(site: Site, arrive: Arrive) -> None:
    second_owner(site)
    anna, bo = arrive("owner"), arrive("vice")
    draft = begun(anna)
    file = opened(anna, "renewal.bpmn", draft)
    bo.expected.add(409)
    bo.go(draft.removeprefix(site.address))
    theirs = file["body"].replace('name="决定是否续期"', 'name="决定要不要续期"', 1)
    mine = file["body"].replace('name="决定是否续期"', 'name="是否续期"', 1).replace('value="10"', 'value="7"', 1)
    assert saves(anna, "renewal.bpmn", draft, file["number"], theirs)["number"] == 2
    refused = saves(bo, "renewal.bpmn", draft, file["number"], mine)
    assert refused["status"] == 409
    assert [(one["mine"], one["theirs"]) for one in refused["conflicts"]] == [("是否续期", "决定要不要续期")]
    bo.go(draft.removeprefix(site.address))
    bo.follow("去选择")
    bo.sees("人工任务“决定要不要续期” 名称", "是否续期")
    bo.tick("用我改的")
    bo.follow("合并并保存")
    bo.sees("两份改动已合并保存")
    merged = opened(anna, "renewal.bpmn", draft)["body"]
    assert 'name="是否续期"' in merged
    assert 'name="licet:sla" value="7"' in merged


@pytest.mark.parametrize("phone", [False, True])
def test_a_changed_draft_is_compared_renamed_restored_and_exported(site: Site, arrive: Arrive, phone: bool) -> None:
    owner = arrive("owner", phone=phone)
    draft = begun(owner)
    file = opened(owner, "renewal.bpmn", draft)
    changed = file["body"].replace('name="决定是否续期"', 'name="<b>是否</b>续期"'.replace("<", "&lt;"), 1)
    saves(owner, "renewal.bpmn", draft, file["number"], changed.replace('x="', 'x="1', 1))
    table = opened(owner, "renewal-conditions.dmn", draft)
    cells = table["body"].replace("<text>10</text>", "<text>5</text>", 1)
    saves(owner, "renewal-conditions.dmn", draft, table["number"], cells)
    owner.go(draft.removeprefix(site.address))
    owner.follow("与第 1 版比较")
    owner.page.wait_for_selector(".licet-differs-changed")
    owner.sees("修改", "<b>是否</b>续期", "renewal-conditions.dmn")
    owner.page.locator(".diff-part").first.click()
    owner.page.wait_for_selector(".djs-element.licet-chosen")
    owner.look()
    owner.go(draft.removeprefix(site.address) + "/history")
    owner.sees("第 3 次", "现在", "自动保存")
    owner.page.locator("tr", has_text=owner.words("第 1 次")).get_by_role("button", name=owner.words("恢复")).click()
    owner.confirms("恢复")
    owner.sees("已恢复到第 1 次保存的内容")
    with owner.page.expect_download() as download:
        owner.named("导出全部文件").first.click()
    assert download.value.suggested_filename.endswith(".zip")


def test_the_pages_of_a_draft_are_in_english_too(site: Site, arrive: Arrive) -> None:
    owner = arrive("owner", english=True)
    owner.typed |= {"renewal"}
    draft = begun(owner)
    file = opened(owner, "renewal.bpmn", draft)
    saves(owner, "renewal.bpmn", draft, file["number"], file["body"].replace('value="10"', 'value="7"', 1))
    for path in ("/history", "", "/../../compare?before=d1.1&after=d1"):
        owner.go(draft.removeprefix(site.address) + path)
