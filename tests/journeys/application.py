"""P-APPLY as people do it in the browser, one function for each person's turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from forms.schema import FILES, load
from tests.journeys.answers import filled
from tests.journeys.person import Person
from tests.journeys.site import Site

Arrive = Callable[..., Person]


@dataclass(frozen=True)
class Case:
    """A type to apply for: who applies for whom, who reviews; the certificate in the end, and who reads it."""

    code: str
    name: str
    applicant: str
    holder: str
    reviewers: tuple[str, ...]
    second: bool
    comparer: str
    certificate: str
    until: str
    reader: str


J03 = Case("J03", "建筑工程施工许可证", "applicant", "滨江花园一期", ("pm",), False, "safety", "330109202611230122",
           "2028-06-30", "applicant")
E03 = Case("E03", "安全生产许可证", "desk", "华建第一建筑", ("legal",), True, "safety",
           "（浙）JZ安许证字〔2026〕000123", "2029-11-22", "safety")
P02 = Case("P02", "建筑施工特种作业操作资格证书", "desk", "石磊", ("safety", "hr"), False, "hr", "浙A012026000123",
           "2028-11-22", "hr")


@dataclass
class Application:
    """One request on its way through the browser; `number` once there is one."""

    case: Case
    site: Site
    arrive: Arrive
    people: dict[str, Person] = field(default_factory=dict)
    number: str = ""

    def person(self, login: str) -> Person:
        """`login` at a desk; whoever came once stays signed in."""
        if login not in self.people:
            self.people[login] = self.arrive(login)
        return self.people[login]

    @property
    def applicant(self) -> Person:
        return self.person(self.case.applicant)

    def begin(self) -> None:
        """Choose type and holder; the form opens."""
        person = self.applicant
        person.go("/requests")
        person.follow("发起申请")
        person.follow(self.case.name)
        person.page.get_by_label(self.case.holder).check()
        person.follow("下一步")
        person.drawn()
        self.number = person.page.locator(".crumbs a").last.inner_text()

    def answers(self, **more: Any) -> dict[str, Any]:
        form = load(f"apply-{self.case.code}")
        taken = {one["key"]: str(one.get("accept") or ".pdf") for one in form.fields() if one["type"] in FILES}
        papers = {key: ["材料.pdf" if ".pdf" in kinds else "照片.jpg"] for key, kinds in taken.items()}
        answers = filled(form.key, [])
        return {key: papers.get(key, value) for key, value in answers.items()} | more

    def fill_in(self, **more: Any) -> None:
        self.applicant.fill(f"apply-{self.case.code}", self.answers(**more))

    def submit(self) -> None:
        self.applicant.decide("提交申请")

    def review(self) -> None:
        """Every reviewer claims the task, ticks the papers off and passes it."""
        for login in self.case.reviewers:
            person = self.claim(login)
            person.fill("review", {"checked": [], "opinion": "材料齐全，与原件一致"})
            person.decide("通过")

    def claim(self, login: str) -> Person:
        """From the inbox, by the row's own button, then open it."""
        person = self.person(login)
        person.go("/inbox")
        person.page.locator("[data-row]", has_text=self.case.holder).first.get_by_role("button", name="签收").click()
        person.page.wait_for_load_state()
        person.sees("已签收")
        person.open_task(self.case.holder)
        return person

    def approve(self) -> None:
        for login in ("approver", "vice")[: 2 if self.case.second else 1]:
            person = self.claim(login)
            person.fill("approve", {"opinion": "同意"})
            person.decide("同意")

    def file(self) -> None:
        """The custodian files it with the authority."""
        person = self.claim("custodian")
        person.fill("file", {
            "channel": "online", "application_number": "浙建受20261123001", "filed_on": self.today,
            "receipt": ["回执.pdf"],
        })
        person.decide("已申报")

    @property
    def today(self) -> str:
        return self.site.clock().date().isoformat()

    def record(self, what: str, **more: Any) -> None:
        """The custodian records what the authority answered."""
        person = self.person("custodian")
        person.go("/requests?scope=all&q=" + self.number)
        person.follow(self.number)
        person.follow(what)
        person.drawn()
        notice = {"document_no": "浙建字〔2026〕88号", "answered_on": self.today, "files": ["文书.pdf"]}
        person.fill("answer", {**notice, **more})
        person.decide("登记答复")
        person.sees("已登记")

    def supplement(self) -> None:
        """The custodian asks for what the notice wants; the applicant answers it."""
        self.record("补正通知", items=[{"item": "补充地质勘察报告"}])
        person = self.applicant
        person.open_task(self.case.holder)
        person.fill("supplement", {
            "items": [{"item": "补充地质勘察报告", "response": "已补充，见附件"}], "files": ["勘察报告.pdf"],
            "resubmitted_on": self.today,
        })
        person.decide("已补正并报送")

    def register(self) -> None:
        """The custodian registers the certificate that was granted."""
        person = self.claim("custodian")
        answers = filled(f"register-{self.case.code}", [], issued_on=self.today, valid_from=self.today,
                         valid_until=self.case.until, number=self.case.certificate)
        person.fill(f"register-{self.case.code}", {**answers, "scans": ["证书.jpg"]})
        person.decide("登记")

    def compare(self) -> None:
        """Somebody else compares it with the scan."""
        person = self.claim(self.case.comparer)
        person.fill("compare", {"checked": [], "official_query": ["查询截图.png"]})
        person.decide("一致，入库")

    def certificate(self) -> None:
        """From the request to the certificate: number, version, what is due, its story, and its page as a PDF."""
        person = self.person(self.case.reader)
        person.go(f"/requests/{self.site.request(self.number).id}")
        person.follow("看证件")
        person.sees(self.case.certificate, self.case.name, "001")
        link = person.page.get_by_role("link", name="下载证件单").get_attribute("href")
        answer = person.context.request.get(self.site.address + str(link))
        assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")

    def stands(self, *words: str) -> None:
        """What the applicant reads on the request's page."""
        person = self.applicant
        person.go(f"/requests/{self.site.request(self.number).id}")
        for one in words:
            expect(person.page.locator(".where")).to_contain_text(one)
