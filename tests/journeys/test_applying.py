"""The whole of P-APPLY in a browser, for three types: from the empty form to the certificate in the register."""

from __future__ import annotations

import pytest

from tests.journeys.application import E03, J03, P02, Application, Case
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("case", [J03, E03, P02], ids=lambda case: case.code)
def test_from_the_empty_form_to_the_register(case: Case, site: Site, arrive: Arrive) -> None:
    way = Application(case, site, arrive)
    way.begin()
    way.fill_in()
    way.submit()
    way.stands(case.applicant, "单位初审")
    way.review()
    way.approve()
    way.file()
    way.stands(case.applicant, "已申报，等待受理")
    way.supplement()
    way.supplement()
    way.record("受理通知")
    way.stands(case.applicant, "已受理，等待决定")
    way.record("准予许可决定")
    way.register()
    way.compare(case.comparer)
    way.stands(case.applicant, "已入库")
    way.certificate()
    assert site.outcome(way.number) == "registered"
