"""One request taken along by several people, each at a browser of their own: what every process has in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.journeys.site import Site

Arrive = Callable[..., Person]


@dataclass
class Way:
    """`about` are words of its rows in the inbox; `number` is known from the first page that shows it."""

    about: str
    site: Site
    arrive: Arrive
    people: dict[tuple[str, bool], Person] = field(default_factory=dict)
    number: str = ""

    def person(self, login: str, phone: bool = False) -> Person:
        """`login` at a desk or with a phone; whoever came once stays signed in."""
        if (login, phone) not in self.people:
            self.people[login, phone] = self.arrive(login, phone=phone)
        return self.people[login, phone]

    @property
    def today(self) -> str:
        return self.site.clock().date().isoformat()

    def take(self, login: str, step: str = "", *, phone: bool = False) -> Person:
        """From the inbox, by the row's own button where there is one, to the task."""
        person = self.person(login, phone)
        person.go("/inbox")
        row = person.page.locator("[data-row]", has_text=self.about).filter(has_text=step).first
        claim = row.get_by_role("button", name="签收")
        expect(row.locator("[data-row-link]")).to_be_visible()
        if claim.count():
            claim.click()
            person.page.wait_for_load_state()
            person.sees("已签收")
            person.look()
        row.locator("[data-row-link]").click()
        person.drawn()
        person.look()
        self.number = self.number or person.page.locator(".crumbs a").last.inner_text()
        return person

    def act(
        self, login: str, step: str, form: str, answers: Mapping[str, Any], verdict: str, *, phone: bool = False,
    ) -> Person:
        """Take the task at this step, answer its form, press the verdict."""
        person = self.take(login, step, phone=phone)
        person.fill(form, answers)
        person.decide(verdict)
        return person

    def file(self) -> None:
        """The custodian files it with the authority."""
        self.act("custodian", "向机关申报", "file", {
            "channel": "online", "application_number": "浙建受20261123001", "filed_on": self.today,
            "receipt": ["回执.pdf"],
        }, "已申报")

    def record(self, what: str, **more: Any) -> None:
        """The custodian records what the authority answered."""
        person = self.person("custodian")
        person.go("/requests?scope=all&q=" + self.number)
        person.follow(self.number)
        person.follow(what)
        notice = {"document_no": "浙建字〔2026〕88号", "answered_on": self.today, "files": ["文书.pdf"]}
        person.fill("answer", {**notice, **more})
        person.decide("登记答复")
        person.sees("已登记")

    def compare(self, login: str) -> None:
        """Somebody compares what was registered with the scan."""
        self.act(login, "比对扫描件", "compare", {"checked": [], "official_query": ["查询截图.png"]}, "一致，入库")

    def stands(self, login: str, *words: str, phone: bool = False) -> Person:
        """What somebody reads on the request's page of where it is."""
        person = self.person(login, phone)
        person.go(f"/requests/{self.site.request(self.number).id}")
        for one in words:
            expect(person.page.locator(".where")).to_contain_text(one)
        return person
