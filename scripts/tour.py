"""The tour that the pictures are taken on: one construction permit from the first click to the register, and around."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Locator

from ledger import clock
from scripts import tour_hands, tour_imports, tour_matters, tour_people, tour_steward, tour_studio
from scripts.camera import Seat, Studio, keep
from scripts.lending import lend
from scripts.tour_matters import open_task
from workflows import CATALOG

PERMIT = "建筑工程施工许可证"
CREDIT_CODE = "91320100135800013L"
APPLICATION: dict[str, Any] = {
    "project_code": "2026-320102-48-01-000001", "project_class": "01", "address": "某市玄武区青禾路 18 号",
    "scale": "25000 平方米，地上 9 层，地下 1 层", "client": "青禾城市建设发展有限公司", "client_code": CREDIT_CODE,
    "price": 4800, "duration": 540, "start_on": "2026-12-15", "finish_on": "2028-06-08",
    "parties": [{"role": "construction", "name": "华城第一建筑工程有限公司", "uscc": CREDIT_CODE, "leader": "吴德辉"}],
}
PAPERS = {
    "doc_land_use": ["用地批准书.pdf"], "doc_planning": ["建设工程规划许可证.png"], "doc_contract": ["施工合同.pdf"],
    "doc_funds": ["资金落实承诺.pdf"], "doc_drawing_review": ["审图合格书.pdf"],
    "doc_quality_safety": ["质量安全措施.pdf"], "doc_safety_staff": ["人员配备名单.pdf"],
}
FORM = "[data-part=problems-list], [data-part=fields], [data-part=status], [data-part=actions]"
NOTICE = {"document_no": "玄建字〔2026〕88号", "files": ["文书.pdf"]}


def walk(studio: Studio) -> None:
    """All of it, in the order in which it happens."""
    at_the_door(studio)
    tour_hands.hands(studio)
    project = apply(studio)
    returned(studio, project)
    approved(studio, project)
    filed(studio, project)
    registered(studio, project)
    lend(studio, in_the_register(studio, project))
    tour_matters.renewed(studio)
    owned(studio)
    tour_matters.of_types(studio)
    tour_people.holders(studio)
    tour_people.rules(studio)
    tour_people.leaving(studio)
    tour_matters.of_changes(studio)
    tour_imports.imported(studio)
    tour_steward.stewarded(studio)
    tour_studio.owned(studio)


def at_the_door(studio: Studio) -> None:
    door = studio.at("")
    door.look("/login", "login", tall=860)
    desk = studio.at("applicant")
    desk.look("/", "desk")
    phone = studio.at("applicant", phone=True)
    phone.look("/", "desk-phone")


def apply(studio: Studio) -> str:
    """Fill in, leave, come back, be corrected, hand in; the project's name."""
    manager = studio.at("pm")
    manager.go("/projects")
    project = manager.page.locator("[data-row-link]").first.inner_text()
    person = studio.at("applicant")
    person.go("/requests")
    person.follow("发起申请")
    person.shot("apply-types", tall=560)
    person.look("/requests/new?q=塔", "apply-search", tall=460)
    person.go("/requests/new")
    person.follow(PERMIT)
    person.page.get_by_label(project).check()
    person.shot("apply-holder", mark=person.named("下一步"), tall=700)
    person.follow("下一步")
    form = person.page.url
    person.fill("apply-J03", {"project_name": project, **APPLICATION})
    person.page.get_by_text("草稿已保存").wait_for()
    person.shot("apply-form", tall=900)
    person.look("/requests", "apply-draft", mark=person.page.locator("[data-row]").first, tall=520)
    person.go(form.removeprefix(studio.address))
    person.fill("apply-J03", {**PAPERS, "client_code": "91320100135800013X", "declaration": True})
    person.shot("apply-papers", of=group(person, "用地批准手续"), tall=640)
    person.button("提交申请").click()
    person.page.locator("[data-part=problems-list]").wait_for()
    person.shot("apply-problem", of=FORM, tall=640)
    person.fill("apply-J03", {"client_code": CREDIT_CODE})
    person.decide("提交申请")
    person.shot("request", tall=1000)
    person.speak("English")
    person.shot("request-en", tall=1000)
    person.speak("中文")
    phone = studio.at("applicant", phone=True)
    phone.look(person.page.url.removeprefix(studio.address), "request-phone")
    return project


def group(seat: Seat, words: str) -> Locator:
    """The group of fields that holds these words."""
    return seat.page.locator("[data-part=fields] .fjs-form-field-grouplike", has_text=words).first


def returned(studio: Studio, project: str) -> None:
    """The project manager returns it with a reason at a field; the applicant corrects it."""
    manager = studio.at("pm")
    manager.look("/inbox", "inbox", mark=manager.page.get_by_role("button", name="签收").first, tall=520)
    open_task(manager, project)
    manager.shot("review", tall=1000)
    manager.button("退回补正").click()
    manager.fill("review", {"returns": [{"field": "施工合同", "reason": "缺少签章页，请补传盖章后的扫描件。"}]})
    manager.shot("review-return", of=FORM, tall=1400)
    manager.decide("退回补正")
    person = studio.at("applicant")
    person.go("/inbox")
    person.page.locator("[data-row]", has_text=project).first.locator("[data-row-link]").click()
    person.settle()
    person.shot("correct", of=FORM, tall=640)
    person.fill("apply-J03", {"doc_contract": ["施工合同（盖章）.pdf"], "declaration": True})
    person.decide("提交申请")


def approved(studio: Studio, project: str) -> None:
    """The project manager passes it, the approver agrees on a phone."""
    manager = studio.at("pm")
    open_task(manager, project)
    manager.fill("review", {"checked": [], "opinion": "材料齐全，与原件一致。"})
    manager.shot("review-pass", of=FORM)
    manager.decide("通过")
    phone = studio.at("approver", phone=True)
    phone.look("/inbox", "inbox-phone")
    open_task(phone, project)
    phone.shot("approve-phone")
    phone.fill("approve", {"opinion": "同意"})
    phone.decide("同意")


def filed(studio: Studio, project: str) -> None:
    """The custodian files it; the authority wants more, accepts, grants."""
    keeper, today = studio.at("custodian"), clock.today().isoformat()
    open_task(keeper, project)
    keeper.fill("file", {"channel": "online", "application_number": "玄建受20261122001", "receipt": ["申报回执.pdf"]})
    keeper.shot("file", of=FORM)
    keeper.decide("已申报")
    open_request(keeper, project)
    keeper.shot("answers", mark=keeper.page.locator(".asked"), tall=640)
    keeper.follow("补正通知")
    keeper.fill("answer", {**NOTICE, "answered_on": today, "items": [{"item": "补充地质勘察报告"}]})
    keeper.shot("answer-supplement", of=FORM)
    keeper.decide("登记答复")
    person = studio.at("applicant")
    open_task(person, project)
    person.fill("supplement", {
        "items": [{"item": "补充地质勘察报告", "response": "已补充，见附件"}], "files": ["地质勘察报告.pdf"],
        "resubmitted_on": today,
    })
    person.shot("supplement", of=FORM)
    person.decide("已补正并报送")
    for answer in ("受理通知", "准予许可决定"):
        open_request(keeper, project)
        keeper.follow(answer)
        keeper.fill("answer", {**NOTICE, "answered_on": today})
        keeper.decide("登记答复")


def open_request(seat: Seat, project: str) -> None:
    """From the list of requests, found by a piece of its title."""
    seat.go(f"/requests?scope=all&q={project}")
    seat.page.locator("[data-row-link]", has_text=PERMIT).first.click()
    seat.settle()


def registered(studio: Studio, project: str) -> None:
    """The custodian registers the certificate, somebody else compares it."""
    keeper, today = studio.at("custodian"), clock.today()
    open_task(keeper, project)
    own = f"320102{today:%Y%m%d}0101"
    keeper.fill("register-J03", {
        "number": own, "issuer": "某市玄武区住房和城乡建设局", "issuer_code": "11330100002500121M",
        "issued_on": today.isoformat(), "valid_from": today.isoformat(), "scans": ["施工许可证.png"],
    })
    keeper.shot("register", of=FORM, tall=1300)
    keeper.fill("register-J03", {"number": own[:-3]})
    keeper.button("登记").click()
    keeper.page.locator("[data-part=problems-list]").wait_for()
    keeper.shot("register-problem", of=FORM, tall=480)
    keeper.fill("register-J03", {"number": own})
    keeper.decide("登记")
    other = studio.at("safety")
    open_task(other, project)
    other.fill("compare", {"checked": [], "official_query": ["官网查询截图.png"]})
    other.shot("compare", of=FORM, tall=1400)
    other.decide("一致，入库")
    open_request(keeper, project)
    keeper.shot("story", of="section[aria-labelledby=story]", tall=1100)


def in_the_register(studio: Studio, project: str) -> str:
    """The certificate's page and whatever leads there; its address."""
    keeper = studio.at("custodian")
    keeper.look("/certificates", "certificates", tall=860)
    keeper.look("/certificates?standing=due&sort=ends", "certificates-due", tall=700)
    keeper.go(f"/certificates?q={project}&type=J03")
    keeper.page.locator("[data-row-link], .first").first.click()
    keeper.settle()
    keeper.page.locator("details.why summary").first.click()
    keeper.shot("certificate", tall=1000)
    address = keeper.page.url.removeprefix(studio.address)
    for tab in ("timers", "story"):
        keeper.look(f"{address}/{tab}", f"certificate-{tab}", of="nav.tabs, nav.tabs + section", tall=640)
    sheet(studio, keeper, address)
    phone = studio.at("custodian", phone=True)
    phone.look(address, "certificate-phone")
    warned(keeper, phone)
    keeper.go("/requests?scope=all&q=" + "特种作业")
    name = keeper.page.locator("[data-row] .work-what").first.inner_text().rpartition("·")[2].strip()
    keeper.look("/search?q=" + name, "search", tall=620)
    return address


def warned(keeper: Seat, phone: Seat) -> None:
    """Expiry alerts: one's own, those that reached nobody, and the ledger of one certificate."""
    keeper.look("/alerts", "alerts", tall=700)
    phone.look("/alerts", "alerts-phone")
    keeper.look("/alerts?tab=unreached", "alerts-unreached", tall=560)
    keeper.look("/alerts?tab=people&view=calendar", "alerts-month", tall=900)
    phone.look("/alerts?tab=people&view=calendar", "alerts-month-phone")
    keeper.look("/account/calendars", "alerts-feeds", tall=640)
    keeper.go("/alerts?tab=people")
    warned_of = keeper.page.locator("tr", has=keeper.page.locator("a[href^='/alerts/']"))
    number = warned_of.locator(".licet-code").first.inner_text()
    keeper.go(f"/certificates?q={number}")
    keeper.page.locator("[data-row-link]").first.click()
    keeper.settle()
    address = keeper.page.url.removeprefix(keeper.studio.address)
    keeper.look(address + "/timers", "alerts-ledger", of="nav.tabs, nav.tabs + section", tall=640)
    proved(keeper, address)
    keeper.look("/account/letters", "alerts-letters", tall=700)
    keeper.studio.at("admin").look("/lines", "lines", tall=760)
    keeper.studio.at("admin").look("/lines/texts/before", "alerts-texts", tall=1000)


def proved(keeper: Seat, address: str) -> None:
    """The proof of delivery as a picture; needs poppler-utils."""
    if shutil.which("pdftoppm") and keeper.studio.wants("alerts-proof"):
        token = keeper.page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
        sent = keeper.page.context.request.post(f"{keeper.studio.address}{address}/proof", form={"csrf_token": token})
        with tempfile.TemporaryDirectory(prefix="licet-shots-") as folder:
            file = Path(folder) / "proof.pdf"
            file.write_bytes(sent.body())
            keep(_first_page(file), keeper.studio.folder / "alerts-proof.png")


def _first_page(file: Path) -> Image.Image:
    subprocess.run(["pdftoppm", "-png", "-r", "80", "-singlefile", str(file), str(file.with_suffix(""))], check=True)
    return Image.open(file.with_suffix(".png")).convert("RGB")


def sheet(studio: Studio, keeper: Seat, address: str) -> None:
    """The PDF as a picture, and the page that its QR code leads to; both need poppler-utils."""
    if not shutil.which("pdftoppm"):
        return
    with tempfile.TemporaryDirectory(prefix="licet-shots-") as folder:
        file = Path(folder) / "sheet.pdf"
        file.write_bytes(keeper.page.context.request.get(f"{studio.address}{address}/sheet.pdf").body())
        drawn = _first_page(file)
        text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
        if studio.wants("sheet"):
            keep(drawn, studio.folder / "sheet.png")
    if found := re.search(r"/v/[\w-]{22}", "".join(text.split())):
        phone = studio.at("", phone=True)
        phone.look(found[0], "verify-phone", tall=640)


def owned(studio: Studio) -> None:
    """The process owner: versions, a drawing, a report of a drawing that is refused, the calendar."""
    owner = studio.at("owner")
    owner.look("/processes", "processes", tall=460)
    owner.follow("第 1 版")
    owner.shot("process", tall=900)
    owner.go("/processes/new")
    files = dict(CATALOG["application"].files)
    files["application.bpmn"] = spoiled(files["application.bpmn"])
    chosen: list[FilePayload] = [
        {"name": name, "mimeType": "application/xml", "buffer": body} for name, body in files.items()]
    owner.page.set_input_files("#f-files", chosen)
    owner.follow("检查并存为草稿")
    owner.shot("process-report", of="#report", tall=900)
    year = clock.today().year
    for shown in (year, year + 1):
        owner.look(f"/calendar/{shown}", "calendar" if shown == year else "calendar-next", tall=820)


def spoiled(drawing: bytes) -> bytes:
    """The drawing with three mistakes that happen: an unknown form, a condition with an error, a missing table."""
    text = drawing.decode("utf-8")
    for right, wrong in (
        ('formId="chase"', 'formId="chasing"'), ("=a4_verdict = &quot;approve&quot;", "=a4_verdict = "),
        ('=a4_verdict = "approve"', "=a4_verdict ="), ('decisionId="second_approval"', 'decisionId="second"'),
    ):
        text = text.replace(right, wrong, 1)
    return text.encode()
