"""The whole of P-APPLY in a browser, for three types: from the empty form to the certificate in the register."""

from __future__ import annotations

import pytest

from tests.journeys.application import E03, J03, P02, Application, Arrive, Case
from tests.journeys.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("case", [J03, E03, P02], ids=lambda case: case.code)
def test_from_the_empty_form_to_the_register(case: Case, site: Site, arrive: Arrive) -> None:
    way = Application(case, site, arrive)
    way.begin()
    way.fill_in()
    way.submit()
    way.stands("单位初审")
    way.review()
    way.approve()
    way.file()
    way.stands("已申报，等待受理")
    way.supplement()
    way.supplement()
    way.record("受理通知")
    way.stands("已受理，等待决定")
    way.record("准予许可决定")
    way.register()
    way.compare()
    way.stands("已入库")
    way.certificate()
    assert site.outcome(way.number) == "registered"
