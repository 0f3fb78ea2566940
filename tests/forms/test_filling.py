"""Filling in a form in Chromium: what is sent, what is kept, what is said; the browser and the server agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from forms import load
from tests.forms.conftest import Open
from tests.forms.covering import covering
from tests.forms.making import filled, problems
from tests.forms.pages import DATA, Site, form_page, page

pytestmark = pytest.mark.browser
COVERING = sorted({*covering(), "approve", "borrow", "register-J03", "review"})
PDF = {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 x"}


def press(opened: Page, verdict: str) -> None:
    opened.click(f'button[name=verdict][value="{verdict}"]')


def sent(site: Site, path: str = "/tasks/1") -> list[Any]:
    return [body for where, body in site.posts if where == path]


def wait_for_post(opened: Page, site: Site, path: str, count: int = 1) -> Any:
    for _ in range(100):
        if len(sent(site, path)) >= count:
            return sent(site, path)[-1]
        opened.wait_for_timeout(50)
    raise AssertionError(f"{path} got {site.posts}")


def told(opened: Page) -> str:
    return opened.inner_text("[data-part=problems-list]")


def wrong_fields(opened: Page) -> set[str]:
    """Keys the browser finds wrong, as the server writes them."""
    return set(
        opened.evaluate("""() => {
      const {form} = document.querySelector("[data-licet-form]").licetForm, found = [];
      const {errors} = form._getState();
      for (const one of form.get("formFieldInstanceRegistry").getAll()) {
        const path = [one.id, ...Object.values(one.indexes ?? {})];
        const at = path.reduce((inner, step) => inner?.[step], errors);
        if (Array.isArray(at) && typeof at[0] === "string") found.push(one.valuePath.join("."));
      }
      return found;
    }""")
    )


def submitted(site: Site) -> dict[str, Any]:
    body = sent(site)[-1]
    return {**json.loads(body["answers"]), "verdict": body["verdict"]}


@pytest.mark.parametrize("key", COVERING)
def test_what_the_browser_sends_the_server_accepts(key: str, show: Open, site: Site) -> None:
    made = load(key)
    verdict = made.verdicts[0]
    site.answers["/tasks/1"] = (200, {"location": "/done.html"})
    site.pages["/done.html"] = page("完成")
    data = {**DATA, "kinds": DATA["kinds"][:1]}
    opened = show(form_page(key, data=data, answers=filled(made.schema, data)))
    press(opened, verdict.value)
    if verdict.confirm:
        opened.click(f"dialog >> button:has-text('{verdict.label}')")
    opened.wait_for_url("**/done.html")
    assert problems(made, submitted(site), data) == {}


@pytest.mark.parametrize("key", COVERING)
def test_an_empty_form_is_judged_alike_by_browser_and_server(key: str, show: Open, site: Site) -> None:
    made = load(key)
    opened = show(form_page(key))
    press(opened, made.verdicts[0].value)
    blank = opened.evaluate("document.querySelector('[data-licet-form]').licetForm.answers()")
    server = problems(made, {**blank, "verdict": made.verdicts[0].value}, DATA)
    if not server:
        return wait_for_post(opened, site, "/tasks/1")
    opened.wait_for_selector("[data-part=problems-list]")
    assert {name.split(".")[0] for name in wrong_fields(opened)} == {name.split(".")[0] for name in server}
    assert sent(site) == []


def test_a_return_asks_for_its_reason_first(show: Open, site: Site) -> None:
    opened = show(form_page("review"))
    assert opened.locator("text=退回修改的内容").count() == 0
    press(opened, "return")
    opened.wait_for_selector("text=退回修改的内容")
    opened.wait_for_selector("select:focus")
    assert sent(site) == []
    opened.keyboard.press("ArrowDown")
    opened.get_by_label("为什么，怎么改").fill("红线范围与规划许可证不一致")
    press(opened, "return")
    wait_for_post(opened, site, "/tasks/1")
    assert submitted(site)["returns"] == [{"field": "project_name", "reason": "红线范围与规划许可证不一致"}]
    assert problems(load("review"), submitted(site), DATA) == {}
    assert sent(site)[-1]["version"] == "3"


def test_passing_wants_every_box_ticked(show: Open, site: Site) -> None:
    opened = show(form_page("review"))
    press(opened, "pass")
    opened.wait_for_selector("text=还有没核对的项目")
    for box in opened.locator(".licet-tick").all():
        box.click()
    press(opened, "pass")
    wait_for_post(opened, site, "/tasks/1")
    assert submitted(site)["checked"] == ["doc_land_use", "doc_planning"]


def test_a_rejection_is_asked_about_once_more(show: Open, site: Site) -> None:
    opened = show(form_page("approve"))
    press(opened, "reject")
    opened.get_by_label("驳回原因").fill("不符合条件")
    press(opened, "reject")
    opened.click("dialog >> text=取消")
    assert sent(site) == []
    press(opened, "reject")
    opened.click("dialog >> button:has-text('驳回')")
    wait_for_post(opened, site, "/tasks/1")


def test_what_the_server_finds_is_said_at_the_field_and_nothing_is_lost(show: Open, site: Site) -> None:
    site.answers["/tasks/1"] = (
        400,
        {"error": "有内容需要修改", "problems": {"opinion": ["说得再清楚些"], "": ["整份表单的问题"]}},
    )
    opened = show(form_page("approve", answers={"opinion": "同意"}))
    press(opened, "approve")
    opened.wait_for_selector(".fjs-form-field-error >> text=说得再清楚些")
    assert "整份表单的问题" in told(opened)
    assert opened.input_value("textarea") == "同意"
    opened.click("[data-part=problems-list] a")
    assert opened.evaluate("document.activeElement.tagName") == "TEXTAREA"
    opened.keyboard.type("，请尽快")
    assert opened.locator(".fjs-form-field-error >> text=说得再清楚些").count() == 0


def test_problems_that_come_with_the_page_are_shown(show: Open) -> None:
    opened = show(
        form_page(
            "apply-J03",
            answers={"parties": [{"role": "design", "name": "甲"}]},
            problems={"parties.0.name": ["名称不全"], "doc_funds": ["看不清，请重传"], "parties": ["缺少监理单位"]},
        )
    )
    for words in ("名称不全", "看不清，请重传", "缺少监理单位"):
        assert opened.locator(f".fjs-form-field-error >> text={words}").count() == 1, words
    assert "有 3 处需要修改" in told(opened)


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (409, {"error": "已由王某于 10:02 处理，您的操作没有生效。"}, "已由王某于 10:02 处理"),
        (500, {}, "没有提交（500）"),
        (403, {"error": "您没有权限在这里进行此操作。"}, "没有权限"),
    ],
)
def test_a_refusal_is_said_and_the_answers_stay(
    status: int, answer: dict[str, Any], said: str, show: Open, site: Site
) -> None:
    site.answers["/tasks/1"] = (status, answer)
    opened = show(form_page("approve", answers={"opinion": "同意"}))
    press(opened, "approve")
    opened.wait_for_selector(f"[data-part=problems-list] >> text={said}")
    assert opened.input_value("textarea") == "同意"
    assert opened.locator("button[value=approve]").is_enabled()


def test_without_a_network_nothing_is_lost(show: Open, site: Site) -> None:
    opened = show(form_page("approve"))
    opened.context.set_offline(True)
    opened.fill("textarea", "同意")
    press(opened, "approve")
    opened.wait_for_selector("[data-part=problems-list] >> text=网络不通")
    opened.wait_for_selector("[data-part=status] >> text=还没有保存")
    opened.context.set_offline(False)
    assert wait_for_post(opened, site, "/tasks/1/draft")["answers"]["opinion"] == "同意"
    opened.wait_for_selector("[data-part=status] >> text=草稿已保存")


def test_signing_in_again_in_another_tab_loses_nothing(show: Open, site: Site) -> None:
    signed_out = (401, {"error": "登录已结束，请重新登录。", "login": "/sign-in"})
    site.answers |= {"/tasks/1": signed_out, "/tasks/1/draft": signed_out}
    opened = show(form_page("approve"))
    opened.fill("textarea", "同意")
    press(opened, "approve")
    opened.wait_for_selector("[data-part=problems-list] a[href='/sign-in'][target=_blank]")
    site.answers |= {"/tasks/1": (200, {"location": "#done"}), "/tasks/1/draft": (200, {})}
    site.token = "an0ther"
    press(opened, "approve")
    opened.wait_for_url("**#done")
    assert submitted(site)["opinion"] == "同意"


def test_leaving_at_once_still_saves_the_draft(show: Open, site: Site) -> None:
    opened = show(form_page("approve"))
    asked: list[str] = []
    opened.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    opened.fill("textarea", "先记下")
    opened.goto(site.show(page("别的页面")))
    assert wait_for_post(opened, site, "/tasks/1/draft")["answers"]["opinion"] == "先记下"
    assert asked == []


def test_the_draft_follows_the_typing(show: Open, site: Site) -> None:
    opened = show(form_page("apply-J03"))
    opened.get_by_label("工程名称").fill("某路综合楼")
    draft = wait_for_post(opened, site, "/tasks/1/draft")
    assert draft["answers"]["project_name"] == "某路综合楼"
    assert "holder_name" not in draft["answers"]  # read-only fields are never sent
    opened.wait_for_timeout(800)
    assert len(sent(site, "/tasks/1/draft")) == 1


def test_fast_typing_survives_other_changes(show: Open, site: Site) -> None:
    site.answers["/files"] = (201, {"id": 7, "name": "合同.pdf", "size": 10, "url": "/files/7"})
    opened = show(form_page("apply-J03"))
    opened.get_by_label("工程名称").press_sequentially("abcdefgh", delay=5)
    opened.set_input_files("[data-files-of=doc_contract]", [PDF])
    opened.get_by_label("建设地址").press_sequentially("ijklmnop", delay=5)
    opened.wait_for_selector(".licet-file-name")
    answers = opened.evaluate("document.querySelector('[data-licet-form]').licetForm.answers()")
    assert (answers["project_name"], answers["address"], answers["doc_contract"]) == ("abcdefgh", "ijklmnop", [7])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("20261122", "2026-11-22"),
        ("2026年1月2日", "2026-01-02"),
        ("2026/1/2", "2026-01-02"),
        ("２０２６．１．２", "2026-01-02"),
        ("2026-11-22", "2026-11-22"),
    ],
)
def test_dates_are_understood_as_people_write_them(typed: str, kept: str, show: Open) -> None:
    opened = show(form_page("file"))
    opened.get_by_label("申报日期").first.fill(typed)
    opened.keyboard.press("Tab")
    assert opened.get_by_label("申报日期").first.input_value() == kept


def test_a_date_that_does_not_exist_is_said_at_once(show: Open) -> None:
    opened = show(form_page("file"))
    opened.get_by_label("申报日期").first.fill("2026-02-30")
    opened.keyboard.press("Tab")
    opened.wait_for_selector(".fjs-form-field-error >> text=日期要写成")


def test_identifiers_are_put_right(show: Open) -> None:
    opened = show(form_page("apply-E03"))
    opened.get_by_label("统一社会信用代码").fill(" ９１３２０１００ 135800013l")
    opened.keyboard.press("Tab")
    assert opened.get_by_label("统一社会信用代码").input_value() == "91320100135800013L"


def test_files_go_up_and_can_be_taken_away(show: Open, site: Site) -> None:
    site.answers["/files"] = (201, {"id": 7, "name": "合同.pdf", "size": 10, "url": "/files/7"})
    opened = show(form_page("apply-J03"))
    opened.set_input_files("[data-files-of=doc_contract]", [PDF])
    opened.wait_for_selector("a.licet-file[href='/files/7']")
    opened.get_by_label("删除 合同.pdf").click()
    assert opened.locator(".licet-file").count() == 0


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("病毒.exe", 10), "格式不能用"),
        (("空.pdf", 0), "空文件"),
        (("大.pdf", 20 * 2**20 + 1), "超过 20 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_it_travels(file: Any, said: str, show: Open, site: Site) -> None:
    opened = show(form_page("apply-J03"))
    opened.evaluate(
        """([name, size]) => {
      const input = document.querySelector("[data-files-of=doc_contract]"), carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(size)], name));
      input.files = carried.files;
      input.dispatchEvent(new Event("change", {bubbles: true}));
    }""",
        file,
    )
    opened.wait_for_selector(f".fjs-form-field-error >> text={said}")
    assert sent(site, "/files") == []


def test_what_the_server_says_of_a_file_is_shown(show: Open, site: Site) -> None:
    site.answers["/files"] = (400, {"error": "不支持这种文件，请上传 PDF、OFD 或图片。"})
    opened = show(form_page("apply-J03"))
    opened.set_input_files("[data-files-of=doc_contract]", [PDF])
    opened.wait_for_selector(".fjs-form-field-error >> text=不支持这种文件")


def test_a_form_can_be_filled_in_with_the_keyboard_alone(show: Open) -> None:
    opened = show(form_page("chase"))
    opened.evaluate("document.querySelector('.fjs-form input').focus()")
    opened.keyboard.type("20261120")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Tab")
    opened.keyboard.press("ArrowDown")
    answers = opened.evaluate("document.querySelector('[data-licet-form]').licetForm.answers()")
    assert (answers["chased_on"], answers["way"]) == ("2026-11-20", "phone")


def test_nobody_is_scolded_while_typing(show: Open) -> None:
    opened = show(form_page("apply-J03"))
    code = opened.get_by_label("项目代码")
    code.press_sequentially("2026-32")
    assert opened.locator(".fjs-form-field-error").count() == 0
    opened.keyboard.press("Tab")
    opened.wait_for_selector(".fjs-form-field-error >> text=项目代码应写成")
    code.fill("2026-320102-48-01-000001")
    assert opened.locator(".fjs-form-field-error").count() == 0


def test_a_row_taken_away_takes_its_problems_along(show: Open) -> None:
    opened = show(
        form_page(
            "apply-J03",
            answers={"parties": [{"name": "甲"}, {"name": "乙"}]},
            problems={"parties.0.name": ["名称不全"]},
        )
    )
    opened.wait_for_selector(".fjs-form-field-error >> text=名称不全")
    opened.get_by_label("删除第 1 行").click()
    assert opened.locator(".fjs-form-field-error").count() == 0
    assert opened.get_by_label("单位名称").input_value() == "乙"


def test_keys_press_what_the_page_declares(show: Open) -> None:
    opened = show(
        page(
            '<input aria-label="查找" data-key="/"><div data-rows><div data-row><a href="#1" data-row-link>一</a></div>'
            '<div data-row><a href="#2" data-row-link>二</a></div></div>'
        )
    )
    opened.keyboard.press("j")
    opened.keyboard.press("j")
    assert opened.evaluate("document.activeElement.textContent") == "二"
    opened.keyboard.press("/")
    assert opened.evaluate("document.activeElement.tagName") == "INPUT"
    opened.keyboard.type("jk?")
    assert opened.input_value("input") == "jk?"


def test_the_page_asks_before_doing_harm(show: Open, site: Site) -> None:
    opened = show(
        page(
            '<form method="post" action="/tasks/1"><button data-confirm="确定注销吗？" data-confirm-yes="注销">注销证件'
            "</button></form>"
        )
    )
    opened.click("text=注销证件")
    assert opened.evaluate("document.activeElement.textContent") == "取消"
    opened.keyboard.press("Escape")
    assert sent(site, "/tasks/1") == []
    opened.click("text=注销证件")
    with opened.expect_navigation(url="**/tasks/1"):  # Chromium may hang on closing a page that is on its way
        opened.click("dialog >> text=注销 >> nth=-1")
    assert sent(site, "/tasks/1")


def test_htmx_sends_the_token(show: Open, site: Site) -> None:
    opened = show(page('<button hx-post="/tasks/1" hx-target="#out">发</button><div id="out"></div>'))
    opened.click("text=发")
    wait_for_post(opened, site, "/tasks/1")
    opened.wait_for_timeout(100)
    assert opened.complaints == []
