"""What is told of a file before its rows are judged: the control sums."""

from __future__ import annotations

import pytest

from registry.intake.book import Value
from registry.intake.preview.telling import _numbers, _sum


@pytest.mark.parametrize(("cells", "wanted"), [
    ([1, 2.5, "x"], "3.5"), (["149000", " 1,200.50 "], "150200.5"), (["-3", 4], "1"), (["100", "200"], "300"),
    (["007", "8"], None), (["12", "十二"], None),
    (["13912345678"], None), ([float("nan"), 1e300], None), ([True], None),
    ([0.1, 0.2], "0.3"), ([10**17] * 5, "500000000000000000"),
])
def test_a_column_is_summed_up_where_all_its_text_are_amounts(cells: list[Value], wanted: str | None) -> None:
    numbers = _numbers(cells)
    assert (_sum(numbers) if numbers else None) == wanted
