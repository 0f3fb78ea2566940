"""The tour's part about work in several hands: the inbox, signatures, going back, clocks, countersigns, who is away.

Everything it shows is in the demonstration from the start (workflows/sample_cases.py); what it changes is a link for an
expert and a task that one custodian passes to the other while it is open twice.
"""

from __future__ import annotations

from scripts.camera import Seat, Studio


def hands(studio: Studio) -> None:
    """All of it."""
    reviewing(studio)
    asked_for(studio)
    countersigned(studio)
    away(studio)


def row(seat: Seat, address: str, words: str, without: str | None = None) -> str:
    """Open the first row of a list that says this and not that; its address."""
    seat.go(address)
    found = seat.page.locator("[data-row]", has_text=words, has_not_text=without)
    found.first.locator("[data-row-link]").click()
    seat.settle()
    return seat.page.url.removeprefix(seat.studio.address)


def reviewing(studio: Studio) -> None:
    """The approver's inbox, tasks that wait for signatures, whom to ask, where to return to, an expert."""
    approver = studio.at("approver")
    approver.look("/inbox?filters=1", "inbox-filters", tall=720)
    approver.go("/inbox")
    approver.page.locator("[data-show-preview]").nth(2).click()
    approver.settle()
    approver.shot("inbox-preview", tall=860)
    task = row(approver, "/inbox", "等加签")
    approver.shot("sign-waits", tall=760)
    approver.look(f"{task}/signers", "sign-ask", tall=1000)
    head = studio.at("safety_head", phone=True)
    row(head, "/inbox", "加签")
    head.shot("sign-phone")
    task = row(approver, "/inbox?scope=mine", "审批", "等")
    approver.look(f"{task}/return", "return", tall=900)
    approver.look(f"{task}/consultations/new", "consult", tall=900)
    expert(studio, approver)
    keeper = studio.at("custodian2")
    task = row(keeper, "/inbox?scope=mine", "申报")
    keeper.look(f"{task}/transfer", "transfer-task", tall=720)
    officer = studio.at("safety")
    task = row(officer, "/inbox?scope=mine", "初审", "等")
    asking(officer, task)
    differing(officer)
    vice = studio.at("vice")
    request = row(vice, "/requests?scope=all", "驳回")
    vice.look(f"{request}/reopen", "reopen", tall=760)
    several(studio.at("approver"))
    late(studio)


def expert(studio: Studio, asker: Seat) -> None:
    """What an expert outside sees of a question that has just been asked (the page for asking is open)."""
    asker.page.fill("#f-expert_name", "林可为")
    asker.page.fill("#f-question", "按新版考核大纲，这个工种的复审培训学时够不够？")
    for name in ("操作类别", "培训机构", "培训学时"):
        asker.page.get_by_label(name).check()
    asker.follow("生成链接")
    link = asker.page.input_value("#link")
    outside = studio.at("", phone=True)
    outside.go(link.removeprefix(studio.address))
    outside.follow("打开")
    outside.shot("expert-phone")


def asking(seat: Seat, task: str) -> None:
    """What the applicant is to correct, with a sentence; nothing is sent."""
    seat.go(f"{task}/corrections")
    seat.page.get_by_label("培训学时", exact=True).check()
    seat.page.get_by_label("要补正什么 培训学时").fill("学时与培训证明不一致，请核对。")
    seat.shot("correct-ask", tall=760)


def differing(seat: Seat) -> None:
    """The task in hand whose corrections were answered: what was asked for, and what is different now."""
    seat.go("/inbox?scope=mine")
    for task in [one.get_attribute("href") or "" for one in seat.page.locator("[data-row-link]").all()]:
        seat.go(task)
        if seat.page.locator("#rail-differences").count():
            break
    seat.shot("corrected", of=seat.page.locator("#rail-corrections, #rail-differences").locator(".."), tall=700)


def several(seat: Seat) -> None:
    """Tasks approved together: each with what became of it (nothing is done where somebody is waited for)."""
    seat.go("/inbox?scope=mine")
    for box in seat.page.locator("[data-row]", has_text="加签").get_by_role("checkbox").all():
        box.check()
    seat.shot("bulk", tall=520)
    seat.page.locator("[data-bulk] button[value=approve]").click()
    seat.page.locator("dialog[open]").get_by_role("button", name="同意").click()
    seat.page.get_by_text("没有办成").first.wait_for()
    seat.settle()
    seat.shot("bulk-done", tall=420)


def late(studio: Studio) -> None:
    """Somebody writes a reason, and meanwhile the task has gone."""
    keeper = studio.at("custodian2")
    task = row(keeper, "/inbox?scope=mine", "申报", "委派")
    keeper.go(f"{task}/return")
    keeper.page.fill("#reason", "受理窗口要求补充体检表原件，请重新上传。")
    again = keeper.page.context.new_page()
    again.goto(f"{studio.address}{task}/transfer")
    again.get_by_role("radio").and_(again.locator(":enabled")).first.check()
    again.fill("#f-text", "下午换班，由您接着办。")
    again.get_by_role("button", name="转办", exact=True).click()
    again.wait_for_url("**/inbox*")
    again.close()
    keeper.page.locator("main form button.btn-primary").last.click()
    keeper.settle()
    keeper.shot("late", tall=420)


def asked_for(studio: Studio) -> None:
    """What an applicant sees of all this: what waits, what was kept, withdrawing, the clock's ledger."""
    person = studio.at("applicant")
    person.go("/inbox?scope=started")
    under = person.page.locator("[data-row]", has_text="单位初审").locator("[data-row-link]")
    for request in [one.get_attribute("href") or "" for one in under.all()]:
        person.go(request)
        if person.page.get_by_text("原来的办理结果保留").count():
            break
    person.shot("kept", of="section[aria-labelledby=story]", tall=1000)
    person.shot("waiting", of=person.page.locator("#rail-urging, #rail-comments, #rail-copies").locator(".."), tall=900)
    person.look(f"{request}/withdraw", "withdraw", tall=560)
    head = studio.at("safety_head")
    row(head, "/inbox", "计时暂停")
    head.follow("暂停、恢复")
    head.shot("clock", tall=1000)


def countersigned(studio: Studio) -> None:
    """A countersign: what a signer is asked, how it stands, changing who signs."""
    phone = studio.at("hr_head", phone=True)
    row(phone, "/inbox", "会签")
    phone.shot("joint-phone")
    person = studio.at("applicant")
    request = row(person, "/inbox?scope=started", "会签中")
    person.shot("joint-poll", of=person.page.locator("#rail-poll").locator(".."))
    person.look(f"{request}/members", "joint-members", tall=760)


def away(studio: Studio) -> None:
    """Somebody is away; their substitute's inbox; somebody leaves."""
    officer = studio.at("safety")
    officer.look("/absence", "absence", tall=420)
    head = studio.at("safety_head")
    head.look("/inbox", "absence-inbox", mark=head.page.get_by_text("代 ").first, tall=620)
    hr = studio.at("hr")
    number = leaver(hr)
    hr.look(f"{number}/handover", "handover", tall=1000)
    phone = studio.at("hr", phone=True)
    phone.look(f"{number}/handover", "handover-phone")


def leaver(hr: Seat) -> str:
    """The page of whoever has a last day that is still to come."""
    for page in range(1, 40):
        hr.go(f"/people?page={page}")
        leaving = hr.page.locator("[data-row]", has_text="离职", has_not_text="已离职").locator("[data-row-link]")
        if leaving.count():
            return str(leaving.first.get_attribute("href"))
    raise RuntimeError("nobody leaves")
