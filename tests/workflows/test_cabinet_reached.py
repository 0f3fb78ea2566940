"""Every element of borrowing.bpmn and loss.bpmn is reached by somebody; the straight ways on PostgreSQL too."""

import pytest

from tests.workflows import borrowing_ways, loss_ways
from tests.workflows.cabinet import MONDAY
from tests.workflows.passage import elements

WAYS = {"borrowing": borrowing_ways.WAYS, "loss": loss_ways.WAYS}


@pytest.mark.timeout(200)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("process_id", WAYS)
def test_every_element_of_the_drawing_is_reached(cabinet, clock, process_id):
    seen = set()
    for way, outcome in WAYS[process_id].items():
        clock.move_to(MONDAY)
        case = way(cabinet)
        assert case.outcome() == outcome, way
        seen |= case.visited()
    assert elements(process_id) - seen == set()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_original_is_lent_and_one_is_replaced_on_postgresql(cabinet):
    assert borrowing_ways.personal(cabinet).outcome() == "returned"
    assert loss_ways.reissued(cabinet).outcome() == "reissued"
