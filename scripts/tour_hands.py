"""The tour's part about work in several hands: the inbox, signatures, going back, clocks, countersigns, who is away.

Everything it shows is in the demonstration from the start (workflows/sample_cases.py); nothing is changed.
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
    approver.look(f"{task}/consultations/new", "consult", tall=760)
    keeper = studio.at("custodian2")
    task = row(keeper, "/inbox?scope=mine", "申报")
    keeper.look(f"{task}/transfer", "transfer-task", tall=720)


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
