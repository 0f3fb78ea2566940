"""P-APPLY as people do it in the browser, one function for each person's turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forms.schema import FILES, load
from tests.journeys.answers import filled
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way


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


class Application(Way):
    """One application on its way through the browser."""

    def __init__(self, case: Case, site: Site, arrive: Arrive) -> None:
        super().__init__(case.holder, site, arrive)
        self.case = case

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
            self.act(login, "", "review", {"checked": [], "opinion": "材料齐全，与原件一致"}, "通过")

    def approve(self) -> None:
        for login in ("approver", "vice")[: 2 if self.case.second else 1]:
            self.act(login, "", "approve", {"opinion": "同意"}, "同意")

    def supplement(self) -> None:
        """The custodian asks for what the notice wants; the applicant answers it."""
        self.record("补正通知", items=[{"item": "补充地质勘察报告"}])
        self.act(self.case.applicant, "", "supplement", {
            "items": [{"item": "补充地质勘察报告", "response": "已补充，见附件"}], "files": ["勘察报告.pdf"],
            "resubmitted_on": self.today,
        }, "已补正并报送")

    def register(self) -> None:
        """The custodian registers the certificate that was granted."""
        answers = filled(f"register-{self.case.code}", [], issued_on=self.today, valid_from=self.today,
                         valid_until=self.case.until, number=self.case.certificate)
        self.act("custodian", "", f"register-{self.case.code}", {**answers, "scans": ["证书.jpg"]}, "登记")

    def certificate(self) -> None:
        """From the request to the certificate: number, version, what is due, its story, and its page as a PDF."""
        person = self.person(self.case.reader)
        person.go(f"/requests/{self.site.request(self.number).id}")
        person.follow("看证件")
        person.sees(self.case.certificate, self.case.name, "001")
        link = person.page.get_by_role("link", name="下载证件单").get_attribute("href")
        answer = person.context.request.get(self.site.address + str(link))
        assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
