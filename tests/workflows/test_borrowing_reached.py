"""Every element of borrowing.bpmn is reached by somebody, on both databases."""

import pytest

from tests.workflows.borrowing_ways import WAYS
from tests.workflows.cabinet import MONDAY
from tests.workflows.passage import elements


@pytest.mark.timeout(200)
def test_every_element_of_the_drawing_is_reached(cabinet, clock):
    seen = set()
    for way, outcome in WAYS.items():
        clock.move_to(MONDAY)
        case = way(cabinet)
        assert case.outcome() == outcome, way
        seen |= case.visited()
    assert elements("borrowing") - seen == set()
